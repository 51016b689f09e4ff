//! The outbox: the packs that go to the parent, in order. A pack gets its number when it is first sent, and keeps it
//! until the parent acknowledges or refuses it. A refused one gives its number back and is passed over, with all that
//! its origin sent after it, until the next session; the packs of others go on. What was acknowledged in an earlier line
//! has a number below 0, and so has what belongs to another place than that of the hub.

mod acknowledged;
mod again;
mod refused;

use rusqlite::{Connection, OptionalExtension, Row, params};
use teranga_core::id::{Batch, ManifestHash, ReplicaId};
use teranga_sync::manifest::Mark;

use crate::columns::{self, blob, integer};
use crate::error::Result;
pub(crate) use acknowledged::{
    acknowledged, first_unacknowledged, held_above, holds_back, is_acknowledged, is_somebody_elses,
    taken_up_to,
};
pub(crate) use again::{begin_anew, offer_again, offer_from, take_apart, take_apart_from};
pub use refused::RefusedPack;
pub(crate) use refused::{is_passed_over, pass_over};

/// One pack of the outbox with its number.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OutboxRow {
    pub(crate) number: u64,
    pub(crate) origin: ReplicaId,
    pub(crate) batch: Batch,
}

/// The pack under a number.
pub(crate) fn under(connection: &Connection, number: u64) -> Result<Option<OutboxRow>> {
    let mut statement =
        connection.prepare_cached("SELECT row, number, origin, batch FROM outbox WHERE number = ?1")?;
    let mut rows = statement.query([integer(number)])?;
    Ok(rows.next()?.map(read).transpose()?.map(|(_, row)| row))
}

/// Puts a pack at the end.
pub(crate) fn enqueue(connection: &Connection, origin: ReplicaId, batch: Batch) -> Result<()> {
    connection
        .prepare_cached("INSERT INTO outbox (origin, batch) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?
        .execute(params![origin.as_bytes(), integer(batch.0)])?;
    Ok(())
}

/// Whether a pack waits to be sent in this session.
pub(crate) fn waits(connection: &Connection, acknowledged: u64) -> Result<bool> {
    Ok(sent(connection, acknowledged)?.is_some() || unsent(connection)?.is_some())
}

/// The next pack to send, with its number: packs that were sent and not acknowledged come first.
pub(crate) fn next(connection: &Connection, acknowledged: u64) -> Result<Option<OutboxRow>> {
    if let Some((_, row)) = sent(connection, acknowledged)? {
        return Ok(Some(row));
    }
    let Some((at, row)) = unsent(connection)? else { return Ok(None) };
    let number: i64 = connection
        .prepare_cached(
            "UPDATE outbox SET number = (SELECT max(0, coalesce(max(number), 0)) + 1 FROM outbox) WHERE row = ?1
             RETURNING number",
        )?
        .query_row([at], |row| row.get(0))?;
    Ok(Some(OutboxRow { number: columns::unsigned(number), ..row }))
}

/// Every pack that the hub has not acknowledged, as a bundle brings them: those with a number first, and last what the
/// parent refused, with all of its origin, so that it stands in nobody's way. Each with its row.
pub(crate) fn unacknowledged(connection: &Connection, acknowledged: u64) -> Result<Vec<(i64, OutboxRow)>> {
    let mut statement = connection.prepare_cached(
        "SELECT row, number, origin, batch FROM outbox WHERE number IS NULL OR number > ?1
         ORDER BY number IS NULL, number, origin IN (SELECT origin FROM outbox WHERE passed = 1),
             NOT EXISTS (SELECT 1 FROM pack p WHERE p.origin = outbox.origin AND p.batch >> 32 = outbox.batch >> 32
                         AND p.batch >= outbox.batch AND p.author IS NOT NULL AND p.via IS NULL),
             row",
    )?;
    let mut rows = statement.query([integer(acknowledged)])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(row)?);
    }
    Ok(found)
}

/// Gives a pack out in a file: it keeps its number or gets one, and is never cut anew, for the file may come late.
pub(crate) fn give_out(connection: &Connection, at: i64) -> Result<u64> {
    let number: i64 = connection
        .prepare_cached(
            "UPDATE outbox SET fixed = 1,
                 number = coalesce(number, (SELECT max(0, coalesce(max(number), 0)) + 1 FROM outbox))
             WHERE row = ?1 RETURNING number",
        )?
        .query_row([at], |row| row.get(0))?;
    Ok(columns::unsigned(number))
}

/// The pack under a number, if it has this mark.
pub(crate) fn under_mark(connection: &Connection, number: u64, mark: Mark) -> Result<Option<OutboxRow>> {
    let Some(row) = under(connection, number)? else { return Ok(None) };
    let hash: Option<Vec<u8>> = connection
        .prepare_cached("SELECT hash FROM pack WHERE origin = ?1 AND batch = ?2")?
        .query_row(params![row.origin.as_bytes(), integer(row.batch.0)], |row| row.get(0))
        .optional()?;
    let hash = hash.and_then(|hash| ManifestHash::from_slice(&hash));
    Ok(hash.is_some_and(|hash| Mark::of(&hash) == mark).then_some(row))
}

fn sent(connection: &Connection, acknowledged: u64) -> Result<Option<(i64, OutboxRow)>> {
    let mut statement = connection.prepare_cached(
        "SELECT row, number, origin, batch FROM outbox WHERE number > ?1 ORDER BY number LIMIT 1",
    )?;
    let mut rows = statement.query([integer(acknowledged)])?;
    rows.next()?.map(read).transpose()
}

/// The next pack without a number: what this replica brings as a witness first, with what stands before it in its line, for its
/// own work may build on it.
fn unsent(connection: &Connection) -> Result<Option<(i64, OutboxRow)>> {
    let mut testimonies = connection.prepare_cached(
        "SELECT first.row, first.number, first.origin, first.batch
         FROM pack p JOIN outbox o ON o.origin = p.origin AND o.batch = p.batch
         JOIN outbox first ON first.origin = o.origin AND first.batch >> 32 = o.batch >> 32 AND first.batch <= o.batch
         WHERE p.author IS NOT NULL AND p.via IS NULL AND o.number IS NULL AND first.number IS NULL
         AND o.origin NOT IN (SELECT origin FROM outbox WHERE passed = 1) ORDER BY o.row, first.batch LIMIT 1",
    )?;
    if let Some(row) = testimonies.query([])?.next()? {
        return read(row).map(Some);
    }
    let mut statement = connection.prepare_cached(
        "SELECT row, number, origin, batch FROM outbox WHERE number IS NULL
         AND origin NOT IN (SELECT origin FROM outbox WHERE passed = 1) ORDER BY row LIMIT 1",
    )?;
    let mut rows = statement.query([])?;
    rows.next()?.map(read).transpose()
}

fn read(row: &Row<'_>) -> Result<(i64, OutboxRow)> {
    let outbox = OutboxRow {
        number: row.get::<_, Option<i64>>(1)?.map(columns::unsigned).unwrap_or_default(),
        origin: blob(row, 2, "outbox", "origin")?,
        batch: columns::batch(row.get(3)?),
    };
    Ok((row.get(0)?, outbox))
}
