//! The settings of a form, and the sheets that are kept among them.

use serde_json::{Map, Value as Json};
use teranga_core::form::FormDocument;

use super::table::Table;

/// The setting of what no other setting can say, as JSON.
pub(crate) const REST: &str = "teranga";
/// Columns in the order in which they are read; further ones follow.
pub(super) const COLUMNS: &[&str] =
    &["form_title", "form_id", "version", "default_language", "teranga_sensitivity", "instance_name"];
/// Settings that are sheets of their own.
pub(super) const SHEETS: [&str; 3] = ["entities", "external_choices", "osm"];

/// Writes the settings; `rest` is what they cannot say.
pub(super) fn write(table: &mut Table, document: &FormDocument, rest: &Map<String, Json>) {
    table.begin_row();
    if let Some(title) = &document.title {
        let language = document.default_language.as_deref().unwrap_or_default();
        table.set("form_title", title.get(language, language));
    }
    let written = document.settings.get("form_id").and_then(Json::as_str);
    table.set("form_id", written.unwrap_or(&document.form_id));
    table.set("version", &document.version);
    table.set("teranga_sensitivity", document.sensitivity.as_ref().map_or("", |class| class.as_str()));
    for (setting, value) in document.settings.iter().filter(|(setting, _)| *setting != "form_id") {
        if let Some(text) = value.as_str() {
            table.set(setting, text);
        }
    }
    if !rest.is_empty() {
        table.set(REST, &super::json_text(&Json::Object(rest.clone())));
    }
}

/// A kept sheet.
pub(super) fn sheet(document: &FormDocument, name: &str) -> Table {
    let mut table = Table::new(name);
    let rows = document.settings.get(name).and_then(Json::as_array);
    for row in rows.into_iter().flatten().filter_map(Json::as_object) {
        table.begin_row();
        for (column, value) in row {
            table.set(column, value.as_str().unwrap_or_default());
        }
    }
    table
}

/// What differs between a form and what its workbook says so far: the members that must stand in the rest, `null` for
/// those that must go.
pub(super) fn rest(wanted: &FormDocument, read: &FormDocument) -> Map<String, Json> {
    let members = |document: &FormDocument| {
        let json = serde_json::to_value(document).unwrap_or_default();
        let mut members = json.as_object().cloned().unwrap_or_default();
        members.retain(|member, _| !["survey", "choices", "settings"].contains(&member.as_str()));
        members
    };
    let mut rest = difference(&members(wanted), &members(read));
    let settings = difference(&wanted.settings, &read.settings);
    if !settings.is_empty() {
        rest.insert("settings".to_owned(), Json::Object(settings));
    }
    rest
}

fn difference(wanted: &Map<String, Json>, read: &Map<String, Json>) -> Map<String, Json> {
    let new = wanted.iter().filter(|(member, value)| read.get(*member) != Some(*value));
    let gone =
        read.keys().filter(|member| !wanted.contains_key(*member)).map(|member| (member.clone(), Json::Null));
    new.map(|(member, value)| (member.clone(), value.clone())).chain(gone).collect()
}
