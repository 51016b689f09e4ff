//! Asking in the terminal, question by question. Every answer is on the disk before the next question is shown.

use teranga_client::interview::Interview;
use teranga_client::{ClientError, Device};
use teranga_core::answers::parse_typed;
use teranga_core::flow::{Shown, Step, Stop};
use teranga_core::id::ItemId;
use teranga_core::key::Key;
use teranga_core::value::{NoAnswer, Value};
use teranga_hub::world::{SystemEntropy, now};

use super::alerts;
use super::fill::{explain, finish};
use super::terminal::{Typed, read, show};
use super::walk::{self, Place};
use crate::failure::{Failure, Outcome};
use crate::language::Language;
use crate::messages::Messages;
use crate::say::say;

/// Asks what follows these places, and finishes.
pub(super) fn ask(
    device: &mut Device,
    interview: &mut Interview,
    passed: Vec<Key>,
    messages: &Messages,
) -> Outcome {
    // Its own, since the person may change the language on the way.
    let messages = Messages::new(messages.language());
    say!("{}", messages.text("fill-keys"));
    Asking { device, interview, passed, messages, items: Vec::new(), alerts: Vec::new() }.run()
}

/// An interview in the terminal.
struct Asking<'a> {
    device: &'a mut Device,
    interview: &'a mut Interview,
    passed: Vec<Key>,
    messages: Messages,
    /// The items whose numbers were shown last.
    items: Vec<(Stop, usize)>,
    /// The alerts that were said.
    alerts: Vec<String>,
}

enum Went {
    On(Option<Key>),
    Back,
    Away,
}

impl Asking<'_> {
    fn run(mut self) -> Outcome {
        while let Some(place) = walk::next(walk::places(self.interview.filling()), &self.passed) {
            match self.at(&place)? {
                Went::On(name) => self.passed.extend(name),
                Went::Back => self.back(),
                Went::Away => {
                    let record = self.interview.record().to_string();
                    say!("{}", self.messages.with("fill-left", &[("record", &record)]));
                    return Ok(());
                }
            }
        }
        let findings = self.interview.findings();
        if findings.is_empty() {
            return finish(self.device, self.interview, &self.messages);
        }
        let count = vec![("count", findings.len().to_string())];
        Err(Failure::listing("answers-incomplete", count, findings))
    }

    fn back(&mut self) {
        let places = walk::places(self.interview.filling());
        let asked: Vec<&Key> =
            places.iter().filter(|place| place.asks).filter_map(|place| place.name.as_ref()).collect();
        walk::back(&mut self.passed, |key| asked.contains(&key));
    }

    fn at(&mut self, place: &Place) -> Outcome<Went> {
        if place.stop.step == Step::RepeatEnd {
            return if place.asks { self.at_end(place) } else { Ok(Went::On(place.name.clone())) };
        }
        self.show_items(place);
        let filling = self.interview.filling();
        let Some(prompt) = filling.prompt(&place.stop) else { return Ok(Went::On(None)) };
        show(filling, &prompt, &self.messages);
        let (Some(key), true) = (place.name.clone(), place.asks) else {
            return Ok(Went::On(place.name.clone()));
        };
        let value = match read(&self.messages)? {
            Typed::Answer(text) if text.is_empty() && prompt.state != Shown::NotAsked => {
                return Ok(Went::On(Some(key)));
            }
            Typed::Answer(text) => parse_typed(prompt.question, &prompt.choices, &text, filling.language()),
            Typed::Clear => Ok(Value::Cleared),
            Typed::DontKnow => Ok(Value::NoAnswer(NoAnswer::DontKnow)),
            Typed::Declined => Ok(Value::NoAnswer(NoAnswer::Declined)),
            Typed::Back => return Ok(Went::Back),
            Typed::Leave | Typed::End => return Ok(Went::Away),
            Typed::Language => return self.change_language(),
        };
        self.answer(key, value.map_err(ClientError::from))
    }

    fn answer(&mut self, key: Key, value: Result<Value, ClientError>) -> Outcome<Went> {
        let required = self.interview.filling().requires_answer(&key);
        let set = value.and_then(|value| {
            let empty = value == Value::Cleared;
            self.device.answer(self.interview, &key, value).map(|_| empty)
        });
        match set {
            Ok(true) if required => {
                say!("  {}", self.messages.text("fill-required"));
                Ok(Went::On(None))
            }
            Ok(_) => {
                alerts::tell(self.device, self.interview, &mut self.alerts, &self.messages);
                Ok(Went::On(Some(key)))
            }
            Err(ClientError::Store(error)) => Err(error.into()),
            Err(error) => {
                say!("  {}", explain(error).message(&self.messages));
                Ok(Went::On(None))
            }
        }
    }

    /// The program's own words change with the form's.
    fn change_language(&mut self) -> Outcome<Went> {
        let other = match self.messages.language() {
            Language::Fr => Language::En,
            Language::En => Language::Fr,
        };
        self.device.change(self.interview, |filling| Ok(filling.set_language(other.code())))?;
        self.messages = Messages::new(other);
        self.items.clear();
        say!("{}", self.messages.text("fill-keys"));
        Ok(Went::On(None))
    }

    /// Says which item of which repeat a question is about, where that is another than before.
    fn show_items(&mut self, place: &Place) {
        if place.items == self.items {
            return;
        }
        self.items.clone_from(&place.items);
        for (item, number) in &place.items {
            let label = self.interview.filling().prompt(item).map(|prompt| prompt.label).unwrap_or_default();
            let told = [("label", label.as_str()), ("number", &number.to_string())];
            say!("\n{}", self.messages.with("fill-item", &told));
        }
    }

    /// The end of a repeat: whether there is one more.
    fn at_end(&mut self, place: &Place) -> Outcome<Went> {
        let Some(prompt) = self.interview.filling().prompt(&place.stop) else { return Ok(Went::On(None)) };
        let (repeat, within) = (prompt.question.id.clone(), prompt.key.clone());
        say!("\n{}", self.messages.with("fill-add-item", &[("label", &prompt.label)]));
        let yes = match read(&self.messages)? {
            Typed::Answer(text) => matches!(text.to_lowercase().as_str(), "o" | "oui" | "y" | "yes" | "1"),
            Typed::Leave | Typed::End => return Ok(Went::Away),
            Typed::Back => return Ok(Went::Back),
            Typed::Language => return self.change_language(),
            Typed::Clear | Typed::DontKnow | Typed::Declined => false,
        };
        if !yes {
            return Ok(Went::On(place.name.clone()));
        }
        let item = ItemId::generate(now(), &mut SystemEntropy);
        self.device.change(self.interview, |filling| filling.add_item(&repeat, within.as_ref(), item))?;
        Ok(Went::On(None))
    }
}
