//! What a replica holds of one record, whoever made it: what a tick that is shown beside the record vouches for.

use rusqlite::params;
use teranga_core::id::{ChangeHash, RecordId};

use crate::columns::{blob, unsigned};
use crate::error::Result;
use crate::log::Status;
use crate::replica::Replica;

impl Replica {
    /// How many changes of a record are here with their bodies.
    pub fn bodies(&self, record: RecordId) -> Result<u64> {
        let count = self
            .connection()
            .prepare_cached("SELECT count(*) FROM change WHERE record = ?1 AND body IS NOT NULL")?
            .query_row([record.as_bytes()], |row| row.get(0))?;
        Ok(unsigned(count))
    }

    /// The row of a record's newest change in the log; no row is used twice.
    pub fn newest_row(&self, record: RecordId) -> Result<u64> {
        let row = self
            .connection()
            .prepare_cached("SELECT coalesce(max(seq), 0) FROM change WHERE record = ?1")?
            .query_row([record.as_bytes()], |row| row.get(0))?;
        Ok(unsigned(row))
    }

    /// The changes that stand in a record's documents here.
    pub fn applied_changes(&self, record: RecordId) -> Result<Vec<ChangeHash>> {
        let mut statement = self
            .connection()
            .prepare_cached("SELECT hash FROM change WHERE record = ?1 AND status = ?2 ORDER BY seq")?;
        let mut rows = statement.query(params![record.as_bytes(), Status::Applied.code()])?;
        let mut changes = Vec::new();
        while let Some(row) = rows.next()? {
            changes.push(blob(row, 0, "change", "hash")?);
        }
        Ok(changes)
    }
}
