//! A form as an XLSForm workbook, for those who write forms in Excel, and as the same in Markdown. What XLSForm has no
//! column for stands in columns of our own; every workbook is read back before it is handed out, so that none loses
//! anything in silence.

pub(crate) mod choices;
mod file;
pub(crate) mod settings;
pub(crate) mod survey;
mod table;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Map, Value as Json};
use teranga_core::form::{ChoicesDocument, Form, FormDocument, Lists, NodeDocument};

use crate::export_error::ExportError;
use crate::import;
use crate::tables;
use crate::workbook::RawSheet;

use table::Table;

/// What languages are called in headings.
struct Names<'a>(&'a BTreeMap<String, String>);

impl Names<'_> {
    fn of<'s>(&'s self, language: &'s str) -> &'s str {
        self.0.get(language).map_or(language, String::as_str)
    }
}

/// Writes a form as an `.xlsx` workbook that imports as the same form. The code lists of the catalogue that it draws
/// from are handed in and written out beside.
pub fn export_xlsx(form: &Form, lists: &Lists) -> Result<Vec<u8>, ExportError> {
    file::xlsx(&sheets(form, lists)?)
}

/// Writes a form as Markdown tables that import as the same form.
pub fn export_markdown(form: &Form, lists: &Lists) -> Result<String, ExportError> {
    let text = file::markdown(&sheets(form, lists)?);
    let sheets =
        tables::markdown(&text).map_err(|finding| ExportError::NotKept { what: finding.to_string() })?;
    match first_difference(&settled(form.document()), &read_back(&sheets)?) {
        Some(what) => Err(ExportError::NotKept { what }),
        None => Ok(text),
    }
}

fn sheets(form: &Form, lists: &Lists) -> Result<Vec<RawSheet>, ExportError> {
    let document = settled(form.document());
    let mut rest = Map::new();
    let of_their_own: Map<String, Json> = document
        .choices
        .iter()
        .filter(|(_, choices)| !matches!(choices, ChoicesDocument::Inline(_)))
        .map(|(list, choices)| (list.clone(), serde_json::to_value(choices).unwrap_or_default()))
        .collect();
    if !of_their_own.is_empty() {
        rest.insert("choices".to_owned(), Json::Object(of_their_own));
    }
    let plain = written(&document, lists, &rest)?;
    if !is_clean(&plain) {
        rest.insert("as_typed".to_owned(), Json::Bool(true));
    }
    let first = read_back(&written(&document, lists, &rest)?)?;
    rest.extend(settings::rest(&document, &first));
    let sheets = written(&document, lists, &rest)?;
    match first_difference(&document, &read_back(&sheets)?) {
        Some(what) => Err(ExportError::NotKept { what }),
        None => Ok(sheets),
    }
}

/// A form with what means the same written the same.
fn settled(document: &FormDocument) -> FormDocument {
    fn settle(rows: &mut [NodeDocument]) {
        for row in rows {
            row.or_other = row.or_other.filter(|other| *other);
            if matches!(row.kind.as_str(), "group" | "repeat") {
                settle(row.children.get_or_insert_default());
            }
        }
    }
    let mut document = document.clone();
    settle(&mut document.survey);
    document
}

/// The sheets of a form.
fn written(
    document: &FormDocument,
    lists: &Lists,
    rest: &Map<String, Json>,
) -> Result<Vec<RawSheet>, ExportError> {
    let names = Names(&document.language_names);
    let languages: Vec<String> =
        document.languages.iter().map(|language| names.of(language).to_owned()).collect();
    let mut survey = Table::new("survey");
    survey::write(&mut survey, &document.survey, &names);
    let mut choices = Table::new("choices");
    choices::write(&mut choices, document, lists, &names)?;
    let mut settings = Table::new("settings");
    settings::write(&mut settings, document, rest);
    let mut sheets = vec![survey.into_sheet(survey::COLUMNS, &languages)];
    if !choices.is_empty() {
        sheets.push(choices.into_sheet(choices::COLUMNS, &languages));
    }
    sheets.push(settings.into_sheet(settings::COLUMNS, &[]));
    let kept = settings::SHEETS.into_iter().map(|name| settings::sheet(document, name));
    sheets.extend(kept.filter(|table| !table.is_empty()).map(|table| table.into_sheet(&["list_name"], &[])));
    Ok(sheets)
}

/// Whether no cell would be changed by the cleaning that typed cells get.
fn is_clean(sheets: &[RawSheet]) -> bool {
    let mut cells = sheets.iter().flat_map(|sheet| &sheet.rows).flat_map(|(_, cells)| cells);
    cells.all(|cell| crate::cell::Cleaning::Clean.apply(cell) == *cell)
}

fn read_back(sheets: &[RawSheet]) -> Result<FormDocument, ExportError> {
    let imported = import::import(sheets, "form").map_err(|findings| ExportError::NotKept {
        what: findings.first().map(ToString::to_string).unwrap_or_default(),
    })?;
    let document = serde_json::from_value(imported.form);
    document.map_err(|error| ExportError::NotKept { what: error.to_string() })
}

/// The first thing in which two forms differ.
fn first_difference(wanted: &FormDocument, read: &FormDocument) -> Option<String> {
    if wanted == read {
        return None;
    }
    let row = different_row(&wanted.survey, &read.survey);
    let list = || {
        let same = |list: &&String| wanted.choices.get(*list) == read.choices.get(*list);
        wanted.choices.keys().chain(read.choices.keys()).find(|list| !same(list)).cloned()
    };
    Some(row.or_else(list).unwrap_or_else(|| "settings".to_owned()))
}

fn different_row(wanted: &[NodeDocument], read: &[NodeDocument]) -> Option<String> {
    let pair = wanted.iter().zip(read).find(|(wanted, read)| wanted != read);
    let Some((wanted_row, read_row)) = pair else {
        return (wanted.len() != read.len()).then(|| "survey".to_owned());
    };
    let children = |row: &NodeDocument| row.children.clone().unwrap_or_default();
    Some(different_row(&children(wanted_row), &children(read_row)).unwrap_or_else(|| wanted_row.name.clone()))
}

/// JSON as a cell that comes through the cleaning of typed cells as it is.
fn json_text(value: &Json) -> String {
    let mut text = String::new();
    let mut before = None;
    for symbol in value.to_string().chars() {
        let doubled = symbol == ' ' && before == Some(' ');
        if doubled || matches!(symbol, '\u{2018}' | '\u{2019}' | '\u{201c}' | '\u{201d}' | '\u{a0}') {
            // Writing into a String never fails.
            let _ = write!(text, "\\u{:04x}", u32::from(symbol));
        } else {
            text.push(symbol);
        }
        before = Some(symbol);
    }
    text
}
