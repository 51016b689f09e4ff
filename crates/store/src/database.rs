//! A database of ours, as it is written: in transactions alone, at whose end the tally is told what came and what went.
//! What somebody would write beside a transaction, SQLite is told to refuse: it would be in no tally.

use std::ops::Deref;

use rusqlite::{Connection, Params};

use crate::error::Result;
use crate::tally::Uncounted;

/// An open database. It is read as any connection is.
#[derive(Debug)]
pub(crate) struct Database {
    connection: Connection,
    uncounted: Uncounted,
}

/// A transaction: rolled back where it is not committed.
#[derive(Debug)]
pub(crate) struct Transaction<'a> {
    transaction: rusqlite::Transaction<'a>,
    uncounted: &'a Uncounted,
}

impl Database {
    /// Writes through a connection from now on.
    pub(crate) fn over(mut connection: Connection) -> Result<Self> {
        let uncounted = Uncounted::default();
        uncounted.attach(&connection)?;
        let (at_commit, at_rollback) = (uncounted.clone(), uncounted.clone());
        connection.commit_hook(Some(move || !at_commit.is_empty()))?;
        connection.rollback_hook(Some(move || at_rollback.forget()))?;
        Ok(Self { connection, uncounted })
    }

    /// Begins a transaction.
    pub(crate) fn transaction(&mut self) -> rusqlite::Result<Transaction<'_>> {
        Ok(Transaction { transaction: self.connection.transaction()?, uncounted: &self.uncounted })
    }

    /// Carries out one statement that is a transaction by itself. Returns how many rows it changed.
    pub(crate) fn execute(&mut self, sql: &str, params: impl Params) -> Result<usize> {
        self.write(|connection| Ok(connection.execute(sql, params)?))
    }

    /// Writes what is a transaction by itself.
    pub(crate) fn write<T>(&mut self, write: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let transaction = self.transaction()?;
        let written = write(&transaction)?;
        transaction.commit()?;
        Ok(written)
    }

    /// Closes it, and says where that fails.
    pub(crate) fn close(self) -> Result<()> {
        self.connection.close().map_err(|(_, error)| error.into())
    }
}

impl Transaction<'_> {
    /// Tells the tally, and keeps what was written.
    pub(crate) fn commit(self) -> rusqlite::Result<()> {
        self.uncounted.tell(&self.transaction)?;
        self.transaction.commit()
    }

    /// Takes back what was written, and says where that fails.
    pub(crate) fn rollback(self) -> rusqlite::Result<()> {
        self.transaction.rollback()
    }
}

impl Deref for Database {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.connection
    }
}

impl Deref for Transaction<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.transaction
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{migrate, tally};

    const FACT: &str = "INSERT INTO meta (name, value) VALUES ('kind', x'01')";

    fn facts(database: &Database) -> u32 {
        database.query_row("SELECT count(*) FROM meta", [], |row| row.get(0)).unwrap()
    }

    fn differing(database: &Database) -> Vec<String> {
        tally::differing(database, &tally::tables(database).unwrap()).unwrap()
    }

    #[test]
    fn what_is_written_beside_a_transaction_is_refused_and_the_next_transaction_knows_nothing_of_it() {
        let mut database = migrate::example().unwrap();
        assert!(database.connection.execute(FACT, []).is_err());
        assert_eq!(facts(&database), 0);
        assert_eq!(database.execute(FACT, []).unwrap(), 1);
        assert_eq!((facts(&database), differing(&database).len()), (1, 0));
    }

    #[test]
    fn what_is_rolled_back_is_not_in_the_tally() {
        let mut database = migrate::example().unwrap();
        let transaction = database.transaction().unwrap();
        transaction.execute(FACT, []).unwrap();
        drop(transaction);
        assert!(
            database.write(|connection| Ok(connection.execute_batch(&format!("{FACT}; {FACT}"))?)).is_err()
        );
        assert_eq!((facts(&database), differing(&database).len()), (0, 0));
        assert_eq!(database.execute(FACT, []).unwrap(), 1);
        assert_eq!((facts(&database), differing(&database).len()), (1, 0));
    }
}
