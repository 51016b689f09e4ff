//! The hub's feed in the store: rows are appended when something is applied, and cut for one child at a time, with
//! only what that child may hold and has not itself brought.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension, params};
use sha2::{Digest, Sha256};
use teranga_core::class::ClassId;
use teranga_core::grant::{Audience, may_hold, may_know};
use teranga_core::id::{FeedPosition, Line, RecordId, ReplicaId};
use teranga_sync::feed::{Cursor, Introduction, Receipt, Row};
use teranga_sync::limits;
use teranga_sync::message::More;
use teranga_sync::pack::Entry;

use crate::columns::{blob, integer, maybe_blob, unsigned};
use crate::error::{Result, StoreError};
use crate::{log, packs, part, receipts, register, resources};

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
        }),
    }
}

/// Appends a row and returns its position. `digest` names its content; with the rows before it, it makes the running hash.
pub(crate) fn append(connection: &Connection, about: About, to: To, digest: &[u8]) -> Result<FeedPosition> {
    let (kind, row, record) = about.columns();
    let tagged = Sha256::new().chain_update(kind.to_be_bytes()).chain_update(digest).finalize();
    let next = end(connection)?.next(&tagged);
    let (except, line, only) = match to {
        To::All => (None, None, None),
        To::AllBut(child, line) => (Some(child.0), Some(line.number()), None),
        To::Only(child) => (None, None, Some(child.0)),
    };
    connection
        .prepare_cached(
            "INSERT INTO feed (position, kind, ref, record, except_, except_line, only_, running)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
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
        ])?;
    Ok(next.position)
}

/// Rows for one child.
#[derive(Debug)]
pub(crate) struct Cut {
    pub(crate) rows: Vec<Row>,
    pub(crate) cursor: Cursor,
    pub(crate) more: More,
}

/// Whom an answer is cut for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'a> {
    pub(crate) child: ReplicaId,
    /// Left out is what the child brought in this line; where there is none, nothing.
    pub(crate) line: Option<Line>,
    pub(crate) audience: &'a Audience,
}

/// Cuts what follows the child's cursor, up to about `bytes_max`. Where the cursor is not of this feed, nothing is cut
/// and the cursor is the feed's beginning: the child goes on from an earlier one.
pub(crate) fn cut(
    connection: &Connection,
    reader: Reader<'_>,
    from: Cursor,
    bytes_max: usize,
) -> Result<Cut> {
    let Reader { child, line, audience } = reader;
    if !is_of_this_feed(connection, from)? {
        return Ok(Cut { rows: Vec::new(), cursor: Cursor::default(), more: More::Rows });
    }
    let mut cut = Cut { rows: Vec::new(), cursor: from, more: More::Nothing };
    let bytes_max = bytes_max.min(limits::ROWS_CUT_BYTES_MAX);
    let mut statement = connection.prepare_cached(
        "SELECT position, kind, ref, record, except_, only_, running, except_line FROM feed
         WHERE position > ?1 ORDER BY position",
    )?;
    let mut rows = statement.query([integer(cut.cursor.position.0)])?;
    let mut weight = Weight::default();
    for looked_at in 0.. {
        let Some(row) = rows.next()? else { break };
        if looked_at >= limits::ROWS_LOOKED_AT_MAX {
            cut.more = More::Rows;
            break;
        }
        let about = About::read(row.get(1)?, row.get(2)?, maybe_blob(row, 3, "feed", "record")?)?;
        let except: Option<ReplicaId> = maybe_blob(row, 4, "feed", "except_")?;
        let only: Option<ReplicaId> = maybe_blob(row, 5, "feed", "only_")?;
        let except_line: Option<u32> = row.get(7)?;
        let brought_it = except == Some(child) && line.is_some_and(|line| except_line == Some(line.number()));
        if !brought_it
            && only.is_none_or(|only| only == child)
            && let Some(built) = build(connection, about, unsigned(row.get(0)?), audience)?
        {
            if !weight.takes(&built, bytes_max) {
                cut.more = More::Rows;
                break;
            }
            cut.rows.push(built);
        }
        cut.cursor = Cursor {
            position: FeedPosition(unsigned(row.get(0)?)),
            running: blob(row, 6, "feed", "running")?,
        };
    }
    Ok(cut)
}

/// What the rows of an answer weigh so far: an answer must be one that every child can read.
#[derive(Debug, Default)]
struct Weight {
    bytes: usize,
    rows: usize,
    records: BTreeSet<RecordId>,
    classes: BTreeSet<ClassId>,
}

impl Weight {
    /// Adds a row, unless that makes it too much. The first row is always taken.
    fn takes(&mut self, row: &Row, bytes_max: usize) -> bool {
        let bytes = self.bytes + size(row);
        if let Row::Save { save, .. } = row {
            let new = |entry: &&Entry| !self.classes.contains(&entry.class);
            let classes = self.classes.len() + save.iter().filter(new).count();
            let full = classes > limits::PACK_CLASSES_MAX || self.records.len() >= limits::PACK_RECORDS_MAX;
            if self.rows > 0 && full {
                return false;
            }
            self.records.extend(save.iter().map(|entry| entry.record));
            self.classes.extend(save.iter().map(|entry| entry.class.clone()));
        }
        if self.rows > 0 && (bytes > bytes_max || self.rows >= limits::ROWS_MAX) {
            return false;
        }
        self.bytes = bytes;
        self.rows += 1;
        true
    }
}

fn is_of_this_feed(connection: &Connection, from: Cursor) -> Result<bool> {
    if from == Cursor::default() {
        return Ok(true);
    }
    let running: Option<Vec<u8>> = connection
        .prepare_cached("SELECT running FROM feed WHERE position = ?1")?
        .query_row([integer(from.position.0)], |row| row.get(0))
        .optional()?;
    Ok(running.is_some_and(|running| running == from.running))
}

fn build(connection: &Connection, about: About, position: u64, audience: &Audience) -> Result<Option<Row>> {
    let knows = |replica: &Introduction| may_know(audience, &replica.audience);
    Ok(match about {
        About::Save(save, record) => save_row(connection, save, record, audience)?,
        About::Replica(row) => {
            Some(register::introduction_row(connection, row)?).filter(knows).map(Row::Replica)
        }
        About::Opening(row) => {
            let (replica, nonce) = register::opening_row(connection, row)?;
            let known = register::introduction(connection, replica)?.is_some_and(|replica| knows(&replica));
            known.then_some(Row::Opening { replica, nonce })
        }
        About::Resource(row) => Some(Row::Resource(resources::row(connection, row)?)),
        About::Receipt(row) => {
            let receipt = receipts::at(connection, row, position)?;
            let known = |receipt: &Receipt| -> Result<bool> {
                Ok(register::introduction(connection, receipt.origin)?.is_some_and(|origin| knows(&origin)))
            };
            match receipt {
                Some(receipt) if known(&receipt)? => Some(Row::Receipt(receipt)),
                _ => None,
            }
        }
        About::Verdict(row) => Some(Row::Verdict(receipts::verdict_row(connection, row)?)),
    })
}

/// The parts of a save that the audience may hold; nothing where it may hold none.
fn save_row(
    connection: &Connection,
    save: i64,
    record: RecordId,
    audience: &Audience,
) -> Result<Option<Row>> {
    let region = part::region_of(connection, record)?.unwrap_or_default();
    let held: Vec<log::LogRow> = log::of_save(connection, save)?
        .into_iter()
        .filter(|row| row.status == log::Status::Applied && may_hold(audience, &region, &row.class))
        .collect();
    let Some(batch) = held.first().and_then(log::LogRow::left_in) else { return Ok(None) };
    let saves = packs::saves_of(connection, &held)?;
    Ok(saves.into_iter().next().map(|save| Row::Save { batch, save }))
}

fn size(row: &Row) -> usize {
    match row {
        Row::Save { save, .. } => save.iter().map(|entry| 32 + entry.body.as_ref().map_or(0, Vec::len)).sum(),
        Row::Resource(row) => row.json.len() + 64,
        Row::Replica(_) | Row::Opening { .. } | Row::Receipt(_) | Row::Verdict(_) => 64,
    }
}
