//! The log: every change that this replica holds, in the order in which it was admitted, with what became of it.

mod append;
mod claimed;
mod find;

use rusqlite::{Connection, Row, params};
use teranga_core::class::ClassId;
use teranga_core::id::{Batch, ChangeHash, RecordId, ReplicaId};

use crate::columns::{self, blob, maybe_blob};
use crate::error::{Result, StoreError};

pub(crate) use append::{Appended, Logged, append, give_body, move_into, name_again, try_again, try_later};
pub(crate) use claimed::give_to_its_author;
pub(crate) use find::{
    Held, applied_of, brought_in, held, logged_of, of_pack, of_part, of_record, of_save, of_testimony, row,
    save_of, seq_of, status_of,
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
/// The same, where this hub's people asked for it: they take it from whoever brought it, revoked or not.
pub(crate) const ASKED_FOR: &str = "again-asked-for";

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

    /// Who brought it as a witness of its author, where that one's own pack has not come.
    pub(crate) fn witness(&self) -> Option<ReplicaId> {
        self.witness
    }

    /// Whether those who brought it have not got it: they have taken it out since, or had let it go.
    pub(crate) fn comes_again(&self) -> bool {
        matches!(self.reason.as_deref(), Some(AGAIN | ASKED_FOR))
    }

    /// Whether this hub's people have it tried again.
    pub(crate) fn is_asked_for(&self) -> bool {
        self.reason.as_deref() == Some(ASKED_FOR)
    }

    /// Whether it is held aside for such a reason.
    pub(crate) fn is_held_for(&self, such: impl Fn(&str) -> bool) -> bool {
        self.status == Status::Quarantined && self.reason.as_deref().is_some_and(such)
    }

    /// Whether a relay keeps its body back: what a guard would not let near a document goes no further. What was refused
    /// for another reason goes up, where others may think otherwise.
    pub(crate) fn is_kept_back(&self) -> bool {
        let refused_as_it_is = |reason: &str| reason.starts_with("guard-") || reason == "malformed";
        self.is_held_for(refused_as_it_is)
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

/// The hub that brought one's own changes back may hold them no more: they are offered again, but for those that it
/// brings once more.
pub(crate) fn offer_again(connection: &Connection, own: ReplicaId) -> Result<()> {
    connection.execute(
        "UPDATE change SET batch = NULL, fed = NULL, witness = NULL WHERE origin = ?1 AND batch = 0 AND body IS NOT NULL",
        [own.as_bytes()],
    )?;
    Ok(())
}

/// Forgets those of one's own changes that are in no pack any more and have no body: nobody was told of them, or they were let go,
/// and the home has them.
pub(crate) fn forget_unsent(connection: &Connection, own: ReplicaId) -> Result<()> {
    connection
        .prepare_cached("DELETE FROM change WHERE batch IS NULL AND origin = ?1 AND body IS NULL")?
        .execute([own.as_bytes()])?;
    Ok(())
}

/// How many changes of a part wait.
pub(crate) fn waiting(connection: &Connection, record: RecordId, class: &ClassId) -> Result<usize> {
    let waiting: i64 = connection
        .prepare_cached("SELECT count(*) FROM change WHERE record = ?1 AND class = ?2 AND status = 2")?
        .query_row(params![record.as_bytes(), class.as_str()], |row| row.get(0))?;
    Ok(usize::try_from(waiting).unwrap_or_default())
}

/// How many changes of a part are not applied yet.
pub(crate) fn unapplied(connection: &Connection, record: RecordId, class: &ClassId) -> Result<usize> {
    let unapplied: i64 = connection
        .prepare_cached("SELECT count(*) FROM change WHERE record = ?1 AND class = ?2 AND status IN (0, 2)")?
        .query_row(params![record.as_bytes(), class.as_str()], |row| row.get(0))?;
    Ok(usize::try_from(unapplied).unwrap_or_default())
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
