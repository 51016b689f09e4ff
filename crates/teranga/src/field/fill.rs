//! Filling a form: in the terminal, question by question, or from a file of answers, which is taken whole or not at
//! all.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::Value as Json;
use teranga_client::interview::Interview;
use teranga_client::{ClientError, Device};
use teranga_core::id::RecordId;
use teranga_core::key::Key;
use teranga_core::wave::Fit;
use teranga_hub::world::SystemEntropy;

use super::keep::Kept;
use super::{acts, alerts, draft, files, setting};
use crate::failure::{self, Failure, Outcome};
use crate::messages::Messages;
use crate::say::say;
use crate::terminal::{self, answered_so_far};

#[derive(Debug, Args)]
pub(crate) struct AnswersArgs {
    #[arg(long)]
    answers: Option<PathBuf>,
}

impl AnswersArgs {
    /// Reads the file, if one is named, before anything is begun.
    pub(super) fn read(&self) -> Outcome<Option<Sheet>> {
        let Some(path) = &self.answers else { return Ok(None) };
        let text = std::fs::read_to_string(path).map_err(|error| failure::file(path, &error))?;
        let json = serde_json::from_str(&text).map_err(|error| {
            let place = [("line", error.line()), ("column", error.column())];
            let mut arguments = vec![("path", path.display().to_string())];
            arguments.extend(place.map(|(name, number)| (name, number.to_string())));
            Failure::new("answers-not-json", arguments)
        })?;
        Ok(Some(Sheet { json, folder: path.parent().unwrap_or(Path::new("")).to_owned() }))
    }
}

/// A file of answers, and the folder it lies in: files that it names lie there too.
#[derive(Debug)]
pub(super) struct Sheet {
    json: Json,
    folder: PathBuf,
}

/// Goes on with an interview that was interrupted: the one that is named, or the only one.
pub(super) fn resume(
    device: &mut Device,
    text: Option<&str>,
    sheet: Option<&Sheet>,
    messages: &Messages,
) -> Outcome {
    let record = draft::find(device, text)?;
    let mut interview = device.resume(record, setting(messages.language().code(), &mut SystemEntropy))?;
    if let Some(sheet) = sheet {
        return take(device, interview, sheet, messages);
    }
    let passed = answered_so_far(interview.filling());
    ask(device, &mut interview, passed, messages)
}

/// Begins an interview and fills it.
pub(super) fn begin(
    device: &mut Device,
    form: &str,
    case: Option<RecordId>,
    sheet: Option<&Sheet>,
    messages: &Messages,
) -> Outcome {
    let mut entropy = SystemEntropy;
    let setting = setting(messages.language().code(), &mut entropy);
    if let Some(sheet) = sheet {
        let interview = device.begin_in_memory(form, case, setting)?;
        return take(device, interview, sheet, messages);
    }
    let mut interview = device.begin(form, case, setting)?;
    ask(device, &mut interview, Vec::new(), messages)
}

/// Opens a saved record again.
pub(super) fn edit(
    device: &mut Device,
    record: RecordId,
    sheet: Option<&Sheet>,
    messages: &Messages,
) -> Outcome {
    let mut entropy = SystemEntropy;
    let setting = setting(messages.language().code(), &mut entropy);
    if let Some(sheet) = sheet {
        let interview = device.edit_in_memory(record, setting)?;
        return take(device, interview, sheet, messages);
    }
    let mut interview = device.edit(record, setting)?;
    ask(device, &mut interview, Vec::new(), messages)
}

/// Asks what follows these places.
pub(super) fn ask(
    device: &mut Device,
    interview: &mut Interview,
    passed: Vec<Key>,
    messages: &Messages,
) -> Outcome {
    terminal::ask(&mut Kept { device, interview, alerts: Vec::new() }, passed, messages)
}

/// Takes a sheet and finishes: what is refused leaves nothing behind, for nothing was kept.
pub(super) fn take(
    device: &mut Device,
    mut interview: Interview,
    sheet: &Sheet,
    messages: &Messages,
) -> Outcome {
    let mut open = |name: &str| files::open(&sheet.folder, name);
    let answered = device.answer_sheet_attaching(&mut interview, &sheet.json, &mut open, &mut SystemEntropy);
    let finished = answered.map_err(explain).and_then(|_| {
        alerts::tell(device, &interview, &mut Vec::new(), messages);
        finish(device, &mut interview, messages)
    });
    // Whatever came of it: what no answer names is not kept.
    device.replica_mut().drop_loose_files()?;
    finished
}

pub(super) fn explain(error: ClientError) -> Failure {
    match error {
        ClientError::Answers(errors) => {
            Failure::listing("answers-refused", vec![("count", errors.len().to_string())], errors)
        }
        ClientError::Findings(findings) => {
            Failure::listing("answers-incomplete", vec![("count", findings.len().to_string())], findings)
        }
        other => other.into(),
    }
}

pub(super) fn finish(device: &mut Device, interview: &mut Interview, messages: &Messages) -> Outcome {
    let finished =
        device.finish(interview, setting(messages.language().code(), &mut SystemEntropy)).map_err(explain)?;
    if let Some(round) = &finished.round {
        let days = match round.fit {
            Fit::Within => String::new(),
            Fit::Outside { days } => messages.with("wave-outside", &[("days", &days.to_string())]),
        };
        say!("{}", messages.with("wave", &[("wave", &round.wave), ("outside", &days)]));
    }
    if let (Some(round), false) = (&finished.round, finished.others.is_empty()) {
        let others: Vec<String> = finished.others.iter().map(ToString::to_string).collect();
        let told = [("wave", round.wave.as_str()), ("records", &others.join(", "))];
        say!("{}", messages.with("wave-taken", &told));
    }
    acts::report(finished.record, &finished.changes, messages);
    Ok(())
}
