//! Everything that stands in a database, as SQLite reads it past the store: what two copies differ in.

use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::Connection;
use rusqlite::config::DbConfig;
use rusqlite::types::Value;

/// Rows by table, and by index; with what could not be read, by whatever stopped it.
pub(crate) type Dump = BTreeMap<String, Vec<Vec<String>>>;

/// Opens a database past the store.
#[expect(clippy::disallowed_methods, reason = "what a disk does to a file asks no store")]
pub(crate) fn open(file: &Path) -> Connection {
    let connection = Connection::open(file).unwrap();
    // A disk keeps no tally.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false).unwrap();
    connection
}

/// Everything in a database.
pub(crate) fn dump(file: &Path) -> Dump {
    let connection = open(file);
    let mut dump = Dump::new();
    for pragma in ["user_version", "application_id"] {
        dump.insert(pragma.to_owned(), rows(&connection, &format!("PRAGMA {pragma}")));
    }
    let schema = rows(&connection, "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY name");
    for thing in &schema {
        let [kind, name, table, sql] = thing.as_slice() else { continue };
        let only = sql.split_once(" WHERE ").map(|(_, only)| format!(" WHERE {only}")).unwrap_or_default();
        let read = match kind.as_str() {
            "table" => format!("SELECT * FROM \"{name}\" NOT INDEXED"),
            // What a lookup by it finds.
            _ => format!("SELECT * FROM \"{table}\" INDEXED BY \"{name}\"{only}"),
        };
        dump.insert(name.clone(), rows(&connection, &read));
    }
    dump.insert("sqlite_schema".to_owned(), schema);
    dump
}

/// The rows of a query as text, ended by what stopped it.
pub(crate) fn rows(connection: &Connection, sql: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let ended = connection.prepare(sql).and_then(|mut statement| {
        let columns = statement.column_count();
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let text = |column| {
                row.get_ref(column).map(|value| match Value::try_from(value) {
                    Ok(Value::Text(text)) => text,
                    Ok(other) => format!("{other:?}"),
                    Err(_) => format!("{value:?}"),
                })
            };
            found.push((0..columns).map(text).collect::<rusqlite::Result<_>>()?);
        }
        Ok(())
    });
    if let Err(error) = ended {
        found.push(vec![error.to_string()]);
    }
    found
}
