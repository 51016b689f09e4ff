//! A column in which each thing stands once, and then only by its number: a name that many records hold, a code, a set of
//! questions that are answered together.

use std::collections::BTreeMap;

use crate::bytes::{DecodeError, Reader, Writer};

/// What stood in a column so far, as it is written.
#[derive(Debug)]
pub(super) struct Cells<T> {
    numbers: BTreeMap<T, usize>,
}

impl<T: Ord> Cells<T> {
    pub(super) const fn new() -> Self {
        Self { numbers: BTreeMap::new() }
    }

    /// Writes the number of a cell: 0 where it is new, else the how-manieth it is. Returns whether it is new.
    pub(super) fn write(&mut self, numbers: &mut Writer, cell: T) -> bool {
        let next = self.numbers.len() + 1;
        let number = *self.numbers.entry(cell).or_insert(next);
        numbers.count(if number == next { 0 } else { number });
        number == next
    }
}

/// What stood in a column so far, as it is read.
#[derive(Debug)]
pub(super) struct CellsReader<T> {
    seen: Vec<T>,
}

impl<T> CellsReader<T> {
    pub(super) const fn new() -> Self {
        Self { seen: Vec::new() }
    }

    /// Reads a cell, and reads it out where it is new.
    pub(super) fn read(
        &mut self,
        numbers: &mut Reader<'_>,
        new: impl FnOnce() -> Result<T, DecodeError>,
    ) -> Result<&T, DecodeError> {
        let number = numbers.count("cell", usize::MAX)?;
        if number == 0 {
            self.seen.push(new()?);
        }
        let seen = if number == 0 { self.seen.last() } else { self.seen.get(number - 1) };
        seen.ok_or(DecodeError::Invalid { field: "cell" })
    }
}
