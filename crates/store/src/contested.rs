//! Two salts for one record. A salt is drawn once, with the record; who brings another one has the author's key, and brought, or
//! twisted, their work before them. The salt holds that a change proved first: the first change of a part, on which it builds, is
//! made of it. One that nothing proves gives way. What comes under another than holds cannot go into the same documents: it is held
//! aside, and its author is told. Each pack keeps the salt under which it was signed, so that its chain
//! goes on.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, OptionalExtension as _, params};
use teranga_core::class::ClassId;
use teranga_core::id::{Batch, ChangeHash, RecordId, ReplicaId, Salt};
use teranga_sync::feed::VerdictRow;
use teranga_sync::first::first_hash;
use teranga_sync::pack::{Entry, Save};
use teranga_sync::scan::{ChangeLimits, scan};

use crate::columns::{blob, integer};
use crate::error::Result;
use crate::judged;
use crate::log::{self, Logged, Status};
use crate::part;
use crate::verdicts::{self, GivenBy};

/// The reason of what came with another salt than its record has.
const CONTESTED: &str = "salt-contested";

/// Decides between the salt that a record has here and another one that a change brings; whether the change's is the record's now.
pub(crate) fn settle(connection: &Connection, entry: &Entry) -> Result<bool> {
    let brings = (entry.record, &entry.class, entry.salt);
    let proved = entry.body.as_ref().is_some_and(|body| proves(body, brings));
    if !proved || stood(connection, entry.record)? || is_proved(connection, entry.record)? {
        return Ok(false);
    }
    // The packs that brought the record before were signed under the other one.
    connection
        .prepare_cached(
            "INSERT INTO other_salt (origin, batch, record, salt)
             SELECT origin, batch, record, salt FROM record JOIN (
                 SELECT origin, batch FROM change WHERE record = ?1 AND batch > 0
                 UNION SELECT n.origin, n.batch FROM named_again n JOIN change c ON c.seq = n.change
                     WHERE c.record = ?1
             ) WHERE record = ?1 ON CONFLICT DO NOTHING",
        )?
        .execute([entry.record.as_bytes()])?;
    connection
        .prepare_cached("UPDATE record SET salt = seal(key, ?2), proved = 1 WHERE record = ?1")?
        .execute(params![entry.record.as_bytes(), entry.salt.0])?;
    for row in log::of_record(connection, entry.record)? {
        if row.status == Status::Waiting || row.is_held_for(|reason| reason == CONTESTED) {
            log::try_again(connection, row.seq)?;
            verdicts::withdraw(connection, row.record, &row.class, row.hash)?;
        }
    }
    Ok(true)
}

/// Whether a change builds on the first change that its part has under this salt.
fn proves(body: &[u8], (record, class, salt): (RecordId, &ClassId, Salt)) -> bool {
    let scanned = scan(body, &ChangeLimits::PROTOCOL);
    scanned.is_ok_and(|scanned| scanned.deps.contains(&first_hash(record, class, salt)))
}

/// Whether some change that is here proves the salt which a record has: what is held aside for another reason is its author's.
/// They are looked through once: from then on the record has a salt that is proved, this one or the one that took its place.
fn is_proved(connection: &Connection, record: RecordId) -> Result<bool> {
    let known: Option<bool> = connection
        .prepare_cached("SELECT proved FROM record WHERE record = ?1")?
        .query_row([record.as_bytes()], |row| row.get(0))
        .optional()?;
    if known == Some(true) {
        return Ok(true);
    }
    let Some(salt) = part::salt_of(connection, record)? else { return Ok(false) };
    let rows = log::of_record(connection, record)?;
    let proved =
        rows.iter().any(|row| row.body.as_ref().is_some_and(|body| proves(body, (record, &row.class, salt))));
    if proved {
        connection
            .prepare_cached("UPDATE record SET proved = 1 WHERE record = ?1")?
            .execute([record.as_bytes()])?;
    }
    Ok(proved)
}

/// Whether a change of a record stands in its document, or did until the record left.
fn stood(connection: &Connection, record: RecordId) -> Result<bool> {
    Ok(connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM change WHERE record = ?1 AND status IN (?2, ?3))")?
        .query_row(params![record.as_bytes(), Status::Applied.code(), Status::LetGo.code()], |row| {
            row.get(0)
        })?)
}

/// Holds a change aside that came in this pack.
pub(crate) fn hold_aside(
    connection: &Connection,
    pack: (ReplicaId, Batch),
    (seq, entry): (i64, &Entry),
) -> Result<()> {
    note(connection, pack, entry)?;
    if entry.body.is_none() {
        return Ok(());
    }
    log::set_status(connection, seq, Status::Quarantined, Some(CONTESTED))?;
    let (origin, batch) = pack;
    let (record, class, hash) = (entry.record, entry.class.clone(), entry.hash);
    let verdict = VerdictRow { origin, batch, record, class, hash, reason: CONTESTED.to_owned() };
    verdicts::note(connection, &verdict, GivenBy::Us)?;
    Ok(())
}

/// Notes under which salt a pack brought a record.
pub(crate) fn note(
    connection: &Connection,
    (origin, batch): (ReplicaId, Batch),
    entry: &Entry,
) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO other_salt (origin, batch, record, salt)
             SELECT ?1, ?2, record, seal(key, ?4) FROM record WHERE record = ?3 ON CONFLICT DO NOTHING",
        )?
        .execute(params![origin.as_bytes(), integer(batch.0), entry.record.as_bytes(), entry.salt.0])?;
    Ok(())
}

/// Gives the entries of a pack that is put together again the salts under which it was signed.
pub(crate) fn restore(
    connection: &Connection,
    (origin, batch): (ReplicaId, Batch),
    saves: &mut [Save],
) -> Result<()> {
    let mut statement = connection.prepare_cached(
        "SELECT r.record, iif(r.key IS NULL, o.salt, unseal(o.salt)) FROM other_salt o JOIN record r USING (record)
         WHERE o.origin = ?1 AND o.batch = ?2",
    )?;
    let mut rows = statement.query(params![origin.as_bytes(), integer(batch.0)])?;
    let mut salts: BTreeMap<RecordId, Salt> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        salts.insert(blob(row, 0, "other_salt", "record")?, blob(row, 1, "other_salt", "salt")?);
    }
    for entry in saves.iter_mut().flatten() {
        if let Some(salt) = salts.get(&entry.record) {
            entry.salt = *salt;
        }
    }
    Ok(())
}

/// A change that is held aside came in a save of another shape before: in pieces, or with what is not of it, as its author never
/// made it. It is decided on anew as it comes now, and the pack of before names it. What it is held aside for, its author's grants
/// or its salt, is not of its shape. Whether it is.
pub(crate) fn take_in_this_shape(
    connection: &Connection,
    (seq, shape): (i64, &mut Shape),
    logged: &Logged<'_>,
) -> Result<bool> {
    let row = log::row(connection, seq)?;
    let of_shape = row.is_held_for(|reason| reason != CONTESTED && !judged::is_of_grants(reason));
    if !of_shape || shape.is_that_of(connection, row.save)? {
        return Ok(false);
    }
    log::move_into(connection, seq, logged)?;
    verdicts::withdraw(connection, row.record, &row.class, row.hash)?;
    Ok(true)
}

/// Which changes stand together in a save as it comes now, and which saves of the log are the same: found out once for each.
pub(crate) struct Shape {
    hashes: BTreeSet<ChangeHash>,
    same: BTreeMap<i64, bool>,
}

impl Shape {
    pub(crate) fn of(save: &[Entry]) -> Self {
        Self { hashes: save.iter().map(|entry| entry.hash).collect(), same: BTreeMap::new() }
    }

    fn is_that_of(&mut self, connection: &Connection, save: i64) -> Result<bool> {
        if let Some(same) = self.same.get(&save) {
            return Ok(*same);
        }
        let before: BTreeSet<ChangeHash> =
            log::of_save(connection, save)?.into_iter().map(|row| row.hash).collect();
        let same = before == self.hashes;
        self.same.insert(save, same);
        Ok(same)
    }
}
