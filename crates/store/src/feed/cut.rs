//! Cutting the feed for one child: what follows its cursor, up to what an answer may weigh, without what it brought
//! itself. A row that stands for many - a record that the child may hold from now on, or everything when it is new - is
//! read newest records first, over as many answers as it takes; saves that such a row will bring are passed over before it.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, OptionalExtension, params};
use teranga_core::audience::Audience;
use teranga_core::class::ClassId;
use teranga_core::id::{FeedPosition, Line, RecordId, ReplicaId};
use teranga_sync::feed::{Cursor, Row};
use teranga_sync::limits;
use teranga_sync::message::More;
use teranga_sync::pack::Entry;

use super::row::build;
use super::{About, is_of_this_feed};
use crate::columns::{blob, integer, maybe_blob, unsigned};
use crate::custody;
use crate::error::Result;

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

/// To read who is in charge of a record takes as long as to look at a row for so many bytes of it.
const CUSTODY_BYTES_A_ROW: usize = 128;

/// Cuts what follows the child's cursor, up to about `bytes_max`. Where the cursor is not of this feed, nothing is cut
/// and the cursor is the feed's beginning: the child goes on from an earlier one.
pub(crate) fn cut(
    connection: &Connection,
    reader: Reader<'_>,
    from: Cursor,
    bytes_max: usize,
) -> Result<Cut> {
    if !is_of_this_feed(connection, from)? {
        return Ok(Cut { rows: Vec::new(), cursor: Cursor::default(), more: More::Rows });
    }
    let mut cutter = Cutter {
        connection,
        reader,
        weight: Weight::up_to(bytes_max),
        entered: Entered::of(connection, reader.child)?,
        rows: Vec::new(),
        looked_at: 0,
    };
    let mut cursor = from;
    let more = cutter.run(&mut cursor)?;
    Ok(Cut { rows: cutter.rows, cursor, more })
}

/// What became of one place in the feed.
enum Place {
    /// It was read, or is not for this child.
    Passed,
    /// It does not fit any more.
    Full,
    /// Of a row that stands for many, this far.
    Within(u64),
}

struct Cutter<'a> {
    connection: &'a Connection,
    reader: Reader<'a>,
    weight: Weight,
    entered: Entered<'a>,
    rows: Vec<Row>,
    looked_at: usize,
}

impl Cutter<'_> {
    fn run(&mut self, cursor: &mut Cursor) -> Result<More> {
        // The row at the cursor, where it was not read whole; then those after it.
        let from = cursor.position.0.saturating_sub(u64::from(cursor.within > 0));
        let mut statement = self.connection.prepare_cached(
            "SELECT position, kind, ref, record, except_, only_, running, except_line FROM feed
             WHERE position > ?1 ORDER BY position",
        )?;
        let mut rows = statement.query([integer(from)])?;
        while let Some(row) = rows.next()? {
            if self.is_tired() {
                return Ok(More::Rows);
            }
            let position = unsigned(row.get(0)?);
            let about = About::read(row.get(1)?, row.get(2)?, maybe_blob(row, 3, "feed", "record")?)?;
            let except: Option<ReplicaId> = maybe_blob(row, 4, "feed", "except_")?;
            let only: Option<ReplicaId> = maybe_blob(row, 5, "feed", "only_")?;
            let line: Option<u32> = row.get(7)?;
            let in_this_line = self.reader.line.is_some_and(|reader| line == Some(reader.number()));
            let brought_it = except == Some(self.reader.child) && in_this_line;
            let for_it = !brought_it && only.is_none_or(|only| only == self.reader.child);
            let within = if position == cursor.position.0 { cursor.within } else { 0 };
            let place = if for_it { self.look_at(about, position, within)? } else { Place::Passed };
            let here = |within| -> Result<Cursor> {
                Ok(Cursor {
                    position: FeedPosition(position),
                    running: blob(row, 6, "feed", "running")?,
                    within,
                })
            };
            match place {
                Place::Passed => *cursor = here(0)?,
                Place::Within(within) => {
                    *cursor = here(within)?;
                    return Ok(More::Rows);
                }
                Place::Full => return Ok(More::Rows),
            }
        }
        Ok(More::Nothing)
    }

    /// Whether enough was looked at for one answer.
    fn is_tired(&mut self) -> bool {
        self.looked_at += 1;
        self.looked_at > limits::ROWS_LOOKED_AT_MAX
    }

    fn look_at(&mut self, about: About, position: u64, within: u64) -> Result<Place> {
        match about {
            About::Enter(record) => self.enter(record, position, within),
            About::Save(_, record) if self.entered.after(record, position)? => Ok(Place::Passed),
            About::Save(..)
            | About::Replica(_)
            | About::Opening(_)
            | About::Resource(_)
            | About::Receipt(_)
            | About::Verdict(_)
            | About::Leave(_)
            | About::Erase(_)
            | About::Fork(_)
            | About::Told => Ok(if self.take(about, position)? { Place::Passed } else { Place::Full }),
        }
    }

    /// Takes what a place says, unless that makes the answer too heavy.
    fn take(&mut self, about: About, position: u64) -> Result<bool> {
        if let About::Save(_, record) = about {
            self.looked_at += custody::bytes(self.connection, record)? / CUSTODY_BYTES_A_ROW;
        }
        let built = build(self.connection, about, position, self.reader)?;
        if !self.weight.takes(&built) {
            return Ok(false);
        }
        self.rows.extend(built);
        Ok(true)
    }

    /// Takes the saves that went before an enter row, newest records first, each record's in their order.
    fn enter(&mut self, of: Option<RecordId>, position: u64, within: u64) -> Result<Place> {
        let comes_later = match of {
            Some(record) => self.entered.after(record, position)?,
            None => self.entered.all > position,
        };
        if comes_later {
            return Ok(Place::Passed);
        }
        let last: Option<RecordId> = self
            .connection
            .prepare_cached("SELECT record FROM feed WHERE position = ?1 AND kind = 0")?
            .query_row([integer(within)], |row| Ok(maybe_blob(row, 0, "feed", "record")))
            .optional()?
            .transpose()?
            .flatten();
        let mut statement = self.connection.prepare_cached(
            "SELECT position, ref, record FROM feed INDEXED BY feed_saves
             WHERE kind = 0 AND position < ?1 AND record BETWEEN ?2 AND ?3
               AND (?4 IS NULL OR record < ?4 OR position > ?5)
             ORDER BY record DESC, position",
        )?;
        let (lowest, highest) = of.map_or(([0; 16], [0xff; 16]), |record| (record.0, record.0));
        let highest = last.map_or(highest, |last| last.0.min(highest));
        let last_read = last.map(|last| last.0);
        let mut rows =
            statement.query(params![integer(position), lowest, highest, last_read, integer(within)])?;
        let mut reached = within;
        while let Some(row) = rows.next()? {
            let (at, save) = (unsigned(row.get(0)?), row.get(1)?);
            let record = blob(row, 2, "feed", "record")?;
            let comes_later = self.entered.after(record, position)?;
            if self.is_tired() || (!comes_later && !self.take(About::Save(save, record), at)?) {
                return Ok(if reached == 0 { Place::Full } else { Place::Within(reached) });
            }
            reached = at;
        }
        Ok(Place::Passed)
    }
}

/// Up to where the rows of this child that stand for many reach: what lies before them comes with them.
struct Entered<'a> {
    connection: &'a Connection,
    child: ReplicaId,
    all: u64,
    of: BTreeMap<RecordId, u64>,
}

impl<'a> Entered<'a> {
    fn of(connection: &'a Connection, child: ReplicaId) -> Result<Self> {
        let all = connection
            .prepare_cached(
                "SELECT coalesce(max(position), 0) FROM feed
                 WHERE kind = 7 AND only_ = ?1 AND record IS NULL",
            )?
            .query_row([child.as_bytes()], |row| row.get(0))?;
        Ok(Self { connection, child, all: unsigned(all), of: BTreeMap::new() })
    }

    /// Whether a record's past comes with a row after this position.
    fn after(&mut self, record: RecordId, position: u64) -> Result<bool> {
        if self.all > position {
            return Ok(true);
        }
        if let Some(at) = self.of.get(&record) {
            return Ok(*at > position);
        }
        let at = self
            .connection
            .prepare_cached(
                "SELECT coalesce(max(position), 0) FROM feed WHERE kind = 7 AND only_ = ?1 AND record = ?2",
            )?
            .query_row(params![self.child.as_bytes(), record.as_bytes()], |row| row.get(0))?;
        self.of.insert(record, unsigned(at));
        Ok(unsigned(at) > position)
    }
}

/// What the rows of an answer weigh so far: an answer must be one that every child can read.
#[derive(Debug, Default)]
struct Weight {
    bytes_max: usize,
    bytes: usize,
    rows: usize,
    records: BTreeSet<RecordId>,
    classes: BTreeSet<ClassId>,
}

impl Weight {
    fn up_to(bytes_max: usize) -> Self {
        Self { bytes_max: bytes_max.min(limits::ROWS_CUT_BYTES_MAX), ..Self::default() }
    }

    /// Adds what a place says, unless that makes it too much. The first is always taken.
    fn takes(&mut self, rows: &[Row]) -> bool {
        let bytes = self.bytes + rows.iter().map(size).sum::<usize>();
        let entries = || rows.iter().flat_map(Row::entries);
        let new = |entry: &&Entry| !self.classes.contains(&entry.class);
        let classes = self.classes.len() + entries().filter(new).count();
        let full = bytes > self.bytes_max
            || self.rows + rows.len() > limits::ROWS_MAX
            || classes > limits::PACK_CLASSES_MAX
            || self.records.len() >= limits::PACK_RECORDS_MAX;
        if self.rows > 0 && full && !rows.is_empty() {
            return false;
        }
        self.records.extend(entries().map(|entry| entry.record));
        self.classes.extend(entries().map(|entry| entry.class.clone()));
        self.bytes = bytes;
        self.rows += rows.len();
        true
    }
}

fn size(row: &Row) -> usize {
    match row {
        Row::Save { save, .. } => save.iter().map(|entry| 32 + entry.body.as_ref().map_or(0, Vec::len)).sum(),
        Row::Resource(row) => row.json.len() + 64,
        Row::Replica(row) => {
            let classes = row.audience.clearance.names();
            96 + row.person.len()
                + row.office.len()
                + classes.iter().map(|class| class.len() + 2).sum::<usize>()
        }
        Row::Verdict(row) => 128 + row.class.as_str().len() + row.reason.len(),
        Row::Leave { class, .. } => 32 + class.as_ref().map_or(0, |class| class.as_str().len()),
        Row::Opening { .. } | Row::Receipt(_) | Row::Fork { .. } => 64,
        Row::Erase(_) => 128,
    }
}
