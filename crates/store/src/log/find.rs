//! Finding changes in the log: by their names, by their save, their record and their pack.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, params};
use teranga_core::class::ClassId;
use teranga_core::id::{Batch, ChangeHash, RecordId, ReplicaId};

use super::{COLUMNS, LogRow, Status, read};
use crate::columns::{self, blob, integer, maybe_blob};
use crate::error::{Result, StoreError};

/// Where a change stands that is here already.
pub(crate) struct Held {
    pub(crate) origin: ReplicaId,
    pub(crate) batch: Option<Batch>,
    fed: Option<Batch>,
    witness: Option<ReplicaId>,
    /// Whether it has no body, and nobody here ever read one: whose it is, is only said.
    pub(crate) is_only_named: bool,
}

impl Held {
    /// Who brought it as a witness of its author, if anybody did.
    pub(crate) fn witness(&self) -> Option<ReplicaId> {
        self.witness
    }

    /// The pack that it is known by where it came down the feed, and whose it is.
    pub(crate) fn fed(&self) -> Option<(ReplicaId, Batch)> {
        self.fed.map(|batch| (self.witness.unwrap_or(self.origin), batch))
    }
}

/// A change that is here already, by the pack that brought it.
pub(crate) fn held(
    connection: &Connection,
    record: RecordId,
    class: &ClassId,
    hash: ChangeHash,
) -> Result<Option<Held>> {
    let mut statement = connection.prepare_cached(
        "SELECT origin, batch, fed, witness, status = 4 FROM change WHERE record = ?1 AND class = ?2 AND hash = ?3",
    )?;
    let mut rows = statement.query(params![record.as_bytes(), class.as_str(), hash.as_bytes()])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let batch = row.get::<_, Option<i64>>(1)?.map(columns::batch);
    let fed = row.get::<_, Option<i64>>(2)?.map(columns::batch);
    let witness = maybe_blob(row, 3, "change", "witness")?;
    let (origin, is_only_named) = (blob(row, 0, "change", "origin")?, row.get(4)?);
    Ok(Some(Held { origin, batch, fed, witness, is_only_named }))
}

/// The pack held here that brought a change, and whose it is: its author's, or a witness's. What came down the feed came in
/// none, though one of the same number may be here.
pub(crate) fn brought_in(connection: &Connection, row: &LogRow) -> Result<Option<(ReplicaId, Batch)>> {
    let Some((of, batch)) = row.pack() else { return Ok(None) };
    if row.batch == Some(batch) {
        return Ok(Some((of, batch)));
    }
    let named: bool = connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM named_again WHERE change = ?1 AND origin = ?2 AND batch = ?3
             AND save IS NOT NULL)",
        )?
        .query_row(params![row.seq, of.as_bytes(), integer(batch.0)], |row| row.get(0))?;
    Ok(named.then_some((of, batch)))
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

/// The save that a change stands in, by its first change.
pub(crate) fn save_of(connection: &Connection, seq: i64) -> Result<i64> {
    Ok(connection
        .prepare_cached("SELECT save FROM change WHERE seq = ?1")?
        .query_row([seq], |row| row.get(0))?)
}

/// The row of a change that is here.
pub(crate) fn row(connection: &Connection, seq: i64) -> Result<LogRow> {
    let found = select(connection, "change WHERE seq = ?1", [seq])?.pop();
    found.ok_or(StoreError::Inconsistent { table: "change", column: "seq" })
}

/// The changes of one save, in order.
pub(crate) fn of_save(connection: &Connection, save: i64) -> Result<Vec<LogRow>> {
    select(connection, "change WHERE save = ?1 ORDER BY seq", [save])
}

/// The changes of one record, in order.
pub(crate) fn of_record(connection: &Connection, record: RecordId) -> Result<Vec<LogRow>> {
    select(connection, "change WHERE record = ?1 ORDER BY seq", [record.as_bytes()])
}

/// The changes of one part that are logged and not applied yet, in order.
pub(crate) fn logged_of(connection: &Connection, record: RecordId, class: &ClassId) -> Result<Vec<LogRow>> {
    select(
        connection,
        "change WHERE record = ?1 AND class = ?2 AND status = 0 ORDER BY seq",
        params![record.as_bytes(), class.as_str()],
    )
}

/// The changes of one part, in order.
pub(crate) fn of_part(connection: &Connection, record: RecordId, class: &ClassId) -> Result<Vec<LogRow>> {
    select(
        connection,
        "change WHERE record = ?1 AND class = ?2 ORDER BY seq",
        params![record.as_bytes(), class.as_str()],
    )
}

/// The changes of one pack, in order; those that it names once more included.
pub(crate) fn of_pack(connection: &Connection, origin: ReplicaId, batch: Batch) -> Result<Vec<LogRow>> {
    let from = "(SELECT place AS at, seq FROM change WHERE origin = ?1 AND batch = ?2
             UNION ALL
             SELECT place, change FROM named_again WHERE origin = ?1 AND batch = ?2)
        CROSS JOIN change USING (seq) ORDER BY at";
    let mut rows = select(connection, from, params![origin.as_bytes(), integer(batch.0)])?;
    // Of a save that another pack had brought a part of, that part stands with the rest.
    let mut statement = connection.prepare_cached(
        "SELECT change, save FROM named_again WHERE origin = ?1 AND batch = ?2 AND save IS NOT NULL",
    )?;
    let named = statement
        .query_map(params![origin.as_bytes(), integer(batch.0)], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let named: BTreeMap<i64, i64> = named.collect::<rusqlite::Result<_>>()?;
    for row in &mut rows {
        row.save = named.get(&row.seq).copied().unwrap_or(row.save);
    }
    Ok(rows)
}

/// The changes of a testimony, in order, in the saves that its witness knew: of one of which a part came another way there
/// may be more here.
pub(crate) fn of_testimony(connection: &Connection, origin: ReplicaId, batch: Batch) -> Result<Vec<LogRow>> {
    let mut statement = connection.prepare_cached(
        "SELECT change, save FROM named_again WHERE origin = ?1 AND batch = ?2 ORDER BY place",
    )?;
    let mut named = statement.query(params![origin.as_bytes(), integer(batch.0)])?;
    let mut found = Vec::new();
    while let Some(row) = named.next()? {
        let (seq, save) = (row.get::<_, i64>(0)?, row.get(1)?);
        found.extend(
            select(connection, "change WHERE seq = ?1", [seq])?.into_iter().map(|row| LogRow { save, ..row }),
        );
    }
    Ok(found)
}

fn select(connection: &Connection, from: &str, parameters: impl rusqlite::Params) -> Result<Vec<LogRow>> {
    let mut statement = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM {from}"))?;
    let mut rows = statement.query(parameters)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(row)?);
    }
    Ok(found)
}
