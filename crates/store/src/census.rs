//! The census of a replica: what became of every change, and a digest of every part, so that two replicas can be
//! compared from outside.

use std::fmt::Write as _;

use teranga_core::class::ClassId;
use teranga_core::id::{ChangeHash, RecordId, Salt};
use teranga_document::digest::digest;
use teranga_document::view::View;

use crate::columns::blob;
use crate::error::Result;
use crate::log::{self, Status};
use crate::part;
use crate::replica::Replica;

/// A part that is not what its log says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnsoundPart {
    /// The record.
    pub record: RecordId,
    /// The class.
    pub class: ClassId,
    /// What is wrong with it.
    pub wrong: Unsound,
}

/// What can be wrong with a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsound {
    /// Its document does not load.
    DoesNotLoad,
    /// Its document has other heads than its row says, or shows something else.
    ShowsOtherwise,
    /// A change that the log calls applied is not in its document.
    LacksAChange,
}

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

    /// The parts whose documents do not load, do not show what their rows say, or lack a change that the log calls
    /// applied. None on a sound replica. Reads every document: for `verify` and for tests.
    pub fn unsound_parts(&self) -> Result<Vec<UnsoundPart>> {
        let mut unsound = Vec::new();
        for part in self.digests()? {
            if let Some(wrong) = self.unsoundness(&part)? {
                unsound.push(UnsoundPart { record: part.record, class: part.class, wrong });
            }
        }
        Ok(unsound)
    }

    fn unsoundness(&self, part: &PartDigest) -> Result<Option<Unsound>> {
        let salt = part::salt_of(self.connection(), part.record)?.unwrap_or(Salt([0; 16]));
        let Ok(document) = part::load(self.connection(), part.record, &part.class, salt) else {
            return Ok(Some(Unsound::DoesNotLoad));
        };
        let Ok(view) = document.view() else { return Ok(Some(Unsound::DoesNotLoad)) };
        let row = self.parts(part.record)?.into_iter().find(|row| row.class == part.class);
        let same = row.is_some_and(|row| row.heads == document.heads() && row.values == view.values);
        if !same {
            return Ok(Some(Unsound::ShowsOtherwise));
        }
        let applied = log::applied_of(self.connection(), part.record, &part.class)?;
        Ok((!applied.iter().all(|hash| document.contains(hash))).then_some(Unsound::LacksAChange))
    }
}
