//! Parts against their logs: the document loads, holds what was applied, and everything that was derived from it - heads, view,
//! conflicts, the files that it mentions, what stands beside its record - is what it derives today.

use std::collections::BTreeMap;

use rusqlite::params;
use teranga_core::class::ClassId;
use teranga_core::id::{FileHash, RecordId, Salt};
use teranga_core::record::Envelope;
use teranga_document::part::Part;
use teranga_document::view::View;
use teranga_sync::first::first_hash;

use super::{Flaw, Told};
use crate::columns::{self, blob};
use crate::error::Result;
use crate::part::{self, OPEN};
use crate::replica::Replica;
use crate::{custody, log, mentions};

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
    /// It is not there, and something that was derived from it is.
    Absent,
}

/// What is wrong with what belongs together.
enum Wrong {
    Part(Unsound),
    /// The record's columns.
    Record,
}

impl Replica {
    /// The parts whose documents do not load, do not show what their rows say, or lack a change that the log calls
    /// applied. None on a sound replica. Reads every document: for `verify` and for tests.
    pub fn unsound_parts(&self) -> Result<Vec<UnsoundPart>> {
        let mut unsound = Vec::new();
        verify(self, &mut |flaw| {
            if let Flaw::Part(part) = flaw {
                unsound.push(part);
            }
        })?;
        Ok(unsound)
    }
}

/// Verifies every part and every record. Returns how many parts there are.
pub(super) fn verify(replica: &Replica, told: Told<'_>) -> Result<u64> {
    let mut count = 0;
    for (record, class) in named(replica, "SELECT record, class FROM part ORDER BY rowid")? {
        count += 1;
        match wrong(replica, record, &class) {
            None => {}
            Some(Wrong::Part(wrong)) => told(Flaw::Part(UnsoundPart { record, class, wrong })),
            Some(Wrong::Record) => told(Flaw::Record(record)),
        }
    }
    let widowed = "SELECT record, class FROM conflict UNION SELECT record, class FROM mention
                   EXCEPT SELECT record, class FROM part";
    for (record, class) in named(replica, widowed)? {
        told(Flaw::Part(UnsoundPart { record, class, wrong: Unsound::Absent }));
    }
    let mut statement = replica
        .connection()
        .prepare("SELECT record FROM record WHERE key IS NOT NULL AND unsealed(salt) IS NULL")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        told(Flaw::Record(blob(row, 0, "record", "record")?));
    }
    Ok(count)
}

fn named(replica: &Replica, sql: &str) -> Result<Vec<(RecordId, ClassId)>> {
    let mut statement = replica.connection().prepare(sql)?;
    let mut rows = statement.query([])?;
    let mut parts = Vec::new();
    while let Some(row) = rows.next()? {
        parts.push((blob(row, 0, "part", "record")?, columns::class(row, 1)?));
    }
    Ok(parts)
}

fn wrong(replica: &Replica, record: RecordId, class: &ClassId) -> Option<Wrong> {
    let connection = replica.connection();
    let Ok(salt) = part::salt_of(connection, record) else { return Some(Wrong::Record) };
    let salt = salt.unwrap_or(Salt([0; 16]));
    let document = part::load(connection, record, class, salt).ok();
    let viewed = document.and_then(|document| document.view().ok().map(|view| (document, view)));
    let Some((document, view)) = viewed else { return Some(Wrong::Part(Unsound::DoesNotLoad)) };
    // What cannot be read is not what it was either.
    if !shows(replica, (record, class), (&document, &view)).unwrap_or_default() {
        return Some(Wrong::Part(Unsound::ShowsOtherwise));
    }
    let applied = log::applied_of(connection, record, class).unwrap_or_default();
    let lacks = |hash: &_| !document.contains(hash);
    if lacks(&first_hash(record, class, salt)) || applied.iter().any(lacks) {
        return Some(Wrong::Part(Unsound::LacksAChange));
    }
    let stands = class.as_str() != OPEN || stands_beside(replica, record, &view).unwrap_or_default();
    (!stands).then_some(Wrong::Record)
}

/// Whether everything that was derived from a document is what it derives.
fn shows(
    replica: &Replica,
    (record, class): (RecordId, &ClassId),
    (document, view): (&Part, &View),
) -> Result<bool> {
    let connection = replica.connection();
    let of = params![record.as_bytes(), class.as_str()];
    let (heads, text): (Vec<u8>, Vec<u8>) = connection
        .prepare_cached("SELECT heads, unseal(view) FROM part WHERE record = ?1 AND class = ?2")?
        .query_row(of, |row| Ok((row.get(0)?, row.get(1)?)))?;
    let conflicts: BTreeMap<String, Vec<u8>> = connection
        .prepare_cached("SELECT key, unseal(candidates) FROM conflict WHERE record = ?1 AND class = ?2")?
        .query_map(of, |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let mentioned: BTreeMap<FileHash, String> = connection
        .prepare_cached("SELECT hash, extension FROM mention WHERE record = ?1 AND class = ?2")?
        .query_map(of, |row| Ok((FileHash(row.get(0)?), row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let derived = part::conflict_texts(&view.conflicts);
    let same_conflicts = conflicts.len() == derived.len()
        && derived.iter().all(|(key, text)| conflicts.get(*key).is_some_and(|held| held == text.as_bytes()));
    Ok(part::heads_from_blob(&heads) == document.heads()
        && text == part::view_text(&view.values)?.into_bytes()
        && same_conflicts
        && mentioned == mentions::found(&view.values, &view.conflicts))
}

/// Whether what stands beside a record is what its envelope says. An envelope that cannot be read says nothing.
fn stands_beside(replica: &Replica, record: RecordId, view: &View) -> Result<bool> {
    let Ok(envelope) = Envelope::read(&view.values) else { return Ok(true) };
    let custody = custody::column(&envelope)?;
    let derived = params![
        record.as_bytes(),
        envelope.form,
        envelope.case.map(|case| case.0),
        envelope.wave,
        envelope.region,
        envelope.state().code(),
        custody,
    ];
    Ok(replica
        .connection()
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM record WHERE record = ?1 AND form = ?2 AND kase IS ?3 AND wave IS ?4
                            AND region = ?5 AND state = ?6 AND custody IS ?7)",
        )?
        .query_row(derived, |row| row.get(0))?)
}
