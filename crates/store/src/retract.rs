//! What a hub did not take is taken out here too: the change, the others of its save, and whatever builds on them. The
//! parts are made anew from the rest, so that what is written next builds on what everyone holds, and no part is ever
//! stuck. What the author had answered is kept aside, to be given again; nothing of the log is deleted.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, params};
use serde_json::Value as Json;
use teranga_core::class::ClassId;
use teranga_core::id::{ChangeHash, RecordId, ReplicaId};
use teranga_core::key::Key;
use teranga_core::record::keys;
use teranga_core::value::Value;
use teranga_document::guard::Guard;
use teranga_document::part::Part;
use teranga_sync::feed::VerdictRow;
use teranga_sync::scan::{ChangeLimits, scan};

use crate::apply::BUILDS_ON_HELD;
use crate::custody;
use crate::error::{Result, StoreError};
use crate::log::{self, LogRow, Status};
use crate::membership;
use crate::part::{self, Shown};
use crate::receipts;
use crate::replica::Replica;

/// Takes a change out that a hub above did not take, with everything that falls with it.
pub(crate) fn take_out(connection: &Connection, own: ReplicaId, verdict: &VerdictRow) -> Result<()> {
    let record = verdict.record;
    let status = log::status_of(connection, record, &verdict.class, verdict.hash)?;
    if !matches!(status, Some(Status::Applied | Status::Logged | Status::Waiting)) {
        return Ok(());
    }
    let rows = log::of_record(connection, record)?;
    let fallen = fallen(&rows, verdict.hash);
    let fell: Vec<&LogRow> = rows.iter().filter(|row| fallen.contains(&row.seq)).collect();
    let save = rows.iter().find(|row| row.hash == verdict.hash).map(|row| row.save);
    let why = |row: &LogRow| if Some(row.save) == save { verdict.reason.as_str() } else { BUILDS_ON_HELD };
    for row in &fell {
        log::set_status(connection, row.seq, Status::Quarantined, Some(why(row)))?;
    }
    for row in fell.iter().filter(|row| row.hash != verdict.hash) {
        let told = VerdictRow {
            origin: row.origin,
            batch: row.left_in().unwrap_or_default(),
            record,
            class: row.class.clone(),
            hash: row.hash,
            reason: why(row).to_owned(),
        };
        receipts::note_verdict(connection, own, &told)?;
    }
    let before = custody::facts(connection, record)?;
    let classes: BTreeSet<&ClassId> = fell.iter().map(|row| &row.class).collect();
    for class in classes {
        let was = part::values(connection, record, class)?;
        let is = make_anew(connection, record, class)?;
        if fell.iter().any(|row| row.origin == own && row.class == *class) {
            keep_aside(connection, record, class, &was, &is)?;
        }
    }
    membership::note(connection, record, before.as_ref())
}

/// The changes of a record that fall with one: those of its save, and those that build on any that falls.
fn fallen(rows: &[LogRow], first: ChangeHash) -> BTreeSet<i64> {
    let mut deps: BTreeMap<i64, Vec<ChangeHash>> = BTreeMap::new();
    for row in rows {
        let scanned = scan(row.body.as_deref().unwrap_or_default(), &ChangeLimits::PROTOCOL);
        deps.insert(row.seq, scanned.map(|scanned| scanned.deps).unwrap_or_default());
    }
    let mut fallen = BTreeSet::new();
    let mut queue: Vec<&LogRow> = rows.iter().filter(|row| row.hash == first).collect();
    while let Some(falls) = queue.pop() {
        if !fallen.insert(falls.seq) {
            continue;
        }
        queue.extend(rows.iter().filter(|row| {
            let builds_on = || {
                let deps = deps.get(&row.seq);
                row.class == falls.class && deps.is_some_and(|deps| deps.contains(&falls.hash))
            };
            !fallen.contains(&row.seq) && (row.save == falls.save || builds_on())
        }));
    }
    fallen
}

/// Makes a part anew from the changes that still stand in it. Returns what it shows.
fn make_anew(connection: &Connection, record: RecordId, class: &ClassId) -> Result<BTreeMap<Key, Value>> {
    let unreadable =
        || StoreError::Unreadable { record: record.to_string(), class: class.as_str().to_owned() };
    let salt = part::salt_of(connection, record)?
        .ok_or(StoreError::Inconsistent { table: "record", column: "salt" })?;
    let (mut part, mut made, guard) = (Part::open(record, class, salt.0), None, Guard::new());
    for row in log::of_record(connection, record)? {
        if row.class != *class || row.status != Status::Applied {
            continue;
        }
        let guarded =
            guard.apply(&part, row.body.as_deref().unwrap_or_default()).map_err(|_| unreadable())?;
        part = guarded.part.clone();
        made = Some(guarded);
    }
    let Some(guarded) = made else {
        part::drop_part(connection, record, class)?;
        return Ok(BTreeMap::new());
    };
    let shown = Shown {
        heads: guarded.part.heads(),
        snapshot: guarded.snapshot,
        values: guarded.view.values,
        conflicts: guarded.view.conflicts,
    };
    part::write(connection, record, class, &shown)?;
    Ok(shown.values)
}

/// Keeps the answers that a part no longer shows.
fn keep_aside(
    connection: &Connection,
    record: RecordId,
    class: &ClassId,
    was: &BTreeMap<Key, Value>,
    is: &BTreeMap<Key, Value>,
) -> Result<()> {
    let released = format!("{}/", keys::RELEASE);
    for (key, value) in was {
        // What was derived is derived again.
        if is.get(key) == Some(value) || key.as_str().starts_with(&released) {
            continue;
        }
        connection
            .prepare_cached(
                "INSERT INTO held_answer (record, class, key, value) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT DO UPDATE SET value = excluded.value",
            )?
            .execute(params![record.as_bytes(), class.as_str(), key.as_str(), value.to_json().to_string()])?;
    }
    Ok(())
}

/// An answer that a hub did not take.
#[derive(Debug, Clone, PartialEq)]
pub struct HeldAnswer {
    /// The class of the part that it stood in.
    pub class: ClassId,
    /// The question.
    pub key: Key,
    /// The answer.
    pub value: Value,
}

impl Replica {
    /// The records of which answers are kept aside, because a hub did not take them.
    pub fn records_held(&self) -> Result<Vec<RecordId>> {
        let mut statement = self.connection().prepare_cached(
            "SELECT record FROM held_answer UNION
             SELECT record FROM verdict WHERE settled = 0 AND origin = ?1 ORDER BY 1",
        )?;
        let mut rows = statement.query([self.id().as_bytes()])?;
        let mut records = Vec::new();
        while let Some(row) = rows.next()? {
            records.push(crate::columns::blob(row, 0, "held_answer", "record")?);
        }
        Ok(records)
    }

    /// The answers of a record that are kept aside.
    pub fn held_answers(&self, record: RecordId) -> Result<Vec<HeldAnswer>> {
        let wrong = || StoreError::Inconsistent { table: "held_answer", column: "value" };
        let mut statement = self.connection().prepare_cached(
            "SELECT class, key, value FROM held_answer WHERE record = ?1 ORDER BY class, key",
        )?;
        let mut rows = statement.query([record.as_bytes()])?;
        let mut held = Vec::new();
        while let Some(row) = rows.next()? {
            let json: Json = serde_json::from_str(&row.get::<_, String>(2)?).map_err(|_| wrong())?;
            held.push(HeldAnswer {
                class: crate::columns::class(row, 0)?,
                key: Key::from_text(row.get::<_, String>(1)?),
                value: Value::from_json(&json).ok_or_else(wrong)?,
            });
        }
        Ok(held)
    }

    /// Notes that the answers of a record that were kept aside were given again, or let go: its verdicts are settled.
    pub fn settle_held(&mut self, record: RecordId) -> Result<()> {
        let own = self.id();
        let transaction = self.connection_mut().transaction()?;
        transaction.execute("DELETE FROM held_answer WHERE record = ?1", [record.as_bytes()])?;
        transaction.execute(
            "UPDATE verdict SET settled = 1 WHERE record = ?1 AND origin = ?2",
            [record.as_bytes(), own.as_bytes()],
        )?;
        Ok(transaction.commit()?)
    }
}
