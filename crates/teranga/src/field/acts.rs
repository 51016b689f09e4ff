//! Acts on saved records, and what is said of them.

use serde_json::Value as Json;
use teranga_client::Device;
use teranga_core::id::RecordId;
use teranga_core::key::Key;
use teranga_core::value::{NoAnswer, Value};
use teranga_hub::world::SystemEntropy;
use teranga_store::save::SavedChange;

use super::setting;
use crate::failure::{Failure, Outcome};
use crate::ledger;
use crate::messages::Messages;

/// Says that a save is done; the ledger first.
pub(super) fn report(record: RecordId, changes: &[SavedChange], messages: &Messages) {
    if let Some(ledger) = ledger::of_process() {
        ledger.saved(record, changes);
    }
    let key = if changes.is_empty() { "saved-nothing-new" } else { "saved" };
    println!("{}", messages.with(key, &[("record", &record.to_string())]));
}

/// Settles an answer that holds two values.
pub(super) fn settle(
    device: &mut Device,
    record: RecordId,
    key: &str,
    typed: &str,
    messages: &Messages,
) -> Outcome {
    let key = Key::from_text(key);
    let value = settled_value(device, record, &key, typed)?;
    let changes =
        device.settle(record, &key, value, setting(messages.language().code(), &mut SystemEntropy))?;
    report(record, &changes, messages);
    Ok(())
}

/// What was typed, as one of the values that stand side by side if it is one of them, else as it is.
fn settled_value(device: &Device, record: RecordId, key: &Key, typed: &str) -> Outcome<Value> {
    if let Some(kind) = NoAnswer::from_code(typed) {
        return Ok(Value::NoAnswer(kind));
    }
    let parts = device.replica().parts(record)?;
    let candidates = parts.iter().flat_map(|part| &part.conflicts).filter(|conflict| conflict.key == *key);
    let standing =
        candidates.flat_map(|conflict| &conflict.values).find(|candidate| match candidate.value.to_json() {
            Json::String(text) => text == typed,
            other => other == typed,
        });
    if let Some(candidate) = standing {
        return Ok(candidate.value.clone());
    }
    let row = device.replica().record(record)?;
    let form = row.and_then(|row| row.form).map(|form| device.form(&form)).transpose()?;
    let question = form.as_ref().and_then(|form| Some((form, form.question(key.segments().last()?)?)));
    match question {
        None => Ok(Value::text(typed)),
        Some((form, question)) => {
            let lists = device.catalogue().lists_for(form);
            let choices = form.choices_of(question, &lists);
            let choices = choices.as_deref().unwrap_or_default();
            Ok(teranga_core::answers::parse_typed(question, choices, typed, form.default_language())?)
        }
    }
}

/// Drops a draft, because its owner says so.
pub(super) fn drop_draft(device: &mut Device, text: &str, messages: &Messages) -> Outcome {
    let drafts = device.replica().drafts()?;
    let wanted = text.trim().to_uppercase();
    let draft = drafts.into_iter().find(|draft| draft.record.to_string().ends_with(&wanted));
    let draft = draft.ok_or_else(|| Failure::new("draft-absent", vec![("record", text.to_owned())]))?;
    device.replica_mut().drop_draft(draft.record)?;
    println!("{}", messages.with("draft-dropped", &[("record", &draft.record.to_string())]));
    Ok(())
}
