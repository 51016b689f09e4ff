//! Forms as plain text: the Markdown tables and the CSV files in which forms are kept under version control. Both
//! write a sheet's name in the first column of its own row, and its rows below with that column empty.

use crate::finding::{Finding, Flaw};
use crate::limits::{CELLS_MAX, FILE_BYTES_MAX};
use crate::workbook::RawSheet;

/// Reads Markdown tables: `| survey |` begins a sheet, `| | text | a |` is a row of it. Other lines are prose.
pub(crate) fn markdown(text: &str) -> Result<Vec<RawSheet>, Finding> {
    if text.len() > FILE_BYTES_MAX {
        return Err(Finding::workbook(Flaw::TooLarge("file")));
    }
    let lines = text.lines().map(str::trim).filter(|line| line.starts_with('|'));
    sheets(lines.map(cells).filter(|cells| !is_rule(cells)))
}

/// Reads a CSV file: `survey` alone in the first column begins a sheet.
pub(crate) fn comma_separated(bytes: &[u8]) -> Result<Vec<RawSheet>, Finding> {
    if bytes.len() > FILE_BYTES_MAX {
        return Err(Finding::workbook(Flaw::TooLarge("file")));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| Finding::workbook(Flaw::Unreadable(error.to_string())))?;
        rows.push(record.iter().map(str::to_owned).collect());
    }
    sheets(rows.into_iter())
}

/// The cells of a table's line; `\|` is a bar within a cell.
fn cells(line: &str) -> Vec<String> {
    let mut cells = Vec::new();
    let mut cell = String::new();
    let mut symbols = line.chars().skip(1).peekable();
    while let Some(symbol) = symbols.next() {
        match symbol {
            '\\' if symbols.peek() == Some(&'|') => cell.extend(symbols.next()),
            '|' => cells.push(std::mem::take(&mut cell).trim().to_owned()),
            other => cell.push(other),
        }
    }
    if !cell.trim().is_empty() {
        cells.push(cell.trim().to_owned());
    }
    cells
}

/// `|---|:--:|`, which Markdown puts below a table's head.
fn is_rule(cells: &[String]) -> bool {
    let dashes = |cell: &String| cell.trim().trim_matches(':').chars().all(|symbol| symbol == '-');
    cells.iter().any(|cell| cell.contains("--")) && cells.iter().all(dashes)
}

fn sheets(rows: impl Iterator<Item = Vec<String>>) -> Result<Vec<RawSheet>, Finding> {
    let mut sheets: Vec<RawSheet> = Vec::new();
    let mut number = 0;
    let mut budget = CELLS_MAX;
    for mut row in rows {
        let name = if row.is_empty() { String::new() } else { row.remove(0).trim().to_owned() };
        budget = budget.checked_sub(row.len()).ok_or_else(|| Finding::workbook(Flaw::TooLarge("cells")))?;
        if !name.is_empty() {
            sheets.push(RawSheet { name, rows: Vec::new() });
            number = 0;
            if row.iter().all(|cell| cell.trim().is_empty()) {
                continue;
            }
        }
        number += 1;
        if let Some(sheet) = sheets.last_mut() {
            sheet.rows.push((number, row));
        }
    }
    Ok(sheets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_and_csv_give_the_same_sheets() {
        let table = "A form:\n| survey |\n|--|--|\n|  | type | name |\n| | text | a\\|b |\n| settings |\n| | version |\n";
        let sheets = markdown(table).unwrap();
        assert_eq!(sheets.len(), 2);
        assert_eq!(sheets[0].name, "survey");
        assert_eq!(sheets[0].rows[1], (2, vec!["text".to_owned(), "a|b".to_owned()]));
        let csv = comma_separated(b"\xef\xbb\xbfsurvey,,\n,type,name\n,text,\"a,b\"\n").unwrap();
        assert_eq!(csv[0].rows[1], (2, vec!["text".to_owned(), "a,b".to_owned()]));
        assert!(comma_separated(b"survey\n,\xff\xfe").is_err());
    }
}
