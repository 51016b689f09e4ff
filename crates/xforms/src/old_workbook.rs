//! An `.xls` workbook, walked record by record before its reader sees it: a small file may name one long text in every
//! cell, or put two cells into opposite corners of a sheet, and the reader would fill all that lies between them.
//! ([MS-XLS] 2.1.4 records, 2.4.265 SST, 2.5.293 strings.)

use std::io::{Cursor, Read as _};

use crate::finding::Flaw;
use crate::limits::{CELLS_MAX, FILE_BYTES_MAX, RECTANGLE_CELLS_MAX, SHEETS_MAX, TEXT_BYTES_MAX};

/// The streams that may hold a workbook.
const STREAMS: [&str; 2] = ["/Workbook", "/Book"];
const BEGIN: u16 = 0x0809;
const STRINGS: u16 = 0x00fc;
const CONTINUE: u16 = 0x003c;
const LABEL_OF_STRINGS: u16 = 0x00fd;
/// Records of one cell; their first fields are its row and its column.
const CELLS: [u16; 7] = [0x0006, 0x0201, 0x0203, 0x0204, 0x0205, 0x027e, LABEL_OF_STRINGS];
/// Records of several cells beside each other; their last field is the last column.
const ROWS_OF_CELLS: [u16; 2] = [0x00bd, 0x00be];
/// A character of a text takes up to three bytes once it is read.
const CHARACTER_BYTES: usize = 3;

/// Flags of a text: two bytes a character; formats follow; phonetics follow.
const WIDE: u8 = 1;
const PHONETIC: u8 = 4;
const RICH: u8 = 8;

/// Refuses a workbook that is damaged or larger than a form can be.
pub(crate) fn check(bytes: &[u8]) -> Result<(), Flaw> {
    if bytes.len() > FILE_BYTES_MAX {
        return Err(Flaw::TooLarge("file"));
    }
    let mut file =
        cfb::CompoundFile::open(Cursor::new(bytes)).map_err(|error| Flaw::Unreadable(error.to_string()))?;
    let name = STREAMS.into_iter().find(|name| file.is_stream(name)).ok_or_else(damaged)?;
    let stream = file.open_stream(name).map_err(|error| Flaw::Unreadable(error.to_string()))?;
    let mut records = Vec::new();
    // A stream within a file is no longer than the file, whatever its directory claims.
    stream
        .take(FILE_BYTES_MAX as u64)
        .read_to_end(&mut records)
        .map_err(|error| Flaw::Unreadable(error.to_string()))?;
    check_records(&records)
}

fn damaged() -> Flaw {
    Flaw::Unreadable("the workbook is damaged".to_owned())
}

/// One record: its kind and what it holds.
fn record(bytes: &[u8], at: usize) -> Option<(u16, &[u8])> {
    let kind = number(bytes, at)?;
    let length = usize::from(number(bytes, at + 2)?);
    Some((kind, bytes.get(at + 4..at + 4 + length)?))
}

fn number(bytes: &[u8], at: usize) -> Option<u16> {
    let field = bytes.get(at..at.checked_add(2)?)?;
    field.try_into().ok().map(u16::from_le_bytes)
}

/// The rectangle between the outermost cells of a sheet.
#[derive(Debug, Clone, Copy, Default)]
struct Rectangle(Option<[u16; 4]>);

impl Rectangle {
    fn add(&mut self, row: u16, column: u16) {
        let [top, left, bottom, right] = self.0.unwrap_or([row, column, row, column]);
        self.0 = Some([top.min(row), left.min(column), bottom.max(row), right.max(column)]);
    }

    fn cells(self) -> usize {
        let Some([top, left, bottom, right]) = self.0 else { return 0 };
        (usize::from(bottom - top) + 1) * (usize::from(right - left) + 1)
    }
}

fn check_records(bytes: &[u8]) -> Result<(), Flaw> {
    let (mut at, mut sheets, mut cells, mut filled, mut text) = (0, 0, 0, 0, 0_usize);
    let mut rectangle = Rectangle::default();
    let mut lengths: Vec<usize> = Vec::new();
    while let Some((kind, body)) = record(bytes, at) {
        at += 4 + body.len();
        match kind {
            BEGIN => {
                sheets += 1;
                filled += std::mem::take(&mut rectangle).cells();
            }
            STRINGS => {
                let mut parts = vec![body];
                while let Some((CONTINUE, more)) = record(bytes, at) {
                    at += 4 + more.len();
                    parts.push(more);
                }
                lengths = Strings { parts, part: 0, at: 0 }.lengths().ok_or_else(damaged)?;
            }
            kind if CELLS.contains(&kind) || ROWS_OF_CELLS.contains(&kind) => {
                let (row, column) = number(body, 0).zip(number(body, 2)).ok_or_else(damaged)?;
                rectangle.add(row, column);
                if ROWS_OF_CELLS.contains(&kind) {
                    rectangle.add(row, number(body, body.len().saturating_sub(2)).unwrap_or(column));
                }
                cells += 1;
                let named = number(body, 6).filter(|_| kind == LABEL_OF_STRINGS).zip(number(body, 8));
                let length =
                    named.and_then(|(low, high)| lengths.get(usize::from(low) | usize::from(high) << 16));
                text = text
                    .saturating_add(length.copied().unwrap_or(body.len()).saturating_mul(CHARACTER_BYTES));
            }
            _ => {}
        }
    }
    filled += rectangle.cells();
    let too_large = [
        (sheets > SHEETS_MAX + 1, "sheets"),
        (cells > CELLS_MAX || filled > RECTANGLE_CELLS_MAX, "cells"),
        (text > TEXT_BYTES_MAX, "cells"),
    ];
    too_large
        .into_iter()
        .find(|(too_large, _)| *too_large)
        .map_or(Ok(()), |(_, what)| Err(Flaw::TooLarge(what)))
}

/// The table of texts, which may go on in further records: within the characters of a text each of these begins with
/// the width of the characters that follow.
struct Strings<'a> {
    parts: Vec<&'a [u8]>,
    part: usize,
    at: usize,
}

impl Strings<'_> {
    /// The length of each text in characters; none for a damaged table.
    fn lengths(mut self) -> Option<Vec<usize>> {
        self.skip(4)?;
        let count = self.wide()?;
        let mut lengths = Vec::new();
        for _ in 0..count {
            let length = usize::from(self.short()?);
            let flags = self.byte()?;
            let formats = if flags & RICH == 0 { 0 } else { usize::from(self.short()?) };
            let phonetics = if flags & PHONETIC == 0 { 0 } else { self.wide()? };
            self.characters(length, flags)?;
            self.skip(formats.checked_mul(4)?.checked_add(phonetics)?)?;
            lengths.push(length);
        }
        Some(lengths)
    }

    fn characters(&mut self, mut left: usize, mut flags: u8) -> Option<()> {
        loop {
            let width = if flags & WIDE == 0 { 1 } else { 2 };
            let here = self.parts.get(self.part)?.len().checked_sub(self.at)? / width;
            let taken = here.min(left);
            self.at += taken * width;
            left -= taken;
            if left == 0 {
                return Some(());
            }
            self.part += 1;
            self.at = 0;
            flags = self.byte()?;
        }
    }

    fn byte(&mut self) -> Option<u8> {
        while self.parts.get(self.part)?.len() <= self.at {
            self.part += 1;
            self.at = 0;
        }
        let byte = self.parts.get(self.part)?.get(self.at).copied();
        self.at += 1;
        byte
    }

    fn short(&mut self) -> Option<u16> {
        Some(u16::from_le_bytes([self.byte()?, self.byte()?]))
    }

    fn wide(&mut self) -> Option<usize> {
        Some(usize::from(self.short()?) | usize::from(self.short()?) << 16)
    }

    fn skip(&mut self, mut bytes: usize) -> Option<()> {
        while bytes > 0 {
            let here = self.parts.get(self.part)?.len().checked_sub(self.at)?;
            let taken = here.min(bytes);
            self.at += taken;
            bytes -= taken;
            if bytes > 0 {
                self.part += 1;
                self.at = 0;
            }
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record_of(kind: u16, body: &[u8]) -> Vec<u8> {
        let length = u16::try_from(body.len()).unwrap();
        [&kind.to_le_bytes()[..], &length.to_le_bytes(), body].concat()
    }

    fn cell(row: u16, column: u16, text: u32) -> Vec<u8> {
        let mut body = [row.to_le_bytes(), column.to_le_bytes(), [0, 0]].concat();
        body.extend(text.to_le_bytes());
        record_of(LABEL_OF_STRINGS, &body)
    }

    #[test]
    fn texts_are_measured_across_records() {
        let first = [&[9, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0][..], b"abc", &[4, 0, 1], b"d\0e\0"].concat();
        let parts = vec![&first[..], &[0, b'f', b'g'][..]];
        assert_eq!(Strings { parts, part: 0, at: 0 }.lengths(), Some(vec![3, 4]));
        assert_eq!(Strings { parts: vec![&first], part: 0, at: 0 }.lengths(), None);
    }

    #[test]
    fn far_corners_and_one_text_in_every_cell_are_refused() {
        let corners = [cell(0, 0, 0), cell(65_535, 255, 0)].concat();
        assert_eq!(check_records(&corners), Err(Flaw::TooLarge("cells")));
        let mut table = vec![1, 0, 0, 0, 1, 0, 0, 0, 0, 32, 0];
        table.extend(vec![b'x'; 8_192]);
        let mut book = record_of(STRINGS, &table);
        assert_eq!(check_records(&book), Ok(()));
        for row in 0..3_000 {
            book.extend(cell(row, 0, 0));
        }
        assert_eq!(check_records(&book), Err(Flaw::TooLarge("cells")));
    }
}
