//! The rows of the form: one for each node of the primary instance, with what its bind and its control say.

use std::collections::HashMap;

use serde_json::{Map, Value as Json};

use crate::finding::Flaw;
use crate::report::Note;

use super::actions::Actions;
use super::binds::{Bind, Binds};
use super::body::Body;
use super::instance::{Nature, Shape};
use super::lists::Lists;
use super::report::Reading;
use super::selects;
use super::texts::Texts;
use super::types;
use super::xml::{Element, attribute, attributes, child, elements, name};

/// What the rows are read with.
pub(super) struct Rows<'r, 'a> {
    pub(super) binds: &'r Binds,
    pub(super) body: &'r Body<'a>,
    pub(super) actions: &'r Actions,
    pub(super) texts: &'r Texts<'r, 'a>,
    pub(super) ids: &'r HashMap<String, String>,
    pub(super) lists: &'r mut Lists,
    pub(super) reading: &'r mut Reading,
}

/// Attributes of binds that become members or types.
const BIND_USED: [&str; 10] = [
    "type",
    "relevant",
    "required",
    "constraint",
    "calculate",
    "readonly",
    "jr:constraintMsg",
    "jr:requiredMsg",
    "jr:preload",
    "jr:preloadParams",
];
/// Attributes of controls that become members.
const CONTROL_USED: [&str; 4] = ["ref", "nodeset", "bind", "appearance"];

impl Rows<'_, '_> {
    /// The rows of a section.
    pub(super) fn rows(&mut self, section: &Shape) -> Vec<Json> {
        section.children.iter().map(|shape| Json::Object(self.row(shape))).collect()
    }

    fn row(&mut self, shape: &Shape) -> Map<String, Json> {
        let bind = self.binds.of(&shape.path).cloned().unwrap_or_default();
        let mut row = Map::new();
        let mut columns = Map::new();
        match shape.nature {
            Nature::Leaf => self.question(shape, &bind, &mut row, &mut columns),
            Nature::Group | Nature::Repeat | Nature::Fixed => self.section(shape, &mut row, &mut columns),
        }
        row.insert("name".into(), shape.name.as_str().into());
        if let Some(id) = self.ids.get(&shape.path) {
            row.insert("id".into(), id.as_str().into());
            let note = Note::StoredAs { name: shape.name.clone(), id: id.clone() };
            let line = self.reading.line(shape.at);
            self.reading.note_line(line, "name", note);
        }
        self.said(shape, &bind, &mut row, &mut columns);
        if let Some(members) = self.actions.rows.get(&shape.path) {
            for (member, value) in members {
                row.insert(member.clone(), value.clone());
            }
        }
        for (attribute, value) in &shape.attributes {
            columns.insert(format!("instance::{attribute}"), value.as_str().into());
        }
        if !columns.is_empty() {
            row.insert("columns".into(), Json::Object(columns));
        }
        if shape.nature != Nature::Leaf {
            let rows = self.rows(shape);
            row.insert("children".into(), Json::Array(rows));
        }
        row
    }

    /// What the bind says, whatever the node is.
    fn said(
        &mut self,
        shape: &Shape,
        bind: &Bind,
        row: &mut Map<String, Json>,
        columns: &mut Map<String, Json>,
    ) {
        for (attribute, member) in [
            ("relevant", "relevant"),
            ("required", "required"),
            ("constraint", "constraint"),
            ("calculate", "calculation"),
            ("readonly", "readonly"),
        ] {
            // A note is shown and takes no answer: that is its type.
            if attribute == "readonly" && row.get("type").is_some_and(|kind| kind == "note") {
                continue;
            }
            if let Some(source) = bind.get(attribute) {
                row.insert(member.into(), source.into());
            }
        }
        for (attribute, member) in
            [("jr:constraintMsg", "constraint_message"), ("jr:requiredMsg", "required_message")]
        {
            let message = bind.get(attribute);
            let message = message.and_then(|source| self.texts.message(source, &shape.path, self.reading));
            if let Some(message) = message {
                row.insert(member.into(), message);
            }
        }
        let line = self.reading.line(bind.at);
        for (attribute, value) in bind.all() {
            let column = match attribute {
                used if BIND_USED.contains(&used) => continue,
                used if types::is_parameter(row, used) => continue,
                "entities:saveto" => "save_to".to_owned(),
                other => format!("bind::{other}"),
            };
            self.reading.note_line(line, "bind", Note::Kept(column.clone()));
            columns.insert(column, value.into());
        }
    }

    fn section(&mut self, shape: &Shape, row: &mut Map<String, Json>, columns: &mut Map<String, Json>) {
        let kind = if shape.nature == Nature::Group { "group" } else { "repeat" };
        row.insert("type".into(), kind.into());
        let section = self.body.sections.get(&shape.path).cloned().unwrap_or_default();
        for element in section.group.into_iter().chain(section.repeat) {
            self.spoken(element, shape, row, columns);
            if let Some(appearance) = attribute(element, "appearance") {
                row.insert("appearance".into(), appearance.into());
            }
            for (attribute, value) in attributes(element) {
                match attribute.as_str() {
                    used if CONTROL_USED.contains(&used) => {}
                    "jr:count" => {
                        row.insert("repeat_count".into(), count(value).into());
                    }
                    // Nobody adds or removes items: there are as many as there are at the start.
                    "jr:noAddRemove" if value.starts_with("true") => {
                        row.entry("repeat_count").or_insert(shape.instances.len().to_string().into());
                    }
                    other => {
                        self.reading.note(element, other, Note::Kept(format!("body::{other}")));
                        columns.insert(format!("body::{other}"), value.into());
                    }
                }
            }
        }
        if shape.nature == Nature::Fixed {
            row.insert("repeat_count".into(), shape.instances.len().to_string().into());
        }
        if !shape.instances.is_empty() {
            row.insert("instances".into(), shape.instances.clone().into_iter().map(Json::Object).collect());
        }
    }

    fn question(
        &mut self,
        shape: &Shape,
        bind: &Bind,
        row: &mut Map<String, Json>,
        columns: &mut Map<String, Json>,
    ) {
        let control = self.body.controls.get(&shape.path).map(|(_, control)| *control);
        let is_set = self.actions.rows.get(&shape.path).is_some_and(|members| !members.is_empty());
        let sort = types::sort(control, bind, is_set || !shape.default.is_empty());
        row.insert("type".into(), sort.name().into());
        types::columns(&sort, bind, columns);
        if let Some(preset) = types::preset(&sort, bind) {
            row.insert("default".into(), preset.into());
        } else if !shape.default.is_empty() {
            row.insert("default".into(), shape.default.as_str().into());
        }
        let Some(control) = control else { return };
        self.spoken(control, shape, row, columns);
        if let Some(appearance) = types::appearance(control) {
            row.insert("appearance".into(), appearance.into());
        }
        if sort.has_choices() {
            let members = selects::choices(control, &shape.path, self.lists, self.texts, self.reading);
            let from_file = members.get("list").and_then(Json::as_str).is_some_and(types::is_file);
            if from_file && let Some(kind) = sort.from_file() {
                row.insert("type".into(), kind.into());
            }
            row.extend(members);
        }
        let parameters = types::parameters(&sort, control, bind);
        if !parameters.is_empty() {
            row.insert("parameters".into(), parameters.join(" ").into());
        }
        for (attribute, value) in attributes(control) {
            let used = CONTROL_USED.contains(&attribute.as_str())
                || types::is_parameter(row, &attribute)
                || attribute == "mediatype" && sort.is_of_medium(value);
            if !used {
                self.reading.note(control, &attribute, Note::Kept(format!("body::{attribute}")));
                columns.insert(format!("body::{attribute}"), value.into());
            }
        }
        for inner in elements(control) {
            if !matches!(
                name(inner),
                "label" | "hint" | "item" | "itemset" | "setvalue" | "setgeopoint" | "recordaudio"
            ) {
                self.reading.keep(inner, name(inner));
            }
        }
    }

    /// The label and the hint of a control or a section.
    fn spoken(
        &mut self,
        element: Element<'_>,
        shape: &Shape,
        row: &mut Map<String, Json>,
        columns: &mut Map<String, Json>,
    ) {
        for part in ["label", "hint"] {
            let Some(written) = child(element, part) else { continue };
            let spoken = self.texts.spoken(written, &shape.path, self.reading);
            if let Some(shown) = spoken.shown {
                row.insert(part.into(), shown);
            }
            for (form, text) in spoken.others {
                if form == "guidance" {
                    row.insert("guidance_hint".into(), text);
                    continue;
                }
                self.reading.note(written, &form, Note::Kept(form.clone()));
                super::media::add(columns, &form, &text);
            }
        }
    }
}

/// A count as the section around the repeat sees it: paths of the repeat's own begin one element higher.
fn count(source: &str) -> String {
    let source = source.trim();
    source.strip_prefix("current()/../").or_else(|| source.strip_prefix("../")).unwrap_or(source).to_owned()
}

/// Tells the controls whose node is not there.
pub(super) fn check_controls(body: &Body<'_>, exists: &dyn Fn(&str) -> bool, reading: &mut Reading) {
    let sections = body.sections.iter().flat_map(|(path, section)| {
        section.group.into_iter().chain(section.repeat).map(move |element| (path, element))
    });
    let controls = body.controls.iter().map(|(path, (_, element))| (path, *element));
    for (path, element) in controls.chain(sections).filter(|(path, _)| !exists(path)) {
        reading.find(element, name(element), Flaw::NoNode(path.clone()));
    }
}
