//! What people do on a device, by the real client: cases, interviews, corrections, voiding, settling. Each is done, is
//! refused, or is interrupted; what a save reported as done goes into the ledger.

use serde_json::json;
use teranga_client::charge::Handover;
use teranga_client::interview::Setting;
use teranga_client::invent::{self, Extent, Seeded};
use teranga_client::{ClientError, Device};
use teranga_core::id::RecordId;
use teranga_core::record::{Assignee, State};
use teranga_core::time::Millis;
use teranga_core::value::Value;
use teranga_store::save::SavedChange;

use crate::attach::{self, Photo};
use crate::what::Act;

/// What an act saved, of one record.
#[derive(Debug)]
pub(crate) struct Saved {
    pub(crate) record: RecordId,
    pub(crate) changes: Vec<SavedChange>,
    /// The file that they mention, where one was attached.
    pub(crate) photo: Option<Photo>,
}

/// Does one act; nothing where there is nothing to do it on. `people` are those whom a case may be assigned to.
pub(crate) fn act(
    device: &mut Device,
    act: Act,
    people: &[Assignee],
    now: Millis,
    seed: &mut Seeded,
) -> Result<Option<Saved>, ClientError> {
    match act {
        Act::Case => fill(device, "profile", None, now, seed).map(Some),
        Act::Interview => match pick(device, Some("profile"), seed)? {
            Some(case) => fill(device, "rss", Some(case), now, seed).map(Some),
            None => Ok(None),
        },
        Act::Correct => correct(device, now, seed),
        Act::Attach => attach::attach(device, now, seed),
        Act::Want => attach::want(device, seed),
        Act::Void => void(device, now, seed),
        Act::Settle => settle(device, now, seed),
        Act::Assign => assign(device, people, now, seed),
        Act::Relieve => relieve(device, now, seed),
    }
}

pub(crate) fn setting(now: Millis, entropy: &mut Seeded) -> Setting<'_> {
    Setting { now, language: "fr", entropy }
}

/// A record of the device, of one form or of any.
pub(crate) fn pick(
    device: &Device,
    form: Option<&str>,
    seed: &mut Seeded,
) -> Result<Option<RecordId>, ClientError> {
    let rows = device.replica().records()?.into_iter();
    let of_form = |found: &Option<String>| {
        let id = found.as_deref().and_then(|found| found.split('@').next());
        form.map_or(id.is_some(), |form| id == Some(form))
    };
    let rows: Vec<RecordId> = rows.filter(|row| of_form(&row.form)).map(|row| row.record).collect();
    // The first record is everybody's favourite, so that people meet.
    let at = if seed.below(2) == 0 { 0 } else { seed.below(rows.len()) };
    Ok(rows.get(at).copied())
}

fn fill(
    device: &mut Device,
    form: &str,
    case: Option<RecordId>,
    now: Millis,
    seed: &mut Seeded,
) -> Result<Saved, ClientError> {
    // An interview that was interrupted is gone on with first.
    let under_way = device.replica().drafts()?.into_iter().next();
    let mut interview = match under_way {
        Some(draft) => device.resume(draft.record, setting(now, seed))?,
        None => device.begin(form, case, setting(now, seed))?,
    };
    let mut invention = seed.clone();
    let extent = if invention.below(4) == 0 { Extent::Whole } else { Extent::Sparse };
    invent::fill(device, &mut interview, extent, setting(now, seed), &mut invention)?;
    let finished = device.finish(&mut interview, setting(now, seed))?;
    Ok(Saved { record: finished.record, changes: finished.changes, photo: None })
}

/// Corrects some answers of a record, those that two colleagues are likely to correct at once.
fn correct(device: &mut Device, now: Millis, seed: &mut Seeded) -> Result<Option<Saved>, ClientError> {
    let Some(record) = pick(device, None, seed)? else { return Ok(None) };
    let mut interview = match device.edit_in_memory(record, setting(now, seed)) {
        Ok(interview) => interview,
        Err(ClientError::DraftUnderWay(_)) => return Ok(None),
        Err(error) => return Err(error),
    };
    let (question, answers): (&str, &[&str]) = match (interview.form().form_id() == "rss", seed.below(2)) {
        (true, 0) => ("mode", &["in_person", "phone"]),
        (true, _) => ("interview_language", &["fr", "wo", "ff", "srr"]),
        (false, 0) => ("family_name", &["Exemple", "Inventé", "Modèle", "Essai"]),
        (false, _) => ("village", &["Thiaré", "Ndoffane", "Koungheul"]),
    };
    let answer = answers.get(seed.below(answers.len())).copied().unwrap_or_default();
    let sheet = json!({ question: answer });
    match device.answer_sheet(&mut interview, &sheet) {
        Ok(_) => {}
        // Not every interview asks every question.
        Err(ClientError::Answers(_)) => return Ok(None),
        Err(error) => return Err(error),
    }
    match device.finish(&mut interview, setting(now, seed)) {
        Ok(finished) => Ok(Some(Saved { record, changes: finished.changes, photo: None })),
        Err(ClientError::Findings(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

fn assign(
    device: &mut Device,
    people: &[Assignee],
    now: Millis,
    seed: &mut Seeded,
) -> Result<Option<Saved>, ClientError> {
    let Some(record) = pick(device, Some("profile"), seed)? else { return Ok(None) };
    let Some(to) = people.get(seed.below(people.len())).cloned() else { return Ok(None) };
    let handover = if seed.below(2) == 0 { Handover::Instead } else { Handover::Beside };
    match device.assign(record, to, handover, setting(now, seed)) {
        Ok(changes) => Ok(Some(Saved { record, changes, photo: None })),
        // Nobody has told this device of them yet.
        Err(ClientError::UnknownAssignee { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

fn relieve(device: &mut Device, now: Millis, seed: &mut Seeded) -> Result<Option<Saved>, ClientError> {
    let Some(record) = pick(device, Some("profile"), seed)? else { return Ok(None) };
    let changes = device.relieve(record, None, setting(now, seed))?;
    Ok(Some(Saved { record, changes, photo: None }))
}

fn void(device: &mut Device, now: Millis, seed: &mut Seeded) -> Result<Option<Saved>, ClientError> {
    let Some(record) = pick(device, None, seed)? else { return Ok(None) };
    let voided = device.replica().record(record)?.is_some_and(|row| row.state == State::Voided);
    let changes = if voided {
        device.restore(record, setting(now, seed))?
    } else {
        device.void(record, "essai", setting(now, seed))?
    };
    Ok(Some(Saved { record, changes, photo: None }))
}

/// Settles an answer that holds two values, with one of them.
fn settle(device: &mut Device, now: Millis, seed: &mut Seeded) -> Result<Option<Saved>, ClientError> {
    let records = device.replica().records_in_conflict()?;
    let Some(record) = records.get(seed.below(records.len())).copied() else { return Ok(None) };
    let conflicts: Vec<_> =
        device.replica().parts(record)?.into_iter().flat_map(|part| part.conflicts).collect();
    let Some(conflict) = conflicts.get(seed.below(conflicts.len())) else { return Ok(None) };
    let values: Vec<Value> = conflict.values.iter().map(|candidate| candidate.value.clone()).collect();
    let Some(value) = values.get(seed.below(values.len())).cloned() else { return Ok(None) };
    match device.settle(record, &conflict.key, value, setting(now, seed)) {
        Ok(changes) => Ok(Some(Saved { record, changes, photo: None })),
        // A form may not take what stands; a person would choose otherwise.
        Err(ClientError::Findings(_) | ClientError::Answer(_) | ClientError::SettleStanding { .. }) => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
