//! Actions: said by a row's own `default`, or by its `trigger` and `calculation`, where these say the same; and as
//! actions otherwise.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};
use teranga_core::form::Event;
use teranga_expr::Expr;

use crate::finding::Flaw;
use crate::report::Note;

use super::body::Placed;
use super::path::{resolve, without_predicates};
use super::report::Reading;
use super::xml::{Element, attribute, content, name};

/// One action, read.
#[derive(Debug, Clone)]
struct Read<'a> {
    /// The path of the row that it belongs to; that of the root for the form's own.
    path: String,
    element: Element<'a>,
    in_control: bool,
    events: Vec<Event>,
    /// The path of what it sets, without predicates.
    aim: String,
    target: String,
    value: Option<String>,
}

/// What the actions of a form came to: members of rows by their paths, and the form's own.
#[derive(Debug, Clone, Default)]
pub(super) struct Actions {
    /// Members of rows: `default`, `trigger`, `calculation`, `actions`, `type`.
    pub(super) rows: BTreeMap<String, Map<String, Json>>,
    /// The form's own actions.
    pub(super) form: Vec<Json>,
}

/// What must be known of rows to say an action by their members.
pub(super) struct Known<'k> {
    /// Whether there is such a row.
    pub(super) exists: &'k dyn Fn(&str) -> bool,
    /// Whether a row has a value, a calculation or a default already.
    pub(super) is_taken: &'k dyn Fn(&str) -> bool,
    /// The path of the innermost repeat around a row; empty where there is none.
    pub(super) repeat: &'k dyn Fn(&str) -> String,
    /// Whether one row alone bears this name.
    pub(super) is_unique: &'k dyn Fn(&str) -> bool,
    /// The path of the root.
    pub(super) root: &'k str,
}

impl Actions {
    /// Sorts the actions of a form.
    pub(super) fn sort(placed: &[Placed<'_>], known: &Known<'_>, reading: &mut Reading) -> Self {
        let read: Vec<Read<'_>> = placed.iter().filter_map(|placed| read(placed, known, reading)).collect();
        let mut aimed: BTreeMap<&str, usize> = BTreeMap::new();
        for action in &read {
            *aimed.entry(&action.aim).or_default() += 1;
        }
        let mut actions = Self::default();
        for action in &read {
            let alone = aimed.get(action.aim.as_str()) == Some(&1) && !(known.is_taken)(&action.aim);
            let said = match name(action.element) {
                "setvalue" => {
                    alone && (actions.say_default(action, known) || actions.say_trigger(action, known))
                }
                other => {
                    actions.capture(other, action, known, reading);
                    true
                }
            };
            if !said {
                actions.keep(action, known);
            }
        }
        actions
    }

    fn row(&mut self, path: &str) -> &mut Map<String, Json> {
        self.rows.entry(path.to_owned()).or_default()
    }

    /// A value at the start that is computed: at every start of the row, which is the record's or its item's.
    fn say_default(&mut self, action: &Read<'_>, known: &Known<'_>) -> bool {
        let in_repeat = !(known.repeat)(&action.aim).is_empty();
        let wanted: &[Event] =
            if in_repeat { &[Event::FirstLoad, Event::NewItem] } else { &[Event::FirstLoad] };
        let same = action.events.len() == wanted.len() && wanted.iter().all(|e| action.events.contains(e));
        let Some(value) = action.value.as_deref().filter(|value| is_computed(value)) else { return false };
        if !same || action.target.contains('[') {
            return false;
        }
        self.row(&action.aim).insert("default".into(), value.into());
        true
    }

    /// A value that is computed when an answer beside it changes.
    fn say_trigger(&mut self, action: &Read<'_>, known: &Known<'_>) -> bool {
        let source = super::path::last(&action.path);
        let beside = (known.repeat)(&action.path) == (known.repeat)(&action.aim);
        let changed = action.events == [Event::ValueChanged] && action.in_control;
        let Some(value) = action.value.as_deref() else { return false };
        if !changed || !beside || action.target.contains('[') || !(known.is_unique)(source) {
            return false;
        }
        let row = self.row(&action.aim);
        row.insert("trigger".into(), format!("${{{source}}}").into());
        row.insert("calculation".into(), value.into());
        true
    }

    /// What the device records by itself has types of its own.
    fn capture(&mut self, kind: &str, action: &Read<'_>, known: &Known<'_>, reading: &mut Reading) {
        let source = super::path::last(&action.path).to_owned();
        let kind = match (kind, action.in_control) {
            ("recordaudio", _) => "background-audio",
            (_, true) => "background-geopoint",
            (_, false) => "start-geopoint",
        };
        reading.note(action.element, kind, Note::TypeKept(kind.to_owned()));
        let row = self.row(&action.aim);
        row.insert("type".into(), kind.into());
        if action.in_control && (known.is_unique)(&source) {
            row.insert("trigger".into(), format!("${{{source}}}").into());
        }
    }

    fn keep(&mut self, action: &Read<'_>, known: &Known<'_>) {
        let mut json = json!({ "events": action.events, "target": action.target });
        if let (Some(value), Some(members)) = (&action.value, json.as_object_mut()) {
            members.insert("value".into(), value.as_str().into());
        }
        if action.path == known.root {
            self.form.push(json);
            return;
        }
        let actions = self.row(&action.path).entry("actions").or_insert_with(|| json!([]));
        if let Some(actions) = actions.as_array_mut() {
            actions.push(json);
        }
    }
}

fn read<'a>(placed: &Placed<'a>, known: &Known<'_>, reading: &mut Reading) -> Option<Read<'a>> {
    let element = placed.element;
    let target = attribute(element, "ref").unwrap_or_default().trim().to_owned();
    let aim = resolve(&placed.path, &without_predicates(&target));
    let Some(aim) = aim.filter(|aim| (known.exists)(aim)) else {
        // An attribute, or metadata that this system writes itself.
        if target.contains('@') || target.contains("meta") {
            reading.keep(element, name(element));
        } else {
            reading.find(element, name(element), Flaw::NoNode(target));
        }
        return None;
    };
    let events: Vec<Event> = attribute(element, "event")
        .unwrap_or_default()
        .split_whitespace()
        .filter_map(|named| {
            let event = event(named);
            if event.is_none() {
                reading.note(element, "event", Note::Kept(named.to_owned()));
            }
            event
        })
        .collect();
    if events.is_empty() {
        reading.keep(element, name(element));
        return None;
    }
    let (path, in_control) = (placed.path.clone(), placed.in_control);
    Some(Read { path, element, in_control, events, aim, target, value: value(element) })
}

fn event(name: &str) -> Option<Event> {
    match name {
        "odk-instance-first-load" | "xforms-ready" => Some(Event::FirstLoad),
        "odk-instance-load" => Some(Event::Load),
        "odk-new-repeat" => Some(Event::NewItem),
        "xforms-value-changed" => Some(Event::ValueChanged),
        _ => None,
    }
}

/// The expression of the value: written as one, or a text that stands for itself.
fn value(element: Element<'_>) -> Option<String> {
    if let Some(value) = attribute(element, "value") {
        return Some(value.to_owned()).filter(|value| !value.trim().is_empty());
    }
    let text = content(element);
    (!text.is_empty()).then(|| quoted(&text))
}

/// Whether a default that says this is computed, and does not stand for itself.
fn is_computed(value: &str) -> bool {
    Expr::parse(value).is_ok_and(|parsed| !parsed.functions().is_empty())
}

/// A text as an expression writes it.
fn quoted(text: &str) -> String {
    if !text.contains('\'') {
        return format!("'{text}'");
    }
    if !text.contains('"') {
        return format!("\"{text}\"");
    }
    let pieces: Vec<String> = text.split('\'').map(|piece| format!("'{piece}'")).collect();
    format!("concat({})", pieces.join(", \"'\", "))
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn any_text_is_an_expression() {
        assert_eq!(quoted("7"), "'7'");
        assert_eq!(quoted("it's"), "\"it's\"");
        assert_eq!(quoted("a'b\"c"), "concat('a', \"'\", 'b\"c')");
    }
}
