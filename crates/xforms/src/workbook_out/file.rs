//! Sheets as a file: an `.xlsx` workbook, or Markdown tables.

use std::fmt::Write as _;

use rust_xlsxwriter::{Format, Workbook, XlsxError};

use crate::export_error::ExportError;
use crate::workbook::RawSheet;

/// The longest text of a cell, in characters. (Excel, "specifications and limits".)
const CELL_CHARS_MAX: usize = 32_767;
/// Rows that stay in sight, and the width of columns in characters.
const HEAD_ROWS: u32 = 1;
const COLUMN_WIDTH: f64 = 24.0;

/// The sheets as a workbook, every cell as text: a code `01` must not become the number 1.
pub(super) fn xlsx(sheets: &[RawSheet]) -> Result<Vec<u8>, ExportError> {
    for sheet in sheets {
        let long = |cells: &Vec<String>| cells.iter().any(|cell| cell.chars().count() > CELL_CHARS_MAX);
        if let Some((number, _)) = sheet.rows.iter().find(|(_, cells)| long(cells)) {
            return Err(ExportError::CellTooLong { place: format!("{}, {number}", sheet.name) });
        }
    }
    workbook(sheets).map_err(|error| ExportError::Workbook(error.to_string()))
}

fn workbook(sheets: &[RawSheet]) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    let head = Format::new().set_bold();
    for sheet in sheets {
        let page = workbook.add_worksheet();
        page.set_name(&sheet.name)?;
        page.set_freeze_panes(HEAD_ROWS, 0)?;
        for (number, cells) in &sheet.rows {
            let row = u32::try_from(number.saturating_sub(1)).unwrap_or(u32::MAX);
            for (column, cell) in (0_u16..).zip(cells) {
                if row == 0 {
                    page.set_column_width(column, COLUMN_WIDTH)?;
                    page.write_string_with_format(row, column, cell, &head)?;
                } else if !cell.is_empty() {
                    page.write_string(row, column, cell)?;
                }
            }
        }
    }
    workbook.save_to_buffer()
}

/// The sheets as Markdown tables; a cell cannot hold line breaks there.
pub(super) fn markdown(sheets: &[RawSheet]) -> String {
    let mut text = String::new();
    // Writing into a String never fails.
    for sheet in sheets {
        let _ = writeln!(text, "| {} |", sheet.name);
        for (_, cells) in &sheet.rows {
            text.push_str("| |");
            for cell in cells {
                let _ = write!(text, " {} |", cell.replace('|', "\\|").replace('\n', " "));
            }
            text.push('\n');
        }
        text.push('\n');
    }
    text
}
