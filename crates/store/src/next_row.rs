//! The number that the next row of a table will have, for rows that name their own number: so they are written once, and not
//! again after it is known.

use rusqlite::Connection;

use crate::error::Result;

/// The next number of a table that never gives one twice: `AUTOINCREMENT` would give the same, in this transaction.
pub(crate) fn next_row(connection: &Connection, table: &'static str) -> Result<i64> {
    let sql = format!(
        "SELECT max(coalesce((SELECT max(rowid) FROM \"{table}\"), 0),
             coalesce((SELECT seq FROM sqlite_sequence WHERE name = '{table}'), 0)) + 1"
    );
    Ok(connection.prepare_cached(&sql)?.query_row([], |row| row.get(0))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_number_is_the_one_that_sqlite_gives() {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch("CREATE TABLE t (row INTEGER PRIMARY KEY AUTOINCREMENT, n INTEGER)")
            .unwrap();
        let given = |sql: &str| {
            let next = next_row(&connection, "t").unwrap();
            connection.execute(sql, []).unwrap();
            assert_eq!(connection.last_insert_rowid(), next, "{sql}");
        };
        given("INSERT INTO t (n) VALUES (1)");
        given("INSERT INTO t (n) VALUES (2)");
        connection.execute("DELETE FROM t", []).unwrap();
        given("INSERT INTO t (n) VALUES (3)");
        connection.execute("UPDATE sqlite_sequence SET seq = 1", []).unwrap();
        given("INSERT INTO t (n) VALUES (4)");
    }
}
