//! Receipts: what the home holds. They travel down to whom they concern.

use rusqlite::{Connection, OptionalExtension, params};
use teranga_core::id::{Batch, Line, ReplicaId};
use teranga_sync::feed::Receipt;
use teranga_sync::manifest::Mark;

use crate::columns::{self, blob, integer};
use crate::error::Result;
use crate::feed::{self, About, To};
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
        let has_parent: bool =
            connection.query_row("SELECT EXISTS (SELECT 1 FROM uplink)", [], |row| row.get(0))?;
        let is_regional = replica::meta(connection, "region")?.is_some_and(|region| !region.is_empty());
        Ok(if has_parent || is_regional { Self::Below } else { Self::Home })
    }
}

/// Notes that the home holds every pack of this origin up to one, and passes it down to all who may know the origin:
/// whoever holds a record is told when what others wrote of it is safe too.
pub(crate) fn note(connection: &Connection, receipt: &Receipt) -> Result<()> {
    let moved: Option<i64> = connection
        .prepare_cached(
            "INSERT INTO receipt (origin, line, batch, mark) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (origin, line) DO UPDATE SET batch = excluded.batch, mark = excluded.mark
                 WHERE excluded.batch > receipt.batch
             RETURNING row",
        )?
        .query_row(
            params![
                receipt.origin.as_bytes(),
                receipt.batch.line().number(),
                integer(receipt.batch.0),
                receipt.mark.0
            ],
            |row| row.get(0),
        )
        .optional()?;
    let Some(row) = moved else { return Ok(()) };
    let digest = [receipt.origin.as_bytes().as_slice(), &receipt.batch.0.to_be_bytes()].concat();
    let position = feed::append(connection, About::Receipt(row), To::All, &digest)?;
    connection
        .prepare_cached("UPDATE receipt SET position = ?2 WHERE row = ?1")?
        .execute(params![row, integer(position.0)])?;
    Ok(())
}

/// Forgets every receipt, at another hub than before: its home may be another one, and where it is not it says so again.
pub(crate) fn forget(connection: &Connection) -> Result<()> {
    connection.execute("DELETE FROM receipt", [])?;
    Ok(())
}

/// Notes that this replica holds a pack, where it is the home.
pub(crate) fn note_at_home(connection: &Connection, origin: ReplicaId, batch: Batch) -> Result<()> {
    if Tier::of(connection)? == Tier::Home
        && let Some(hash) = packs::hash_of(connection, origin, batch)?
    {
        note(connection, &Receipt { origin, batch, mark: Mark::of(&hash) })?;
    }
    Ok(())
}

/// The receipt in a row of `receipt`, if this is its last place in the feed; a later one says more.
pub(crate) fn at(connection: &Connection, row: i64, position: u64) -> Result<Option<Receipt>> {
    select(connection, "WHERE row = ?1 AND position = ?2", params![row, integer(position)])
}

/// How far the home holds an origin's packs of one line.
pub(crate) fn of(connection: &Connection, origin: ReplicaId, line: Line) -> Result<Option<Receipt>> {
    select(connection, "WHERE origin = ?1 AND line = ?2", params![origin.as_bytes(), line.number()])
}

fn select(connection: &Connection, rest: &str, parameters: impl rusqlite::Params) -> Result<Option<Receipt>> {
    let mut statement =
        connection.prepare_cached(&format!("SELECT origin, batch, mark FROM receipt {rest}"))?;
    let mut rows = statement.query(parameters)?;
    rows.next()?
        .map(|row| {
            Ok(Receipt {
                origin: blob(row, 0, "receipt", "origin")?,
                batch: columns::batch(row.get(1)?),
                mark: blob(row, 2, "receipt", "mark")?,
            })
        })
        .transpose()
}
