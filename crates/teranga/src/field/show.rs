//! One record: every answer that is held, by class, and where two values stand side by side who wrote each, where and
//! when.

use std::sync::Arc;

use teranga_client::Device;
use teranga_core::flow::{Filling, FlowContext, Held, Opening, Shown};
use teranga_core::form::Form;
use teranga_core::id::RecordId;
use teranga_core::value::Value;
use teranga_store::records::PartView;

use super::charge;
use super::files;
use super::lists::table;
use super::review;
use crate::badge;
use crate::failure::{Failure, Outcome};
use crate::messages::Messages;
use crate::say::say;

pub(super) fn run(device: &Device, record: RecordId, messages: &Messages) -> Outcome {
    let unknown = || Failure::new("record-unknown", vec![("record", record.to_string())]);
    let row = device.replica().record(record)?.ok_or_else(unknown)?;
    let parts = device.parts(&row)?;
    say!("{record}  {}", row.form.as_deref().unwrap_or("-"));
    let case = row.case.map_or_else(|| "-".to_owned(), |case| case.to_string());
    let wave = row.wave.as_deref().unwrap_or("-");
    let state = badge::state(row.state.code(), row.review.code(), messages);
    say!("{}", messages.with("show-envelope", &[("case", &case), ("wave", wave), ("state", &state)]));
    charge::tell(device.replica().custody(record)?.as_ref(), messages);
    review::tell(device, record, messages)?;
    match row.form.as_ref().and_then(|form| device.form(form).ok()) {
        Some(form) => answers(device, &form, &parts, messages)?,
        None => say!("{}", messages.text("form-not-here")),
    }
    conflicts(device, &parts, messages)
}

fn answers(device: &Device, form: &Arc<Form>, parts: &[PartView], messages: &Messages) -> Outcome {
    let values =
        parts.iter().flat_map(|part| part.values.clone()).filter(|(key, _)| !key.is_envelope()).collect();
    let language = messages.language().code().to_owned();
    let context = FlowContext {
        language: language.clone(),
        opening: Opening::Look,
        held: Held::All,
        ..FlowContext::default()
    };
    let lists = device.catalogue().lists_for(form);
    let filling = Filling::new(Arc::clone(form), &lists, values, context);
    let mut table = table(messages, &["column-question", "column-answer"]);
    for (key, question, shown) in filling.states() {
        let answer = match &shown {
            Shown::Answered(value) => match files::words(device.replica(), value, messages)? {
                Some(words) if question.kind.is_attached() => words,
                _ => teranga_core::answers::render(question, &filling.choices(key), value, &language),
            },
            Shown::NotAsked | Shown::Skipped => continue,
            Shown::DontKnow | Shown::Declined | Shown::Hidden => {
                messages.text(&format!("state-{}", shown.code().replace('_', "-")))
            }
        };
        let label = question.label.get(&language, form.default_language());
        table.add_row([if label.is_empty() { key.to_string() } else { label.to_owned() }, answer]);
    }
    say!("{table}");
    Ok(())
}

/// A value as `settle` takes it back.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        Value::NoAnswer(kind) => kind.code().to_owned(),
        Value::Cleared | Value::Bool(_) | Value::Int(_) | Value::Decimal(_) => value.to_json().to_string(),
    }
}

fn conflicts(device: &Device, parts: &[PartView], messages: &Messages) -> Outcome {
    for conflict in parts.iter().flat_map(|part| &part.conflicts) {
        say!("{}", messages.with("conflict", &[("key", conflict.key.as_str())]));
        for candidate in &conflict.values {
            let author = device.replica().author(candidate.actor)?;
            let (person, office) =
                author.map_or_else(|| (messages.text("unknown"), String::new()), |a| (a.person, a.office));
            let value = match &candidate.value {
                Value::Cleared => messages.text("state-cleared"),
                value => plain(value),
            };
            let at = candidate.time.to_rfc3339();
            let told = [("value", value.as_str()), ("person", &person), ("office", &office), ("at", &at)];
            say!("  {}", messages.with("conflict-value", &told));
        }
    }
    Ok(())
}
