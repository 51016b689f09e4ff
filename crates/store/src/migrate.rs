//! Migrations: a ladder of schemas on SQLite's `user_version`, each rung one transaction. A rung that shipped never
//! changes; frozen databases of old rungs climb to the top in the tests.

use rusqlite::Connection;

use crate::error::Result;

/// The rungs: the SQL that leads from the version before to this one (index 0 leads to version 1).
const LADDER: &[&str] = &[include_str!("sql/v1.sql")];

/// The newest schema.
pub(crate) fn newest() -> u32 {
    u32::try_from(LADDER.len()).unwrap_or(u32::MAX)
}

/// Climbs from the file's version to the newest.
pub(crate) fn climb(connection: &mut Connection) -> Result<()> {
    let at: u32 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    for (version, sql) in (1u32..).zip(LADDER).skip(at as usize) {
        let transaction = connection.transaction()?;
        transaction.execute_batch(sql)?;
        transaction.pragma_update(None, "user_version", version)?;
        transaction.commit()?;
    }
    Ok(())
}
