//! One save at its documents: tried on copies, held against what its author may write, and then written whole, held aside, or
//! left waiting.

use std::collections::BTreeSet;

use teranga_core::class::ClassId;
use teranga_core::id::{Batch, RecordId, ReplicaId};
use teranga_core::record::Envelope;
use teranga_document::guard::Guarded;
use teranga_sync::feed::VerdictRow;
use teranga_sync::limits;

use super::try_change::Tried;
use super::{AFTER_REASSIGNMENT, Applier, BUILDS_ON_HELD, Loaded, round};
use crate::aside;
use crate::custody;
use crate::error::{Result, StoreError};
use crate::held_answers;
use crate::judge::{Case, Granted, Standing, is_of_a_revoked, judge};
use crate::judged::{self, HELD_BELOW, NOT_GRANTED, REVOKED};
use crate::log::{self, LogRow, Status};
use crate::membership;
use crate::part::{self, OPEN, Shown};
use crate::standing::{self, Stands};
use crate::verdicts::{self, GivenBy};

impl Applier<'_> {
    /// Applies what is open of a save's changes: all of them or none.
    pub(super) fn apply_rows(&mut self, save: i64, rows: &[LogRow]) -> Result<Fate> {
        let open: Vec<&LogRow> =
            rows.iter().filter(|row| matches!(row.status, Status::Logged | Status::Waiting)).collect();
        let Some(first) = open.first() else { return Ok(Fate::Waits) };
        let record = first.record;
        if open.iter().any(|row| row.record != record) {
            return self.quarantine(&open, "save-over-records");
        }
        let mut classes = BTreeSet::new();
        if !open.iter().all(|row| classes.insert(&row.class)) {
            return self.quarantine(&open, "save-repeats-part");
        }
        if self.is_held_below(&open)? {
            return self.quarantine(&open, HELD_BELOW);
        }
        if let Some(reason) = self.refused_above(&open)? {
            return self.hold_aside(&open, &reason);
        }
        let salt = part::salt_of(self.connection, record)?
            .ok_or(StoreError::Inconsistent { table: "record", column: "salt" })?;
        let of = self.to_be_judged(first)?;
        let is_revoked = match of.filter(|_| !first.is_asked_for()) {
            None => false,
            Some(of) => is_of_a_revoked(self.connection, of)?,
        };
        // Before it is tried: whoever was revoked is not to cost anything. What waits is bounded for everybody.
        if is_revoked && self.builds_on_what_is_here(&open, salt)? {
            return self.quarantine(&open, REVOKED);
        }
        let mut results = Vec::new();
        for row in &open {
            match self.try_row(row, salt)? {
                Tried::Applied(guarded) => results.push((row, guarded)),
                Tried::Waits => return self.wait(&open),
                Tried::Refused(reason) => return self.quarantine(&open, reason),
            }
        }
        let granted = match of {
            None => Granted::Yes,
            Some(_) if is_revoked => return self.quarantine(&open, REVOKED),
            Some(pack) => self.granted(first, pack, &results)?,
        };
        let mark = match granted {
            Granted::Yes => None,
            Granted::Late => Some(AFTER_REASSIGNMENT),
            // A hub that is gone had taken it whole: a colleague has brought what it was given of it.
            Granted::No if rows.iter().any(|row| row.status == Status::Applied) => Some(AFTER_REASSIGNMENT),
            Granted::No => return self.quarantine(&open, NOT_GRANTED),
            Granted::EnvelopeUnknown(of) => return self.wait_for(of, save, &open),
        };
        let before = custody::facts(self.connection, record)?;
        self.write(record, results, mark)?;
        if rows.iter().any(|row| row.class.as_str() == OPEN) {
            self.spent += membership::reach_of(self.connection, record)? * round::A_PLACE;
        }
        let stands = Stands { rows, first, is_late: mark.is_some(), before: before.as_ref() };
        self.of_erased_cases.extend(standing::follow(self.connection, &stands)?);
        Ok(Fate::Settled)
    }

    /// Writes the parts of a record as its changes made them.
    fn write(
        &mut self,
        record: RecordId,
        results: Vec<(&&LogRow, Guarded)>,
        mark: Option<&'static str>,
    ) -> Result<()> {
        for (row, guarded) in results {
            let shown = Shown {
                heads: guarded.part.heads(),
                snapshot: guarded.snapshot,
                values: guarded.view.values,
                conflicts: guarded.view.conflicts,
            };
            part::write(self.connection, record, &row.class, &shown)?;
            log::set_status(self.connection, row.seq, Status::Applied, mark)?;
            if row.comes_again() {
                held_answers::forget(self.connection, record, &row.class, row.hash)?;
            }
            let loaded = Loaded { part: guarded.part, bytes: shown.snapshot.len() };
            self.parts.insert((record, row.class.clone()), loaded);
            self.done.changes += 1;
        }
        part::touch(self.connection, record)
    }

    /// Whether the hub that brought a save did not take it.
    fn is_held_below(&self, open: &[&LogRow]) -> Result<bool> {
        for row in open {
            let brought = log::brought_in(self.connection, row)?;
            if judged::is_held_below(self.connection, (row.record, &row.class, row.hash), brought)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Why the hub above did not take a save that comes here only now.
    fn refused_above(&self, open: &[&LogRow]) -> Result<Option<String>> {
        for row in open {
            let reason = verdicts::given_above(self.connection, (row.record, &row.class, row.hash))?;
            if reason.is_some() {
                return Ok(reason);
            }
        }
        Ok(None)
    }

    /// The pack by which a save is to be judged, and whose it is. What came down the feed from its author was decided above, and so
    /// was what this replica wrote itself, had to let go, and is given back: of that there is none.
    fn to_be_judged(&self, first: &LogRow) -> Result<Option<(ReplicaId, Batch)>> {
        let brought = log::brought_in(self.connection, first)?;
        let is_decided = |of| of == self.own || (of == first.origin && first.came_down());
        Ok(brought.filter(|(of, _)| !is_decided(*of)))
    }

    /// Whether the author may write what it wrote.
    fn granted(
        &mut self,
        first: &LogRow,
        (of, batch): (ReplicaId, Batch),
        results: &[(&&LogRow, Guarded)],
    ) -> Result<Granted> {
        self.spent += custody::bytes(self.connection, first.record)?;
        let open = results.iter().find(|(row, _)| row.class.as_str() == OPEN);
        let case = Case {
            record: first.record,
            of,
            standing: if of == first.origin { Standing::Author } else { Standing::Witness },
            batch,
            classes: results.iter().map(|(row, _)| &row.class).collect(),
            claimed: open.and_then(|(_, guarded)| Envelope::read(&guarded.view.values).ok()),
        };
        judge(self.connection, &case)
    }

    /// Waits for the envelope of a record: its own, or that of its case. Where that was not taken it will not come.
    fn wait_for(&mut self, of: RecordId, save: i64, open: &[&LogRow]) -> Result<Fate> {
        let is_unknown = custody::facts(self.connection, of)?.is_none();
        if is_unknown && aside::has_held_aside(self.connection, of, &ClassId::new(OPEN))? {
            return self.quarantine(open, BUILDS_ON_HELD);
        }
        if open.first().is_some_and(|row| row.record != of) {
            self.connection
                .prepare_cached("INSERT INTO awaits (record, save) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?
                .execute(rusqlite::params![of.as_bytes(), save])?;
        }
        self.wait(open)
    }

    fn wait(&mut self, open: &[&LogRow]) -> Result<Fate> {
        for row in open {
            // A pack with more is not taken; but what was logged together may come to more.
            if row.status == Status::Logged
                && log::waiting(self.connection, row.record, &row.class)? >= limits::WAITING_PER_PART_MAX
            {
                return self.quarantine(open, "too-many-waiting");
            }
        }
        for row in open {
            log::wait(self.connection, row.seq)?;
        }
        self.not_taken.extend(open.iter().map(|row| row.record));
        Ok(Fate::Waits)
    }

    /// Holds a save aside on which there is a verdict.
    fn hold_aside(&mut self, open: &[&LogRow], reason: &str) -> Result<Fate> {
        for row in open {
            log::set_status(self.connection, row.seq, Status::Quarantined, Some(reason))?;
            self.done.quarantined += 1;
        }
        self.not_taken.extend(open.iter().map(|row| row.record));
        Ok(Fate::Settled)
    }

    fn quarantine(&mut self, open: &[&LogRow], reason: &str) -> Result<Fate> {
        for row in open {
            let verdict = VerdictRow {
                origin: row.origin,
                batch: row.left_in().unwrap_or_default(),
                record: row.record,
                class: row.class.clone(),
                hash: row.hash,
                reason: reason.to_owned(),
            };
            verdicts::note(self.connection, &verdict, GivenBy::Us)?;
        }
        self.hold_aside(open, reason)
    }
}

/// What became of a save in this round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is applied, or held aside with its reason.
    Settled,
    /// It waits, or there was nothing to do.
    Waits,
}
