//! What a hub did not take is taken out here too: the change, the others of its save, and whatever builds on them. The
//! parts are made anew from the rest, so that what is written next builds on what everyone holds, and no part is ever
//! stuck. What the author had answered is kept aside, to be given again; nothing of the log is deleted.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use rusqlite::Connection;
use teranga_core::class::ClassId;
use teranga_core::id::{ChangeHash, RecordId, ReplicaId, Salt};
use teranga_core::key::Key;
use teranga_core::record::keys;
use teranga_core::value::Value;
use teranga_document::guard::Guard;
use teranga_document::part::Part;
use teranga_document::room::Room;
use teranga_sync::feed::VerdictRow;
use teranga_sync::scan::{ChangeLimits, ScannedChange, scan};

use crate::apply::BUILDS_ON_HELD;
use crate::custody;
use crate::error::{Result, StoreError};
use crate::held_answers::{self, HeldAnswer};
use crate::log::{self, LogRow, Status};
use crate::membership;
use crate::part::{self, Shown};
use crate::verdicts::{self, GivenBy};

/// Takes the changes of a record out that a hub did not take, with everything that falls with them.
pub(crate) fn take_out(
    connection: &Connection,
    (own, given_by): (ReplicaId, GivenBy),
    record: RecordId,
    given: &[VerdictRow],
) -> Result<()> {
    let log = log::of_record(connection, record)?;
    let changes = Changes::standing_in(&log);
    let fallen = changes.fallen(given);
    if fallen.is_empty() {
        return Ok(());
    }
    for (row, why) in fallen.values() {
        let (reason, by) = match why {
            Why::Refused(reason) => (*reason, given_by),
            Why::BuildsOnHeld => (BUILDS_ON_HELD, GivenBy::Us),
        };
        log::set_status(connection, row.seq, Status::Quarantined, Some(reason))?;
        let told = VerdictRow {
            origin: row.origin,
            batch: row.left_in().unwrap_or_default(),
            record,
            class: row.class.clone(),
            hash: row.hash,
            reason: reason.to_owned(),
        };
        verdicts::note(connection, &told, by)?;
    }
    let (before, in_charge) = (custody::facts(connection, record)?, custody::of(connection, record)?);
    let salt = part::salt_of(connection, record)?
        .ok_or(StoreError::Inconsistent { table: "record", column: "salt" })?;
    let classes: BTreeSet<&ClassId> = fallen.values().map(|(row, _)| &row.class).collect();
    for class in classes {
        let own_fallen = fallen.values().filter(|(row, _)| row.origin == own && row.class == *class);
        let own_fallen: BTreeSet<ChangeHash> = own_fallen.map(|(row, _)| row.hash).collect();
        let part = PartOf { connection, record, class, salt };
        let was = if own_fallen.is_empty() { None } else { Some(part.load()?) };
        let is = part.make_anew(&changes.left_in(class, &fallen))?;
        if let Some(was) = was {
            part.keep_aside(&was, &is, &own_fallen)?;
        }
    }
    if let Some(in_charge) = in_charge
        && custody::of(connection, record)?.is_none()
    {
        verdicts::keep_custody(connection, record, &in_charge)?;
    }
    membership::note(connection, record, before.as_ref())
}

/// Why a change falls.
#[derive(Debug, Clone, Copy)]
enum Why<'a> {
    /// It was refused, or another of its save was.
    Refused(&'a str),
    /// It builds on one that falls, or another of its save does.
    BuildsOnHeld,
}

type Fallen<'a> = BTreeMap<i64, (&'a LogRow, Why<'a>)>;

/// The changes of a record that stand in its documents or may come to, with what each builds on.
struct Changes<'a> {
    rows: Vec<(&'a LogRow, Option<ScannedChange>)>,
    of_save: BTreeMap<i64, Vec<&'a LogRow>>,
    built_on: BTreeMap<(&'a ClassId, ChangeHash), Vec<&'a LogRow>>,
}

impl<'a> Changes<'a> {
    fn standing_in(log: &'a [LogRow]) -> Self {
        let mut changes = Self { rows: Vec::new(), of_save: BTreeMap::new(), built_on: BTreeMap::new() };
        for row in log {
            if !matches!(row.status, Status::Applied | Status::Logged | Status::Waiting) {
                continue;
            }
            let scanned = scan(row.body.as_deref().unwrap_or_default(), &ChangeLimits::PROTOCOL).ok();
            for dep in scanned.iter().flat_map(|scanned| &scanned.deps) {
                changes.built_on.entry((&row.class, *dep)).or_default().push(row);
            }
            changes.of_save.entry(row.save).or_default().push(row);
            changes.rows.push((row, scanned));
        }
        changes
    }

    /// Those that fall with refused ones: the rest of their saves, and what builds on any that falls.
    fn fallen(&self, given: &'a [VerdictRow]) -> Fallen<'a> {
        let refused: BTreeMap<(&ClassId, ChangeHash), &str> =
            given.iter().map(|given| ((&given.class, given.hash), given.reason.as_str())).collect();
        let mut queue: VecDeque<(&LogRow, Why<'_>)> = self
            .rows
            .iter()
            .filter_map(|(row, _)| Some((*row, Why::Refused(refused.get(&(&row.class, row.hash))?))))
            .collect();
        let mut fallen = Fallen::new();
        while let Some((row, why)) = queue.pop_front() {
            if fallen.contains_key(&row.seq) {
                continue;
            }
            fallen.insert(row.seq, (row, why));
            queue.extend(self.of_save.get(&row.save).into_iter().flatten().map(|other| (*other, why)));
            let above = self.built_on.get(&(&row.class, row.hash)).into_iter().flatten();
            queue.extend(above.map(|other| (*other, Why::BuildsOnHeld)));
        }
        fallen
    }

    /// The changes of a part that are left in its document, each after those that it builds on: it counts its operations
    /// on from them. In the log it may stand before them, where it came first and waited.
    fn left_in(&self, class: &ClassId, fallen: &Fallen<'_>) -> Vec<&'a LogRow> {
        let left = self.rows.iter().filter(|(row, _)| {
            row.class == *class && row.status == Status::Applied && !fallen.contains_key(&row.seq)
        });
        let mut left: Vec<_> = left.collect();
        left.sort_by_key(|(row, scanned)| {
            let counts = scanned.as_ref().map(|scanned| (scanned.start_op, scanned.n_ops));
            (counts.unwrap_or_default(), row.seq)
        });
        left.into_iter().map(|(row, _)| *row).collect()
    }
}

/// A part that something is taken out of.
struct PartOf<'a> {
    connection: &'a Connection,
    record: RecordId,
    class: &'a ClassId,
    salt: Salt,
}

impl PartOf<'_> {
    fn load(&self) -> Result<Part> {
        part::load(self.connection, self.record, self.class, self.salt)
    }

    /// Makes the part anew from the changes that are left in it. Returns what it shows.
    fn make_anew(&self, left: &[&LogRow]) -> Result<BTreeMap<Key, Value>> {
        let bodies: Vec<&[u8]> = left.iter().map(|row| row.body.as_deref().unwrap_or_default()).collect();
        let first = Part::open(self.record, self.class, self.salt.0);
        let made = Guard::new().within(Room::Decided).apply_all(&first, &bodies);
        // What cannot be put back waits, as if it had come before what it builds on: no verdict stops a replica.
        for row in made.refused.iter().filter_map(|(place, _)| left.get(*place)) {
            log::wait(self.connection, row.seq)?;
        }
        let Some(guarded) = made.guarded.filter(|_| !left.is_empty()) else {
            part::drop_part(self.connection, self.record, self.class)?;
            return Ok(BTreeMap::new());
        };
        let shown = Shown {
            heads: guarded.part.heads(),
            snapshot: guarded.snapshot,
            values: guarded.view.values,
            conflicts: guarded.view.conflicts,
        };
        part::write(self.connection, self.record, self.class, &shown)?;
        part::touch(self.connection, self.record)?;
        Ok(shown.values)
    }

    /// Keeps the answers of one's own that the part showed, or held beside another, and shows no more; each with the
    /// change that gave it.
    fn keep_aside(
        &self,
        was: &Part,
        is: &BTreeMap<Key, Value>,
        own_fallen: &BTreeSet<ChangeHash>,
    ) -> Result<()> {
        let unreadable = |_| StoreError::Unreadable {
            record: self.record.to_string(),
            class: self.class.as_str().to_owned(),
        };
        let released = format!("{}/", keys::RELEASE);
        for key in was.view().map_err(unreadable)?.values.keys() {
            // What was derived is derived again.
            if key.as_str().starts_with(&released) {
                continue;
            }
            for given in was.standing(key).map_err(unreadable)? {
                if own_fallen.contains(&given.change) && is.get(key) != Some(&given.value) {
                    let answer =
                        HeldAnswer { class: self.class.clone(), key: key.clone(), value: given.value };
                    held_answers::keep(self.connection, self.record, given.change, &answer)?;
                }
            }
        }
        Ok(())
    }
}
