//! Receipts: what the home holds, and what its last verified backup covers. They travel down to whom they concern, the two
//! strengths apart, each as far as it is known to speak of the packs that are here.

use rusqlite::{Connection, OptionalExtension, Row, params};
use teranga_core::id::{Batch, Line, ReplicaId};
use teranga_sync::manifest::Mark;
use teranga_sync::receipt::{Assurance, Receipt};

use crate::columns::{self, blob, integer};
use crate::error::{Result, StoreError};
use crate::feed::{self, About, To};
use crate::fork;
use crate::outbox;
use crate::packs;
use crate::replica;

/// Whether this replica is the home of what arrives: headquarters, which has no parent. A regional hub that has not
/// joined its parent yet is no home, or its receipts would lie later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tier {
    Home,
    Below,
}

impl Tier {
    pub(crate) fn of(connection: &Connection) -> Result<Self> {
        let has_parent: bool = connection
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM uplink)")?
            .query_row([], |row| row.get(0))?;
        let is_regional = replica::meta(connection, "region")?.is_some_and(|region| !region.is_empty());
        Ok(if has_parent || is_regional { Self::Below } else { Self::Home })
    }
}

/// Notes what the home is said to have of an origin, as far as it speaks of the packs that are here: what the hub above has not
/// acknowledged of them may be something else than the home's of the same number. Of the rest it is told once the hub above
/// has acknowledged it.
pub(crate) fn note(connection: &Connection, receipt: &Receipt) -> Result<()> {
    let acknowledged = outbox::acknowledged(connection)?;
    match standing(connection, receipt, acknowledged)? {
        Some(standing) if standing.batch == receipt.batch => raise(connection, receipt),
        standing => {
            keep_for_later(connection, receipt)?;
            standing.map_or(Ok(()), |standing| raise(connection, &standing))
        }
    }
}

/// Notes what was kept for later, as far as the hub above has acknowledged the packs that are here since.
pub(crate) fn acknowledged(connection: &Connection, acknowledged: u64) -> Result<()> {
    fork::brought(connection, acknowledged)?;
    let mut statement = connection.prepare_cached("SELECT origin, batch, mark, what FROM receipt_ahead")?;
    let mut rows = statement.query([])?;
    let mut kept = Vec::new();
    while let Some(row) = rows.next()? {
        kept.push(read(row)?);
    }
    for receipt in kept {
        let Some(standing) = standing(connection, &receipt, acknowledged)? else { continue };
        raise(connection, &standing)?;
        if standing.batch == receipt.batch {
            connection.execute(
                "DELETE FROM receipt_ahead WHERE origin = ?1 AND line = ?2 AND what = ?3",
                params![receipt.origin.as_bytes(), receipt.batch.line().number(), receipt.assurance.code()],
            )?;
        }
    }
    Ok(())
}

/// How much of a receipt speaks of the packs that are here; nothing where none of it is known to.
fn standing(connection: &Connection, receipt: &Receipt, acknowledged: u64) -> Result<Option<Receipt>> {
    let (origin, last) = (receipt.origin, receipt.batch);
    let unacknowledged = outbox::first_unacknowledged(connection, origin, last, acknowledged)?;
    let unbrought = fork::first_unbrought(connection, origin, last)?;
    let Some(first) = unacknowledged.into_iter().chain(unbrought).min() else {
        return Ok(Some(*receipt));
    };
    let before = Batch(first.0 - 1);
    let hash = packs::hash_of(connection, origin, before)?;
    Ok(hash.map(|hash| Receipt { batch: before, mark: Mark::of(&hash), ..*receipt }))
}

fn keep_for_later(connection: &Connection, receipt: &Receipt) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO receipt_ahead (origin, line, batch, mark, what) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (origin, line, what) DO UPDATE SET batch = excluded.batch, mark = excluded.mark
                 WHERE excluded.batch > receipt_ahead.batch",
        )?
        .execute(params![
            receipt.origin.as_bytes(),
            receipt.batch.line().number(),
            integer(receipt.batch.0),
            receipt.mark.0,
            receipt.assurance.code()
        ])?;
    Ok(())
}

/// Notes that the home has every pack of this origin up to one, and passes it down to all who may know the origin:
/// whoever holds a record is told when what others wrote of it is safe too.
fn raise(connection: &Connection, receipt: &Receipt) -> Result<()> {
    let moved: Option<i64> = connection
        .prepare_cached(
            "INSERT INTO receipt (origin, line, batch, mark, what) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (origin, line, what) DO UPDATE SET batch = excluded.batch, mark = excluded.mark
                 WHERE excluded.batch > receipt.batch
             RETURNING row",
        )?
        .query_row(
            params![
                receipt.origin.as_bytes(),
                receipt.batch.line().number(),
                integer(receipt.batch.0),
                receipt.mark.0,
                receipt.assurance.code()
            ],
            |row| row.get(0),
        )
        .optional()?;
    moved.map_or(Ok(()), |row| announce(connection, row, receipt))
}

/// Passes down once more what the home has of an origin: whoever knows it from now on has read past it.
pub(crate) fn tell_again(connection: &Connection, origin: ReplicaId) -> Result<()> {
    let mut statement =
        connection.prepare_cached("SELECT origin, batch, mark, what, row FROM receipt WHERE origin = ?1")?;
    let mut rows = statement.query([origin.as_bytes()])?;
    let mut told: Vec<(i64, Receipt)> = Vec::new();
    while let Some(row) = rows.next()? {
        told.push((row.get(4)?, read(row)?));
    }
    told.iter().try_for_each(|(row, receipt)| announce(connection, *row, receipt))
}

/// Gives a receipt its place in the feed.
fn announce(connection: &Connection, row: i64, receipt: &Receipt) -> Result<()> {
    let digest =
        [receipt.origin.as_bytes().as_slice(), &receipt.batch.0.to_be_bytes(), &[receipt.assurance.code()]]
            .concat();
    let position = feed::append(connection, About::Receipt(row), To::All, &digest)?;
    connection
        .prepare_cached("UPDATE receipt SET position = ?2 WHERE row = ?1")?
        .execute(params![row, integer(position.0)])?;
    Ok(())
}

/// Forgets every receipt, at another hub than before: its home may be another one, and where it is not it says so again.
pub(crate) fn forget(connection: &Connection) -> Result<()> {
    connection.execute("DELETE FROM receipt", [])?;
    connection.execute("DELETE FROM receipt_ahead", [])?;
    Ok(())
}

/// Notes that this replica holds a pack, where it is the home.
pub(crate) fn note_at_home(connection: &Connection, origin: ReplicaId, batch: Batch) -> Result<()> {
    if Tier::of(connection)? == Tier::Home
        && let Some(hash) = packs::hash_of(connection, origin, batch)?
    {
        raise(connection, &Receipt { origin, batch, mark: Mark::of(&hash), assurance: Assurance::Held })?;
    }
    Ok(())
}

/// Notes that a verified backup of this replica, the home, covers all that it holds: what a hub below keeps in its backups is
/// nobody's last copy.
pub(crate) fn note_backed_up(connection: &Connection) -> Result<()> {
    let mut statement =
        connection.prepare("SELECT origin, batch, mark, what FROM receipt WHERE what = ?1")?;
    let mut rows = statement.query([Assurance::Held.code()])?;
    let mut held = Vec::new();
    while let Some(row) = rows.next()? {
        held.push(read(row)?);
    }
    // Those that have not moved since the backup before stay where they stand.
    held.into_iter()
        .try_for_each(|held| raise(connection, &Receipt { assurance: Assurance::BackedUp, ..held }))
}

/// The receipt in a row of `receipt`, if this is its last place in the feed; a later one says more.
pub(crate) fn at(connection: &Connection, row: i64, position: u64) -> Result<Option<Receipt>> {
    select(connection, "WHERE row = ?1 AND position = ?2", params![row, integer(position)])
}

/// How far the home has an origin's packs of one line, with this strength.
pub(crate) fn of(
    connection: &Connection,
    (origin, line): (ReplicaId, Line),
    assurance: Assurance,
) -> Result<Option<Receipt>> {
    let of = params![origin.as_bytes(), line.number(), assurance.code()];
    select(connection, "WHERE origin = ?1 AND line = ?2 AND what = ?3", of)
}

/// How far the home is known to hold an origin's packs of one line, whether or not that speaks of those that are here.
pub(crate) fn furthest(connection: &Connection, origin: ReplicaId, line: Line) -> Result<Option<Receipt>> {
    let mut statement = connection.prepare_cached(
        "SELECT origin, batch, mark, what FROM (SELECT origin, line, batch, mark, what FROM receipt_ahead
         UNION ALL SELECT origin, line, batch, mark, what FROM receipt)
         WHERE origin = ?1 AND line = ?2 ORDER BY batch DESC LIMIT 1",
    )?;
    let mut rows = statement.query(params![origin.as_bytes(), line.number()])?;
    rows.next()?.map(read).transpose()
}

fn select(connection: &Connection, rest: &str, parameters: impl rusqlite::Params) -> Result<Option<Receipt>> {
    let mut statement =
        connection.prepare_cached(&format!("SELECT origin, batch, mark, what FROM receipt {rest}"))?;
    let mut rows = statement.query(parameters)?;
    rows.next()?.map(read).transpose()
}

fn read(row: &Row<'_>) -> Result<Receipt> {
    let unknown = StoreError::Inconsistent { table: "receipt", column: "what" };
    Ok(Receipt {
        assurance: Assurance::from_code(row.get(3)?).ok_or(unknown)?,
        origin: blob(row, 0, "receipt", "origin")?,
        batch: columns::batch(row.get(1)?),
        mark: blob(row, 2, "receipt", "mark")?,
    })
}
