//! One change at its part: loaded once a round, tried on a copy, in the room that is its author's.

use rusqlite::Connection;
use teranga_core::id::{ChangeHash, Salt};
use teranga_document::guard::{Guarded, Reason};
use teranga_document::part::Part;
use teranga_document::room::Room;
use teranga_sync::first::first_hash;
use teranga_sync::scan::{ChangeLimits, scan};

use super::ahead::Tried as TriedAhead;
use super::{Applier, BUILDS_ON_HELD, Loaded, round};
use crate::error::Result;
use crate::log::{self, LogRow, Status};
use crate::part;
use crate::register;

impl Applier<'_> {
    /// Tries a change.
    pub(super) fn try_row(&mut self, row: &LogRow, salt: Salt) -> Result<Tried> {
        self.spent += round::A_TRY;
        let key = (row.record, row.class.clone());
        let was_loaded = self.parts.contains_key(&key);
        if !was_loaded {
            if let Some(ahead) = self.ahead.remove(&row.seq)
                && ahead.stored.stands(self.connection, row.record, &row.class)?
            {
                return self.was_tried(row, ahead);
            }
            let stored = part::stored(self.connection, row.record, &row.class, salt)?;
            let loaded = part::read(&stored, row.record, &row.class)?;
            self.parts.insert(key.clone(), Loaded { part: loaded, bytes: stored.size() });
        }
        let body = row.body.as_deref().unwrap_or_default();
        let Ok(scanned) = scan(body, &ChangeLimits::PROTOCOL) else {
            return Ok(Tried::Refused("malformed"));
        };
        let Some(loaded) = self.parts.get(&key) else { return Ok(Tried::Waits) };
        let base = &loaded.part;
        let missing: Vec<ChangeHash> =
            scanned.deps.iter().filter(|dep| !base.contains(dep)).copied().collect();
        let outcome = if missing.is_empty() {
            let outcome = self.guard.within(room_for(self.connection, row)?).apply(base, body);
            Some(self.with_room(row, base, outcome)?)
        } else {
            None
        };
        // That a part has no room is known before anything is copied.
        if !was_loaded || !matches!(outcome, None | Some(Err(Reason::TooManyChanges))) {
            self.spent += loaded.weight() + body.len();
        }
        match outcome {
            Some(outcome) => Ok(Tried::of(outcome)),
            None => self.missing(row, &missing),
        }
    }

    /// What came of a change before its turn. The part that it was tried on is gone: whoever needs it loads it again.
    fn was_tried(
        &mut self,
        row: &LogRow,
        TriedAhead { stored, weight, outcome }: TriedAhead,
    ) -> Result<Tried> {
        self.spent += weight;
        let outcome = match outcome {
            Err(reason) if reason.is_for_room() => {
                self.with_room(row, &part::read(&stored, row.record, &row.class)?, Err(reason))?
            }
            Ok(_) | Err(_) => outcome,
        };
        Ok(Tried::of(outcome))
    }

    /// Whether all that changes build on is in their documents, by the log alone.
    pub(super) fn builds_on_what_is_here(&self, rows: &[&LogRow], salt: Salt) -> Result<bool> {
        for row in rows {
            let body = row.body.as_deref().unwrap_or_default();
            let Ok(scanned) = scan(body, &ChangeLimits::PROTOCOL) else { return Ok(false) };
            let first = first_hash(row.record, &row.class, salt);
            for dep in scanned.deps.iter().filter(|dep| **dep != first) {
                let status = log::status_of(self.connection, row.record, &row.class, *dep)?;
                if status != Some(Status::Applied) {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// What comes of a change that found no room: what an office brings is tried in the room that is kept for offices.
    fn with_room(
        &self,
        row: &LogRow,
        base: &Part,
        outcome: std::result::Result<Guarded, Reason>,
    ) -> Result<std::result::Result<Guarded, Reason>> {
        let has_no_room = outcome.as_ref().is_err_and(|reason| reason.is_for_room());
        if !has_no_room || room_for(self.connection, row)? != Room::Field {
            return Ok(outcome);
        }
        // A witness has no more room in another's name than in its own.
        let bringer = register::introduction(self.connection, row.witness().unwrap_or(row.origin))?;
        let room = bringer.map_or(Room::Field, |bringer| Room::of_author(&bringer.audience));
        if room == Room::Field {
            return Ok(outcome);
        }
        Ok(self.guard.within(room).apply(base, row.body.as_deref().unwrap_or_default()))
    }

    /// A change builds on others that are not in the part: it waits for them, unless one of them is held aside here
    /// and will not come.
    fn missing(&self, row: &LogRow, deps: &[ChangeHash]) -> Result<Tried> {
        for dep in deps {
            match log::status_of(self.connection, row.record, &row.class, *dep)? {
                Some(Status::Quarantined) => return Ok(Tried::Refused(BUILDS_ON_HELD)),
                Some(
                    Status::Logged | Status::Applied | Status::Waiting | Status::Withheld | Status::LetGo,
                )
                | None => {}
            }
        }
        Ok(Tried::Waits)
    }
}

/// The room that a change has, as long as nobody asks whether an office wrote it. What came down was let in above, and what is on
/// its way back was in its part before; what a witness brings up was not.
pub(super) fn room_for(connection: &Connection, row: &LogRow) -> Result<Room> {
    if !row.came_down() {
        return Ok(Room::Field);
    }
    if row.witness().is_none() || log::brought_in(connection, row)?.is_none() {
        return Ok(Room::Decided);
    }
    Ok(Room::Field)
}

/// What came of trying a change.
pub(super) enum Tried {
    /// The part with it.
    Applied(Guarded),
    /// Something that it builds on is not here yet.
    Waits,
    /// Why it will not become part of its document.
    Refused(&'static str),
}

impl Tried {
    fn of(outcome: std::result::Result<Guarded, Reason>) -> Self {
        match outcome {
            Ok(guarded) => Self::Applied(guarded),
            Err(reason) => Self::Refused(reason.code()),
        }
    }
}
