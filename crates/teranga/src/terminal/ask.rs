//! Asking in the terminal, question by question. Whoever keeps the answers has each before the next question is shown.

use teranga_core::answers::{AnswerError, parse_typed};
use teranga_core::flow::{Filling, Shown, Step, Stop};
use teranga_core::form::Question;
use teranga_core::id::ItemId;
use teranga_core::key::Key;
use teranga_core::value::{NoAnswer, Value};
use teranga_hub::world::{SystemEntropy, now};

use super::line::{Typed, read, show};
use super::walk::{self, Place};
use crate::failure::{self, Failure, Outcome};
use crate::language::Language;
use crate::messages::Messages;
use crate::say::say;

/// Who keeps what is answered, and what becomes of it in the end.
pub(crate) trait Keeper {
    /// The live form.
    fn filling(&self) -> &Filling;
    /// Takes one answer and keeps it. What the form refuses changes nothing; a store that fails ends the interview.
    fn answer(&mut self, key: &Key, value: Value) -> Outcome<Result<(), AnswerError>>;
    /// Attaches the file whose path was typed and returns the answer that names it. Where nothing is kept, the name is
    /// the answer.
    fn attach(
        &mut self,
        question: &Question,
        typed: &str,
        _messages: &Messages,
    ) -> Outcome<Result<Value, AnswerError>> {
        Ok(parse_typed(question, &[], typed, ""))
    }
    /// Says at once what an answer led to that cannot wait.
    fn notice(&mut self, messages: &Messages);
    /// Changes the filling otherwise: adds items, shows another language.
    fn change(&mut self, change: &mut dyn FnMut(&mut Filling) -> Result<(), AnswerError>) -> Outcome;
    /// An identity for an item that is added.
    fn new_item(&self) -> ItemId {
        ItemId::generate(now(), &mut SystemEntropy)
    }
    /// What is said when the person leaves before the end.
    fn left(&self, messages: &Messages) -> String;
    /// Everything is answered.
    fn finish(&mut self, messages: &Messages) -> Outcome;
}

/// Asks what follows these places, and finishes.
pub(crate) fn ask(keeper: &mut dyn Keeper, passed: Vec<Key>, messages: &Messages) -> Outcome {
    // Its own, since the person may change the language on the way.
    let messages = Messages::new(messages.language());
    say!("{}", messages.text("fill-keys"));
    Asking { keeper, passed, messages, items: Vec::new() }.run()
}

/// An interview in the terminal.
struct Asking<'a> {
    keeper: &'a mut dyn Keeper,
    passed: Vec<Key>,
    messages: Messages,
    /// The items whose numbers were shown last.
    items: Vec<(Stop, usize)>,
}

enum Went {
    On(Option<Key>),
    Back,
    Away,
}

impl Asking<'_> {
    fn run(mut self) -> Outcome {
        while let Some(place) = walk::next(walk::places(self.keeper.filling()), &self.passed) {
            match self.at(&place)? {
                Went::On(name) => self.passed.extend(name),
                Went::Back => self.back(),
                Went::Away => {
                    say!("{}", self.keeper.left(&self.messages));
                    return Ok(());
                }
            }
        }
        let findings = self.keeper.filling().validate();
        if findings.is_empty() {
            return self.keeper.finish(&self.messages);
        }
        let count = vec![("count", findings.len().to_string())];
        Err(Failure::listing("answers-incomplete", count, findings))
    }

    fn back(&mut self) {
        let places = walk::places(self.keeper.filling());
        let asked: Vec<&Key> =
            places.iter().filter(|place| place.asks).filter_map(|place| place.name.as_ref()).collect();
        walk::back(&mut self.passed, |key| asked.contains(&key));
    }

    fn at(&mut self, place: &Place) -> Outcome<Went> {
        if place.stop.step == Step::RepeatEnd {
            return if place.asks { self.at_end(place) } else { Ok(Went::On(place.name.clone())) };
        }
        self.show_items(place);
        let filling = self.keeper.filling();
        let Some(prompt) = filling.prompt(&place.stop) else { return Ok(Went::On(None)) };
        show(filling, &prompt, &self.messages);
        let (Some(key), true) = (place.name.clone(), place.asks) else {
            return Ok(Went::On(place.name.clone()));
        };
        let value = match read(&self.messages)? {
            Typed::Answer(text) if text.is_empty() && prompt.state != Shown::NotAsked => {
                return Ok(Went::On(Some(key)));
            }
            Typed::Answer(text) if prompt.question.kind.is_attached() && !text.is_empty() => {
                let question = prompt.question.clone();
                self.keeper.attach(&question, &text, &self.messages)?
            }
            Typed::Answer(text) => parse_typed(prompt.question, &prompt.choices, &text, filling.language()),
            Typed::Clear => Ok(Value::Cleared),
            Typed::DontKnow => Ok(Value::NoAnswer(NoAnswer::DontKnow)),
            Typed::Declined => Ok(Value::NoAnswer(NoAnswer::Declined)),
            Typed::Back => return Ok(Went::Back),
            Typed::Leave | Typed::End => return Ok(Went::Away),
            Typed::Language => return self.change_language(),
        };
        self.answer(key, value)
    }

    fn answer(&mut self, key: Key, value: Result<Value, AnswerError>) -> Outcome<Went> {
        let required = self.keeper.filling().requires_answer(&key);
        let empty = matches!(value, Ok(Value::Cleared));
        let taken = match value {
            Ok(value) => self.keeper.answer(&key, value)?,
            Err(error) => Err(error),
        };
        match taken {
            Ok(()) if empty && required => {
                say!("  {}", self.messages.text("fill-required"));
                Ok(Went::On(None))
            }
            Ok(()) => {
                self.keeper.notice(&self.messages);
                Ok(Went::On(Some(key)))
            }
            Err(error) => {
                say!("  {}", failure::told(&self.messages, &error));
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
        self.keeper.change(&mut |filling| {
            filling.set_language(other.code());
            Ok(())
        })?;
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
            let label = self.keeper.filling().prompt(item).map(|prompt| prompt.label).unwrap_or_default();
            let told = [("label", label.as_str()), ("number", &number.to_string())];
            say!("\n{}", self.messages.with("fill-item", &told));
        }
    }

    /// The end of a repeat: whether there is one more.
    fn at_end(&mut self, place: &Place) -> Outcome<Went> {
        let Some(prompt) = self.keeper.filling().prompt(&place.stop) else { return Ok(Went::On(None)) };
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
        let item = self.keeper.new_item();
        self.keeper.change(&mut |filling| filling.add_item(&repeat, within.as_ref(), item).map(drop))?;
        Ok(Went::On(None))
    }
}
