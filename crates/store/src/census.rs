//! The census of a replica: what became of every change, and a digest of every part, so that two replicas can be
//! compared from outside.

use std::fmt::Write as _;

use teranga_core::class::ClassId;
use teranga_core::id::{ChangeHash, RecordId};
use teranga_document::digest::digest;
use teranga_document::view::View;

use crate::columns::blob;
use crate::error::Result;
use crate::log::Status;
use crate::replica::Replica;

/// The digest of one part: of its heads and of what it shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartDigest {
    /// The record.
    pub record: RecordId,
    /// The class.
    pub class: ClassId,
    /// SHA-256, in hexadecimal digits.
    pub digest: String,
}

impl Replica {
    /// Every change in the log and what became of it.
    pub fn census(&self) -> Result<Vec<(ChangeHash, Status)>> {
        let mut statement =
            self.connection().prepare_cached("SELECT hash, status FROM change ORDER BY seq")?;
        let mut rows = statement.query([])?;
        let mut census = Vec::new();
        while let Some(row) = rows.next()? {
            census.push((blob(row, 0, "change", "hash")?, Status::read(row.get(1)?)?));
        }
        Ok(census)
    }

    /// The digest of every part that is held.
    pub fn digests(&self) -> Result<Vec<PartDigest>> {
        let mut statement =
            self.connection().prepare_cached("SELECT DISTINCT record FROM part ORDER BY record")?;
        let mut rows = statement.query([])?;
        let mut digests = Vec::new();
        while let Some(row) = rows.next()? {
            let record: RecordId = blob(row, 0, "part", "record")?;
            for part in self.parts(record)? {
                let view = View { values: part.values, conflicts: part.conflicts, foreign: Vec::new() };
                let digest = digest(&part.heads, &view).iter().fold(String::new(), |mut text, byte| {
                    let _ = write!(text, "{byte:02x}");
                    text
                });
                digests.push(PartDigest { record, class: part.class, digest });
            }
        }
        Ok(digests)
    }
}
