//! The log: every change that this replica holds, in the order in which it was admitted, with what became of it.

mod find;

use rusqlite::{Connection, Row, params};
use teranga_core::class::ClassId;
use teranga_core::id::{Batch, ChangeHash, RecordId, ReplicaId};

use crate::columns::{self, blob, integer, maybe_blob};
use crate::error::{Result, StoreError};

pub(crate) use find::{
    Held, applied_of, brought_in, held, of_pack, of_record, of_save, of_testimony, save_of, seq_of, status_of,
};

/// What became of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// On the disk, not yet applied.
    Logged,
    /// In its part's document.
    Applied,
    /// Waits for changes that it depends on.
    Waiting,
    /// Held aside with a reason; it does not travel.
    Quarantined,
    /// A relay kept it back: only its hash is here.
    Withheld,
    /// It was here, and left with its record, which this replica may hold no more: only its hash is here, until the hub
    /// brings it again.
    LetGo,
}

impl Status {
    /// The code in the column.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Logged => 0,
            Self::Applied => 1,
            Self::Waiting => 2,
            Self::Quarantined => 3,
            Self::Withheld => 4,
            Self::LetGo => 5,
        }
    }

    /// Reads the code in the column.
    pub(crate) fn read(code: u8) -> Result<Self> {
        [Self::Logged, Self::Applied, Self::Waiting, Self::Quarantined, Self::Withheld, Self::LetGo]
            .into_iter()
            .find(|status| status.code() == code)
            .ok_or(StoreError::Inconsistent { table: "change", column: "status" })
    }
}

/// The batch number of changes that came down a feed: their packs are not held here.
pub(crate) const FROM_FEED: Batch = Batch(0);

/// The mark of what was held aside and is tried again, and of what came without its body and has it now.
pub(crate) const AGAIN: &str = "again";

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

/// A change in the log.
#[derive(Debug, Clone)]
pub(crate) struct LogRow {
    pub(crate) seq: i64,
    pub(crate) record: RecordId,
    pub(crate) class: ClassId,
    pub(crate) hash: ChangeHash,
    pub(crate) origin: ReplicaId,
    pub(crate) batch: Option<Batch>,
    pub(crate) save: i64,
    pub(crate) status: Status,
    pub(crate) body: Option<Vec<u8>>,
    /// Why it is quarantined, or how else it is marked.
    reason: Option<String>,
    fed: Option<Batch>,
    witness: Option<ReplicaId>,
}

impl LogRow {
    /// The pack that brought it this far, and whose it is: its author's, or a witness's; none while it is in none.
    pub(crate) fn pack(&self) -> Option<(ReplicaId, Batch)> {
        match self.batch.filter(|batch| *batch != FROM_FEED) {
            Some(batch) => Some((self.origin, batch)),
            None => self.fed.map(|batch| (self.witness.unwrap_or(self.origin), batch)),
        }
    }

    /// The number of that pack.
    pub(crate) fn left_in(&self) -> Option<Batch> {
        self.pack().map(|(_, batch)| batch)
    }

    /// Whether those who brought it have not got it: they have taken it out since, or had let it go.
    pub(crate) fn comes_again(&self) -> bool {
        self.reason.as_deref() == Some(AGAIN)
    }

    /// Whether a relay keeps its body back: what a guard would not let near a document goes no further. What was refused
    /// for another reason goes up, where others may think otherwise.
    pub(crate) fn is_kept_back(&self) -> bool {
        let refused_as_it_is = |reason: &str| reason.starts_with("guard-") || reason == "malformed";
        self.status == Status::Quarantined && self.reason.as_deref().is_some_and(refused_as_it_is)
    }

    /// Whether the hub above brought it too, which has decided on it: whoever may write what is not asked here any more.
    pub(crate) fn came_down(&self) -> bool {
        self.fed.is_some()
    }
}

/// The columns that [`read`] reads, in its order.
pub(crate) const COLUMNS: &str =
    "seq, record, class, hash, origin, batch, save, status, unseal(body), fed, reason, witness";

/// Reads a row of `change`.
pub(crate) fn read(row: &Row<'_>) -> Result<LogRow> {
    Ok(LogRow {
        seq: row.get(0)?,
        record: blob(row, 1, "change", "record")?,
        class: columns::class(row, 2)?,
        hash: blob(row, 3, "change", "hash")?,
        origin: blob(row, 4, "change", "origin")?,
        batch: row.get::<_, Option<i64>>(5)?.map(columns::batch),
        save: row.get(6)?,
        status: Status::read(row.get(7)?)?,
        body: row.get(8)?,
        fed: row.get::<_, Option<i64>>(9)?.map(columns::batch),
        reason: row.get(10)?,
        witness: maybe_blob(row, 11, "change", "witness")?,
    })
}

/// Where a change stands in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Appended {
    pub(crate) seq: i64,
    /// Whether it, or its body, is new, so that it is still to be applied.
    pub(crate) is_new: bool,
    /// Whether it was known as of another pack, whose receipts spoke of it until now.
    pub(crate) moved: bool,
}

/// Appends a change. One that is here already keeps its row and what became of it; only its pack is noted, where it had come
/// down a feed before, and its body, where a relay had withheld it.
pub(crate) fn append(connection: &Connection, change: &Logged<'_>) -> Result<Appended> {
    if let Some(seq) = seq_of(connection, change.record, change.class, change.hash)? {
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
        return Ok(Appended { seq, is_new, moved });
    }
    connection
        .prepare_cached(
            "INSERT INTO change (record, class, hash, origin, batch, place, save, status, body, fed, witness)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, seal((SELECT key FROM record WHERE record = ?1), ?9), ?10, ?11)",
        )?
        .execute(params![
            change.record.as_bytes(),
            change.class.as_str(),
            change.hash.as_bytes(),
            change.origin.as_bytes(),
            change.batch.map(|batch| integer(batch.0)),
            change.place,
            change.save.unwrap_or_default(),
            change.status.code(),
            change.body,
            change.fed.map(|batch| integer(batch.0)),
            change.witness.map(|witness| witness.0),
        ])?;
    let seq = connection.last_insert_rowid();
    if change.save.is_none() {
        connection.prepare_cached("UPDATE change SET save = seq WHERE seq = ?1")?.execute([seq])?;
    }
    Ok(Appended { seq, is_new: change.body.is_some(), moved: false })
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

/// The hub that brought one's own changes back may hold them no more: they are offered again, but for those that it
/// brings once more.
pub(crate) fn offer_again(connection: &Connection, own: ReplicaId) -> Result<()> {
    connection.execute(
        "UPDATE change SET batch = NULL, fed = NULL, witness = NULL WHERE origin = ?1 AND batch = 0 AND body IS NOT NULL",
        [own.as_bytes()],
    )?;
    Ok(())
}

/// Forgets those of one's own changes that are in no pack and have no body any more: nobody was told of them.
pub(crate) fn forget_unsent(connection: &Connection, own: ReplicaId) -> Result<()> {
    connection
        .prepare_cached("DELETE FROM change WHERE batch IS NULL AND origin = ?1 AND body IS NULL")?
        .execute([own.as_bytes()])?;
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

/// Notes that a later pack names a change which is here, so that this pack too can be put together again; and takes
/// its body, where it had been withheld.
pub(crate) fn name_again(connection: &Connection, change: &Logged<'_>) -> Result<()> {
    let seq = seq_of(connection, change.record, change.class, change.hash)?;
    let (Some(seq), Some(batch)) = (seq, change.batch) else { return Ok(()) };
    connection
        .prepare_cached("INSERT INTO named_again (origin, batch, place, change) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![change.origin.as_bytes(), integer(batch.0), change.place, seq])?;
    if let Some(body) = change.body {
        give_body(connection, seq, body)?;
    }
    Ok(())
}

/// Has a change wait. A mark that it bears stays: what comes again is told to those too who brought it.
pub(crate) fn wait(connection: &Connection, seq: i64) -> Result<()> {
    connection
        .prepare_cached("UPDATE change SET status = ?2 WHERE seq = ?1")?
        .execute(params![seq, Status::Waiting.code()])?;
    Ok(())
}

/// Has what a child brought, and what is still to be applied, told to that child too when it is.
pub(crate) fn tell_who_brought(connection: &Connection, child: ReplicaId) -> Result<()> {
    connection
        .prepare_cached(
            "UPDATE change SET reason = ?2 WHERE status IN (0, 2)
                 AND (coalesce(witness, origin), iif(coalesce(batch, 0) = 0, fed, batch)) IN
                     (SELECT origin, batch FROM pack WHERE via = ?1)",
        )?
        .execute(params![child.as_bytes(), AGAIN])?;
    Ok(())
}

/// Has everything tried again that waits.
pub(crate) fn try_what_waits(connection: &Connection) -> Result<()> {
    let waits = params![Status::Logged.code(), Status::Waiting.code()];
    connection.prepare_cached("UPDATE change SET status = ?1 WHERE status = ?2")?.execute(waits)?;
    Ok(())
}

/// Moves a change on.
pub(crate) fn set_status(
    connection: &Connection,
    seq: i64,
    status: Status,
    reason: Option<&str>,
) -> Result<()> {
    connection
        .prepare_cached("UPDATE change SET status = ?2, reason = ?3 WHERE seq = ?1")?
        .execute(params![seq, status.code(), reason])?;
    Ok(())
}
