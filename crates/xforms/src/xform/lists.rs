//! Secondary instances: lists of choices where they are such, files and last answers by their source, and tables of
//! data otherwise.

use std::collections::{BTreeMap, HashSet};

use serde_json::{Map, Value as Json, json};

use crate::finding::Flaw;

use super::itext::SHOWN;
use super::report::Reading;
use super::texts::Texts;
use super::xml::{Element, attribute, attributes, content, elements, name};

/// The instance of what the device saved last.
const LAST_SAVED: &str = "jr://instance/last-saved";
/// What most forms call the elements around the items of a list and each of them.
const USUAL_PATH: &str = "root/item";
/// The column by which an item names its label's text.
pub(super) const TEXT_ID: &str = "itextId";

/// What a secondary instance became.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// Choices with codes and labels.
    Choices,
    /// A file that comes with the form.
    File(String),
    /// Anything else.
    Other,
}

/// The secondary instances of a form.
#[derive(Debug, Clone, Default)]
pub(super) struct Lists {
    /// What each became.
    pub(super) kinds: BTreeMap<String, Kind>,
    /// Their documents.
    pub(super) documents: Map<String, Json>,
}

impl Lists {
    /// Reads every instance of a model but the first, which is the form's own.
    pub(super) fn read(
        model: Element<'_>,
        texts: &Texts<'_, '_>,
        keep_ids: bool,
        reading: &mut Reading,
    ) -> Self {
        let mut lists = Self::default();
        for element in elements(model).filter(|element| name(*element) == "instance").skip(1) {
            let Some(id) = attribute(element, "id").filter(|id| !id.is_empty()) else {
                reading.keep(element, "instance");
                continue;
            };
            if lists.kinds.contains_key(id) {
                let flaw = Flaw::DuplicateInstance { name: id.to_owned(), sources: "instance".to_owned() };
                reading.find(element, "instance", flaw);
                continue;
            }
            let kind = match attribute(element, "src") {
                Some(source) => lists.external(id, source, element, reading),
                None => lists.written_out(id, element, texts, keep_ids, reading),
            };
            lists.kinds.insert(id.to_owned(), kind);
        }
        lists
    }

    fn external(&mut self, id: &str, source: &str, element: Element<'_>, reading: &mut Reading) -> Kind {
        if source == LAST_SAVED {
            return Kind::Other;
        }
        let file = source.rsplit('/').next().unwrap_or(source);
        if !source.starts_with("jr://") || file.is_empty() {
            reading.find(element, "src", Flaw::BadFile(source.to_owned()));
            return Kind::Other;
        }
        let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
        if stem != id {
            // Expressions call it by another name than its file: the name of a list that the file fills.
            self.documents.insert(id.to_owned(), json!({ "from_list": file }));
        }
        Kind::File(file.to_owned())
    }

    fn written_out(
        &mut self,
        id: &str,
        element: Element<'_>,
        texts: &Texts<'_, '_>,
        keep_ids: bool,
        reading: &mut Reading,
    ) -> Kind {
        let Some(root) = elements(element).next() else {
            self.documents.insert(id.to_owned(), json!({ "rows": [] }));
            return Kind::Other;
        };
        let items: Vec<Element<'_>> = elements(root).collect();
        let item_name = items.first().map_or("item", |item| name(*item));
        let path = format!("{}/{item_name}", name(root));
        let alike = items.iter().all(|item| name(*item) == item_name);
        if alike && path == USUAL_PATH && is_choices(&items) {
            let choices = items.iter().map(|item| choice(*item, texts, keep_ids, reading)).collect();
            self.documents.insert(id.to_owned(), Json::Array(choices));
            return Kind::Choices;
        }
        let mut table = Map::new();
        if alike {
            table.insert("rows".into(), items.iter().map(|item| cells(*item)).collect());
            if path != USUAL_PATH {
                table.insert("path".into(), path.into());
            }
        } else {
            table.insert("rows".into(), Json::Array(vec![cells(root)]));
            table.insert("path".into(), name(root).into());
        }
        self.documents.insert(id.to_owned(), Json::Object(table));
        Kind::Other
    }

    /// Adds choices that a control writes out, under a name of their own; the name.
    pub(super) fn add(&mut self, wanted: &str, choices: Json) -> String {
        let mut found = self.documents.iter().filter(|(_, document)| **document == choices);
        if let Some((name, _)) = found.next() {
            return name.clone();
        }
        let mut name = wanted.to_owned();
        let mut number = 1;
        while self.documents.contains_key(&name) || self.kinds.contains_key(&name) {
            number += 1;
            name = format!("{wanted}_{number}");
        }
        self.kinds.insert(name.clone(), Kind::Choices);
        self.documents.insert(name.clone(), choices);
        name
    }
}

/// Whether items are choices: each with a code of its own, a label at most, and plain columns.
fn is_choices(items: &[Element<'_>]) -> bool {
    let mut codes = HashSet::new();
    !items.is_empty()
        && items.iter().all(|item| {
            let columns: Vec<&str> = elements(*item).map(name).collect();
            let twice =
                columns.iter().enumerate().any(|(at, column)| columns.iter().take(at).any(|c| c == column));
            let plain = item.attributes().len() == 0
                && elements(*item)
                    .all(|cell| elements(cell).next().is_none() && cell.attributes().len() == 0);
            let code = elements(*item).find(|cell| name(*cell) == "name").map(content).unwrap_or_default();
            plain && !twice && is_code(&code) && codes.insert(code)
        })
}

/// Whether a text can be the code of a choice.
pub(super) fn is_code(code: &str) -> bool {
    !code.is_empty() && !code.contains('/') && !code.contains(char::is_whitespace)
}

fn choice(item: Element<'_>, texts: &Texts<'_, '_>, keep_ids: bool, reading: &mut Reading) -> Json {
    let mut choice = Map::new();
    let mut properties = Map::new();
    for cell in elements(item) {
        let text = content(cell);
        match name(cell) {
            "name" => {
                choice.insert("name".into(), text.into());
            }
            "label" => {
                choice.insert("label".into(), text.into());
            }
            TEXT_ID => {
                if let Some(label) = texts.text(&text, SHOWN, texts.root, reading) {
                    choice.entry("label").or_insert(label);
                }
                for form in texts.itext.forms(&text).into_iter().flat_map(|forms| forms.keys()) {
                    if *form != SHOWN
                        && let Some(medium) = texts.text(&text, form, texts.root, reading)
                    {
                        super::media::add(&mut properties, form, &medium);
                    }
                }
                if keep_ids {
                    properties.insert(TEXT_ID.into(), text.into());
                }
            }
            column => {
                properties.insert(column.to_owned(), text.into());
            }
        }
    }
    if !properties.is_empty() {
        choice.insert("properties".into(), Json::Object(properties));
    }
    Json::Object(choice)
}

/// An element as a row of a table: its elements, attributes with `@`, and its own text beside them as `#`. As deep as
/// the document, whose depth is bounded.
fn cells(element: Element<'_>) -> Json {
    let mut cells = Map::new();
    for (name, value) in attributes(element) {
        cells.insert(format!("@{name}"), value.into());
    }
    let own = element.children().filter(|node| node.is_text()).filter_map(|node| node.text());
    let own = own.collect::<String>().trim().to_owned();
    if !own.is_empty() {
        cells.insert("#".into(), own.into());
    }
    for inner in elements(element) {
        let plain = elements(inner).next().is_none() && inner.attributes().len() == 0;
        let value = if plain { content(inner).into() } else { self::cells(inner) };
        match cells.get_mut(name(inner)) {
            None => {
                cells.insert(name(inner).to_owned(), value);
            }
            Some(Json::Array(several)) => several.push(value),
            Some(one) => *one = Json::Array(vec![one.take(), value]),
        }
    }
    Json::Object(cells)
}
