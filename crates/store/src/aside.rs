//! What a hub holds aside: saves that it did not take, with their reasons, and saves that wait for something. Its people
//! see them, and have them tried again once the reason is gone.

use rusqlite::{Connection, params};
use teranga_core::class::ClassId;
use teranga_core::id::{ChangeHash, RecordId, ReplicaId};
use teranga_core::time::Millis;

use crate::apply::AFTER_REASSIGNMENT;
use crate::columns::{self, blob, unsigned};
use crate::error::Result;
use crate::held_answers;
use crate::judged;
use crate::log::{AGAIN, ASKED_FOR, Status};
use crate::outbox;
use crate::replica::Replica;
use crate::verdicts;

/// What a row of the log weighs at least beside its body: its record, hash, author and places.
const ROW_BYTES: i64 = 128;

/// Changes of one record by one author that are held aside for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aside {
    /// The record.
    pub record: RecordId,
    /// Who wrote them.
    pub origin: ReplicaId,
    /// What became of them.
    pub status: Status,
    /// The stable code of the reason; none for what waits.
    pub reason: Option<String>,
    /// How many.
    pub changes: u64,
    /// When the pack that brought the last of them came, by this hub's clock.
    pub since: Option<Millis>,
}

impl Replica {
    /// What is held aside, and what was taken although its author was no more in charge of the record.
    pub fn aside(&self) -> Result<Vec<Aside>> {
        let mut statement = self.connection().prepare_cached(
            "SELECT c.record, c.origin, c.status, iif(c.status = 2, NULL, c.reason) AS why, count(*),
                 max(p.received_ms)
             FROM change c LEFT JOIN pack p ON p.origin = c.origin AND p.batch = c.batch
             WHERE c.status IN (2, 3) OR (c.status = 1 AND c.reason = ?1)
             GROUP BY c.record, c.origin, c.status, why ORDER BY c.record, c.origin, c.status",
        )?;
        let mut rows = statement.query([AFTER_REASSIGNMENT])?;
        let mut aside = Vec::new();
        while let Some(row) = rows.next()? {
            aside.push(Aside {
                record: blob(row, 0, "change", "record")?,
                origin: blob(row, 1, "change", "origin")?,
                status: Status::read(row.get(2)?)?,
                reason: row.get(3)?,
                changes: unsigned(row.get(4)?),
                since: row.get::<_, Option<i64>>(5)?.map(Millis),
            });
        }
        Ok(aside)
    }

    /// How many bytes of a revoked replica's changes stand in no document here, whether they are held aside, wait, or are not
    /// looked at yet. A change of which only the name came weighs what its row does.
    pub fn held_of_revoked(&self, replica: ReplicaId) -> Result<u64> {
        let bytes = self
            .connection()
            .prepare_cached(
                "SELECT coalesce(sum(?2 + coalesce(length(body), 0)), 0) FROM change
                 WHERE (origin = ?1 OR seq IN (SELECT change FROM named_again WHERE origin = ?1))
                   AND status IN (0, 2, 3, 4)",
            )?
            .query_row(params![replica.as_bytes(), ROW_BYTES], |row| row.get(0))?;
        Ok(unsigned(bytes))
    }

    /// Has what is held aside of a record tried again, but for what the hub above did not take. Returns how many changes;
    /// they are applied like what has just come.
    pub fn try_again(&mut self, record: RecordId) -> Result<usize> {
        let transaction = self.database_mut().transaction()?;
        judged::overrule(&transaction, record)?;
        let tried = transaction.execute(
            "UPDATE change SET status = 0, reason = ?2
             WHERE record = ?1 AND status IN (2, 3) AND body IS NOT NULL
               AND (record, class, hash) NOT IN
                   (SELECT record, class, hash FROM verdict WHERE record = ?1 AND withdrawn = 0 AND above = 1)",
            params![record.as_bytes(), ASKED_FOR],
        )?;
        transaction.execute(
            "UPDATE verdict SET withdrawn = 1
             WHERE record = ?1 AND withdrawn = 0 AND (record, class, hash) IN
                 (SELECT record, class, hash FROM change WHERE record = ?1 AND status = 0)",
            params![record.as_bytes()],
        )?;
        judged::try_what_fell_with_it(&transaction)?;
        transaction.commit()?;
        Ok(tried)
    }

    /// How many changes of a record are held aside because the hub above did not take them: only there can they be
    /// tried again, or this hub would show what its home does not hold.
    pub fn refused_above(&self, record: RecordId) -> Result<u64> {
        let count = self
            .connection()
            .prepare_cached(
                "SELECT count(*) FROM change JOIN verdict USING (record, class, hash)
                 WHERE record = ?1 AND status = 3 AND withdrawn = 0 AND above = 1",
            )?
            .query_row([record.as_bytes()], |row| row.get(0))?;
        Ok(unsigned(count))
    }
}

/// Whether a change of a part is held aside here.
pub(crate) fn has_held_aside(connection: &Connection, record: RecordId, class: &ClassId) -> Result<bool> {
    Ok(connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM change WHERE record = ?1 AND class = ?2 AND status = 3)",
        )?
        .query_row(params![record.as_bytes(), class.as_str()], |row| row.get(0))?)
}

/// At another hub than before nothing holds that the one before did not take: this one decides anew, and says so.
pub(crate) fn appeal(connection: &Connection) -> Result<()> {
    let mut statement = connection
        .prepare("SELECT record, class, hash FROM verdict WHERE above = 1 AND withdrawn = 0 ORDER BY row")?;
    let mut rows = statement.query([])?;
    let mut taken_out = Vec::new();
    while let Some(row) = rows.next()? {
        let record: RecordId = blob(row, 0, "verdict", "record")?;
        taken_out.push((record, columns::class(row, 1)?, blob(row, 2, "verdict", "hash")?));
    }
    take_all_after_all(connection, taken_out)
}

/// The hub was put back to before it held aside what a revoked device brought. It had said so beside its feed, of which no row
/// tells that it forgot: what it does not acknowledge any more it decides on anew.
pub(crate) fn appeal_unacknowledged(
    connection: &Connection,
    own: ReplicaId,
    acknowledged: u64,
) -> Result<()> {
    let mut statement = connection.prepare(
        "SELECT record, class, hash, batch FROM verdict
         WHERE origin = ?1 AND reason = ?2 AND above = 1 AND withdrawn = 0 ORDER BY row",
    )?;
    let mut rows = statement.query(params![own.as_bytes(), judged::REVOKED])?;
    let mut forgotten = Vec::new();
    while let Some(row) = rows.next()? {
        let record: RecordId = blob(row, 0, "verdict", "record")?;
        if !outbox::is_acknowledged(connection, own, columns::batch(row.get(3)?), acknowledged)? {
            forgotten.push((record, columns::class(row, 1)?, blob(row, 2, "verdict", "hash")?));
        }
    }
    take_all_after_all(connection, forgotten)
}

fn take_all_after_all(connection: &Connection, changes: Vec<(RecordId, ClassId, ChangeHash)>) -> Result<()> {
    let mut any = false;
    for (record, class, hash) in changes {
        any |= try_anew(connection, record, &class, hash)?;
    }
    if any { judged::try_what_fell_with_it(connection) } else { Ok(()) }
}

/// What was held aside here, or waits to be decided on, came down the feed: it is taken after all, and applied like anything
/// else.
pub(crate) fn take_after_all(
    connection: &Connection,
    record: RecordId,
    class: &ClassId,
    hash: ChangeHash,
) -> Result<()> {
    if try_anew(connection, record, class, hash)? {
        judged::try_what_fell_with_it(connection)
    } else {
        Ok(())
    }
}

/// Has a change tried anew; whether there was a verdict on it.
fn try_anew(connection: &Connection, record: RecordId, class: &ClassId, hash: ChangeHash) -> Result<bool> {
    let withdrawn = verdicts::withdraw(connection, record, class, hash)?;
    // Its body may have gone meanwhile and come back with it: then it is logged already, and still comes again.
    connection
        .prepare_cached(
            "UPDATE change SET status = 0, reason = ?4
             WHERE record = ?1 AND class = ?2 AND hash = ?3 AND (status IN (2, 3) OR (status = 0 AND ?5))",
        )?
        .execute(params![record.as_bytes(), class.as_str(), hash.as_bytes(), AGAIN, withdrawn])?;
    held_answers::forget(connection, record, class, hash)?;
    Ok(withdrawn)
}
