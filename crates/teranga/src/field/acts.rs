//! Acts on saved records, and what is said of them.

use teranga_client::{ClientError, Device};
use teranga_core::answers::parse_typed;
use teranga_core::form::Located;
use teranga_core::id::RecordId;
use teranga_core::key::Key;
use teranga_core::record::keys;
use teranga_core::value::{NoAnswer, Value};
use teranga_hub::world::SystemEntropy;
use teranga_store::save::SavedChange;

use super::{draft, setting, show};
use crate::failure::{Failure, Outcome};
use crate::ledger;
use crate::messages::Messages;
use crate::say::say;

/// Says that a save is done; the ledger first.
pub(super) fn report(record: RecordId, changes: &[SavedChange], messages: &Messages) {
    if let Some(ledger) = ledger::of_process() {
        ledger.saved(record, changes);
    }
    let key = if changes.is_empty() { "saved-nothing-new" } else { "saved" };
    say!("{}", messages.with(key, &[("record", &record.to_string())]));
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
    let settled = device.settle(record, &key, value, setting(messages.language().code(), &mut SystemEntropy));
    let changes = settled.map_err(|error| match error {
        ClientError::Findings(findings) => {
            Failure::listing("settle-refused", vec![("key", key.to_string())], findings)
        }
        other => other.into(),
    })?;
    report(record, &changes, messages);
    Ok(())
}

/// What was typed, as one of the values that stand side by side if it is one of them, else as an answer. Whether it
/// may stand is the device's to say.
fn settled_value(device: &Device, record: RecordId, key: &Key, typed: &str) -> Outcome<Value> {
    let row = device.replica().record(record)?;
    let parts = row.as_ref().map(|row| device.parts(row)).transpose()?.unwrap_or_default();
    let candidates = parts.iter().flat_map(|part| &part.conflicts).filter(|conflict| conflict.key == *key);
    let standing = candidates.flat_map(|conflict| &conflict.values).map(|candidate| &candidate.value);
    if let Some(value) = standing.into_iter().find(|value| show::plain(value) == typed) {
        return Ok(value.clone());
    }
    if key.is_envelope() {
        let case = if key.as_str() == keys::CASE { device.find(typed)? } else { None };
        return Ok(Value::text(case.map_or_else(|| typed.to_owned(), |case| case.to_string())));
    }
    let form = row.and_then(|row| row.form).and_then(|form| device.form(&form).ok());
    match form.as_ref().and_then(|form| Some((form, form.locate(key)?))) {
        Some((form, Located::Answer(question))) if question.kind.is_asked() => {
            let lists = device.catalogue().lists_for(form);
            let choices = form.choices_of(question, &lists).unwrap_or_default();
            let value = parse_typed(question, &choices, typed, form.default_language());
            match (value, NoAnswer::from_code(typed)) {
                (Err(_), Some(kind)) => Ok(Value::NoAnswer(kind)),
                (value, _) => Ok(value?),
            }
        }
        Some((_, Located::Option(..))) => {
            Ok(yes_or_no(typed).map_or_else(|| Value::text(typed), Value::Bool))
        }
        Some((_, Located::Answer(_) | Located::Order(..) | Located::Removed(..))) | None => {
            Ok(Value::text(typed))
        }
    }
}

/// Whether one option of several holds, as people say it in either language.
fn yes_or_no(typed: &str) -> Option<bool> {
    match typed.trim().to_lowercase().as_str() {
        "oui" | "o" | "yes" | "y" | "true" | "1" => Some(true),
        "non" | "n" | "no" | "false" | "0" => Some(false),
        _ => None,
    }
}

/// Drops a draft, because its owner says so.
pub(super) fn drop_draft(device: &mut Device, text: &str, messages: &Messages) -> Outcome {
    let record = draft::find(device, Some(text))?;
    device.replica_mut().drop_draft(record)?;
    device.replica_mut().drop_loose_files()?;
    say!("{}", messages.with("draft-dropped", &[("record", &record.to_string())]));
    Ok(())
}
