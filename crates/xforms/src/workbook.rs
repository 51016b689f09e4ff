//! Reading a workbook. An `.xlsx` is a zip archive, and a small one may claim to hold gigabytes: its directory is read
//! first, by hand, and refused when what it declares exceeds what a form can be.

use std::io::Cursor;

use calamine::{Data, Reader as _, Xlsx};

use crate::finding::{Finding, Flaw};

/// The largest workbook as a file.
const FILE_BYTES_MAX: usize = 32 * 1024 * 1024;
/// The most that all its parts may hold, by their own declaration.
const RAW_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// The most parts.
const PARTS_MAX: usize = 2_000;
/// The most cells of one sheet: 20,000 rows of 100 columns.
const CELLS_MAX: usize = 2_000_000;

const END_OF_DIRECTORY: [u8; 4] = *b"PK\x05\x06";
const DIRECTORY_ENTRY: [u8; 4] = *b"PK\x01\x02";

/// One sheet as rows of texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RawSheet {
    /// The name, in lower case.
    pub(crate) name: String,
    /// The rows with their numbers in the spreadsheet.
    pub(crate) rows: Vec<(usize, Vec<String>)>,
}

/// Reads every sheet.
pub(crate) fn read(bytes: &[u8]) -> Result<Vec<RawSheet>, Finding> {
    check_size(bytes).map_err(Finding::workbook)?;
    let unreadable = |error: calamine::XlsxError| Finding::workbook(Flaw::Unreadable(error.to_string()));
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(unreadable)?;
    let mut sheets = Vec::new();
    for name in workbook.sheet_names() {
        let range = workbook.worksheet_range(&name).map_err(unreadable)?;
        let (height, width) = range.get_size();
        if height.saturating_mul(width) > CELLS_MAX {
            return Err(Finding::workbook(Flaw::TooLarge("cells")));
        }
        let first = range.start().map_or(0, |(row, _)| row as usize);
        let left = range.start().map_or(0, |(_, column)| column as usize);
        let rows = range.rows().enumerate().map(|(index, row)| {
            let cells = std::iter::repeat_n(String::new(), left).chain(row.iter().map(text)).collect();
            (first + index + 1, cells)
        });
        sheets.push(RawSheet { name: name.trim().to_lowercase(), rows: rows.collect() });
    }
    Ok(sheets)
}

/// Sums what the archive's directory declares.
fn check_size(bytes: &[u8]) -> Result<(), Flaw> {
    if bytes.len() > FILE_BYTES_MAX {
        return Err(Flaw::TooLarge("file"));
    }
    let not_a_zip = || Flaw::Unreadable("not an .xlsx file".into());
    let end = bytes.windows(4).rposition(|window| window == END_OF_DIRECTORY).ok_or_else(not_a_zip)?;
    let number = |at: usize, width: usize| -> Option<u64> {
        let field = bytes.get(at..at + width)?;
        Some(field.iter().rev().fold(0, |value, byte| (value << 8) | u64::from(*byte)))
    };
    let parts = usize::try_from(number(end + 10, 2).ok_or_else(not_a_zip)?).unwrap_or(usize::MAX);
    let mut at = usize::try_from(number(end + 16, 4).ok_or_else(not_a_zip)?).unwrap_or(usize::MAX);
    if parts > PARTS_MAX {
        return Err(Flaw::TooLarge("parts"));
    }
    let mut total = 0u64;
    for _ in 0..parts {
        if bytes.get(at..at.saturating_add(4)) != Some(&DIRECTORY_ENTRY) {
            return Err(not_a_zip());
        }
        total = total.saturating_add(number(at + 24, 4).ok_or_else(not_a_zip)?);
        let tail: u64 = [28, 30, 32].iter().filter_map(|field| number(at + field, 2)).sum();
        at += 46 + usize::try_from(tail).unwrap_or_default();
    }
    if total > RAW_BYTES_MAX { Err(Flaw::TooLarge("contents")) } else { Ok(()) }
}

/// A cell as text: whole numbers without a point, dates as ISO 8601 writes them.
fn text(cell: &Data) -> String {
    let raw = match cell {
        Data::Empty | Data::Error(_) => String::new(),
        Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => text.clone(),
        Data::Int(number) => number.to_string(),
        Data::Float(number) => number.to_string(),
        Data::Bool(yes) => if *yes { "TRUE" } else { "FALSE" }.to_owned(),
        other => other.to_string(),
    };
    clean(&raw)
}

/// White space trimmed, typographic quotes made plain, as the field's converters do.
fn clean(text: &str) -> String {
    text.trim()
        .chars()
        .map(|symbol| match symbol {
            '\u{2018}' | '\u{2019}' => '\'',
            '\u{201c}' | '\u{201d}' => '"',
            '\u{a0}' => ' ',
            other => other,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn junk_and_bombs_are_refused_before_they_are_opened() {
        assert!(matches!(check_size(b"nothing"), Err(Flaw::Unreadable(_))));
        let mut bomb = Vec::new();
        bomb.extend(DIRECTORY_ENTRY);
        bomb.extend([0; 20]);
        bomb.extend(u32::MAX.to_le_bytes());
        bomb.extend([0; 18]);
        bomb.extend(END_OF_DIRECTORY);
        bomb.extend([0, 0, 0, 0, 1, 0, 1, 0, 46, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(check_size(&bomb), Err(Flaw::TooLarge("contents")));
        for cut in 0..bomb.len() {
            assert!(check_size(&bomb[..cut]).is_err());
        }
    }
}
