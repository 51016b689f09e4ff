//! How far the hub holds the outbox.

use rusqlite::{Connection, OptionalExtension, params};
use teranga_core::id::{Batch, ReplicaId};
use teranga_sync::message::Acknowledged;

use super::under_mark;
use crate::columns::{self, integer};
use crate::error::Result;
use crate::line;

/// How far the hub holds the outbox. An acknowledgement that ends at another pack than ours, further on than what was acknowledged
/// before, speaks of one that was given another number since: what was acknowledged stands, and what follows is offered again until
/// it is recognised. Any other is not ours: it is taken for none.
pub(crate) fn held_above(connection: &Connection, given: &Acknowledged) -> Result<u64> {
    if under_mark(connection, given.number, given.mark)?.is_some() {
        return Ok(given.number);
    }
    let before = acknowledged(connection)?;
    Ok(if given.number > before { before } else { 0 })
}

/// Whether the hub acknowledges a pack that never was here, under whatever number: somebody else with this replica's key brought
/// it. A pack that is cut anew is one of which the hub has said that it did not come, and then it never does.
pub(crate) fn is_somebody_elses(connection: &Connection, given: &Acknowledged) -> Result<bool> {
    if given.number == 0 || under_mark(connection, given.number, given.mark)?.is_some() {
        return Ok(false);
    }
    Ok(connection
        .prepare_cached(
            "SELECT NOT EXISTS (SELECT 1 FROM outbox o JOIN pack p ON p.origin = o.origin AND p.batch = o.batch
                 WHERE substr(p.hash, 1, 8) = ?1)",
        )?
        .query_row([given.mark.0], |row| row.get(0))?)
}

/// Notes that the hub took everything up to this number, what it had refused before included.
pub(crate) fn taken_up_to(connection: &Connection, number: u64) -> Result<()> {
    connection
        .prepare_cached(
            "UPDATE outbox SET refused = NULL, fixed = 1
             WHERE number <= ?1 AND (fixed = 0 OR refused IS NOT NULL)",
        )?
        .execute([integer(number)])?;
    Ok(())
}

/// Up to which number the hub holds the outbox; 0 where there is no hub.
pub(crate) fn acknowledged(connection: &Connection) -> Result<u64> {
    let number: Option<i64> = connection
        .prepare_cached("SELECT acknowledged FROM uplink")?
        .query_row([], |row| row.get(0))
        .optional()?;
    Ok(number.map(columns::unsigned).unwrap_or_default())
}

/// Whether packs of one's own line wait, which those that are cut now would have to follow.
pub(crate) fn holds_back(connection: &Connection, own: ReplicaId, acknowledged: u64) -> Result<bool> {
    let line = line::current(connection)?;
    let (from, to) = (integer(line.beginning().0), integer(line.end().0));
    Ok(connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM outbox WHERE origin = ?1 AND batch BETWEEN ?2 AND ?3
             AND (number IS NULL OR number > ?4))",
        )?
        .query_row(params![own.as_bytes(), from, to, integer(acknowledged)], |row| row.get(0))?)
}

/// The first of a line's packs, up to one, that the hub has not acknowledged.
pub(crate) fn first_unacknowledged(
    connection: &Connection,
    origin: ReplicaId,
    last: Batch,
    acknowledged: u64,
) -> Result<Option<Batch>> {
    let first: Option<i64> = connection
        .prepare_cached(
            "SELECT min(batch) FROM outbox WHERE origin = ?1 AND batch BETWEEN ?2 AND ?3
             AND (number IS NULL OR number > ?4)",
        )?
        .query_row(
            params![
                origin.as_bytes(),
                integer(last.line().beginning().0),
                integer(last.0),
                integer(acknowledged)
            ],
            |row| row.get(0),
        )?;
    Ok(first.map(columns::batch))
}

/// Whether the hub acknowledged a pack.
pub(crate) fn is_acknowledged(
    connection: &Connection,
    origin: ReplicaId,
    batch: Batch,
    acknowledged: u64,
) -> Result<bool> {
    Ok(connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM outbox WHERE origin = ?1 AND batch = ?2 AND number <= ?3)",
        )?
        .query_row(params![origin.as_bytes(), integer(batch.0), integer(acknowledged)], |row| row.get(0))?)
}
