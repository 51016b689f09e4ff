//! The hub's feed in the store: rows are appended when something is applied, and cut (`cut`) for one child at a time.

mod cut;
mod row;

use rusqlite::functions::FunctionFlags;
use rusqlite::{Connection, OptionalExtension, params};
use sha2::{Digest, Sha256};
use teranga_core::id::{FeedPosition, Line, OpeningNonce, RecordId, ReplicaId};
use teranga_sync::feed::Cursor;

use crate::columns::{blob, integer, unsigned};
use crate::error::{Result, StoreError};

pub(crate) use cut::{Cut, Reader, cut};

/// What a feed row speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum About {
    /// A save, by its first change.
    Save(i64, RecordId),
    /// A replica.
    Replica(i64),
    /// An opening.
    Opening(i64),
    /// A published resource.
    Resource(i64),
    /// A receipt.
    Receipt(i64),
    /// A verdict.
    Verdict(i64),
    /// What a child may hold no more.
    Leave(i64),
    /// A record that is to be destroyed.
    Erase(i64),
    /// Another chain that the hub above holds.
    Fork(i64),
    /// Something that was told beside the feed. It says nothing to anybody; but whoever told it has read past it, and a hub that
    /// was put back to before it does not know that place.
    Told,
    /// What went before of a record, or of all that a child may hold.
    Enter(Option<RecordId>),
}

/// Whom a feed row is for, among those that may hold it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum To {
    /// Everyone.
    All,
    /// Everyone but the child that brought it, in the line in which it did: its copies have not seen it.
    AllBut(ReplicaId, Line),
    /// One child.
    Only(ReplicaId),
}

impl About {
    const fn columns(self) -> (i64, i64, Option<RecordId>) {
        match self {
            Self::Save(row, record) => (0, row, Some(record)),
            Self::Replica(row) => (1, row, None),
            Self::Opening(row) => (2, row, None),
            Self::Resource(row) => (3, row, None),
            Self::Receipt(row) => (4, row, None),
            Self::Verdict(row) => (5, row, None),
            Self::Leave(row) => (6, row, None),
            Self::Enter(record) => (7, 0, record),
            Self::Erase(row) => (8, row, None),
            Self::Fork(row) => (9, row, None),
            Self::Told => (10, 0, None),
        }
    }

    fn read(kind: i64, row: i64, record: Option<RecordId>) -> Result<Self> {
        match (kind, record) {
            (0, Some(record)) => Ok(Self::Save(row, record)),
            (1, _) => Ok(Self::Replica(row)),
            (2, _) => Ok(Self::Opening(row)),
            (3, _) => Ok(Self::Resource(row)),
            (4, _) => Ok(Self::Receipt(row)),
            (5, _) => Ok(Self::Verdict(row)),
            (6, _) => Ok(Self::Leave(row)),
            (7, record) => Ok(Self::Enter(record)),
            (8, _) => Ok(Self::Erase(row)),
            (9, _) => Ok(Self::Fork(row)),
            (10, _) => Ok(Self::Told),
            _ => Err(StoreError::Inconsistent { table: "feed", column: "kind" }),
        }
    }
}

/// Where the feed ends.
pub(crate) fn end(connection: &Connection) -> Result<Cursor> {
    let mut statement =
        connection.prepare_cached("SELECT position, running FROM feed ORDER BY position DESC LIMIT 1")?;
    let mut rows = statement.query([])?;
    match rows.next()? {
        None => Ok(Cursor::default()),
        Some(row) => Ok(Cursor {
            position: FeedPosition(unsigned(row.get(0)?)),
            running: blob(row, 1, "feed", "running")?,
            within: 0,
        }),
    }
}

/// Bytes of an opening's nonce in the rows that it writes.
const OPENING_BYTES: usize = 8;

/// What a row adds to the running hash: its kind, its content and the opening that wrote it, which no row has from before there
/// were any.
pub(crate) fn row_digest(kind: i64, digest: &[u8], opening: &[u8]) -> [u8; 32] {
    Sha256::new()
        .chain_update(kind.to_be_bytes())
        .chain_update(digest)
        .chain_update(opening)
        .finalize()
        .into()
}

/// Gives a connection the function `this_opening()`, for the running hash: two copies of a hub's database that take the same
/// rows in the same order are not one feed, for what their children told them beside it differs.
pub(crate) fn attach(connection: &Connection, opening: OpeningNonce) -> Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DIRECTONLY;
    connection.create_scalar_function("this_opening", 0, flags, move |_| {
        Ok(opening.0.first_chunk::<OPENING_BYTES>().copied())
    })?;
    Ok(())
}

/// Appends a row and returns its position. `digest` names its content; with the rows before it and the opening in which it
/// was written, it makes the running hash.
pub(crate) fn append(connection: &Connection, about: About, to: To, digest: &[u8]) -> Result<FeedPosition> {
    let (kind, row, record) = about.columns();
    let opening: [u8; OPENING_BYTES] =
        connection.prepare_cached("SELECT this_opening()")?.query_row([], |row| row.get(0))?;
    let next = end(connection)?.next(&row_digest(kind, digest, &opening));
    let (except, line, only) = match to {
        To::All => (None, None, None),
        To::AllBut(child, line) => (Some(child.0), Some(line.number()), None),
        To::Only(child) => (None, None, Some(child.0)),
    };
    connection
        .prepare_cached(
            "INSERT INTO feed (position, kind, ref, record, except_, except_line, only_, running, opening)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            integer(next.position.0),
            kind,
            row,
            record.map(|record| record.0),
            except,
            line,
            only,
            next.running,
            opening,
        ])?;
    Ok(next.position)
}

/// Whether a cursor is of this feed.
pub(crate) fn is_of_this_feed(connection: &Connection, from: Cursor) -> Result<bool> {
    if from.position == FeedPosition::default() {
        // Before the first row nothing stands for many that could have been read in part.
        return Ok(from.within == 0);
    }
    let running: Option<Vec<u8>> = connection
        .prepare_cached("SELECT running FROM feed WHERE position = ?1")?
        .query_row([integer(from.position.0)], |row| row.get(0))
        .optional()?;
    Ok(running.is_some_and(|running| running == from.running))
}
