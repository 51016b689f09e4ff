//! Lists of choices as secondary instances, and the files and instances that a form reads beside them.
//! (ODK XForms, "Secondary Instances".)

use std::collections::BTreeSet;

use teranga_core::form::{Choice, ChoicesDocument, FormDocument, Lists, NodeDocument};
use teranga_core::list::Validity;
use teranga_core::text::Text;

use crate::export_error::ExportError;
use crate::expression::{lookups, reads_last_saved};
use crate::heading::{SheetKind, heading, is_media};
use crate::instances::file_source;
use crate::names::is_name;

use super::columns::{self, cell};
use super::element::Element;
use super::source::Source;
use super::tables;
use super::texts::{in_each, reads_answer};

/// The element that names the text of a choice.
const TEXT_ID: &str = "itextId";

/// A list of choices.
#[derive(Debug, Clone)]
pub(super) struct List {
    pub(super) name: String,
    pub(super) choices: Vec<Choice>,
    /// Whether its labels are said in `itext`.
    pub(super) has_itext: bool,
    /// Whether its choices come from `search()`, which wants them in the body.
    pub(super) is_searched: bool,
}

impl List {
    /// The id of the text of a choice: one of its own, or its place in the list.
    pub(super) fn text_id(&self, number: usize) -> String {
        let own = self.choices.get(number).and_then(|choice| choice.properties.get(TEXT_ID)).and_then(cell);
        own.unwrap_or_else(|| format!("{}-{number}", self.name))
    }
}

/// The lists of a form, "other" added where a question asks for it.
pub(super) fn gather(document: &FormDocument, handed: &Lists) -> Result<Vec<List>, ExportError> {
    let (mut with_other, mut searched) = (BTreeSet::new(), BTreeSet::new());
    each_row(&document.survey, &mut |row| {
        let Some(list) = row.list.as_deref() else { return };
        if row.or_other == Some(true) {
            with_other.insert(list.to_owned());
        }
        if row.appearance.as_deref().is_some_and(is_search) {
            searched.insert(list.to_owned());
        }
    });
    let mut lists = Vec::with_capacity(document.choices.len());
    for (name, choices) in &document.choices {
        let mut choices = match choices {
            ChoicesDocument::Inline(choices) => choices.clone(),
            ChoicesDocument::FromList { from_list } => match handed.get(from_list) {
                Some(choices) => choices.to_vec(),
                None => return Err(ExportError::NoList { list: from_list.clone() }),
            },
            ChoicesDocument::Table { .. } => continue,
        };
        if with_other.contains(name) && !choices.iter().any(|choice| choice.name == "other") {
            choices.push(other(&choices));
        }
        let is_searched = searched.contains(name);
        lists.push(List {
            name: name.clone(),
            has_itext: choices.iter().any(needs_itext),
            choices,
            is_searched,
        });
    }
    Ok(lists)
}

fn each_row(rows: &[NodeDocument], visit: &mut impl FnMut(&NodeDocument)) {
    for row in rows {
        visit(row);
        each_row(row.children.as_deref().unwrap_or_default(), visit);
    }
}

/// Whether an appearance looks choices up in a file: `minimal search('towns')`.
pub(super) fn is_search(appearance: &str) -> bool {
    appearance.split_once("search(").is_some_and(|(_, rest)| rest.contains(')'))
}

fn needs_itext(choice: &Choice) -> bool {
    let label = choice.label.as_ref();
    label.is_some_and(|label| matches!(label, Text::Languages(_)) || reads_answer(label))
        || !columns::media(SheetKind::Choices, &choice.properties).is_empty()
}

/// The choice that `or_other` adds: untranslated, as XLSForm's own converter adds it.
fn other(choices: &[Choice]) -> Choice {
    let languages: BTreeSet<&String> = choices
        .iter()
        .filter_map(|choice| match &choice.label {
            Some(Text::Languages(texts)) => Some(texts.keys()),
            Some(Text::Plain(_)) | None => None,
        })
        .flatten()
        .collect();
    let label =
        if languages.is_empty() { Text::from("Other") } else { in_each(languages.into_iter(), "Other") };
    Choice {
        name: "other".to_owned(),
        label: Some(label),
        properties: serde_json::Map::new(),
        validity: Validity::default(),
    }
}

/// What a choice is besides its name and label; what cannot be a name in XML is no property that a filter could read.
fn properties(choice: &Choice) -> impl Iterator<Item = (&str, String)> {
    let is_property = |column: &str| {
        !heading(SheetKind::Choices, column).is_some_and(|heading| is_media(&heading.name)) && is_name(column)
    };
    choice
        .properties
        .iter()
        .filter(move |(column, _)| is_property(column))
        .filter_map(|(column, value)| Some((column.as_str(), cell(value)?)))
}

fn item(list: &List, number: usize, choice: &Choice) -> Element {
    let mut item = Element::new("item");
    if list.has_itext {
        item.push(Element::text(TEXT_ID, list.text_id(number)));
    }
    item.push(Element::text("name", choice.name.as_str()));
    if let Some(Text::Plain(label)) = choice.label.as_ref().filter(|_| !list.has_itext) {
        item.push(Element::text("label", label.as_str()));
    }
    for (column, value) in properties(choice).filter(|(column, _)| !(list.has_itext && *column == TEXT_ID)) {
        item.push(Element::text(column, value));
    }
    item
}

/// A secondary instance from a file or from the device.
fn external(name: &str, source: &str) -> Element {
    Element::new("instance").with("id", name).with("src", source)
}

impl Source<'_> {
    /// Every secondary instance: files, what was saved last, and the lists of choices.
    pub(super) fn instances(&self) -> Vec<Element> {
        let mut found: Vec<(String, String)> = Vec::new();
        let mut add = |name: &str, source: String| {
            if !found.iter().any(|(known, _)| known == name) {
                found.push((name.to_owned(), source));
            }
        };
        let mut last_saved = false;
        each_row(&self.document.survey, &mut |row| {
            match row.kind.as_str() {
                "csv-external" => add(&row.name, format!("jr://file-csv/{}.csv", row.name)),
                "xml-external" => add(&row.name, format!("jr://file/{}.xml", row.name)),
                _ => {}
            }
            if let Some((stem, source)) = row.list.as_deref().and_then(file_source) {
                add(stem, source);
            }
            for expression in expressions(row) {
                for file in lookups(expression) {
                    add(&file, format!("jr://file-csv/{file}.csv"));
                }
                last_saved |= reads_last_saved(expression);
            }
        });
        if last_saved {
            add("__last-saved", "jr://instance/last-saved".to_owned());
        }
        let mut instances: Vec<Element> = found.iter().map(|(name, source)| external(name, source)).collect();
        let inline = self
            .lists
            .iter()
            .filter(|list| !list.is_searched && !found.iter().any(|(name, _)| *name == list.name));
        instances.extend(inline.map(|list| {
            let mut root = Element::new("root");
            for (number, choice) in list.choices.iter().enumerate() {
                root.push(item(list, number, choice));
            }
            Element::new("instance").with("id", list.name.as_str()).holding(root)
        }));
        instances
            .extend(tables::instances(self.document, |name| !found.iter().any(|(known, _)| known == name)));
        instances
    }
}

/// The expressions of a row that may read other instances.
fn expressions(row: &NodeDocument) -> impl Iterator<Item = &str> {
    let members = [
        &row.relevant,
        &row.required,
        &row.constraint,
        &row.calculation,
        &row.readonly,
        &row.default,
        &row.choice_filter,
    ];
    members.into_iter().filter_map(|member| member.as_deref())
}
