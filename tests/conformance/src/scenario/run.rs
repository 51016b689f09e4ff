//! A form on which the steps of a record are taken: references of XForms lead to questions, sections and items.

use std::sync::Arc;

use serde_json::Value as Json;
use teranga_core::answers::{read_element, write_element};
use teranga_core::flow::{Filling, Shown, State};
use teranga_core::form::{Form, Kind, Question, RowId};
use teranga_core::id::{Entropy, ItemId};
use teranga_core::key::Key;
use teranga_core::time::Millis;
use teranga_core::value::Value;

use super::agree::{agrees, is_identity, language, raw};

/// Identities of items, one after the other.
struct Counter(u8);

impl Entropy for Counter {
    fn fill(&mut self, bytes: &mut [u8]) {
        self.0 = self.0.wrapping_add(1);
        bytes.fill(self.0);
    }
}

/// A node that a reference names: its row, and the item around it (or the item itself).
pub(super) struct Place {
    row: RowId,
    within: Option<Key>,
    /// The item that the last step names by its place, where it is not there.
    pub(super) missing: bool,
}

pub(super) struct Run {
    pub(super) filling: Filling,
    form: Arc<Form>,
    entropy: Counter,
}

impl Run {
    /// A form over its instance.
    pub(super) fn new(form: &Arc<Form>, filling: Filling) -> Self {
        Self { filling, form: Arc::clone(form), entropy: Counter(0) }
    }

    /// The node of `/data/repeat[2]/question`.
    pub(super) fn place(&self, reference: &str) -> Option<Place> {
        let mut at = self.form.rows().next()?;
        let mut within: Option<Key> = None;
        let mut missing = false;
        for segment in reference.trim_start_matches('/').split('/').skip(1) {
            let (name, number) = match segment.split_once('[') {
                Some((name, rest)) => (name, rest.trim_end_matches(']').parse::<usize>().ok()),
                None => (segment, None),
            };
            let name = name.rsplit(':').next().unwrap_or(name);
            at = at.children.iter().filter_map(|row| self.form.row(*row)).find(|row| row.name == name)?;
            if let Some(number) = number.filter(|_| at.kind == Kind::Repeat) {
                let items = self.filling.items(&at.id, within.as_ref());
                match number.checked_sub(1).and_then(|place| items.get(place)) {
                    Some(item) => within = Some(Key::item(within.as_ref(), &at.id, *item)),
                    None => missing = true,
                }
            }
        }
        Some(Place { row: at.row, within, missing })
    }

    /// The question of a node, with its key.
    pub(super) fn question(&self, place: &Place) -> Option<(&Question, Key)> {
        let question = self.form.row(place.row).filter(|row| !row.kind.is_section())?;
        let key = match &place.within {
            Some(item) => item.child(&question.id),
            None => Key::question(&question.id),
        };
        Some((question, key))
    }

    /// The text of the element of a node; none for a node that is not there.
    fn read(&self, reference: &str) -> Option<String> {
        let place = self.place(reference).filter(|place| !place.missing)?;
        let (question, key) = self.question(&place)?;
        Some(match self.filling.shown(&key)? {
            Shown::Answered(value) => write_element(question, &value),
            _ => String::new(),
        })
    }

    fn state(&self, reference: &str) -> Option<State> {
        let place = self.place(reference).filter(|place| !place.missing)?;
        self.filling.state(place.row, place.within.as_ref())
    }

    fn set(&mut self, step: &Json) -> Result<(), String> {
        let reference = step["ref"].as_str().unwrap();
        let place = self.place(reference).ok_or_else(|| format!("no node {reference}"))?;
        let (question, key) = self.question(&place).ok_or_else(|| format!("no question {reference}"))?;
        let value = read_element(question, &raw(&step["raw"], question.kind));
        // An engine may refuse what its own controls could not give; the old answer stays, or none does.
        if self.filling.take(&key, value).is_err() {
            self.filling.take(&key, Value::Cleared).map_err(|error| error.to_string())?;
        }
        Ok(())
    }

    fn add(&mut self, reference: &str) -> Result<(), String> {
        let place = self.place(reference).ok_or_else(|| format!("no repeat {reference}"))?;
        let repeat = self.form.row(place.row).unwrap().id.clone();
        let item = ItemId::generate(Millis(0), &mut self.entropy);
        let added = self.filling.add_item(&repeat, place.within.as_ref(), item);
        added.map(|_| ()).map_err(|error| format!("{reference}: {error}"))
    }

    fn remove(&mut self, reference: &str) -> Result<(), String> {
        let place = self.place(reference).filter(|place| !place.missing);
        let place = place.ok_or_else(|| format!("no item {reference}"))?;
        let (around, number) = reference.rsplit_once('[').unwrap();
        let within = self.place(around).unwrap().within;
        let repeat = self.form.row(place.row).unwrap().id.clone();
        let number: usize = number.trim_end_matches(']').parse().unwrap();
        let item = self.filling.items(&repeat, within.as_ref())[number - 1];
        let removed = self.filling.remove_item(&repeat, within.as_ref(), item);
        removed.map(|_| ()).map_err(|error| format!("{reference}: {error}"))
    }

    /// What does not hold of one step.
    pub(super) fn step(&mut self, step: &Json, now: Millis) -> Option<String> {
        let reference = step["ref"].as_str().unwrap_or_default();
        match step["op"].as_str().unwrap() {
            "set" => self.set(step).err(),
            "addRepeat" => self.add(reference).err(),
            "removeRepeat" => self.remove(reference).err(),
            "setLanguage" => {
                let wanted = step["lang"].as_str().unwrap();
                self.filling.set_language(language(&self.form, wanted));
                None
            }
            "read" => {
                self.filling.clear_unavailable();
                self.compare(reference, step["value"].as_str().unwrap_or_default(), now)
            }
            "choices" => {
                self.filling.clear_unavailable();
                self.compare_choices(reference, step)
            }
            "node" => self.compare_node(reference, step, now),
            "validate" => self.compare_findings(step),
            other => Some(format!("the step {other} is not known")),
        }
    }

    fn compare(&self, reference: &str, expected: &str, now: Millis) -> Option<String> {
        if is_identity(reference) {
            return None;
        }
        match self.read(reference) {
            Some(found) if agrees(&found, expected, now) => None,
            found => Some(format!("{reference} is {found:?}, not {expected:?}")),
        }
    }

    fn compare_choices(&self, reference: &str, step: &Json) -> Option<String> {
        let place = self.place(reference)?;
        let (_, key) = self.question(&place)?;
        let choices = self.filling.choices(&key);
        let values: Vec<&str> = choices.iter().map(|choice| choice.name.as_str()).collect();
        let stops = self.filling.prompts().find(|prompt| prompt.key.as_ref() == Some(&key));
        let shown = stops.map(|prompt| prompt.choices).unwrap_or(choices.clone());
        let language = self.filling.language();
        let default = self.form.default_language();
        let labels: Vec<String> = shown
            .iter()
            .map(|choice| choice.label.as_ref().map_or("", |label| label.get(language, default)).to_owned())
            .collect();
        let same = |found: &Json, expected: &Json| found == expected;
        let found = serde_json::json!({ "values": values, "labels": labels });
        (!same(&found["values"], &step["values"]) || !same(&found["labels"], &step["labels"]))
            .then(|| format!("{reference} offers {found}, not {} {}", step["values"], step["labels"]))
    }

    fn compare_node(&self, reference: &str, step: &Json, now: Millis) -> Option<String> {
        if is_identity(reference) {
            return None;
        }
        let state = self.state(reference);
        if step["found"] == Json::Bool(false) {
            return state.map(|_| format!("{reference} is there"));
        }
        let Some(state) = state else { return Some(format!("{reference} is not there")) };
        for (found, said) in [(state.relevant, "rel"), (state.readonly, "ro"), (state.required, "req")] {
            if step[said].as_bool().is_some_and(|expected| expected != found) {
                return Some(format!("{reference}: {said} is {found}"));
            }
        }
        step["value"].as_str().and_then(|expected| self.compare(reference, expected, now))
    }

    fn compare_findings(&self, step: &Json) -> Option<String> {
        let findings = self.filling.validate();
        let keys: Vec<String> = findings.iter().map(|finding| finding.key.to_string()).collect();
        if Some(findings.len() as u64) != step["count"].as_u64() {
            return Some(format!("{} findings: {keys:?}", findings.len()));
        }
        let Some(reference) = step["first"]["ref"].as_str() else { return None };
        let key = self.place(reference).and_then(|place| Some(self.question(&place)?.1.to_string()));
        (keys.first() != key.as_ref()).then(|| format!("the first finding is {keys:?}, not {reference}"))
    }
}
