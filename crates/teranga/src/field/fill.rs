//! Filling a form in the terminal, question by question, or from a file of answers. Every answer is on the disk
//! before the next question is shown.

use std::io::{BufRead as _, Write as _};
use std::path::PathBuf;

use clap::Args;
use serde_json::Value as Json;
use teranga_client::interview::Interview;
use teranga_client::{ClientError, Device};
use teranga_core::answers::parse_typed;
use teranga_core::flow::{Counted, Prompt, Shown, Step, Stop};
use teranga_core::form::Kind;
use teranga_core::id::{ItemId, RecordId};
use teranga_core::key::Key;
use teranga_core::value::{NoAnswer, Value};
use teranga_core::wave::Fit;
use teranga_hub::world::{SystemEntropy, now};

use super::{acts, setting};
use crate::failure::{self, Failure, Outcome};
use crate::messages::Messages;

#[derive(Debug, Args)]
pub(crate) struct AnswersArgs {
    #[arg(long)]
    answers: Option<PathBuf>,
}

impl AnswersArgs {
    /// Reads the file, if one is named, before anything is begun.
    pub(super) fn read(&self) -> Outcome<Option<Json>> {
        let Some(path) = &self.answers else { return Ok(None) };
        let text = std::fs::read_to_string(path).map_err(|error| failure::file(path, &error))?;
        serde_json::from_str(&text).map(Some).map_err(|error| {
            let place = [("line", error.line()), ("column", error.column())];
            let mut arguments = vec![("path", path.display().to_string())];
            arguments.extend(place.map(|(name, number)| (name, number.to_string())));
            Failure::new("answers-not-json", arguments)
        })
    }
}

/// Goes on with an interview that was interrupted: the one that is named, or the only one.
pub(super) fn resume(
    device: &mut Device,
    text: Option<&str>,
    sheet: Option<&Json>,
    messages: &Messages,
) -> Outcome {
    let drafts = device.replica().drafts()?;
    let wanted = text.unwrap_or_default().trim().to_uppercase();
    let mut found = drafts.iter().filter(|draft| draft.record.to_string().ends_with(&wanted));
    let record = match (found.next(), found.next()) {
        (Some(draft), None) => draft.record,
        (None, _) => return Err(Failure::new("draft-absent", vec![("record", wanted)])),
        (Some(_), Some(_)) => {
            return Err(Failure::new("draft-several", vec![("count", drafts.len().to_string())]));
        }
    };
    let mut interview = device.resume(record, setting(messages.language().code(), &mut SystemEntropy))?;
    if let Some(json) = sheet {
        return take(device, interview, json, messages);
    }
    let passed = answered_so_far(&interview);
    ask(device, &mut interview, passed, messages)
}

/// What comes before the first question that nobody has answered.
fn answered_so_far(interview: &Interview) -> Vec<Key> {
    let prompts = interview.filling().prompts();
    let open = |prompt: &Prompt<'_>| {
        prompt.step == Step::Question && prompt.question.kind.is_asked() && prompt.state == Shown::NotAsked
    };
    prompts.take_while(|prompt| !open(prompt)).filter_map(|prompt| place(&prompt)).collect()
}

/// Begins an interview and fills it.
pub(super) fn begin(
    device: &mut Device,
    form: &str,
    case: Option<RecordId>,
    sheet: Option<&Json>,
    messages: &Messages,
) -> Outcome {
    let mut entropy = SystemEntropy;
    let setting = setting(messages.language().code(), &mut entropy);
    match sheet {
        Some(json) => {
            let interview = device.begin_in_memory(form, case, setting)?;
            take(device, interview, json, messages)
        }
        None => {
            let mut interview = device.begin(form, case, setting)?;
            ask(device, &mut interview, Vec::new(), messages)
        }
    }
}

/// Opens a saved record again.
pub(super) fn edit(
    device: &mut Device,
    record: RecordId,
    sheet: Option<&Json>,
    messages: &Messages,
) -> Outcome {
    let mut entropy = SystemEntropy;
    let setting = setting(messages.language().code(), &mut entropy);
    match sheet {
        Some(json) => {
            let interview = device.edit_in_memory(record, setting)?;
            take(device, interview, json, messages)
        }
        None => {
            let mut interview = device.edit(record, setting)?;
            ask(device, &mut interview, Vec::new(), messages)
        }
    }
}

/// Takes a sheet and finishes: what is refused leaves nothing behind, for nothing was kept.
fn take(device: &mut Device, mut interview: Interview, sheet: &Json, messages: &Messages) -> Outcome {
    device.answer_sheet(&mut interview, sheet, &mut SystemEntropy).map_err(explain)?;
    finish(device, &mut interview, messages)
}

fn explain(error: ClientError) -> Failure {
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

fn finish(device: &mut Device, interview: &mut Interview, messages: &Messages) -> Outcome {
    let finished =
        device.finish(interview, setting(messages.language().code(), &mut SystemEntropy)).map_err(explain)?;
    if let Some(round) = &finished.round {
        let days = match round.fit {
            Fit::Within => String::new(),
            Fit::Outside { days } => messages.with("wave-outside", &[("days", &days.to_string())]),
        };
        println!("{}", messages.with("wave", &[("wave", &round.wave), ("outside", &days)]));
    }
    acts::report(finished.record, &finished.changes, messages);
    Ok(())
}

/// What the person at the terminal wants.
enum Typed {
    Answer(String),
    DontKnow,
    Declined,
    Back,
    Language,
    Leave,
    End,
}

fn ask(device: &mut Device, interview: &mut Interview, mut passed: Vec<Key>, messages: &Messages) -> Outcome {
    println!("{}", messages.text("fill-keys"));
    while let Some(stop) = next(interview, &passed) {
        match at_stop(device, interview, &stop, messages)? {
            Went::On(key) => passed.extend(key),
            Went::Back => drop(passed.pop().and_then(|_| passed.pop())),
            Went::Away => {
                println!("{}", messages.with("fill-left", &[("record", &interview.record().to_string())]));
                return Ok(());
            }
        }
    }
    let findings = interview.findings();
    if findings.is_empty() {
        return finish(device, interview, messages);
    }
    let count = vec![("count", findings.len().to_string())];
    Err(Failure::listing("answers-incomplete", count, findings))
}

/// The first stop after the last one passed that is still there: an answer may have taken away what came before.
fn next(interview: &Interview, passed: &[Key]) -> Option<Stop> {
    let filling = interview.filling();
    let stops: Vec<(Stop, Option<Key>)> = filling
        .stops()
        .into_iter()
        .filter(|stop| matches!(stop.step, Step::Question | Step::RepeatEnd))
        .filter_map(|stop| Some((stop, place(&filling.prompt(&stop)?))))
        .collect();
    let last =
        passed.iter().rev().find_map(|key| stops.iter().position(|(_, place)| place.as_ref() == Some(key)));
    stops.get(last.map_or(0, |last| last + 1)).map(|(stop, _)| *stop)
}

/// What names a stop: a question by its key, the end of a repeat by its name.
fn place(prompt: &Prompt<'_>) -> Option<Key> {
    match prompt.step {
        Step::RepeatEnd => {
            let within = prompt.key.as_ref().map_or_else(String::new, |key| format!("{key}/"));
            Some(Key::from_text(format!("{within}{}#", prompt.question.id)))
        }
        _ => prompt.key.clone(),
    }
}

enum Went {
    On(Option<Key>),
    Back,
    Away,
}

fn at_stop(
    device: &mut Device,
    interview: &mut Interview,
    stop: &Stop,
    messages: &Messages,
) -> Outcome<Went> {
    let Some(prompt) = interview.filling().prompt(stop) else { return Ok(Went::On(None)) };
    let here = place(&prompt);
    if stop.step == Step::RepeatEnd {
        let (repeat, within, label) = (prompt.question.id.clone(), prompt.key.clone(), prompt.label.clone());
        let by_hand = !interview.filling().stops().iter().any(|other| {
            matches!(other.step, Step::RepeatStart { counted: Counted::ByForm, .. })
                && interview.filling().prompt(other).is_some_and(|other| other.question.id == repeat)
        });
        return add_item(device, interview, &Repeat { id: repeat, within, label, by_hand, here }, messages);
    }
    show(&prompt, messages);
    if prompt.question.kind == Kind::Note || prompt.readonly {
        return Ok(Went::On(here));
    }
    let (question, choices) = (prompt.question.clone(), prompt.choices.clone());
    let Some(key) = prompt.key.clone() else { return Ok(Went::On(None)) };
    let was = prompt.state.clone();
    let value = match read(messages)? {
        Typed::Answer(text) if text.is_empty() && was != Shown::NotAsked => return Ok(Went::On(here)),
        Typed::Answer(text) => parse_typed(&question, &choices, &text, interview.filling().language()),
        Typed::DontKnow => Ok(Value::NoAnswer(NoAnswer::DontKnow)),
        Typed::Declined => Ok(Value::NoAnswer(NoAnswer::Declined)),
        Typed::Back => return Ok(Went::Back),
        Typed::Leave | Typed::End => return Ok(Went::Away),
        Typed::Language => {
            let other = if interview.filling().language() == "fr" { "en" } else { "fr" };
            device.change(interview, |filling| Ok(filling.set_language(other)))?;
            return Ok(Went::On(None));
        }
    };
    let required = prompt_required(interview, &key);
    let set = value.map_err(ClientError::from).and_then(|value| {
        let empty = value == Value::Cleared;
        device.answer(interview, &key, value).map(|_| empty)
    });
    match set {
        Ok(true) if required => {
            println!("  {}", messages.text("fill-required"));
            Ok(Went::On(None))
        }
        Ok(_) => Ok(Went::On(here)),
        Err(ClientError::Store(error)) => Err(error.into()),
        Err(error) => {
            println!("  {}", explain(error).message(messages));
            Ok(Went::On(None))
        }
    }
}

fn prompt_required(interview: &Interview, key: &Key) -> bool {
    interview.filling().prompts().any(|prompt| prompt.key.as_ref() == Some(key) && prompt.required)
}

/// The end of a repeat: whether there is one more.
struct Repeat {
    id: String,
    within: Option<Key>,
    label: String,
    by_hand: bool,
    here: Option<Key>,
}

fn add_item(
    device: &mut Device,
    interview: &mut Interview,
    repeat: &Repeat,
    messages: &Messages,
) -> Outcome<Went> {
    if !repeat.by_hand {
        return Ok(Went::On(repeat.here.clone()));
    }
    println!("\n{}", messages.with("fill-add-item", &[("label", &repeat.label)]));
    let yes = match read(messages)? {
        Typed::Answer(text) => matches!(text.to_lowercase().as_str(), "o" | "oui" | "y" | "yes" | "1"),
        Typed::Leave | Typed::End => return Ok(Went::Away),
        Typed::Back => return Ok(Went::Back),
        Typed::DontKnow | Typed::Declined | Typed::Language => false,
    };
    if !yes {
        return Ok(Went::On(repeat.here.clone()));
    }
    let item = ItemId::generate(now(), &mut SystemEntropy);
    device.change(interview, |filling| filling.add_item(&repeat.id, repeat.within.as_ref(), item))?;
    Ok(Went::On(None))
}

fn show(prompt: &Prompt<'_>, messages: &Messages) {
    println!("\n{}{}", prompt.label, if prompt.required { " *" } else { "" });
    if !prompt.hint.is_empty() {
        println!("  ({})", prompt.hint);
    }
    for (choice, number) in prompt.choices.iter().zip(1..) {
        let label = choice.label.as_ref().map_or(choice.name.as_str(), |label| label.get("", ""));
        println!("  {number}. {label}");
    }
    let standing = match &prompt.state {
        Shown::Answered(value) => match value.to_json() {
            Json::String(text) => text,
            other => other.to_string(),
        },
        Shown::DontKnow | Shown::Declined | Shown::Hidden => {
            messages.text(&format!("state-{}", prompt.state.code().replace('_', "-")))
        }
        Shown::NotAsked | Shown::Skipped => return,
    };
    println!("  [{standing}]");
}

fn read(messages: &Messages) -> Outcome<Typed> {
    print!("> ");
    let terminal = std::path::Path::new("terminal");
    std::io::stdout().flush().map_err(|error| failure::file(terminal, &error))?;
    let mut line = String::new();
    let read =
        std::io::stdin().lock().read_line(&mut line).map_err(|error| failure::file(terminal, &error))?;
    if read == 0 {
        return Ok(Typed::End);
    }
    Ok(match line.trim() {
        ":nsp" | ":dk" => Typed::DontKnow,
        ":refus" | ":declined" => Typed::Declined,
        "<" => Typed::Back,
        ":lang" => Typed::Language,
        ":q" => Typed::Leave,
        ":?" => {
            println!("{}", messages.text("fill-keys"));
            return self::read(messages);
        }
        text => Typed::Answer(text.to_owned()),
    })
}
