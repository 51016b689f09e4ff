//! Forks: two copies of a device wrote under the same numbers, and the hub above holds the other one's packs. It refuses
//! those that came here, so they can never be relayed: they are forgotten, what they brought is kept, and their author is
//! told to cut it anew, in another line. Meanwhile this hub brings it as a witness. Until the hub above has it, nothing of it is
//! called safe.

use rusqlite::{Connection, OptionalExtension, params};
use teranga_core::id::{Batch, Line, ReplicaId};
use teranga_sync::feed::Row;

use crate::columns::{self, blob, integer, unsigned};
use crate::error::{Result, StoreError};
use crate::feed::{self, About, To};
use crate::missed;
use crate::outbox;
use crate::packs;
use crate::replica::Replica;
use crate::testimony;

impl Replica {
    /// How many changes wait for their author to send them in another pack: the hub above took the one that brought them
    /// for somebody else's.
    pub fn unbrought(&self) -> Result<u64> {
        let count = self.connection().query_row("SELECT count(*) FROM unbrought", [], |row| row.get(0))?;
        Ok(unsigned(count))
    }
}

/// Notes that the hub above holds another chain of an origin's line from a batch on.
pub(crate) fn note(connection: &Connection, own: ReplicaId, origin: ReplicaId, batch: Batch) -> Result<()> {
    let told = packs::brought_by(connection, origin, batch)?.map_or(origin, |(child, _)| child);
    let moved: Option<i64> = connection
        .query_row(
            "INSERT INTO fork (origin, line, batch) VALUES (?1, ?2, ?3)
             ON CONFLICT (origin, line) DO UPDATE SET batch = excluded.batch WHERE excluded.batch < fork.batch
             RETURNING row",
            params![origin.as_bytes(), batch.line().number(), integer(batch.0)],
            |row| row.get(0),
        )
        .optional()?;
    forget(connection, origin, batch)?;
    missed::miss_unbrought(connection, own)?;
    let Some(row) = moved else { return Ok(()) };
    let digest = [origin.as_bytes().as_slice(), &batch.0.to_be_bytes()].concat();
    feed::append(connection, About::Fork(row), To::Only(told), &digest)?;
    Ok(())
}

/// Forgets packs from one on to the end of its line. What another pack names too belongs to that one from now on; the rest
/// is as if it had come down from above, but is not there.
fn forget(connection: &Connection, origin: ReplicaId, from: Batch) -> Result<()> {
    let packs = params![origin.as_bytes(), integer(from.0), integer(from.line().end().0)];
    testimony::forget(connection, origin, (from, from.line().end()))?;
    give_to_other_packs(connection, origin, from)?;
    for sql in [
        "INSERT INTO unbrought (change, batch) SELECT seq, batch FROM change
         WHERE origin = ?1 AND batch BETWEEN ?2 AND ?3 ON CONFLICT DO NOTHING",
        "UPDATE change SET batch = 0, fed = batch WHERE origin = ?1 AND batch BETWEEN ?2 AND ?3",
        "DELETE FROM outbox WHERE origin = ?1 AND batch BETWEEN ?2 AND ?3",
        "DELETE FROM pack WHERE origin = ?1 AND batch BETWEEN ?2 AND ?3",
    ] {
        connection.execute(sql, packs)?;
    }
    Ok(())
}

fn give_to_other_packs(connection: &Connection, origin: ReplicaId, from: Batch) -> Result<()> {
    let mut statement = connection.prepare(
        "SELECT n.batch, n.place, n.change FROM named_again n JOIN change c ON c.seq = n.change
         WHERE c.origin = ?1 AND c.batch BETWEEN ?2 AND ?3",
    )?;
    let (first, last) = (integer(from.0), integer(from.line().end().0));
    let named = statement
        .query_map(params![origin.as_bytes(), first, last], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?))
        })?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    for (batch, place, change) in named {
        let moved = connection.execute(
            "UPDATE change SET batch = ?2, place = ?3 WHERE seq = ?1 AND batch BETWEEN ?4 AND ?5",
            params![change, batch, place, first, last],
        )?;
        if moved == 1 {
            connection.execute(
                "DELETE FROM named_again WHERE origin = ?1 AND batch = ?2 AND place = ?3",
                params![origin.as_bytes(), batch, place],
            )?;
        }
    }
    Ok(())
}

/// Takes the hub's word of a fork: its origin offers what it has sent from there on once more, and is refused; a hub between
/// passes it down.
pub(crate) fn take(connection: &Connection, own: ReplicaId, origin: ReplicaId, batch: Batch) -> Result<()> {
    if origin == own {
        outbox::offer_from(connection, own, batch)
    } else {
        note(connection, own, origin, batch)
    }
}

/// Where the hub above holds another chain of a line, if it is known to.
pub(crate) fn of_line(connection: &Connection, origin: ReplicaId, line: Line) -> Result<Option<Batch>> {
    Ok(connection
        .prepare_cached("SELECT batch FROM fork WHERE origin = ?1 AND line = ?2")?
        .query_row(params![origin.as_bytes(), line.number()], |row| row.get(0))
        .optional()?
        .map(columns::batch))
}

/// The first of a line's packs, up to one, of which something still waits for its author to send it again.
pub(crate) fn first_unbrought(
    connection: &Connection,
    origin: ReplicaId,
    last: Batch,
) -> Result<Option<Batch>> {
    let first: Option<i64> = connection
        .prepare_cached(
            "SELECT min(u.batch) FROM unbrought u JOIN change c ON c.seq = u.change
             WHERE coalesce(c.witness, c.origin) = ?1 AND u.batch BETWEEN ?2 AND ?3",
        )?
        .query_row(
            params![origin.as_bytes(), integer(last.line().beginning().0), integer(last.0)],
            |row| row.get(0),
        )?;
    Ok(first.map(columns::batch))
}

/// Forgets what was waited for and is in a pack that the hub above has acknowledged.
pub(crate) fn brought(connection: &Connection, acknowledged: u64) -> Result<()> {
    connection
        .prepare_cached(
            "DELETE FROM unbrought WHERE change IN (
                SELECT c.seq FROM change c JOIN outbox o
                    ON o.origin = coalesce(c.witness, c.origin) AND o.batch = iif(c.witness IS NULL, c.batch, c.fed)
                WHERE o.number <= ?1)",
        )?
        .execute([integer(acknowledged)])?;
    Ok(())
}

/// Notes that a change is in a pack again; whether it was waited for. Whoever has it from the feed must hear in which pack it
/// went up, or the home's receipt would never speak of it.
pub(crate) fn is_sent_again(connection: &Connection, seq: i64) -> Result<bool> {
    let waited = connection
        .prepare_cached(
            "UPDATE change SET fed = NULL WHERE seq = ?1 AND seq IN (SELECT change FROM unbrought)",
        )?
        .execute([seq])?;
    Ok(waited == 1)
}

/// What came down from the hub above is there, whoever brought it.
pub(crate) fn came_down(connection: &Connection, seq: i64) -> Result<()> {
    connection.prepare_cached("DELETE FROM unbrought WHERE change = ?1")?.execute([seq])?;
    Ok(())
}

/// The row of the feed that tells of a fork.
pub(crate) fn row(connection: &Connection, row: i64) -> Result<Row> {
    let mut statement = connection.prepare_cached("SELECT origin, batch FROM fork WHERE row = ?1")?;
    let mut rows = statement.query([row])?;
    let row = rows.next()?.ok_or(StoreError::Inconsistent { table: "feed", column: "ref" })?;
    Ok(Row::Fork { origin: blob(row, 0, "fork", "origin")?, batch: columns::batch(row.get(1)?) })
}
