//! Receipts and verdicts: what the home holds, and what was not taken. Both travel down to whom they concern.

use rusqlite::{Connection, OptionalExtension, params};
use teranga_core::id::{Batch, ReplicaId};
use teranga_sync::feed::VerdictRow;

use crate::columns::{self, blob, integer};
use crate::error::{Result, StoreError};
use crate::feed::{self, About, To};
use crate::register;

/// Notes that the home holds every pack of this origin up to `batch`, and passes it down towards the origin.
/// Returns whether that was news.
pub(crate) fn note(connection: &Connection, own: ReplicaId, origin: ReplicaId, batch: Batch) -> Result<bool> {
    let moved = connection
        .prepare_cached(
            "INSERT INTO receipt (origin, batch) VALUES (?1, ?2)
             ON CONFLICT (origin) DO UPDATE SET batch = excluded.batch WHERE excluded.batch > receipt.batch",
        )?
        .execute(params![origin.as_bytes(), integer(batch.0)])?;
    if moved == 0 {
        return Ok(false);
    }
    if origin != own
        && let Some(child) = register::child_of(connection, origin)?
    {
        let row = connection
            .prepare_cached("SELECT row FROM receipt WHERE origin = ?1")?
            .query_row([origin.as_bytes()], |row| row.get(0))?;
        let digest = [origin.as_bytes().as_slice(), &batch.0.to_be_bytes()].concat();
        feed::append(connection, About::Receipt(row), To::Only(child), &digest)?;
    }
    Ok(true)
}

/// The receipt in a row of `receipt`, as it stands now.
pub(crate) fn row(connection: &Connection, row: i64) -> Result<(ReplicaId, Batch)> {
    let mut statement = connection.prepare_cached("SELECT origin, batch FROM receipt WHERE row = ?1")?;
    let mut rows = statement.query([row])?;
    let row = rows.next()?.ok_or(StoreError::Inconsistent { table: "feed", column: "ref" })?;
    Ok((blob(row, 0, "receipt", "origin")?, columns::batch(row.get(1)?)))
}

/// How far the home holds an origin's packs.
pub(crate) fn of(connection: &Connection, origin: ReplicaId) -> Result<Batch> {
    Ok(connection
        .prepare_cached("SELECT batch FROM receipt WHERE origin = ?1")?
        .query_row([origin.as_bytes()], |row| row.get(0))
        .optional()?
        .map(columns::batch)
        .unwrap_or_default())
}

/// Notes a verdict, and passes it down towards the author.
pub(crate) fn note_verdict(connection: &Connection, own: ReplicaId, verdict: &VerdictRow) -> Result<()> {
    let added = connection
        .prepare_cached(
            "INSERT INTO verdict (origin, batch, record, class, hash, reason) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT DO NOTHING",
        )?
        .execute(params![
            verdict.origin.as_bytes(),
            integer(verdict.batch.0),
            verdict.record.as_bytes(),
            verdict.class.as_str(),
            verdict.hash.as_bytes(),
            verdict.reason,
        ])?;
    let row = connection.last_insert_rowid();
    if added == 1
        && verdict.origin != own
        && let Some(child) = register::child_of(connection, verdict.origin)?
    {
        feed::append(connection, About::Verdict(row), To::Only(child), verdict.hash.as_bytes())?;
    }
    Ok(())
}

/// The verdict in a row of `verdict`.
pub(crate) fn verdict_row(connection: &Connection, row: i64) -> Result<VerdictRow> {
    let mut statement = connection
        .prepare_cached("SELECT origin, batch, record, class, hash, reason FROM verdict WHERE row = ?1")?;
    let mut rows = statement.query([row])?;
    let row = rows.next()?.ok_or(StoreError::Inconsistent { table: "feed", column: "ref" })?;
    read_verdict(row)
}

/// Reads a row of `verdict`.
pub(crate) fn read_verdict(row: &rusqlite::Row<'_>) -> Result<VerdictRow> {
    Ok(VerdictRow {
        origin: blob(row, 0, "verdict", "origin")?,
        batch: columns::batch(row.get(1)?),
        record: blob(row, 2, "verdict", "record")?,
        class: columns::class(row, 3)?,
        hash: blob(row, 4, "verdict", "hash")?,
        reason: row.get(5)?,
    })
}
