//! The tally: for each table one number that follows from everything in it. Most of what a replica writes for itself is
//! signed by nobody and follows from nothing - drafts, cursors, what waits - so a byte of it that a disk turned over would
//! be read as if it had been written. Whoever writes a row adds it to the number of its table, at the end of the same
//! transaction (`database`); whoever verifies adds all rows up anew. Triggers see to the former, with functions that this
//! code gives its connections: who writes past it with some other program is told that there are none, and changes nothing.

mod fingerprint;
mod uncounted;

use rusqlite::Connection;

use crate::error::Result;
use fingerprint::Fingerprint;

pub(crate) use uncounted::Uncounted;

/// Adds up what is there, and has it kept from now on. Until then tables may be made and changed.
pub(crate) fn begin(connection: &Connection) -> Result<()> {
    connection.execute("DELETE FROM tally", [])?;
    for (number, table) in (1u32..).zip(tables(connection)?) {
        let sum = sum(connection, &table)?;
        connection.execute(
            "INSERT INTO tally (number, name, sum) VALUES (?1, ?2, ?3)",
            (number, &table.name, sum),
        )?;
        keep(connection, number, &table)?;
    }
    Ok(())
}

/// Makes the triggers of a table. They name it by its number, which is shorter.
///
/// A statement that sets a trigger off which calls a function could fail halfway, as far as SQLite knows: until its end a copy is
/// kept of every page that it touches. That is what the tally costs a hub, a tenth of a burst.
fn keep(connection: &Connection, number: u32, Table { name, columns }: &Table) -> Result<()> {
    let of = |row| columns.iter().fold(String::new(), |all, column| all + &format!(",{row}.\"{column}\""));
    let (old, new) = (of("OLD"), of("NEW"));
    for (event, counted) in [
        ("INSERT", format!("came({number}{new})")),
        ("DELETE", format!("went({number}{old})")),
        ("UPDATE", format!("went({number}{old}),came({number}{new})")),
    ] {
        connection.execute_batch(&format!(
            "CREATE TRIGGER \"{name}_{event}\" AFTER {event} ON \"{name}\" BEGIN SELECT {counted}; END"
        ))?;
    }
    Ok(())
}

/// Takes the triggers away, before tables are changed.
pub(crate) fn end(connection: &Connection) -> Result<()> {
    let mut triggers = connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger'")?;
    let triggers = triggers.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<String>>>()?;
    triggers.iter().try_for_each(|name| Ok(connection.execute_batch(&format!("DROP TRIGGER \"{name}\""))?))
}

/// Which of the tables that a database is to have are not as they were written; the tally itself where it speaks of one that is
/// not there, or by another number than that under which its triggers look for it.
pub(crate) fn differing(connection: &Connection, tables: &[Table]) -> Result<Vec<String>> {
    let mut statement = connection.prepare("SELECT number, sum FROM tally WHERE name = ?1")?;
    let mut differing = Vec::new();
    let mut is_numbered = true;
    for (number, table) in (1u32..).zip(tables) {
        let kept = statement.query_map([&table.name], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?)))?;
        let kept: Option<(i64, i64)> = kept.into_iter().next().transpose()?;
        is_numbered &= kept.is_none_or(|(of, _)| of == i64::from(number));
        // A table that cannot be read through is not as it was written either.
        if kept.is_none() || sum(connection, table).ok() != kept.map(|(_, sum)| sum) {
            differing.push(table.name.clone());
        }
    }
    let kept: u32 = connection.query_row("SELECT count(*) FROM tally", [], |row| row.get(0))?;
    if !is_numbered || usize::try_from(kept) != Ok(tables.len()) {
        differing.push("tally".to_owned());
    }
    Ok(differing)
}

/// A table, with its columns in their order.
pub(crate) struct Table {
    name: String,
    columns: Vec<String>,
}

/// Every table of ours but the tally. SQLite's own take no triggers.
pub(crate) fn tables(connection: &Connection) -> Result<Vec<Table>> {
    let mut statement = connection.prepare(
        "SELECT t.name, c.name FROM main.sqlite_schema t JOIN pragma_table_info(t.name, 'main') c
         WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND t.name <> 'tally'
         ORDER BY t.name, c.cid",
    )?;
    let mut rows = statement.query([])?;
    let mut tables: Vec<Table> = Vec::new();
    while let Some(row) = rows.next()? {
        let (name, column) = (row.get::<_, String>(0)?, row.get(1)?);
        match tables.last_mut() {
            Some(table) if table.name == name => table.columns.push(column),
            _ => tables.push(Table { name, columns: vec![column] }),
        }
    }
    Ok(tables)
}

fn sum(connection: &Connection, table: &Table) -> Result<i64> {
    let columns = table.columns.join("\", \"");
    let mut statement = connection.prepare(&format!("SELECT \"{columns}\" FROM main.\"{}\"", table.name))?;
    let mut rows = statement.query([])?;
    let mut sum = 0i64;
    while let Some(row) = rows.next()? {
        let mut fingerprint = Fingerprint::begin();
        for column in 0..table.columns.len() {
            fingerprint.take(row.get_ref(column)?);
        }
        sum = sum.wrapping_add(fingerprint.number());
    }
    Ok(sum)
}

#[cfg(test)]
mod tests {
    use rusqlite::config::DbConfig;

    use super::*;
    use crate::database::Database;
    use crate::migrate;

    /// A database with two rows in every table. What the rows refer to is not there.
    fn filled() -> Database {
        let mut database = migrate::example().unwrap();
        database.pragma_update(None, "foreign_keys", false).unwrap();
        database
            .write(|connection| {
                fill(connection);
                Ok(())
            })
            .unwrap();
        database
    }

    fn fill(connection: &Connection) {
        for Table { name, columns } in tables(connection).unwrap() {
            let mut statement =
                connection.prepare("SELECT type FROM pragma_table_info(?1) ORDER BY cid").unwrap();
            let types: Vec<String> = statement
                .query_map([&name], |row| row.get(0))
                .unwrap()
                .collect::<rusqlite::Result<_>>()
                .unwrap();
            for number in if name == "uplink" { 1..2 } else { 1..3 } {
                let value = |of: &String| match of.as_str() {
                    "INTEGER" => number.to_string(),
                    "TEXT" => format!("'text {number}'"),
                    _ => format!("x'0102030405060708090a0{number}'"),
                };
                let values: Vec<String> = types.iter().map(value).collect();
                let columns = columns.join(", ");
                connection
                    .execute(&format!("INSERT INTO {name} ({columns}) VALUES ({})", values.join(", ")), [])
                    .unwrap();
            }
        }
    }

    fn differing_now(connection: &Connection) -> Result<Vec<String>> {
        differing(connection, &tables(connection)?)
    }

    #[test]
    fn a_column_of_any_table_that_changes_behind_the_tally_is_found_and_its_table_named() {
        let database = filled();
        let connection: &Connection = &database;
        assert_eq!(differing_now(connection).unwrap(), [""; 0]);
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false).unwrap();
        let mut flipped = 0;
        for Table { name, columns } in tables(connection).unwrap() {
            for column in columns.iter().filter(|column| *column != "only_one") {
                connection.execute_batch("BEGIN").unwrap();
                // The last byte of one row, and of a number its last bit.
                let sql = format!(
                    "UPDATE {name} SET {column} = CASE typeof({column})
                         WHEN 'integer' THEN {column} + 8
                         WHEN 'text' THEN substr({column}, 1, length({column}) - 1) || 'x'
                         ELSE CAST(substr({column}, 1, length({column}) - 1) || 'x' AS BLOB) END
                     WHERE {column} = (SELECT max({column}) FROM {name})"
                );
                assert_eq!(connection.execute(&sql, []).unwrap(), 1, "{name}.{column}");
                assert_eq!(differing_now(connection).unwrap(), [name.as_str()], "{column}");
                connection.execute_batch("ROLLBACK").unwrap();
                flipped += 1;
            }
        }
        assert!(flipped > 200, "{flipped}");
        assert_eq!(differing_now(connection).unwrap(), [""; 0]);
    }

    #[test]
    fn tables_that_are_changed_between_an_end_and_a_beginning_are_kept_with_their_new_columns() {
        let mut connection = filled();
        assert!(begin(&connection).is_err(), "its triggers are there");
        end(&connection).unwrap();
        connection.execute_batch("ALTER TABLE meta ADD COLUMN more INTEGER NOT NULL DEFAULT 7").unwrap();
        begin(&connection).unwrap();
        connection.execute("UPDATE meta SET more = 8", []).unwrap();
        assert_eq!(differing_now(&connection).unwrap(), [""; 0]);
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false).unwrap();
        connection.execute_batch("UPDATE meta SET more = 9").unwrap();
        assert_eq!(differing_now(&connection).unwrap(), ["meta"]);
    }

    #[test]
    fn whatever_is_written_is_in_the_tally() {
        let mut database = filled();
        for sql in [
            "UPDATE child SET exchange = exchange + 1",
            "INSERT INTO meta (name, value) VALUES ('text 1', x'00') ON CONFLICT DO UPDATE SET value = excluded.value",
            "INSERT OR REPLACE INTO carried_back (child, at_ms, file) SELECT child, 7, x'07' FROM carried_back",
            "DELETE FROM chunk WHERE n = 1",
            "DELETE FROM drawn",
        ] {
            assert!(database.execute(sql, []).unwrap() > 0, "{sql}");
            assert_eq!(differing_now(&database).unwrap(), [""; 0], "{sql}");
        }
        // A row goes with the one that it hangs on.
        database.pragma_update(None, "foreign_keys", true).unwrap();
        let sql = "INSERT INTO attachment (row, hash, bytes) VALUES (9, x'09', 1);
             INSERT INTO chunk (attachment, n, bytes) VALUES (9, 0, x'00');
             DELETE FROM attachment WHERE row = 9";
        database.write(|connection| Ok(connection.execute_batch(sql)?)).unwrap();
        assert_eq!(differing_now(&database).unwrap(), [""; 0]);
    }

    #[test]
    fn a_tally_that_is_damaged_keeps_nobody_from_writing_and_is_found() {
        let mut database = filled();
        database.execute("DELETE FROM tally WHERE name = 'meta'", []).unwrap();
        database.execute("DELETE FROM meta", []).unwrap();
        assert_eq!(differing_now(&database).unwrap(), ["meta", "tally"]);
        // One that is no number any more.
        for sum in ["NULL", "'text'", "x'00'"] {
            let sql = format!("SELECT summed({sum}, 7)");
            assert_eq!(database.query_row(&sql, [], |row| row.get::<_, i64>(0)).unwrap(), 7, "{sql}");
        }
    }
}
