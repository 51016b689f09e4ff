//! A register as offices keep it: one sheet, a row of headings, a row for each person. Excel workbooks and CSV files as
//! spreadsheets and the field's servers write them: any of three separators, UTF-8, UTF-16 or the code page of old
//! Windows programs.

use std::borrow::Cow;

use encoding_rs::{Encoding, WINDOWS_1252};

use crate::cell::clean;
use crate::finding::{Finding, Flaw};
use crate::limits::{CELLS_MAX, FILE_BYTES_MAX, ROWS_MAX};
use crate::workbook::{self, RawSheet};

/// A register's headings and rows, as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Register {
    /// The sheet that was read; `-` for a CSV file.
    pub sheet: String,
    /// The headings, from the left; empty where a column has none.
    pub columns: Vec<String>,
    /// The rows that hold something.
    pub rows: Vec<RegisterRow>,
}

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisterRow {
    /// The row as the spreadsheet numbers it.
    pub number: usize,
    cells: Vec<String>,
}

impl Register {
    /// The place of a column by its heading, white space and capitals aside.
    pub fn column(&self, heading: &str) -> Option<usize> {
        let wanted = clean(heading).to_lowercase();
        self.columns.iter().position(|column| column.to_lowercase() == wanted)
    }
}

impl RegisterRow {
    /// The text of a cell; empty where there is none.
    pub fn cell(&self, column: usize) -> &str {
        self.cells.get(column).map_or("", String::as_str)
    }
}

/// The first bytes of what is a workbook and no text.
const WORKBOOKS: [&[u8]; 2] = [b"PK\x03\x04", &[0xd0, 0xcf, 0x11, 0xe0]];

/// Reads a register. `sheet` names the sheet of a workbook (its first where absent), `head` the row of the headings as
/// the spreadsheet numbers it (the first row that holds something where absent).
pub fn read_register(bytes: &[u8], sheet: Option<&str>, head: Option<usize>) -> Result<Register, Finding> {
    if bytes.len() > FILE_BYTES_MAX {
        return Err(Finding::workbook(Flaw::TooLarge("file")));
    }
    let sheets = if WORKBOOKS.iter().any(|magic| bytes.starts_with(magic)) {
        workbook::read(bytes)?
    } else {
        vec![comma_separated(bytes)?]
    };
    let found = match sheet {
        Some(name) => sheets.iter().find(|sheet| sheet.name.trim().eq_ignore_ascii_case(name.trim())),
        None => sheets.first(),
    };
    let names = || sheets.iter().map(|sheet| sheet.name.clone()).collect();
    let found = found.ok_or_else(|| Finding::sheet(sheet.unwrap_or("-"), Flaw::NoSheet(names())))?;
    headed(found, head)
}

/// Takes the headings from the rows.
fn headed(sheet: &RawSheet, head: Option<usize>) -> Result<Register, Finding> {
    let mut rows = sheet.rows.iter().filter(|(_, cells)| cells.iter().any(|cell| !cell.trim().is_empty()));
    let is_head = |(number, _): &&(usize, Vec<String>)| head.is_none_or(|head| *number == head);
    let no_head = || Finding::sheet(&sheet.name, Flaw::NoColumn);
    let (number, columns) = rows.by_ref().find(is_head).ok_or_else(no_head)?;
    let columns: Vec<String> = columns.iter().map(|cell| clean(cell)).collect();
    for (place, column) in columns.iter().enumerate().filter(|(_, column)| !column.is_empty()) {
        let same = |other: &&String| other.to_lowercase() == column.to_lowercase();
        if columns.iter().take(place).any(|other| same(&other)) {
            let (sheet, column) = (sheet.name.clone(), column.clone());
            return Err(Finding { sheet, row: *number, column, flaw: Flaw::DuplicateColumn });
        }
    }
    let rows = rows.map(|(number, cells)| RegisterRow {
        number: *number,
        cells: cells.iter().map(|cell| clean(cell)).collect(),
    });
    Ok(Register { sheet: sheet.name.clone(), columns, rows: rows.collect() })
}

fn comma_separated(bytes: &[u8]) -> Result<RawSheet, Finding> {
    let text = decode(bytes);
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator(&text))
        .from_reader(text.as_bytes());
    let mut budget = CELLS_MAX;
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| Finding::workbook(Flaw::Unreadable(error.to_string())))?;
        let line = record.position().map_or(rows.len() + 1, |at| line_of(&text, at));
        let spent = budget.checked_sub(record.len()).filter(|_| rows.len() < ROWS_MAX);
        budget = spent.ok_or_else(|| Finding::workbook(Flaw::TooLarge("cells")))?;
        rows.push((line, record.iter().map(str::to_owned).collect()));
    }
    Ok(RawSheet { name: "-".to_owned(), rows })
}

/// The line on which a record stands: the reader's place is before the empty lines that it passed over.
fn line_of(text: &str, at: &csv::Position) -> usize {
    let byte = usize::try_from(at.byte()).unwrap_or(usize::MAX);
    let before =
        text.get(byte..).unwrap_or_default().bytes().take_while(|byte| matches!(byte, b'\r' | b'\n'));
    usize::try_from(at.line())
        .unwrap_or(usize::MAX)
        .saturating_add(before.filter(|byte| *byte == b'\n').count())
}

/// The text by its byte order mark; without one UTF-8 where it is that, else the code page of old Windows programs.
fn decode(bytes: &[u8]) -> Cow<'_, str> {
    if let Some((encoding, length)) = Encoding::for_bom(bytes) {
        return encoding.decode_without_bom_handling(bytes.get(length..).unwrap_or_default()).0;
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => WINDOWS_1252.decode_without_bom_handling(bytes).0,
    }
}

/// The separator that the first line holds most of, quoted ones aside.
fn separator(text: &str) -> u8 {
    let line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let count = |wanted: u8| {
        let mut quoted = false;
        line.bytes()
            .filter(|byte| {
                quoted ^= *byte == b'"';
                !quoted && *byte == wanted
            })
            .count()
    };
    // Of equals the last wins: a comma.
    [b'\t', b';', b','].into_iter().max_by_key(|byte| count(*byte)).unwrap_or(b',')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(register: &Register) -> Vec<(usize, Vec<&str>)> {
        let mut rows = Vec::new();
        for entry in &register.rows {
            let cells = entry.cells.iter().take(register.columns.len());
            rows.push((entry.number, cells.map(String::as_str).collect()));
        }
        rows
    }

    #[test]
    fn a_register_reads_the_same_from_every_kind_of_csv() {
        let text = "N°;Prénom\n\n1;Aïssata\n2;\"Diop; Awa\"\n";
        let (latin, ..) = WINDOWS_1252.encode(text);
        let utf16: Vec<u8> =
            [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
        let with_mark = [b"\xef\xbb\xbf", text.as_bytes()].concat();
        for bytes in [text.as_bytes(), &latin, &utf16, &with_mark] {
            let register = read_register(bytes, None, None).unwrap();
            assert_eq!(register.columns, ["N°", "Prénom"]);
            assert_eq!(cells(&register), [(3, vec!["1", "Aïssata"]), (4, vec!["2", "Diop; Awa"])]);
            assert_eq!(register.column(" prénom "), Some(1));
        }
    }

    #[test]
    fn headings_may_stand_below_a_title_and_must_differ() {
        let text = b"Registre du BAOS,\nid,nom\n7,Awa\n";
        let register = read_register(text, None, Some(2)).unwrap();
        assert_eq!((register.columns.len(), cells(&register)), (2, vec![(3, vec!["7", "Awa"])]));
        let twice = read_register(b"nom,id,Nom\n", None, None).unwrap_err();
        assert_eq!((twice.column.as_str(), twice.flaw), ("Nom", Flaw::DuplicateColumn));
        assert_eq!(read_register(b"\n\n", None, None).unwrap_err().flaw, Flaw::NoColumn);
        let sheet = read_register(b"a,b\n", Some("cases"), None).unwrap_err();
        assert!(matches!(sheet.flaw, Flaw::NoSheet(_)));
    }
}
