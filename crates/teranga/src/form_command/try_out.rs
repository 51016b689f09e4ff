//! `teranga form try`: fill any form in the terminal, or with a file of answers, without a device. Nothing is kept; in
//! the end the answers are shown as the file that would give them.

use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value as Json};
use teranga_core::answers::{AnswerError, answers_from_json, render};
use teranga_core::flow::{Answers, Filling, FlowContext, Shown};
use teranga_core::form::Form;
use teranga_core::id::Entropy as _;
use teranga_core::key::Key;
use teranga_core::shipped;
use teranga_core::value::Value;
use teranga_hub::world::{SystemEntropy, now};

use crate::failure::{self, Failure, Outcome};
use crate::messages::Messages;
use crate::say::say;
use crate::terminal::{self, Keeper};

/// A filling that nobody keeps.
struct Tried(Filling);

impl Keeper for Tried {
    fn filling(&self) -> &Filling {
        &self.0
    }

    fn answer(&mut self, key: &Key, value: Value) -> Outcome<Result<(), AnswerError>> {
        Ok(self.0.set(key, value).map(drop))
    }

    /// Alerts are raised on devices, where there is someone to tell.
    fn notice(&mut self, _messages: &Messages) {}

    fn change(&mut self, change: &mut dyn FnMut(&mut Filling) -> Result<(), AnswerError>) -> Outcome {
        Ok(change(&mut self.0)?)
    }

    fn left(&self, messages: &Messages) -> String {
        messages.text("try-left")
    }

    fn finish(&mut self, messages: &Messages) -> Outcome {
        self.0.finalise(now());
        show(&self.0, messages);
        Ok(())
    }
}

pub(super) fn run(form: Form, answers: Option<&Path>, as_json: bool, messages: &Messages) -> Outcome {
    let form = Arc::new(form);
    let lists = shipped::catalogue()?.lists_for(&form);
    for list in form.lists_needed().into_iter().filter(|list| lists.get(list).is_none()) {
        say!("{}", messages.with("try-no-list", &[("list", list)]));
    }
    let mut seed = [0; 32];
    SystemEntropy.fill(&mut seed);
    let language = messages.language().code().to_owned();
    let begun = now();
    let context = FlowContext { now: begun, begun: Some(begun), language, seed, ..FlowContext::default() };
    let mut tried = Tried(Filling::new(Arc::clone(&form), &lists, Answers::new(), context));
    let Some(path) = answers else { return terminal::ask(&mut tried, Vec::new(), messages) };
    let text = std::fs::read_to_string(path).map_err(|error| failure::file(path, &error))?;
    let json: Json = serde_json::from_str(&text).map_err(|error| {
        let place = [("line", error.line().to_string()), ("column", error.column().to_string())];
        let path = ("path", path.display().to_string());
        Failure::new("answers-not-json", place.into_iter().chain([path]).collect())
    })?;
    let refused = |errors: Vec<AnswerError>| {
        Failure::listing("answers-refused", vec![("count", errors.len().to_string())], errors)
    };
    let sheet = answers_from_json(&form, &lists, &json).map_err(refused)?;
    tried.0.fill(&sheet, &mut SystemEntropy).map_err(refused)?;
    let findings = tried.0.validate();
    tried.0.finalise(now());
    if as_json {
        say!("{}", serde_json::to_string_pretty(&states(&tried.0)).unwrap_or_default());
    } else {
        show(&tried.0, messages);
    }
    if findings.is_empty() {
        return Ok(());
    }
    Err(Failure::listing("answers-incomplete", vec![("count", findings.len().to_string())], findings))
}

/// Every question with its state, by key: for machines.
fn states(filling: &Filling) -> Json {
    let states = filling.states().map(|(key, _, shown)| {
        let value = match &shown {
            Shown::Answered(value) => value.to_json(),
            _ => Json::Null,
        };
        (key.to_string(), serde_json::json!({ "state": shown.code(), "value": value }))
    });
    Json::Object(states.collect::<Map<_, _>>())
}

/// Every question that was answered or could have been.
fn show(filling: &Filling, messages: &Messages) {
    for (key, question, shown) in filling.states() {
        let told = match &shown {
            Shown::Answered(value) => render(question, &filling.choices(key), value, filling.language()),
            Shown::Skipped | Shown::NotAsked if !question.kind.is_asked() => continue,
            other => messages.text(&format!("state-{}", other.code().replace('_', "-"))),
        };
        say!("{key} = {told}");
    }
    for (path, reason) in filling.faults() {
        say!("{}", messages.with("try-fault", &[("path", path), ("reason", reason)]));
    }
}
