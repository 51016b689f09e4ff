//! The shape of a form document: which members an object may have and of which JSON type. What does not fit is
//! reported and taken out, so that one slip does not hide the findings behind it.

use serde_json::{Map, Value as Json};

use super::document::{ActionDocument, ItemsetDocument};
use super::finding::{Finding, Flaw, Place};
use super::nearest::nearest;

/// Sections within sections: deeper forms exist nowhere, and every level costs stack.
const DEPTH_MAX: usize = 24;
/// Rows of one form: four times the largest form in use.
pub(super) const ROWS_MAX: usize = 20_000;
/// Choices of one form, over all its lists: larger lists belong in the catalogue.
pub(super) const CHOICES_MAX: usize = 200_000;

/// What a member must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Text,
    Translated,
    Flag,
    Object,
    Texts,
    TextByName,
    Rows,
    Choices,
    Waves,
    Mappings,
    RecordKind,
    Objects,
    Itemset,
    Actions,
}

use Shape::{Flag, Object, RecordKind, Rows, Text, Texts, Translated};

const FORM: &[(&str, Shape)] = &[
    ("form_id", Text),
    ("version", Text),
    ("title", Translated),
    ("default_language", Text),
    ("languages", Texts),
    ("language_names", Shape::TextByName),
    ("record", RecordKind),
    ("sensitivity", Text),
    ("waves", Shape::Waves),
    ("mappings", Shape::Mappings),
    ("settings", Object),
    ("survey", Rows),
    ("choices", Shape::Choices),
    ("texts", Shape::Choices),
    ("actions", Shape::Actions),
];

const ROW: &[(&str, Shape)] = &[
    ("type", Text),
    ("list", Text),
    ("name", Text),
    ("id", Text),
    ("label", Translated),
    ("hint", Translated),
    ("guidance_hint", Translated),
    ("relevant", Text),
    ("required", Text),
    ("required_message", Translated),
    ("constraint", Text),
    ("constraint_message", Translated),
    ("calculation", Text),
    ("default", Text),
    ("readonly", Text),
    ("appearance", Text),
    ("choice_filter", Text),
    ("parameters", Text),
    ("trigger", Text),
    ("sensitivity", Text),
    ("or_other", Flag),
    ("repeat_count", Text),
    ("instances", Shape::Objects),
    ("itemset", Shape::Itemset),
    ("actions", Shape::Actions),
    ("columns", Object),
    ("children", Rows),
];

const CHOICE: &[(&str, Shape)] = &[("name", Text), ("label", Translated), ("properties", Object)];

/// A document cut down to what fits, and what did not.
pub(super) struct Shaped {
    /// The document without the members that do not fit.
    pub(super) json: Json,
    /// What was taken out or is missing.
    pub(super) findings: Vec<Finding>,
}

/// Checks the shape of a whole document.
pub(super) fn shape(json: &Json) -> Shaped {
    let mut shaper = Shaper { findings: Vec::new(), rows: 0, choices: 0 };
    let mut json = json.clone();
    match &mut json {
        Json::Object(form) => shaper.form(form),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Array(_) => {
            shaper.report(Place::default(), Flaw::WrongShape { expected: Object.name() });
        }
    }
    Shaped { json, findings: shaper.findings }
}

struct Shaper {
    findings: Vec<Finding>,
    rows: usize,
    choices: usize,
}

impl Shaper {
    fn report(&mut self, place: Place, flaw: Flaw) {
        self.findings.push(Finding::new(place, flaw));
    }

    fn form(&mut self, form: &mut Map<String, Json>) {
        self.members(form, "", FORM);
        self.need(form, "", "form_id");
        self.need(form, "", "version");
        if let Some(Json::Array(rows)) = form.get_mut("survey") {
            self.rows(rows, "/data", 0);
        }
        if let Some(Json::Object(lists)) = form.get_mut("choices") {
            self.lists(lists);
        }
        if let Some(Json::Object(texts)) = form.get_mut("texts") {
            self.texts(texts);
        }
        self.reads::<super::document::Waves>(form, "waves");
        self.reads::<super::mappings::MappingsDocument>(form, "mappings");
    }

    /// Takes out a member that does not read as what it is.
    fn reads<T: serde::de::DeserializeOwned>(&mut self, form: &mut Map<String, Json>, member: &str) {
        if let Some(json) = form.get(member)
            && let Err(error) = serde_json::from_value::<T>(json.clone())
        {
            self.report(Place::member("", member), Flaw::NotJson { message: error.to_string() });
            form.remove(member);
        }
    }

    /// Takes out the members that are not in the table or not of its type.
    fn members(&mut self, object: &mut Map<String, Json>, path: &str, table: &[(&str, Shape)]) {
        object.retain(|member, value| {
            let Some((_, shape)) = table.iter().find(|(name, _)| name == member) else {
                let suggestion = nearest(member, table.iter().map(|(name, _)| *name)).map(str::to_owned);
                let flaw = Flaw::UnknownMember { member: member.clone(), suggestion };
                self.report(Place::member(path, member), flaw);
                return false;
            };
            let fits = shape.fits(value);
            if !fits {
                self.report(Place::member(path, member), Flaw::WrongShape { expected: shape.name() });
            }
            fits
        });
    }

    /// Reports a member that must be there, and puts an empty text in its place.
    fn need(&mut self, object: &mut Map<String, Json>, path: &str, member: &'static str) {
        if object.get(member).and_then(Json::as_str).is_none_or(str::is_empty) {
            self.report(Place::row(path), Flaw::MissingMember { member });
            object.insert(member.to_owned(), Json::String(String::new()));
        }
    }

    fn rows(&mut self, rows: &mut Vec<Json>, path: &str, depth: usize) {
        if depth > DEPTH_MAX {
            self.report(Place::row(path), Flaw::TooLarge { what: "levels of sections", limit: DEPTH_MAX });
            rows.clear();
        }
        let mut index = 0;
        rows.retain_mut(|row| {
            index += 1;
            self.rows += 1;
            if self.rows == ROWS_MAX + 1 {
                self.report(Place::row(path), Flaw::TooLarge { what: "rows", limit: ROWS_MAX });
            }
            if self.rows > ROWS_MAX {
                return false;
            }
            let Json::Object(members) = row else {
                let place = Place::row(format!("{path}[{index}]"));
                self.report(place, Flaw::WrongShape { expected: Object.name() });
                return false;
            };
            let path = match members.get("name").and_then(Json::as_str) {
                Some(name) if !name.is_empty() => format!("{path}/{name}"),
                _ => format!("{path}/row[{index}]"),
            };
            self.members(members, &path, ROW);
            self.need(members, &path, "type");
            self.need(members, &path, "name");
            if let Some(Json::Array(children)) = members.get_mut("children") {
                self.rows(children, &path, depth + 1);
            }
            true
        });
    }

    fn lists(&mut self, lists: &mut Map<String, Json>) {
        lists.retain(|list, choices| {
            let path = format!("choices/{list}");
            match choices {
                Json::Array(choices) => {
                    self.choices(choices, &path);
                    true
                }
                Json::Object(members) if members.contains_key("rows") => {
                    self.members(members, &path, &[("rows", Shape::Objects), ("path", Text)]);
                    let rows = members.get("rows").and_then(Json::as_array).map_or(0, Vec::len);
                    self.choices += rows;
                    if self.choices > CHOICES_MAX {
                        self.report(Place::row(path), Flaw::TooLarge { what: "choices", limit: CHOICES_MAX });
                        return false;
                    }
                    members.contains_key("rows")
                }
                Json::Object(members) => {
                    self.members(members, &path, &[("from_list", Text)]);
                    self.need(members, &path, "from_list");
                    true
                }
                Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {
                    self.report(Place::row(path), Flaw::WrongShape { expected: "choices or a code list" });
                    false
                }
            }
        });
    }

    fn texts(&mut self, texts: &mut Map<String, Json>) {
        texts.retain(|id, text| {
            let fits = Translated.fits(text);
            if !fits {
                self.report(
                    Place::member(format!("texts/{id}"), "text"),
                    Flaw::WrongShape { expected: Translated.name() },
                );
            }
            fits
        });
    }

    fn choices(&mut self, choices: &mut Vec<Json>, path: &str) {
        self.choices += choices.len();
        if self.choices > CHOICES_MAX {
            self.report(Place::row(path), Flaw::TooLarge { what: "choices", limit: CHOICES_MAX });
            choices.clear();
        }
        let mut index = 0;
        choices.retain_mut(|choice| {
            index += 1;
            let place = format!("{path}[{index}]");
            let Json::Object(members) = choice else {
                self.report(Place::row(place), Flaw::WrongShape { expected: Object.name() });
                return false;
            };
            self.members(members, &place, CHOICE);
            self.need(members, &place, "name");
            true
        });
    }
}

impl Shape {
    const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Translated => "text, or text by language",
            Self::Flag => "true or false",
            Self::Object => "an object",
            Self::Texts => "a list of texts",
            Self::TextByName => "texts by name",
            Self::Rows => "a list of rows",
            Self::Choices => "lists by name",
            Self::Waves => "an anchor and windows",
            Self::Mappings => "recode, split and moved",
            Self::RecordKind => "assessment or case",
            Self::Objects => "a list of objects",
            Self::Itemset => "nodeset, value and label",
            Self::Actions => "a list of events, target and value",
        }
    }

    fn fits(self, value: &Json) -> bool {
        match self {
            Self::Text => value.is_string(),
            Self::Translated => {
                value.is_string()
                    || value.as_object().is_some_and(|texts| texts.values().all(Json::is_string))
            }
            Self::Flag => value.is_boolean(),
            Self::TextByName => value.as_object().is_some_and(|texts| texts.values().all(Json::is_string)),
            Self::Object | Self::Choices | Self::Waves | Self::Mappings => value.is_object(),
            Self::Texts => value.as_array().is_some_and(|texts| texts.iter().all(Json::is_string)),
            Self::Rows => value.is_array(),
            Self::RecordKind => matches!(value.as_str(), Some("assessment" | "case")),
            Self::Objects => value.as_array().is_some_and(|objects| objects.iter().all(Json::is_object)),
            Self::Itemset => serde_json::from_value::<ItemsetDocument>(value.clone()).is_ok(),
            Self::Actions => serde_json::from_value::<Vec<ActionDocument>>(value.clone()).is_ok(),
        }
    }
}
