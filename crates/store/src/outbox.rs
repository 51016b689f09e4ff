//! The outbox: the packs that go to the parent, in order. A pack gets its number when it is first sent, and keeps it
//! until the parent acknowledges or refuses it. A refused one gives its number back and is passed over, with all that
//! its origin sent after it, until the next session; the packs of others go on. What was acknowledged in an earlier line
//! has a number below 0, and so has what belongs to another place than that of the hub.

use rusqlite::{Connection, OptionalExtension, Row, params};
use teranga_core::id::{Batch, ManifestHash, ReplicaId};
use teranga_core::problem::{Explain, Problem};
use teranga_sync::manifest::Mark;
use teranga_sync::message::{Acknowledged, Request};

use crate::columns::{self, blob, integer};
use crate::error::Result;
use crate::fork;
use crate::line;
use crate::log;
use crate::replica::Replica;
use crate::testimony;

/// One pack of the outbox with its number.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OutboxRow {
    pub(crate) number: u64,
    pub(crate) origin: ReplicaId,
    pub(crate) batch: Batch,
}

/// A pack that the parent did not take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedPack {
    /// Who wrote it.
    pub origin: ReplicaId,
    /// Its number in its origin's chain.
    pub batch: Batch,
    /// The stable code of the reason.
    pub code: String,
}

impl Replica {
    /// A session begins: what was refused in the last one is tried once more.
    pub fn begin_session(&mut self) -> Result<()> {
        self.connection().execute("UPDATE outbox SET passed = 0 WHERE passed = 1", [])?;
        testimony::try_again(self.connection())
    }

    /// Notes that the parent refused the packs of a request: they are kept, and passed over in this session.
    pub fn pass_over(&mut self, request: &Request, problem: Problem) -> Result<()> {
        let Some(first) = request.pushes.first() else { return Ok(()) };
        let own = self.id();
        let transaction = self.connection_mut().transaction()?;
        pass_over(&transaction, own, &[(first.number, problem)])?;
        transaction.commit()?;
        Ok(())
    }

    /// The packs that the parent refused and has not taken since.
    pub fn refused_packs(&self) -> Result<Vec<RefusedPack>> {
        let mut statement = self.connection().prepare_cached(
            "SELECT origin, batch, refused FROM outbox WHERE refused IS NOT NULL ORDER BY row",
        )?;
        let mut rows = statement.query([])?;
        let mut refused = Vec::new();
        while let Some(row) = rows.next()? {
            refused.push(RefusedPack {
                origin: blob(row, 0, "outbox", "origin")?,
                batch: columns::batch(row.get(1)?),
                code: row.get(2)?,
            });
        }
        Ok(refused)
    }
}

/// Notes that the parent refused the packs of these numbers. Those after them are numbered anew. Where it holds another chain of
/// somebody else's, theirs can never be taken.
pub(crate) fn pass_over(connection: &Connection, own: ReplicaId, refused: &[(u64, Problem)]) -> Result<()> {
    let Some(first) = refused.iter().map(|(number, _)| *number).min() else { return Ok(()) };
    let mut forks = Vec::new();
    for (number, problem) in refused {
        if *problem == Problem::BrokenChain
            && let Some(row) = under(connection, *number)?
            && row.origin != own
        {
            forks.push(row);
            continue;
        }
        if *problem != Problem::BrokenChain
            && let Some(row) = under(connection, *number)?
            && row.origin == own
            && testimony::is_own(connection, own, row.batch)?
        {
            testimony::refused(connection, own, row.batch)?;
            continue;
        }
        connection.execute(
            "UPDATE outbox SET refused = ?2, passed = 1 WHERE number = ?1",
            params![integer(*number), problem.code()],
        )?;
    }
    connection.execute("UPDATE outbox SET number = NULL WHERE number >= ?1", [integer(first)])?;
    // A refused pack stands as it was refused, whatever the hub made of it.
    connection.execute("UPDATE outbox SET fixed = 1 WHERE passed = 1", [])?;
    for row in forks {
        fork::note(connection, own, row.origin, row.batch)?;
    }
    Ok(())
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

/// Whether nothing of this origin is sent in this session.
pub(crate) fn is_passed_over(connection: &Connection, origin: ReplicaId) -> Result<bool> {
    Ok(connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM outbox WHERE origin = ?1 AND passed = 1)")?
        .query_row([origin.as_bytes()], |row| row.get(0))?)
}

/// How far the hub holds the outbox. An acknowledgement that ends at another pack than ours is not ours: it is taken
/// for none, and packs are offered again until one is recognised.
pub(crate) fn held_above(connection: &Connection, acknowledged: &Acknowledged) -> Result<u64> {
    let ours = under_mark(connection, acknowledged.number, acknowledged.mark)?.is_some();
    Ok(if ours { acknowledged.number } else { 0 })
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

/// Up to which number the hub holds the outbox; 0 where there is no hub.
pub(crate) fn acknowledged(connection: &Connection) -> Result<u64> {
    let number: Option<i64> = connection
        .prepare_cached("SELECT acknowledged FROM uplink")?
        .query_row([], |row| row.get(0))
        .optional()?;
    Ok(number.map(columns::unsigned).unwrap_or_default())
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
