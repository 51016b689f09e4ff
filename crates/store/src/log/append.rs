//! Into the log: a change that was not known, or one that was and has come another way, and the body of one that lacked it.

use rusqlite::{Connection, params};
use teranga_core::class::ClassId;
use teranga_core::id::{Batch, ChangeHash, RecordId, ReplicaId};
use teranga_sync::pack::Entry;

use super::{AGAIN, FROM_FEED, Status, claimed, seq_of};
use crate::columns::integer;
use crate::error::{Result, StoreError};
use crate::next_row::next_row;

/// A change on its way into the log.
pub(crate) struct Logged<'a> {
    pub(crate) record: RecordId,
    pub(crate) class: &'a ClassId,
    pub(crate) hash: ChangeHash,
    pub(crate) origin: ReplicaId,
    /// None: not yet in a pack.
    pub(crate) batch: Option<Batch>,
    /// Its place in that pack.
    pub(crate) place: u32,
    /// The seq of its save's first change; none when it is the first itself.
    pub(crate) save: Option<i64>,
    pub(crate) status: Status,
    pub(crate) body: Option<&'a [u8]>,
    /// Of a change that came down the feed, or in a testimony: the pack in which it left its origin, or its witness.
    pub(crate) fed: Option<Batch>,
    /// The witness whose pack that is; none where it is its author's.
    pub(crate) witness: Option<ReplicaId>,
}

impl<'a> Logged<'a> {
    /// A change as its author's pack brings it, at a place of the pack, in the save of this first change.
    pub(crate) fn of(
        entry: &'a Entry,
        (origin, batch): (ReplicaId, Batch),
        (place, save): (u32, Option<i64>),
    ) -> Self {
        Self {
            record: entry.record,
            class: &entry.class,
            hash: entry.hash,
            origin,
            batch: Some(batch),
            place,
            save,
            status: if entry.body.is_some() { Status::Logged } else { Status::Withheld },
            body: entry.body.as_deref(),
            fed: None,
            witness: None,
        }
    }
}

/// Where a change stands in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Appended {
    pub(crate) seq: i64,
    /// Whether it was in the log before.
    pub(crate) was_here: bool,
    /// Whether it, or its body, is new, so that it is still to be applied.
    pub(crate) is_new: bool,
    /// Whether it was known as of another pack, whose receipts spoke of it until now.
    pub(crate) moved: bool,
}

/// Appends a change. One that is here already keeps its row and what became of it; only its pack is noted, where it had come
/// down a feed before, and its body, where a relay had withheld it.
pub(crate) fn append(connection: &Connection, change: &Logged<'_>) -> Result<Appended> {
    // Mostly it is new: it is looked up only where it is not.
    if let Some(seq) = insert(connection, change)? {
        return Ok(Appended { seq, was_here: false, is_new: change.body.is_some(), moved: false });
    }
    let seq = seq_of(connection, change.record, change.class, change.hash)?
        .ok_or(StoreError::Inconsistent { table: "change", column: "hash" })?;
    if claimed::give_to_its_author(connection, seq, change)? {
        return Ok(Appended { seq, was_here: true, is_new: true, moved: false });
    }
    let moved = if change.batch == Some(FROM_FEED) {
        came_back(connection, seq, change)?
    } else {
        came_in_its_pack(connection, seq, change)?
    };
    let mut is_new = false;
    if let Some(body) = change.body {
        is_new = give_body(connection, seq, body)?;
        if change.batch == Some(FROM_FEED) {
            is_new |= bring_back(connection, seq, body)?;
        }
    }
    Ok(Appended { seq, was_here: true, is_new, moved })
}

/// Writes a change down, unless it is here already; its row.
fn insert(connection: &Connection, change: &Logged<'_>) -> Result<Option<i64>> {
    // The first change of a save names its own row: the one that it is about to be given.
    let first = change.save.map_or_else(|| next_row(connection, "change").map(Some), |_| Ok(None))?;
    let inserted = connection
        .prepare_cached(
            "INSERT INTO change (record, class, hash, origin, batch, place, save, status, body, fed, witness)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, seal((SELECT key FROM record WHERE record = ?1), ?9), ?10, ?11)
             ON CONFLICT (record, class, hash) DO NOTHING",
        )?
        .execute(params![
            change.record.as_bytes(),
            change.class.as_str(),
            change.hash.as_bytes(),
            change.origin.as_bytes(),
            change.batch.map(|batch| integer(batch.0)),
            change.place,
            change.save.or(first),
            change.status.code(),
            change.body,
            change.fed.map(|batch| integer(batch.0)),
            change.witness.map(|witness| witness.0),
        ])?;
    let seq = (inserted == 1).then(|| connection.last_insert_rowid());
    if seq.zip(first).is_some_and(|(seq, first)| seq != first) {
        return Err(StoreError::Inconsistent { table: "change", column: "save" });
    }
    Ok(seq)
}

/// A change that is in no pack held here came down the feed: somebody has sent it, and in which pack is as the hub says
/// last. One's own was sent by another one with this key, and need not be sent again. Whether it was known as of another pack.
fn came_back(connection: &Connection, seq: i64, change: &Logged<'_>) -> Result<bool> {
    let moved = connection
        .prepare_cached(
            "UPDATE change SET batch = 0, fed = ?2, witness = ?3 WHERE seq = ?1 AND coalesce(batch, 0) = 0
             AND (batch IS NULL OR fed IS NOT ?2 OR witness IS NOT ?3)",
        )?
        .execute(params![
            seq,
            change.fed.map(|batch| integer(batch.0)),
            change.witness.map(|witness| witness.0)
        ])?;
    if change.witness.is_none() {
        // Of what its author brought here too it is known now that the hub above took it.
        connection
            .prepare_cached("UPDATE change SET fed = ?2 WHERE seq = ?1 AND batch > 0 AND fed IS NULL")?
            .execute(params![seq, change.fed.map(|batch| integer(batch.0))])?;
    }
    Ok(moved == 1)
}

/// A change that had come down the feed, or in a testimony, has come in its author's pack now, which says what stood in one
/// save: a witness's speaks for it no more, and one that a child brought did not say that the hub above has it. Whether it was
/// known as of another pack.
fn came_in_its_pack(connection: &Connection, seq: i64, change: &Logged<'_>) -> Result<bool> {
    let moved = connection
        .prepare_cached(
            "UPDATE change SET batch = ?2, place = ?3, save = coalesce(?5, seq),
                 fed = CASE WHEN witness IS NULL THEN fed
                     WHEN EXISTS (SELECT 1 FROM named_again n
                         WHERE n.change = seq AND n.origin = witness AND n.batch = fed) THEN NULL
                     ELSE ?2 END, witness = NULL
             WHERE seq = ?1 AND batch = 0 AND origin = ?4",
        )?
        .execute(params![
            seq,
            change.batch.map(|batch| integer(batch.0)),
            change.place,
            change.origin.as_bytes(),
            change.save
        ])?;
    Ok(moved == 1)
}

/// Notes that a later pack names a change which is here, so that this pack too can be put together again; and takes
/// its body, where it had been withheld.
pub(crate) fn name_again(connection: &Connection, change: &Logged<'_>) -> Result<()> {
    let seq = seq_of(connection, change.record, change.class, change.hash)?;
    let (Some(seq), Some(batch)) = (seq, change.batch) else { return Ok(()) };
    connection
        .prepare_cached(
            "INSERT INTO named_again (origin, batch, place, change, save) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![change.origin.as_bytes(), integer(batch.0), change.place, seq, change.save])?;
    if let Some(body) = change.body {
        give_body(connection, seq, body)?;
    }
    Ok(())
}

/// Has a change tried again that was held aside, or waits.
pub(crate) fn try_again(connection: &Connection, seq: i64) -> Result<()> {
    connection
        .prepare_cached("UPDATE change SET status = 0, reason = ?2 WHERE seq = ?1 AND body IS NOT NULL")?
        .execute(params![seq, AGAIN])?;
    Ok(())
}

/// Has a change tried again as this pack brings it, in the save that stands there; the pack in which it came before names it.
pub(crate) fn move_into(connection: &Connection, seq: i64, logged: &Logged<'_>) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO named_again (origin, batch, place, change, save)
             SELECT origin, batch, place, seq, save FROM change WHERE seq = ?1",
        )?
        .execute([seq])?;
    connection
        .prepare_cached("UPDATE change SET batch = ?2, place = ?3, save = ?4 WHERE seq = ?1")?
        .execute(params![
            seq,
            logged.batch.map(|batch| integer(batch.0)),
            logged.place,
            logged.save.unwrap_or(seq)
        ])?;
    try_again(connection, seq)
}

/// Has a save that waits tried again in a later round.
pub(crate) fn try_later(connection: &Connection, save: i64) -> Result<()> {
    connection
        .prepare_cached("UPDATE change SET status = ?2 WHERE save = ?1 AND status = ?3")?
        .execute(params![save, Status::Logged.code(), Status::Waiting.code()])?;
    Ok(())
}

/// Gives a change the body that a relay had withheld; one that has its body keeps it. What was let go does not come back
/// with a late copy of its pack. Whether it was given.
pub(crate) fn give_body(connection: &Connection, seq: i64, body: &[u8]) -> Result<bool> {
    put_body(connection, (seq, Status::Withheld), body)
}

/// Gives a change that was let go its body again: the hub says that it may be held.
fn bring_back(connection: &Connection, seq: i64, body: &[u8]) -> Result<bool> {
    put_body(connection, (seq, Status::LetGo), body)
}

/// Whoever brought the change brought it without its body, and is to hear of it too.
fn put_body(connection: &Connection, (seq, was): (i64, Status), body: &[u8]) -> Result<bool> {
    let given = connection
        .prepare_cached(
            "UPDATE change SET status = 0, reason = ?4,
                 body = seal((SELECT key FROM record WHERE record.record = change.record), ?2)
             WHERE seq = ?1 AND body IS NULL AND status = ?3",
        )?
        .execute(params![seq, body, was.code(), AGAIN])?;
    Ok(given == 1)
}
