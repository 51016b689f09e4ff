//! Migrations: a ladder of schemas on SQLite's `user_version`, each rung one transaction. A rung that shipped never
//! changes; frozen databases of old rungs climb to the top in the tests.

use rusqlite::{Connection, Transaction};

use crate::error::Result;

/// The rungs: the SQL that leads from the version before to this one (index 0 leads to version 1).
const LADDER: &[&str] = &[include_str!("sql/v1.sql")];

/// The newest schema.
pub(crate) fn newest() -> u32 {
    u32::try_from(LADDER.len()).unwrap_or(u32::MAX)
}

/// Climbs from the file's version to the newest, a transaction each rung.
pub(crate) fn climb(connection: &mut Connection) -> Result<()> {
    for (version, sql) in rungs_above(connection)? {
        let transaction = connection.transaction()?;
        step(&transaction, version, sql)?;
        transaction.commit()?;
    }
    Ok(())
}

/// Climbs within a transaction that does more.
pub(crate) fn climb_within(transaction: &Transaction<'_>) -> Result<()> {
    rungs_above(transaction)?.try_for_each(|(version, sql)| step(transaction, version, sql))
}

fn rungs_above(connection: &Connection) -> Result<impl Iterator<Item = (u32, &'static str)> + use<>> {
    let at: u32 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    Ok((1u32..).zip(LADDER.iter().copied()).skip(at as usize))
}

fn step(transaction: &Transaction<'_>, version: u32, sql: &str) -> Result<()> {
    transaction.execute_batch(sql)?;
    Ok(transaction.pragma_update(None, "user_version", version)?)
}
