//! One record: every answer that is held, of questions that its form does not ask any more too, and where two values stand
//! side by side who wrote each, where and when.

use std::sync::Arc;

use teranga_client::Device;
use teranga_core::flow::{Filling, FlowContext, Held, Opening, Shown};
use teranga_core::form::{Choice, Form, Question};
use teranga_core::id::RecordId;
use teranga_core::key::Key;
use teranga_core::value::Value;
use teranga_core::versions::KeptAside;
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
        Some(form) => {
            answers(device, &form, &parts, messages)?;
            kept_aside(device, &form, &parts, messages)?;
        }
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
            Shown::Answered(value) => words(device, question, &filling.choices(key), value, messages)?,
            Shown::NotAsked | Shown::Skipped => continue,
            Shown::DontKnow | Shown::Declined | Shown::Hidden => {
                messages.text(&format!("state-{}", shown.code().replace('_', "-")))
            }
        };
        table.add_row([label(form, question, key, messages), answer]);
    }
    say!("{table}");
    Ok(())
}

/// What the form asked once, with the answers: whoever gave them finds them here, and in no question of today's.
fn kept_aside(device: &Device, form: &Form, parts: &[PartView], messages: &Messages) -> Outcome {
    let aside = device.kept_aside(form, parts);
    if aside.is_empty() {
        return Ok(());
    }
    let mut table = table(messages, &["column-question", "column-answer"]);
    for kept in &aside {
        let answer = match (&kept.form, kept.question(), &kept.value) {
            (_, _, Value::NoAnswer(kind)) => {
                messages.text(&format!("state-{}", kind.code().replace('_', "-")))
            }
            (Some(form), Some(question), value) => {
                let lists = device.catalogue().lists_for(form);
                let choices = form.choices_of(question, &lists);
                words(device, question, choices.as_deref().unwrap_or_default(), value, messages)?
            }
            (_, _, value) => plain(value),
        };
        table.add_row([was_asked(kept, messages), answer]);
    }
    say!("{}", messages.text("show-aside"));
    say!("{table}");
    Ok(())
}

/// An answer in words: of a file where it lies, of a choice its label.
fn words(
    device: &Device,
    question: &Question,
    choices: &[Choice],
    value: &Value,
    messages: &Messages,
) -> Outcome<String> {
    let language = messages.language().code();
    Ok(match files::words(device.replica(), value, messages)? {
        Some(words) if question.kind.is_attached() => words,
        _ => teranga_core::answers::render(question, choices, value, language),
    })
}

/// What a question is called; its key where it has no label.
pub(super) fn label(form: &Form, question: &Question, key: &Key, messages: &Messages) -> String {
    let label = question.label.get(messages.language().code(), form.default_language());
    if label.is_empty() { key.to_string() } else { label.to_owned() }
}

/// What a question that is not asked any more was called when it was.
pub(super) fn was_asked(kept: &KeptAside, messages: &Messages) -> String {
    match (&kept.form, kept.question()) {
        (Some(form), Some(question)) => label(form, question, &kept.key, messages),
        _ => kept.key.to_string(),
    }
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
