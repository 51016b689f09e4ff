//! The columns of a change, one per property of its operations: how many rows each claims to hold, whether they agree,
//! and never what the rows say. Automerge believes a column's claims and allocates for them; here a run is added up,
//! not walked, so that the work is bounded by the bytes that came.

use crate::bytes::{DecodeError, Reader};
use crate::limits;

use super::{ChangeLimits, ScanError, signed};

/// The bit of a column's name that says it is compressed.
const DEFLATED: u64 = 0b1000;

/// What the rows of a column are.
#[derive(Clone, Copy)]
enum Cell {
    /// A number of an actor: 0 for the author, then the other actors.
    Actor,
    /// A number.
    Number,
    /// The difference to the number above.
    Delta,
    /// Text.
    Text,
    /// True or false, as alternating runs.
    Flag,
    /// Type and length of a value whose bytes stand in the column of values.
    ValueLength,
    /// The bytes of the values.
    Value,
    /// How many operations this one replaces.
    Group,
}

/// Whose rows a column holds.
#[derive(Clone, Copy)]
enum Rows {
    /// One for each operation.
    Operation,
    /// One for each operation that is replaced.
    Predecessor,
}

/// The column of the actions, which every operation has.
const ACTION: u64 = 0x42;

/// What a column of this name holds, in Automerge's format; none for a name that the format does not have.
fn kind(name: u64) -> Option<(Rows, Cell)> {
    Some(match name {
        0x01 | 0x11 => (Rows::Operation, Cell::Actor),
        0x02 | ACTION => (Rows::Operation, Cell::Number),
        0x13 => (Rows::Operation, Cell::Delta),
        0x15 | 0xa5 => (Rows::Operation, Cell::Text),
        0x34 | 0x94 => (Rows::Operation, Cell::Flag),
        0x56 => (Rows::Operation, Cell::ValueLength),
        0x57 => (Rows::Operation, Cell::Value),
        0x70 => (Rows::Operation, Cell::Group),
        0x71 => (Rows::Predecessor, Cell::Actor),
        0x73 => (Rows::Predecessor, Cell::Delta),
        _ => return None,
    })
}

/// Reads the columns and returns how many operations they hold. `actors` counts the author and the other actors.
pub(super) fn count_ops(
    reader: &mut Reader<'_>,
    limits: &ChangeLimits,
    actors: u64,
) -> Result<usize, ScanError> {
    let mut claims = Claims::default();
    for (name, length) in names(reader, limits)? {
        let (rows, cell) = kind(name).ok_or(DecodeError::Invalid { field: "column" })?;
        let tally = Tally::of(reader.take(length)?, cell)?;
        if matches!(cell, Cell::Actor) && tally.largest.is_some_and(|largest| largest >= actors) {
            return Err(DecodeError::Invalid { field: "actor number" }.into());
        }
        claims.note(name, rows, cell, &tally);
    }
    claims.agree(limits)
}

/// The names and lengths of the columns, which stand before the first of them.
fn names(reader: &mut Reader<'_>, limits: &ChangeLimits) -> Result<Vec<(u64, usize)>, ScanError> {
    const COLUMNS_MAX: usize = 14;
    let mut names: Vec<(u64, usize)> = Vec::new();
    for _ in 0..reader.count("columns", COLUMNS_MAX)? {
        let name = reader.number("column")?;
        if name & DEFLATED != 0 {
            return Err(ScanError::Compressed);
        }
        if names.last().is_some_and(|(last, _)| *last >= name) {
            return Err(DecodeError::Invalid { field: "column order" }.into());
        }
        names.push((name, reader.count("column length", limits.bytes_max)?));
    }
    Ok(names)
}

/// What the columns claim, each of the others.
#[derive(Default)]
struct Claims {
    ops: u64,
    per_op: Vec<u64>,
    predecessors: u64,
    per_predecessor: Vec<u64>,
    value_bytes_claimed: u64,
    value_bytes: u64,
}

impl Claims {
    fn note(&mut self, name: u64, rows: Rows, cell: Cell, tally: &Tally) {
        match (rows, cell) {
            (Rows::Operation, Cell::Value) => self.value_bytes = tally.rows,
            (Rows::Operation, _) => self.per_op.push(tally.rows),
            (Rows::Predecessor, _) => self.per_predecessor.push(tally.rows),
        }
        match cell {
            Cell::ValueLength => self.value_bytes_claimed = tally.sum,
            Cell::Group => self.predecessors = tally.sum,
            Cell::Actor | Cell::Number | Cell::Delta | Cell::Text | Cell::Flag | Cell::Value => {}
        }
        if name == ACTION {
            self.ops = tally.rows;
        }
    }

    fn agree(&self, limits: &ChangeLimits) -> Result<usize, ScanError> {
        let ops_max = limits.ops_max as u64;
        if self.ops > ops_max
            || self.predecessors > ops_max.saturating_mul(limits::CHANGE_PREDECESSORS_PER_OP_MAX)
        {
            return Err(ScanError::TooManyOps);
        }
        let columns_of_predecessors = if self.predecessors == 0 { 0 } else { 2 };
        let agree = self.per_op.iter().all(|rows| *rows == self.ops)
            && self.per_predecessor.len() == columns_of_predecessors
            && self.per_predecessor.iter().all(|rows| *rows == self.predecessors)
            && self.value_bytes == self.value_bytes_claimed;
        if !agree {
            return Err(DecodeError::Invalid { field: "column rows" }.into());
        }
        usize::try_from(self.ops).map_err(|_| ScanError::TooManyOps)
    }
}

/// The runs of one column, added up.
#[derive(Default)]
struct Tally {
    rows: u64,
    /// Of the numbers in it, each as often as it stands there.
    sum: u64,
    /// Of the numbers in it.
    largest: Option<u64>,
}

impl Tally {
    fn of(column: &[u8], cell: Cell) -> Result<Self, DecodeError> {
        let mut tally = Self::default();
        let mut reader = Reader::new(column);
        while !reader.rest().is_empty() {
            match cell {
                Cell::Value => {
                    tally.rows = column.len() as u64;
                    return Ok(tally);
                }
                Cell::Flag => tally.nulls(reader.number("run")?),
                Cell::Actor | Cell::Number | Cell::Delta | Cell::Text | Cell::ValueLength | Cell::Group => {
                    tally.run(&mut reader, cell)?;
                }
            }
        }
        Ok(tally)
    }

    /// One run: so many times one value, so many values, or so many times nothing.
    fn run(&mut self, reader: &mut Reader<'_>, cell: Cell) -> Result<(), DecodeError> {
        let length = signed(reader, "run")?;
        match length {
            0 => self.nulls(reader.number("run")?),
            1.. => self.values(length.unsigned_abs(), number(reader, cell)?),
            // Each value is at least a byte, so that a run longer than the column ends with it.
            _ => {
                for _ in 0..length.unsigned_abs() {
                    self.values(1, number(reader, cell)?);
                }
            }
        }
        Ok(())
    }

    fn nulls(&mut self, times: u64) {
        self.rows = self.rows.saturating_add(times);
    }

    fn values(&mut self, times: u64, value: u64) {
        self.rows = self.rows.saturating_add(times);
        self.sum = self.sum.saturating_add(times.saturating_mul(value));
        self.largest = self.largest.max(Some(value));
    }
}

/// Reads one cell. What counts or numbers something is returned, of all others nothing is.
fn number(reader: &mut Reader<'_>, cell: Cell) -> Result<u64, DecodeError> {
    match cell {
        Cell::Actor | Cell::Number | Cell::Group => reader.number("value"),
        // The low bits are the value's type.
        Cell::ValueLength => Ok(reader.number("value length")? >> 4),
        Cell::Delta => signed(reader, "delta").map(|_| 0),
        Cell::Text => reader.text("text", usize::MAX).map(|_| 0),
        Cell::Flag | Cell::Value => Ok(0),
    }
}
