//! Reading a workbook (`.xlsx`, `.xlsm`, `.xls`) into plain rows, within the limits of `limits.rs`. Cells are taken one by one: a sheet
//! whose only cells stand in its far corner costs two cells, not the rectangle between them.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use calamine::{Reader as _, Xls, Xlsx, XlsxError};

use crate::archive;
use crate::cell;
use crate::finding::{Finding, Flaw};
use crate::limits::{CELLS_MAX, COLUMNS_MAX, ROWS_MAX, SHEETS_MAX, TEXT_BYTES_MAX};
use crate::old_workbook;

/// One sheet as rows of texts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct RawSheet {
    /// The name as its author wrote it.
    pub(crate) name: String,
    /// The rows that hold something, with their numbers in the spreadsheet.
    pub(crate) rows: Vec<(usize, Vec<String>)>,
}

/// The first bytes of a workbook as spreadsheets wrote it before 2007.
const OLD_WORKBOOK: [u8; 8] = [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];

/// Reads every sheet.
pub(crate) fn read(bytes: &[u8]) -> Result<Vec<RawSheet>, Finding> {
    let old = bytes.starts_with(&OLD_WORKBOOK);
    if old { old_workbook::check(bytes) } else { archive::check(bytes) }.map_err(Finding::workbook)?;
    // The reader is foreign code fed with foreign bytes: should it panic, that is a damaged file and nothing more.
    let read = catch_unwind(AssertUnwindSafe(|| if old { old_sheets(bytes) } else { sheets(bytes) }));
    let failed = |_| Err(Flaw::Unreadable("the reader gave up".to_owned()));
    read.unwrap_or_else(failed).map_err(Finding::workbook)
}

fn sheets(bytes: &[u8]) -> Result<Vec<RawSheet>, Flaw> {
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(unreadable)?;
    let names = workbook.sheet_names();
    if names.len() > SHEETS_MAX {
        return Err(Flaw::TooLarge("sheets"));
    }
    let mut budget = Budget { cells: CELLS_MAX, text: TEXT_BYTES_MAX };
    let mut sheets = Vec::with_capacity(names.len());
    for name in names {
        let rows = match rows(&mut workbook, &name, &mut budget) {
            Ok(rows) => rows,
            // A sheet of charts holds no rows.
            Err(Stop::NoRows) => Vec::new(),
            Err(Stop::Flaw(flaw)) => return Err(flaw),
        };
        sheets.push(RawSheet { name, rows });
    }
    Ok(sheets)
}

/// The sheets of a workbook as spreadsheets wrote it before 2007.
fn old_sheets(bytes: &[u8]) -> Result<Vec<RawSheet>, Flaw> {
    let mut workbook: Xls<_> = Xls::new(Cursor::new(bytes)).map_err(unreadable)?;
    let mut budget = Budget { cells: CELLS_MAX, text: TEXT_BYTES_MAX };
    let mut sheets = Vec::new();
    for name in workbook.sheet_names() {
        let range = workbook.worksheet_range(&name).map_err(unreadable)?;
        let (top, left) = range.start().unwrap_or_default();
        let mut rows = BTreeMap::new();
        for (row, column, value) in range.used_cells() {
            let text = cell::text(&cell::borrowed(value));
            if !text.is_empty() {
                budget.spend(text.len())?;
                let cells: &mut BTreeMap<usize, String> = rows.entry(row + top as usize).or_default();
                cells.insert(column + left as usize, text);
            }
        }
        sheets.push(RawSheet {
            name,
            rows: rows.into_iter().map(|(row, cells)| (row + 1, dense(cells))).collect(),
        });
    }
    Ok(sheets)
}

/// What may still be read.
struct Budget {
    cells: usize,
    text: usize,
}

impl Budget {
    /// Takes one cell and its text from what is left.
    fn spend(&mut self, text_bytes: usize) -> Result<(), Flaw> {
        let left = self.cells.checked_sub(1).zip(self.text.checked_sub(text_bytes));
        let (cells, text) = left.ok_or(Flaw::TooLarge("cells"))?;
        *self = Self { cells, text };
        Ok(())
    }
}

enum Stop {
    NoRows,
    Flaw(Flaw),
}

impl From<XlsxError> for Stop {
    fn from(error: XlsxError) -> Self {
        if matches!(error, XlsxError::NotAWorksheet(_)) {
            Self::NoRows
        } else {
            Self::Flaw(unreadable(error))
        }
    }
}

fn unreadable(error: impl std::fmt::Display) -> Flaw {
    Flaw::Unreadable(error.to_string())
}

fn rows(
    workbook: &mut Xlsx<Cursor<&[u8]>>,
    name: &str,
    budget: &mut Budget,
) -> Result<Vec<(usize, Vec<String>)>, Stop> {
    let mut found: BTreeMap<usize, BTreeMap<usize, String>> = BTreeMap::new();
    let mut reader = workbook.worksheet_cells_reader(name)?;
    while let Some(cell) = reader.next_cell()? {
        let text = cell::text(cell.get_value());
        if text.is_empty() {
            continue;
        }
        let (row, column) = cell.get_position();
        let (row, column) = (row as usize, column as usize);
        if row >= ROWS_MAX || column >= COLUMNS_MAX {
            return Err(Stop::Flaw(Flaw::TooLarge(if row >= ROWS_MAX { "rows" } else { "columns" })));
        }
        budget.spend(text.len()).map_err(Stop::Flaw)?;
        found.entry(row).or_default().insert(column, text);
    }
    Ok(found.into_iter().map(|(row, cells)| (row + 1, dense(cells))).collect())
}

/// The cells of a row from its left edge to its last one.
fn dense(cells: BTreeMap<usize, String>) -> Vec<String> {
    let mut row = Vec::new();
    for (column, text) in cells {
        row.resize(column, String::new());
        row.push(text);
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_workbook_is_told() {
        for bytes in [&OLD_WORKBOOK[..], b"nothing", b""] {
            assert!(matches!(read(bytes).unwrap_err().flaw, Flaw::Unreadable(_)), "{bytes:?}");
        }
    }
}
