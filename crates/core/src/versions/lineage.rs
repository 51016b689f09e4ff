//! A version of a form with all that came before it: how answers of any of them read in it, and how what is answered
//! in it is told to devices that still fill an earlier one.

use std::sync::Arc;

use crate::class::ClassId;
use crate::flow::Answers;
use crate::form::{Form, FormRef, Kind, MappingsDocument};
use crate::key::Key;
use crate::value::Value;

/// A version and those before it, the earliest first.
#[derive(Debug, Clone)]
pub struct Lineage {
    pub(super) versions: Vec<Arc<Form>>,
}

/// Answers as a version reads them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Carried {
    /// The answers. What the version does not know stays among them.
    pub answers: Answers,
    /// Where an answer that was given in this version's terms stands beside another one that was given, unaware of
    /// it, in an earlier version's.
    pub disputes: Vec<Dispute>,
}

/// Two answers to what is one question now.
#[derive(Debug, Clone, PartialEq)]
pub struct Dispute {
    /// The question in this version.
    pub key: Key,
    /// The answer that is shown: the one given in this version's terms.
    pub own: Value,
    /// The retired question, or the retired option, under which the other answer stands.
    pub retired: Key,
    /// The other answer, in this version's terms.
    pub earlier: Value,
}

/// A key taken apart: the item that it lies in with a slash behind it, the question, and the option.
struct Parts<'a> {
    item: &'a str,
    question: &'a str,
    option: Option<&'a str>,
}

impl Lineage {
    /// A version (the last) with those before it, the earliest first.
    pub fn new(versions: Vec<Arc<Form>>) -> Self {
        Self { versions }
    }

    /// Whether the last version came after this one.
    pub fn is_after(&self, earlier: &FormRef) -> bool {
        let Some((_, before)) = self.versions.split_last() else { return false };
        before.iter().any(|form| form.reference() == *earlier)
    }

    /// Whether no version maps anything: answers read as they stand.
    pub fn is_plain(&self) -> bool {
        self.mappings().next().is_none()
    }

    fn mappings(&self) -> impl DoubleEndedIterator<Item = &MappingsDocument> {
        self.versions.iter().filter_map(|form| form.document().mappings.as_ref())
    }

    /// Answers as the last version reads them. Applied again it changes nothing.
    pub fn carry(&self, answers: &Answers) -> Carried {
        let mut carried = Carried { answers: answers.clone(), disputes: Vec::new() };
        for mappings in self.mappings() {
            recode(mappings, &mut carried);
            take_over(mappings, &mut carried);
        }
        carried
    }

    /// One stored key and value as the last version reads them, recodes alone: for values that stand side by side.
    pub fn recoded(&self, key: &Key, value: &Value) -> (Key, Value) {
        self.mappings().fold((key.clone(), value.clone()), |(key, value), mappings| {
            recoded(mappings, &key, &value).unwrap_or((key, value))
        })
    }

    /// What retired questions are to hold so that they say what is answered now, for those whose answer `changed` in a
    /// question that replaces them: where that can be told in their terms the code that says it, else that there is no
    /// answer any more. A retired question that was never answered stays so. With it comes what is answered in each
    /// question that replaces it, which may have been read from the retired one alone. A retired option is told what
    /// its present one is. `stored` is what stood before any version read it.
    pub fn told_back(
        &self,
        stored: &Answers,
        answers: &Answers,
        changed: impl Fn(&Key) -> bool,
    ) -> Vec<(ClassId, Key, Value)> {
        let mut told: Vec<(ClassId, Key, Value)> = self.told_options(stored, answers, &changed);
        let mut known = answers.clone();
        // From the latest mapping to the first: what was split twice is told back through both.
        for mappings in self.mappings().rev() {
            for key in answers.keys() {
                let parts = Parts::of(key);
                let touched = |target: &&str| {
                    let key = parts.beside(target);
                    changed(&key) || told.iter().any(|(_, told, _)| *told == key)
                };
                if parts.option.is_some() || !mappings.targets(parts.question).iter().any(touched) {
                    continue;
                }
                let now = said_in(mappings, &parts, &known).unwrap_or(Value::Cleared);
                if let Some(class) = self.class_of(key).cloned() {
                    known.insert(key.clone(), now.clone());
                    for target in mappings.targets(parts.question) {
                        let target = parts.beside(target);
                        let answer = known.get(&target).cloned();
                        told.extend(answer.map(|answer| (class.clone(), target, answer)));
                    }
                    told.push((class, key.clone(), now));
                }
            }
        }
        told
    }

    /// What retired options of a select-multiple are to hold, for those whose present option `changed`.
    fn told_options(
        &self,
        stored: &Answers,
        answers: &Answers,
        changed: &impl Fn(&Key) -> bool,
    ) -> Vec<(ClassId, Key, Value)> {
        let told = stored.iter().filter_map(|(key, value)| {
            Parts::of(key).option?;
            let moved = self.said(key, value).into_iter().next();
            let (present, _) = moved.unwrap_or_else(|| self.recoded(key, value));
            let now = answers.get(&present).filter(|_| present != *key && changed(&present))?;
            Some((self.class_of(key)?.clone(), key.clone(), now.clone()))
        });
        told.collect()
    }

    /// What an answer of a retired question says in the questions that replace it; nothing for a question that is not
    /// retired.
    pub fn said(&self, retired: &Key, answer: &Value) -> Vec<(Key, Value)> {
        let parts = Parts::of(retired);
        let mappings = self.mappings().filter(|mappings| mappings.retires(parts.question));
        if let Some(option) = parts.option {
            let targets = mappings.filter_map(|mappings| mappings.moved.get(parts.question));
            let keys = targets.map(|target| parts.beside(target).child(option));
            return keys.map(|key| self.recoded(&key, answer)).collect();
        }
        let said = mappings.flat_map(|mappings| mappings.answers(parts.question, answer));
        said.map(|(question, value)| self.recoded(&parts.beside(question), &value)).collect()
    }

    /// Whether a key belongs to a question that a mapping retires.
    pub fn retires(&self, key: &Key) -> bool {
        let question = Parts::of(key).question;
        self.mappings().any(|mappings| mappings.retires(question))
    }

    /// The class of what a key stores, by the last version that knows it.
    pub fn class_of(&self, key: &Key) -> Option<&ClassId> {
        self.versions.iter().rev().find_map(|form| form.class_of(key))
    }
}

impl<'a> Parts<'a> {
    fn of(key: &'a Key) -> Self {
        let text = key.as_str();
        let mut begin = 0;
        // Repeats and their items come in pairs; an item's identity is 26 letters.
        while let Some((repeat, rest)) = text.get(begin..).and_then(|rest| rest.split_once('/')) {
            match rest.split_once('/') {
                Some((item, _)) if item.parse::<crate::id::ItemId>().is_ok() => {
                    begin += repeat.len() + item.len() + 2;
                }
                _ => break,
            }
        }
        let (item, own) = text.split_at(begin);
        match own.split_once('/') {
            Some((question, option)) => Self { item, question, option: Some(option) },
            None => Self { item, question: own, option: None },
        }
    }

    fn beside(&self, question: &str) -> Key {
        Key::from_text(format!("{}{question}", self.item))
    }
}

fn recode(mappings: &MappingsDocument, carried: &mut Carried) {
    if mappings.recode.is_empty() {
        return;
    }
    let changed: Vec<(Key, (Key, Value))> = carried
        .answers
        .iter()
        .filter_map(|(key, value)| Some((key.clone(), recoded(mappings, key, value)?)))
        .collect();
    for (was, (key, value)) in changed {
        if was == key {
            carried.answers.insert(key, value);
            continue;
        }
        // An option. Left where it is it would read as one that the form does not offer.
        carried.answers.remove(&was);
        take(carried, was, key, value);
    }
}

/// Reads what stands under a retired key into its present one, beside what may stand there already.
fn take(carried: &mut Carried, retired: Key, key: Key, earlier: Value) {
    match carried.answers.get(&key) {
        None => drop(carried.answers.insert(key, earlier)),
        Some(own) if *own == earlier || earlier == Value::Cleared => {}
        Some(own) => {
            let own = own.clone();
            carried.disputes.push(Dispute { key, own, retired, earlier });
        }
    }
}

/// A key and value under present codes; `None` where nothing of it is retired.
fn recoded(mappings: &MappingsDocument, key: &Key, value: &Value) -> Option<(Key, Value)> {
    let parts = Parts::of(key);
    let codes = mappings.recode.get(parts.question)?;
    if let Some(option) = parts.option {
        let present = codes.get(option)?;
        return Some((parts.beside(parts.question).child(present), value.clone()));
    }
    let Value::Text(text) = value else { return None };
    let present = |code: &str| codes.get(code).map_or(code, String::as_str).to_owned();
    let now = text.split(' ').map(present).collect::<Vec<_>>().join(" ");
    (now != *text).then(|| (key.clone(), Value::Text(now)))
}

/// Reads answers of retired questions into those that replace them.
fn take_over(mappings: &MappingsDocument, carried: &mut Carried) {
    let retired: Vec<(Key, Value)> = carried
        .answers
        .iter()
        .filter(|(key, _)| mappings.retires(Parts::of(key).question))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    for (retired, value) in retired {
        let parts = Parts::of(&retired);
        if let (Some(option), Some(target)) = (parts.option, mappings.moved.get(parts.question)) {
            let key = parts.beside(target).child(option);
            take(carried, retired.clone(), key, value);
            continue;
        }
        for (question, earlier) in mappings.answers(parts.question, &value) {
            take(carried, retired.clone(), parts.beside(question), earlier);
        }
    }
}

/// What a retired question would hold, had it been asked for what is answered now.
fn said_in(mappings: &MappingsDocument, parts: &Parts<'_>, answers: &Answers) -> Option<Value> {
    let now = |question: &str| answers.get(&parts.beside(question)).cloned().unwrap_or(Value::Cleared);
    if let Some(target) = mappings.moved.get(parts.question) {
        return Some(now(target));
    }
    let targets = mappings.targets(parts.question);
    if let Some(Value::NoAnswer(why)) = targets.first().map(|target| now(target))
        && targets.iter().all(|target| now(target) == Value::NoAnswer(why))
    {
        return Some(Value::NoAnswer(why));
    }
    let codes = mappings.split.get(parts.question)?;
    let says = |code: &&String| {
        let said = mappings.answers(parts.question, &Value::Text((*code).clone()));
        // What a code says nothing about is not answered.
        targets.iter().all(|target| {
            let said = said.iter().find(|(question, _)| question == target).map(|(_, value)| value.clone());
            said.unwrap_or(Value::Cleared) == now(target)
        })
    };
    codes.keys().find(says).map(|code| Value::Text(code.clone()))
}

/// Whether an answer that is stored for a question of one kind can be read as one of the other.
pub(super) fn stored_alike(was: Kind, is: Kind) -> bool {
    let shape = |kind: Kind| match kind {
        Kind::Integer | Kind::Decimal | Kind::Range => "number",
        Kind::SelectMultiple => "options",
        Kind::Acknowledge => "mark",
        Kind::Group => "group",
        Kind::Repeat => "repeat",
        Kind::Text
        | Kind::Date
        | Kind::Time
        | Kind::DateTime
        | Kind::Note
        | Kind::Calculate
        | Kind::SelectOne
        | Kind::Rank
        | Kind::GeoPoint
        | Kind::GeoTrace
        | Kind::GeoShape
        | Kind::Image
        | Kind::Audio
        | Kind::Video
        | Kind::File
        | Kind::Barcode
        | Kind::Hidden
        | Kind::Metadata(_)
        | Kind::Unsupported => "text",
    };
    // A whole number reads as a decimal one, not the other way.
    shape(was) == shape(is) && !(was != Kind::Integer && is == Kind::Integer)
}
