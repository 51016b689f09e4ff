//! The lists of a form as the choices sheet. A list of the catalogue is written out, so that other programs can ask with
//! it; that it is the catalogue's stands in the settings.

use std::collections::HashSet;

use serde_json::{Map, Value as Json};
use teranga_core::form::{Choice, ChoicesDocument, FormDocument, Lists};

use crate::export_error::ExportError;
use crate::heading::{SheetKind, heading, language_code};

use super::Names;
use super::survey::write_text;
use super::table::Table;

/// The column of what no other column can say, as JSON.
pub(crate) const REST: &str = "teranga_properties";
/// Columns in the order in which they are read; further ones follow.
pub(super) const COLUMNS: &[&str] = &["list_name", "name", "label"];

/// Writes every list.
pub(super) fn write(
    table: &mut Table,
    document: &FormDocument,
    handed: &Lists,
    names: &Names<'_>,
) -> Result<(), ExportError> {
    for (list, choices) in &document.choices {
        let choices: &[Choice] = match choices {
            ChoicesDocument::Inline(choices) => choices,
            ChoicesDocument::FromList { from_list } => {
                handed.get(from_list).ok_or_else(|| ExportError::NoList { list: from_list.clone() })?
            }
            // A table holds no choices: it stands in the settings.
            ChoicesDocument::Table { .. } => continue,
        };
        for choice in choices {
            table.begin_row();
            table.set("list_name", list);
            write_choice(table, choice, names);
        }
    }
    Ok(())
}

fn write_choice(table: &mut Table, choice: &Choice, names: &Names<'_>) {
    table.set("name", &choice.name);
    write_text(table, "label", choice.label.as_ref(), names);
    let mut rest = Map::new();
    let mut taken = HashSet::new();
    for (column, value) in &choice.properties {
        match value.as_str() {
            Some(text) if is_column(column, &mut taken) => table.set(column, text),
            _ => {
                rest.insert(column.clone(), value.clone());
            }
        }
    }
    if !rest.is_empty() {
        table.set(REST, &super::json_text(&Json::Object(rest)));
    }
}

/// Whether a property reads back as itself.
fn is_column(column: &str, taken: &mut HashSet<(String, Option<String>)>) -> bool {
    let Some(heading) = heading(SheetKind::Choices, column) else { return false };
    let language = heading.language.as_deref().map(language_code).map(str::to_owned);
    let own = COLUMNS.contains(&heading.name.as_str()) || heading.name == REST;
    heading.written == column && !own && taken.insert((heading.name, language))
}
