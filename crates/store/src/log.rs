//! The log: every change that this replica holds, in the order in which it was admitted, with what became of it.

use rusqlite::{Connection, OptionalExtension, Row, params};
use teranga_core::class::ClassId;
use teranga_core::id::{Batch, ChangeHash, RecordId, ReplicaId};

use crate::columns::{self, blob, integer};
use crate::error::{Result, StoreError};

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
        }
    }

    /// Reads the code in the column.
    pub(crate) fn read(code: u8) -> Result<Self> {
        [Self::Logged, Self::Applied, Self::Waiting, Self::Quarantined, Self::Withheld]
            .into_iter()
            .find(|status| status.code() == code)
            .ok_or(StoreError::Inconsistent { table: "change", column: "status" })
    }
}

/// The batch number of changes that came down a feed: their packs are not held here.
pub(crate) const FROM_FEED: Batch = Batch(0);

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
    /// Of a change that came down the feed: the pack in which it left its origin.
    pub(crate) fed: Option<Batch>,
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
    fed: Option<Batch>,
}

impl LogRow {
    /// The pack in which it left its origin; none while it is in none.
    pub(crate) fn left_in(&self) -> Option<Batch> {
        self.batch.filter(|batch| *batch != FROM_FEED).or(self.fed)
    }
}

/// The columns that [`read`] reads, in its order.
pub(crate) const COLUMNS: &str = "seq, record, class, hash, origin, batch, save, status, body, fed";

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
    })
}

/// Appends a change and returns its seq. A change that is here already keeps its row and what became of it; only its
/// pack is noted, where it had come down a feed before, and its body, where a relay had withheld it.
pub(crate) fn append(connection: &Connection, change: &Logged<'_>) -> Result<i64> {
    if let Some(seq) = seq_of(connection, change.record, change.class, change.hash)? {
        came_back(connection, seq, change)?;
        connection
            .prepare_cached(
                "UPDATE change SET batch = ?2, place = ?3 WHERE seq = ?1 AND batch = 0 AND origin = ?4",
            )?
            .execute(params![
                seq,
                change.batch.map(|batch| integer(batch.0)),
                change.place,
                change.origin.as_bytes()
            ])?;
        if let Some(body) = change.body {
            give_body(connection, seq, body)?;
        }
        return Ok(seq);
    }
    connection
        .prepare_cached(
            "INSERT INTO change (record, class, hash, origin, batch, place, save, status, body, fed)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
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
        ])?;
    let seq = connection.last_insert_rowid();
    if change.save.is_none() {
        connection.prepare_cached("UPDATE change SET save = seq WHERE seq = ?1")?.execute([seq])?;
    }
    Ok(seq)
}

/// A change that is in no pack held here came down the feed: somebody has sent it, and in which pack is as the hub says
/// last. One's own was sent by another one with this key, and need not be sent again.
fn came_back(connection: &Connection, seq: i64, change: &Logged<'_>) -> Result<()> {
    if change.batch == Some(FROM_FEED) {
        connection
            .prepare_cached(
                "UPDATE change SET batch = 0, fed = ?2 WHERE seq = ?1 AND coalesce(batch, 0) = 0",
            )?
            .execute(params![seq, change.fed.map(|batch| integer(batch.0))])?;
    }
    Ok(())
}

/// The hub that brought one's own changes back may hold them no more: they are offered again, but for those that it
/// brings once more.
pub(crate) fn offer_again(connection: &Connection, own: ReplicaId) -> Result<()> {
    connection.execute(
        "UPDATE change SET batch = NULL, fed = NULL WHERE origin = ?1 AND batch = 0",
        [own.as_bytes()],
    )?;
    Ok(())
}

/// Gives a change the body that a relay had withheld; one that has its body keeps it.
pub(crate) fn give_body(connection: &Connection, seq: i64, body: &[u8]) -> Result<()> {
    connection
        .prepare_cached("UPDATE change SET body = ?2, status = 0 WHERE seq = ?1 AND body IS NULL")?
        .execute(params![seq, body])?;
    Ok(())
}

/// Where a change stands that is here already.
pub(crate) struct Held {
    pub(crate) origin: ReplicaId,
    pub(crate) batch: Option<Batch>,
}

/// A change that is here already, by the pack that brought it.
pub(crate) fn held(
    connection: &Connection,
    record: RecordId,
    class: &ClassId,
    hash: ChangeHash,
) -> Result<Option<Held>> {
    let mut statement = connection
        .prepare_cached("SELECT origin, batch FROM change WHERE record = ?1 AND class = ?2 AND hash = ?3")?;
    let mut rows = statement.query(params![record.as_bytes(), class.as_str(), hash.as_bytes()])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let batch = row.get::<_, Option<i64>>(1)?.map(columns::batch);
    Ok(Some(Held { origin: blob(row, 0, "change", "origin")?, batch }))
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

/// The row of a change, if it is here.
pub(crate) fn seq_of(
    connection: &Connection,
    record: RecordId,
    class: &ClassId,
    hash: ChangeHash,
) -> Result<Option<i64>> {
    Ok(connection
        .prepare_cached("SELECT seq FROM change WHERE record = ?1 AND class = ?2 AND hash = ?3")?
        .query_row(params![record.as_bytes(), class.as_str(), hash.as_bytes()], |row| row.get(0))
        .optional()?)
}

/// What became of a change, if it is here.
pub(crate) fn status_of(
    connection: &Connection,
    record: RecordId,
    class: &ClassId,
    hash: ChangeHash,
) -> Result<Option<Status>> {
    connection
        .prepare_cached("SELECT status FROM change WHERE record = ?1 AND class = ?2 AND hash = ?3")?
        .query_row(params![record.as_bytes(), class.as_str(), hash.as_bytes()], |row| row.get(0))
        .optional()?
        .map(Status::read)
        .transpose()
}

/// The changes of a part that are in its document.
pub(crate) fn applied_of(
    connection: &Connection,
    record: RecordId,
    class: &ClassId,
) -> Result<Vec<ChangeHash>> {
    let mut statement = connection.prepare_cached(
        "SELECT hash FROM change WHERE record = ?1 AND class = ?2 AND status = 1 ORDER BY seq",
    )?;
    let mut rows = statement.query(params![record.as_bytes(), class.as_str()])?;
    let mut hashes = Vec::new();
    while let Some(row) = rows.next()? {
        hashes.push(blob(row, 0, "change", "hash")?);
    }
    Ok(hashes)
}

/// The changes of one save, in order.
pub(crate) fn of_save(connection: &Connection, save: i64) -> Result<Vec<LogRow>> {
    let sql = format!("SELECT {COLUMNS} FROM change WHERE save = ?1 ORDER BY seq");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([save])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(row)?);
    }
    Ok(found)
}

/// The changes of one pack, in order; those that it names once more included.
pub(crate) fn of_pack(connection: &Connection, origin: ReplicaId, batch: Batch) -> Result<Vec<LogRow>> {
    let sql = format!(
        "WITH named (at, seq) AS (
            SELECT place, seq FROM change WHERE origin = ?1 AND batch = ?2
            UNION ALL
            SELECT place, change FROM named_again WHERE origin = ?1 AND batch = ?2)
         SELECT {COLUMNS} FROM named CROSS JOIN change USING (seq) ORDER BY at"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params![origin.as_bytes(), integer(batch.0)])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(row)?);
    }
    Ok(found)
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
