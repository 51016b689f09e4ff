//! A database as SQLite and as this version see it, whatever is in it: its pages, how it is laid out, the numbers that it
//! gives, and the tally.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use rusqlite::Connection;

use crate::database::Database;
use crate::error::Result;
use crate::tally::{self, Table};

/// Something that is wrong with a database as a whole.
#[derive(Debug)]
pub(crate) enum Whole {
    /// Its pages do not hang together; what SQLite says of them.
    Pages(String),
    /// A table or an index is not laid out as it is in a new database.
    Layout(String),
    /// Something in a table is not as it was written.
    Table(String),
}

/// What a database is to be laid out as.
pub(crate) struct Expected {
    layout: Layout,
    tables: Vec<Table>,
}

impl Expected {
    /// As an example is that was made today: looked at once, and kept.
    pub(crate) fn kept(
        kept: &'static OnceLock<Self>,
        example: impl FnOnce() -> Result<Database>,
    ) -> Result<&'static Self> {
        if let Some(expected) = kept.get() {
            return Ok(expected);
        }
        let example = example()?;
        let made = Self { layout: layout(&example)?, tables: tally::tables(&example)? };
        Ok(kept.get_or_init(|| made))
    }
}

/// What is wrong with a database that should be laid out so.
pub(crate) fn wrong(connection: &Connection, expected: &Expected) -> Vec<Whole> {
    let mut wrong = Vec::new();
    // What says that it cannot be read says what is wrong with it.
    wrong.extend(pages(connection).unwrap_or_else(|error| Some(error.to_string())).map(Whole::Pages));
    match layout(connection) {
        Ok(found) => {
            let expected = &expected.layout;
            let names = expected.keys().chain(found.keys().filter(|name| !expected.contains_key(*name)));
            let differ = names.filter(|name| expected.get(*name) != found.get(*name));
            wrong.extend(differ.cloned().map(Whole::Layout));
        }
        Err(error) => wrong.push(Whole::Layout(error.to_string())),
    }
    if !numbers(connection).unwrap_or_default() {
        wrong.push(Whole::Table("sqlite_sequence".to_owned()));
    }
    match tally::differing(connection, &expected.tables) {
        Ok(tables) => wrong.extend(tables.into_iter().map(Whole::Table)),
        Err(_) => wrong.push(Whole::Table("tally".to_owned())),
    }
    wrong
}

fn pages(connection: &Connection) -> Result<Option<String>> {
    let said: String = connection.query_row("PRAGMA main.integrity_check(1)", [], |row| row.get(0))?;
    Ok((said != "ok").then_some(said))
}

/// Everything that there is, by name: what it is, of which table, and the words by which it was made.
type Layout = BTreeMap<String, [String; 3]>;

/// How a database is laid out.
fn layout(connection: &Connection) -> Result<Layout> {
    let mut statement =
        connection.prepare("SELECT name, type, tbl_name, coalesce(sql, '') FROM main.sqlite_schema")?;
    let things = statement.query_map([], |row| Ok((row.get(0)?, [row.get(1)?, row.get(2)?, row.get(3)?])))?;
    Ok(things.collect::<rusqlite::Result<_>>()?)
}

/// Whether the next row of each table that never gives a number twice gets one that was not given, and gets one.
fn numbers(connection: &Connection) -> Result<bool> {
    let mut statement = connection.prepare(
        "SELECT name FROM main.sqlite_schema WHERE type = 'table' AND sql LIKE '%AUTOINCREMENT%'
         UNION SELECT name FROM sqlite_sequence",
    )?;
    let names = statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<String>>>()?;
    for name in names {
        let last: i64 =
            connection.query_row(&format!("SELECT coalesce(max(rowid), 0) FROM \"{name}\""), [], |row| {
                row.get(0)
            })?;
        let given: Vec<i64> = connection
            .prepare("SELECT seq FROM sqlite_sequence WHERE name = ?1")?
            .query_map([&name], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        let sound = match given.as_slice() {
            [] => last == 0,
            [given] => (last..=i64::MAX / 2).contains(given),
            [..] => false,
        };
        if !sound {
            return Ok(false);
        }
    }
    Ok(true)
}
