//! Tried ahead: what the guard says of a change follows from the part as it stands and from the change alone, and to find it
//! out is half of all that applying costs. So of the next saves it is found out before their turns, by other processors while
//! those before them are written, and by this one once they are; what is written, and in which order, does not depend on it. What
//! was tried on a part that has changed meanwhile is thrown away.

use std::collections::{BTreeMap, BTreeSet};
use std::thread::Scope;

use rusqlite::Connection;
use teranga_core::class::ClassId;
use teranga_core::id::RecordId;
use teranga_document::guard::{Guard, Guarded, Reason};
use teranga_document::room::Room;
use teranga_sync::scan::{ChangeLimits, scan};

use super::processors::Begun;
use super::try_change::room_for;
use super::{Applier, Loaded};
use crate::error::Result;
use crate::log::{self, LogRow, Status};
use crate::part::{self, Stored};

/// Saves that are tried before the first of them has its turn: their documents, and those of as many before them, are all in memory.
pub(super) const SAVES_AT_ONCE: usize = 64;
/// Bytes of parts that are in memory for the one and the other of these, at most by one part more.
const BYTES_AT_ONCE: usize = 4 * 1024 * 1024;

/// What came of a change, and on which part.
pub(super) struct Tried {
    pub(super) stored: Stored,
    /// What it cost, in bytes of parts.
    pub(super) weight: usize,
    pub(super) outcome: std::result::Result<Guarded, Reason>,
}

/// Some saves of which the first change of each part is being tried.
pub(super) struct Ahead<'scope> {
    parts: BTreeSet<(RecordId, ClassId)>,
    begun: Begun<'scope, Asked, (i64, Tried)>,
}

impl Ahead<'_> {
    /// What came of them, by their rows in the log. One that cannot be read, or that builds on what is not there, was not tried.
    pub(super) fn finish(self) -> (BTreeSet<(RecordId, ClassId)>, BTreeMap<i64, Tried>) {
        (self.parts, self.begun.finish().into_iter().collect())
    }
}

impl<'a> Applier<'a> {
    /// Begins to try the first change of each part that some saves bring, but for parts in memory, and for those that saves
    /// before these are about to write.
    pub(super) fn try_ahead<'scope>(
        &self,
        scope: &'scope Scope<'scope, '_>,
        saves: &[i64],
        about_to_be_written: &BTreeSet<(RecordId, ClassId)>,
    ) -> Result<Ahead<'scope>>
    where
        'a: 'scope,
    {
        let (mut asked, mut parts, mut bytes) = (Vec::new(), BTreeSet::new(), 0);
        for save in saves {
            for row in log::of_save(self.connection, *save)? {
                let key = (row.record, row.class.clone());
                if bytes < BYTES_AT_ONCE
                    && row.status == Status::Logged
                    && !self.parts.contains_key(&key)
                    && !about_to_be_written.contains(&key)
                    && parts.insert(key)
                {
                    let one = ask(self.connection, row)?;
                    bytes += one.as_ref().map_or(0, |one| one.stored.size());
                    asked.extend(one);
                }
            }
        }
        let guard = self.guard;
        Ok(Ahead {
            parts,
            begun: Begun::begin(scope, asked, move |asked| Some((asked.row.seq, tried(guard, asked)?))),
        })
    }
}

/// What is needed to try a change.
struct Asked {
    row: LogRow,
    stored: Stored,
    room: Room,
}

fn ask(connection: &Connection, row: LogRow) -> Result<Option<Asked>> {
    let Some(salt) = part::salt_of(connection, row.record)? else { return Ok(None) };
    let stored = part::stored(connection, row.record, &row.class, salt)?;
    let room = room_for(connection, &row)?;
    Ok(Some(Asked { row, stored, room }))
}

fn tried(guard: &Guard, Asked { row, stored, room }: Asked) -> Option<Tried> {
    let body = row.body.as_deref()?;
    let scanned = scan(body, &ChangeLimits::PROTOCOL).ok()?;
    let base = stored.part().ok()?;
    if !scanned.deps.iter().all(|dep| base.contains(dep)) {
        return None;
    }
    let loaded = Loaded { part: base, bytes: stored.size() };
    let weight = loaded.weight();
    Some(Tried { stored, weight, outcome: guard.within(room).apply_to(loaded.part, body) })
}
