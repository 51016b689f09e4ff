//! The rows of a form as the survey sheet.

use std::collections::HashSet;

use serde_json::{Map, Value as Json};
use teranga_core::form::{Kind, NodeDocument};
use teranga_core::text::Text;

use crate::heading::{SheetKind, heading, is_media, language_code};
use crate::survey::carries;
use crate::types::{self, RowType};

use super::Names;
use super::table::Table;

/// The column of what no other column can say, as JSON.
pub(crate) const REST: &str = "teranga_columns";
/// The column of the members of a row that XLSForm has no column for, as JSON.
pub(crate) const MEMBERS: &str = "teranga_members";
/// The members that go there.
pub(crate) const IN_MEMBERS: [&str; 4] = ["instances", "itemset", "actions", TYPE];
/// The member of those whose type the sheet cannot say by its own column.
pub(crate) const TYPE: &str = "type";
/// The column of the storage identity.
pub(crate) const ID: &str = "teranga_id";

/// Columns in the order in which they are read; further ones follow.
pub(super) const COLUMNS: &[&str] = &[
    "type",
    "name",
    "label",
    "hint",
    "guidance_hint",
    "required",
    "required_message",
    "relevant",
    "constraint",
    "constraint_message",
    "calculation",
    "trigger",
    "default",
    "readonly",
    "choice_filter",
    "repeat_count",
    "appearance",
    "parameters",
    "teranga_sensitivity",
    ID,
];

/// Writes rows, those of sections between their begin and their end.
pub(super) fn write(table: &mut Table, rows: &[NodeDocument], names: &Names<'_>) {
    for row in rows {
        table.begin_row();
        write_row(table, row, names);
        let section = matches!(row.kind.as_str(), "group" | "repeat");
        if section {
            write(table, row.children.as_deref().unwrap_or_default(), names);
            table.begin_row();
            table.set("type", &format!("end_{}", row.kind));
        }
    }
}

fn write_row(table: &mut Table, row: &NodeDocument, names: &Names<'_>) {
    table.set("type", &kind(row));
    table.set("name", &row.name);
    let texts = [
        ("label", &row.label),
        ("hint", &row.hint),
        ("guidance_hint", &row.guidance_hint),
        ("required_message", &row.required_message),
        ("constraint_message", &row.constraint_message),
    ];
    for (column, text) in texts {
        write_text(table, column, text.as_ref(), names);
    }
    let members = [
        ("required", &row.required),
        ("relevant", &row.relevant),
        ("constraint", &row.constraint),
        ("calculation", &row.calculation),
        ("trigger", &row.trigger),
        ("default", &row.default),
        ("readonly", &row.readonly),
        ("choice_filter", &row.choice_filter),
        ("repeat_count", &row.repeat_count),
        ("appearance", &row.appearance),
        ("parameters", &row.parameters),
        (ID, &row.id),
    ];
    for (column, text) in members {
        table.set(column, text.as_deref().unwrap_or_default());
    }
    table.set("teranga_sensitivity", row.sensitivity.as_ref().map_or("", |class| class.as_str()));
    let json = serde_json::to_value(row).unwrap_or_default();
    let own = |member: &str| Some((member.to_owned(), json.get(member)?.clone()));
    let members: Map<String, Json> =
        IN_MEMBERS.into_iter().filter(|member| *member != TYPE || is_pinned(row)).filter_map(own).collect();
    if !members.is_empty() {
        table.set(MEMBERS, &super::json_text(&Json::Object(members)));
    }
    let mut rest = Map::new();
    let mut taken = HashSet::new();
    for (column, value) in row.columns.iter().filter(|(column, _)| !(is_typed(row) && *column == "type")) {
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

/// Whether the type must be told once more: that of a question that says nothing, which would read as a calculation or
/// be refused, or one in another spelling than the importer's.
fn is_pinned(row: &NodeDocument) -> bool {
    let silent = row.label.is_none() && row.hint.is_none() && Kind::from_type(&row.kind).is_shown();
    let respelt = match types::read(&kind(row)) {
        Some(RowType::Question(read)) => read.kind != row.kind && !is_typed(row),
        Some(RowType::Begin(_) | RowType::End(_)) | None => false,
    };
    silent || respelt
}

/// Whether a calculation has kept the type of a question.
fn is_typed(row: &NodeDocument) -> bool {
    row.kind == "calculate" && row.columns.get("type").is_some_and(Json::is_string)
}

/// The type as the sheet writes it: with its list, with "other", or as the beginning of a section.
fn kind(row: &NodeDocument) -> String {
    let kind = row.columns.get("type").and_then(Json::as_str).filter(|_| is_typed(row)).unwrap_or(&row.kind);
    // A select that draws from nodes has no list, but the sheet wants one.
    let drawn = row.itemset.as_ref().map(|_| "itemset");
    let list = row.list.as_deref().or(drawn).map(|list| format!(" {list}")).unwrap_or_default();
    match kind {
        "group" | "repeat" => format!("begin_{kind}"),
        _ if row.or_other == Some(true) => format!("{kind}{list} or_other"),
        _ => format!("{kind}{list}"),
    }
}

/// A text in its languages, or without one.
pub(super) fn write_text(table: &mut Table, column: &str, text: Option<&Text>, names: &Names<'_>) {
    match text {
        Some(Text::Plain(text)) => table.set(column, text),
        Some(Text::Languages(texts)) => {
            for (language, text) in texts {
                table.set(&format!("{column}::{}", names.of(language)), text);
            }
        }
        None => {}
    }
}

/// Whether a kept column reads back as itself, and not as something that the form has a member for.
fn is_column(column: &str, taken: &mut HashSet<(String, Option<String>)>) -> bool {
    let Some(heading) = heading(SheetKind::Survey, column) else { return false };
    let language = heading.language.as_deref().map(language_code).map(str::to_owned);
    let member = if is_media(&heading.name) || language.is_some() { &heading.written } else { &heading.name };
    let same = member == column && !carries(&heading.name);
    same && taken.insert((heading.name, language))
}
