//! Migrations: a ladder of schemas on SQLite's `user_version`, each rung one transaction. A rung that shipped never
//! changes; frozen databases of old rungs climb to the top in the tests.

use rusqlite::Connection;

use crate::database::{Database, Transaction};
use crate::error::Result;
use crate::{open, tally};

/// The rungs: the SQL that leads from the version before to this one (index 0 leads to version 1).
const LADDER: &[&str] = &[include_str!("sql/v1.sql"), include_str!("sql/v2.sql"), include_str!("sql/v3.sql")];

/// The newest schema.
pub(crate) fn newest() -> u32 {
    u32::try_from(LADDER.len()).unwrap_or(u32::MAX)
}

/// Climbs from the file's version to the newest, a transaction each rung.
pub(crate) fn climb(database: &mut Database) -> Result<()> {
    for (version, sql) in rungs_above(database)? {
        let transaction = database.transaction()?;
        step(&transaction, version, sql)?;
        transaction.commit()?;
    }
    Ok(())
}

/// Climbs within a transaction that does more.
pub(crate) fn climb_within(transaction: &Transaction<'_>) -> Result<()> {
    rungs_above(transaction)?.try_for_each(|(version, sql)| step(transaction, version, sql))
}

/// A database as one looks that was made today, with nothing in it.
pub(crate) fn example() -> Result<Database> {
    let mut database = open::in_memory()?;
    climb(&mut database)?;
    Ok(database)
}

fn rungs_above(connection: &Connection) -> Result<impl Iterator<Item = (u32, &'static str)> + use<>> {
    let at: u32 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    Ok((1u32..).zip(LADDER.iter().copied()).skip(at as usize))
}

fn step(transaction: &Transaction<'_>, version: u32, sql: &str) -> Result<()> {
    tally::end(transaction)?;
    transaction.execute_batch(sql)?;
    if version == newest() {
        tally::begin(transaction)?;
    }
    Ok(transaction.pragma_update(None, "user_version", version)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A database of version 1 with a row of everything that later rungs touch; the SQL of a rung never changes.
    fn version_1() -> Database {
        let mut database = open::in_memory().unwrap();
        let transaction = database.transaction().unwrap();
        step(&transaction, 1, LADDER[0]).unwrap();
        transaction
            .execute_batch(
                "INSERT INTO child (replica, exchange, received, received_hash, last_ms)
                     VALUES (x'01', 7, 3, x'aa', 99), (x'02', 0, 0, NULL, NULL);
                 INSERT INTO receipt (row, origin, batch, mark, position) VALUES (4, x'01', 3, x'bb', 12);
                 INSERT INTO pack (origin, batch, previous, hash, openings, signature, received_ms, via)
                     VALUES (x'01', 3, x'', x'aa', x'', x'', 99, x'01'), (x'09', 1, x'', x'cc', x'', x'', 99, NULL);
                 INSERT INTO feed (position, kind, ref, except_, running) VALUES (1, 0, 1, x'01', x'00'), (2, 2, 1, NULL, x'01');
                 INSERT INTO uplink (only_one, hub, key, url, name, running, exchange)
                     VALUES (1, x'05', x'06', 'u', 'n', zeroblob(32), 40);",
            )
            .unwrap();
        transaction.commit().unwrap();
        database
    }

    fn one<T: rusqlite::types::FromSql>(connection: &Connection, sql: &str) -> T {
        connection.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn a_database_of_version_1_climbs_and_keeps_everything() {
        let mut connection = version_1();
        climb(&mut connection).unwrap();
        assert_eq!(one::<u32>(&connection, "PRAGMA user_version"), newest());
        assert_eq!(one::<i64>(&connection, "SELECT count(*) FROM child WHERE line = 0"), 2);
        assert_eq!(
            one::<i64>(&connection, "SELECT exchange * 10 + received FROM child WHERE replica = x'01'"),
            73
        );
        assert_eq!(
            one::<i64>(
                &connection,
                "SELECT batch FROM receipt WHERE row = 4 AND line = 0 AND what = 0 AND position = 12"
            ),
            3
        );
        assert_eq!(
            one::<i64>(&connection, "SELECT count(*) FROM pack WHERE (via IS NULL) = (via_line IS NULL)"),
            2
        );
        assert_eq!(
            one::<i64>(
                &connection,
                "SELECT count(*) FROM feed WHERE (except_ IS NULL) = (except_line IS NULL)"
            ),
            2
        );
        assert_eq!(one::<i64>(&connection, "SELECT exchange + behind + heard FROM uplink"), 40);
    }

    #[test]
    fn both_ways_up_lead_to_the_same_tables() {
        let schema = |connection: &Connection| -> Vec<String> {
            let mut statement = connection
                .prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")
                .unwrap();
            statement.query_map([], |row| row.get(0)).unwrap().collect::<rusqlite::Result<_>>().unwrap()
        };
        let mut climbed = version_1();
        climb(&mut climbed).unwrap();
        let mut new = open::in_memory().unwrap();
        let transaction = new.transaction().unwrap();
        climb_within(&transaction).unwrap();
        transaction.commit().unwrap();
        assert_eq!(schema(&climbed), schema(&new));
    }
}
