//! Offering packs again, and taking apart those that no hub can hold: in another line, or to a hub that was put back.

use rusqlite::{Connection, params};
use teranga_core::id::{Batch, ReplicaId};

use crate::columns::{self, integer};
use crate::error::Result;
use crate::line;
use crate::log;
use crate::testimony;

/// Takes one's own packs that no hub can hold apart again, so that their saves go into smaller ones: the hub has said,
/// under a later exchange number, that they did not arrive, and takes no request under an earlier number any more.
pub(crate) fn take_apart(connection: &Connection, own: ReplicaId) -> Result<()> {
    let line = line::current(connection)?;
    let first: Option<i64> = connection
        .prepare_cached(
            "SELECT min(batch) FROM outbox WHERE origin = ?1 AND fixed = 0 AND batch BETWEEN ?2 AND ?3",
        )?
        .query_row(params![own.as_bytes(), integer(line.beginning().0), integer(line.end().0)], |row| {
            row.get(0)
        })?;
    let Some(first) = first else { return Ok(()) };
    take_apart_from(connection, own, columns::batch(first))
}

/// Takes one's own packs apart, from one on to the end of its line.
pub(crate) fn take_apart_from(connection: &Connection, own: ReplicaId, first: Batch) -> Result<()> {
    testimony::take_apart(connection, own, (first, first.line().end()))?;
    for sql in [
        "UPDATE change SET batch = NULL, place = 0 WHERE origin = ?1 AND batch BETWEEN ?2 AND ?3",
        "DELETE FROM pack WHERE origin = ?1 AND batch BETWEEN ?2 AND ?3",
        "DELETE FROM outbox WHERE origin = ?1 AND batch BETWEEN ?2 AND ?3",
    ] {
        let last = integer(first.line().end().0);
        connection.prepare_cached(sql)?.execute(params![own.as_bytes(), integer(first.0), last])?;
    }
    log::forget_unsent(connection, own)
}

/// Begins the outbox anew for another line: what the hub acknowledged stays so, one's own packs that it did not, of this line
/// and of earlier ones, are taken apart, and those of others are numbered again.
pub(crate) fn begin_anew(connection: &Connection, own: ReplicaId, acknowledged: u64) -> Result<()> {
    let mut statement = connection.prepare(
        "SELECT min(batch) FROM outbox WHERE origin = ?1 AND (number IS NULL OR number > ?2) GROUP BY batch >> 32",
    )?;
    let firsts = statement
        .query_map(params![own.as_bytes(), integer(acknowledged)], |row| row.get(0))?
        .collect::<rusqlite::Result<Vec<i64>>>()?;
    for first in firsts {
        take_apart_from(connection, own, columns::batch(first))?;
    }
    connection.execute(
        "UPDATE outbox SET number = iif(number <= ?1, -row, NULL), passed = 0 WHERE number IS NOT NULL",
        [integer(acknowledged)],
    )?;
    Ok(())
}

/// Offers again what was acknowledged in earlier lines: a hub that was put back may have lost it, and its acknowledgement
/// speaks of this line only. What was sent in this line and did not outlast that gives its number back: it may follow, in
/// its origin's chain, what is offered again.
pub(crate) fn offer_again(connection: &Connection, acknowledged: u64) -> Result<()> {
    connection.execute(
        "UPDATE outbox SET number = NULL WHERE (number < 0 OR number > ?1) AND place IS NULL",
        [integer(acknowledged)],
    )?;
    Ok(())
}

/// Offers one's own packs again from one on to the end of its line, though they were acknowledged: the hub has said that none
/// of them can go further.
pub(crate) fn offer_from(connection: &Connection, own: ReplicaId, from: Batch) -> Result<()> {
    connection.execute(
        "UPDATE outbox SET number = NULL WHERE origin = ?1 AND batch BETWEEN ?2 AND ?3 AND place IS NULL",
        params![own.as_bytes(), integer(from.0), integer(from.line().end().0)],
    )?;
    Ok(())
}
