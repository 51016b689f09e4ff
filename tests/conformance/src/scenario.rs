//! The recorded behaviour of forms: an XForm is opened, answers are set, items come and go, and what the form then
//! shows is compared. Answers are set as [`Filling::take`] does, which commits what breaks a constraint, as the
//! recording engine did; selections are compared as handing in would leave them.
//!
//! What a recording took from elsewhere is told apart by its kind: moments agree within the seconds that a recording
//! took, identities drawn at random agree in their shape, and the device's properties are those that the record
//! shows at its beginning. A record that by its own name goes on with an instance that stood before begins with what
//! it shows at its beginning, if it does not hold for a new one.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use chrono::{DateTime, FixedOffset};
use serde_json::Value as Json;
use teranga_core::answers::{read_element, write_element};
use teranga_core::flow::{Answers, Filling, FlowContext, Opening, Shown, State};
use teranga_core::form::{Form, Kind, Lists, Question, RowId};
use teranga_core::id::{Entropy, ItemId};
use teranga_core::key::Key;
use teranga_core::time::Millis;
use teranga_xforms::import_xform;

use crate::report::{FileReport, Verdict};

/// Minutes ahead of UTC in the recordings' time zones.
const ZONES: &[(&str, i32)] = &[("America/Phoenix", -420), ("UTC", 0)];
/// Seconds that may lie between two readings of the clock of one recording.
const RECORDING_SECONDS: i64 = 60;

/// Identities of items, one after the other.
struct Counter(u8);

impl Entropy for Counter {
    fn fill(&mut self, bytes: &mut [u8]) {
        self.0 = self.0.wrapping_add(1);
        bytes.fill(self.0);
    }
}

/// A node that a reference names: its row, and the item around it (or the item itself).
struct Place {
    row: RowId,
    within: Option<Key>,
    /// The item that the last step names by its place, where it is not there.
    missing: bool,
}

struct Run {
    filling: Filling,
    form: Arc<Form>,
    entropy: Counter,
}

impl Run {
    /// The node of `/data/repeat[2]/question`.
    fn place(&self, reference: &str) -> Option<Place> {
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

    fn question(&self, place: &Place) -> Option<(&Question, Key)> {
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
            self.filling
                .take(&key, teranga_core::value::Value::Cleared)
                .map_err(|error| error.to_string())?;
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
    fn step(&mut self, step: &Json, now: Millis) -> Option<String> {
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

/// What was typed, as the text of an element.
fn raw(raw: &Json, kind: Kind) -> String {
    let one = |value: &Json| match value {
        Json::Bool(true) if kind == Kind::Acknowledge => "OK".to_owned(),
        Json::Bool(false) if kind == Kind::Acknowledge => String::new(),
        Json::Bool(yes) => u8::from(*yes).to_string(),
        Json::String(text) => text.clone(),
        Json::Null => String::new(),
        other => other.to_string(),
    };
    match raw {
        Json::Array(several) => several.iter().map(one).collect::<Vec<_>>().join(" "),
        single => one(single),
    }
}

/// A language of the form by the name that an XForm gives it.
fn language(form: &Form, wanted: &str) -> String {
    let languages = form.languages();
    let code = wanted.rsplit_once('(').map_or(wanted, |(_, code)| code.trim_end_matches(')'));
    if languages.contains(&wanted) { wanted.to_owned() } else { code.to_owned() }
}

/// Identities of records, which every engine draws anew and this one keeps outside of its answers.
fn is_identity(reference: &str) -> bool {
    reference.ends_with("instanceID") || reference.ends_with("deprecatedID")
}

/// Whether two texts say the same, but for what a recording could not repeat.
fn agrees(found: &str, expected: &str, now: Millis) -> bool {
    found == expected || is_uuid(found) && is_uuid(expected) || same_moment(found, expected, now)
}

fn is_uuid(text: &str) -> bool {
    let Some(uuid) = text.strip_prefix("uuid:") else { return false };
    uuid.len() == 36 && uuid.chars().all(|letter| letter.is_ascii_hexdigit() || letter == '-')
}

/// Whether both are readings of the recording's clock, by the same wall clock.
fn same_moment(found: &str, expected: &str, now: Millis) -> bool {
    let parse = |text: &str| DateTime::<FixedOffset>::parse_from_rfc3339(text).ok();
    let (Some(found), Some(expected)) = (parse(found), parse(expected)) else { return false };
    let near = |moment: DateTime<FixedOffset>| {
        (moment.timestamp_millis() - now.0).abs() <= RECORDING_SECONDS * 1_000
    };
    found.offset() == expected.offset() && near(found) && near(expected)
}

fn now(case: &Json) -> Millis {
    let moment = DateTime::parse_from_rfc3339(case["now"].as_str().unwrap()).unwrap();
    Millis(moment.timestamp_millis())
}

fn context(case: &Json, form: &Form, opening: Opening) -> FlowContext {
    let zone = case["tz"].as_str().unwrap_or("UTC");
    let shown = |property: &str| {
        let root = form.rows().next().map_or("data", |root| root.name.as_str());
        case["init"][format!("/{root}/{property}")]["v"].as_str().filter(|v| !v.is_empty()).map(str::to_owned)
    };
    FlowContext {
        now: now(case),
        language: form.default_language().to_owned(),
        opening,
        offset_minutes: ZONES.iter().find(|(name, _)| *name == zone).map_or(0, |(_, offset)| *offset),
        device_id: shown("deviceid"),
        username: shown("username"),
        phone_number: shown("phonenumber"),
        email: shown("email"),
        ..FlowContext::default()
    }
}

fn fresh(case: &Json, form: &Arc<Form>) -> Run {
    let context = context(case, form, Opening::First);
    let filling = Filling::new(Arc::clone(form), &Lists::new(), Answers::new(), context);
    Run { filling, form: Arc::clone(form), entropy: Counter(0) }
}

/// The form over the instance that the record shows at its beginning.
fn continued(case: &Json, form: &Arc<Form>) -> Run {
    let mut run = fresh(case, form);
    let init: BTreeMap<&str, &Json> =
        case["init"].as_object().unwrap().iter().map(|(path, node)| (path.as_str(), node)).collect();
    let mut answers = Answers::new();
    for (path, node) in &init {
        let Some(text) = node["v"].as_str() else { continue };
        if let Some(place) = run.place(path).filter(|place| !place.missing)
            && let Some((question, key)) = run.question(&place)
        {
            answers.insert(key, read_element(question, text));
        }
    }
    let items: Answers = run
        .filling
        .stored()
        .iter()
        .filter(|(key, _)| key.as_str().contains('/'))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    answers.extend(items.into_iter().filter(|(key, _)| key.as_str().ends_with("/_order")));
    run.filling = Filling::new(Arc::clone(form), &Lists::new(), answers, context(case, form, Opening::Again));
    run
}

/// Whether a record goes on with an instance that stood before, as its own name says.
fn goes_on(case: &Json) -> bool {
    let name = case["source"].as_str().unwrap_or_default().to_lowercase();
    ["edit", "restor", "deserial"].iter().any(|word| name.contains(word))
}

/// The first step that does not hold.
fn failing(mut run: Run, case: &Json) -> Option<String> {
    let now = now(case);
    let steps = case["steps"].as_array().unwrap();
    steps
        .iter()
        .enumerate()
        .find_map(|(at, step)| run.step(step, now).map(|why| format!("step {}: {why}", at + 1)))
}

fn disagreement(case: &Json) -> Option<String> {
    let source = case["form"].as_str().unwrap();
    let imported = match import_xform(source.as_bytes(), "form.xml") {
        Ok(imported) => imported,
        Err(findings) => {
            let lines: Vec<String> = findings.iter().take(3).map(ToString::to_string).collect();
            return Some(format!("refused: {}", lines.join(" | ")));
        }
    };
    let form = Arc::new(Form::parse(&imported.form).unwrap());
    let fails = failing(fresh(case, &form), case)?;
    if goes_on(case) { failing(continued(case, &form), case) } else { Some(fails) }
}

/// Runs the corpus.
#[expect(clippy::unnecessary_wraps, reason = "every corpus is run by the same signature")]
pub(crate) fn run(_folder: &Path, cases: &[Json]) -> Result<FileReport> {
    Ok(FileReport::of(cases, |case| disagreement(case).map_or(Verdict::Passed, Verdict::Failed)))
}
