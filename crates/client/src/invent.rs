//! Invented interviews, from a seed: for demonstrations, tests and benchmarks. The people are plainly invented, and the
//! same seed invents the same.

use std::collections::BTreeSet;

use teranga_core::flow::{Counted, Filling, Prompt, Step};
use teranga_core::form::Kind;
use teranga_core::id::{Entropy, ItemId};
use teranga_core::key::Key;
use teranga_core::value::{NoAnswer, Value};

use crate::device::Device;
use crate::error::ClientError;
use crate::interview::{Interview, Setting};

/// A seeded source of randomness (SplitMix64).
#[derive(Debug, Clone)]
pub struct Seeded(pub u64);

impl Seeded {
    /// The next number.
    pub fn next_number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`; 0 where the bound is.
    pub fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next_number() % (bound.max(1) as u64)).unwrap_or_default()
    }
}

impl Entropy for Seeded {
    fn fill(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let number = self.next_number().to_le_bytes();
            for (byte, random) in chunk.iter_mut().zip(number) {
                *byte = random;
            }
        }
    }
}

const GIVEN: [&str; 12] = [
    "Awa", "Moussa", "Fatou", "Ibrahima", "Aminata", "Cheikh", "Mariama", "Ousmane", "Khady", "Modou",
    "Ndeye", "Lamine",
];
const FAMILY: [&str; 6] = ["Exemple", "Inventé", "Modèle", "Essai", "Fictif", "Spécimen"];
const WORDS: [&str; 8] =
    ["maraîchage", "couture", "commerce", "pêche", "menuiserie", "élevage", "transport", "maçonnerie"];

/// How much of an interview is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Every question that is asked, with some items of every repeat.
    Whole,
    /// Every question that must be answered, and one in three of the others.
    Sparse,
}

impl Extent {
    /// Whether something that need not be answered is left out.
    fn leaves_out(self, seed: &mut Seeded) -> bool {
        match self {
            Self::Whole => false,
            Self::Sparse => seed.below(3) > 0,
        }
    }
}

/// Answers the questions that are asked, with answers that its form takes. Some people do not know, or decline.
pub fn fill(
    device: &mut Device,
    interview: &mut Interview,
    extent: Extent,
    setting: Setting<'_>,
    seed: &mut Seeded,
) -> Result<(), ClientError> {
    let mut done: BTreeSet<Key> = BTreeSet::new();
    let mut grown: BTreeSet<(String, Option<Key>)> = BTreeSet::new();
    // Each answer may open further questions; a form has an end.
    for _ in 0..10_000 {
        let Some(task) = next_task(interview.filling(), &done, &grown, extent, seed) else { return Ok(()) };
        match task {
            Task::Grow { repeat, within, items } => {
                for _ in 0..items {
                    let item = ItemId::generate(setting.now, &mut device.drawing());
                    device.change(interview, |filling| filling.add_item(&repeat, within.as_ref(), item))?;
                }
                grown.insert((repeat, within));
            }
            Task::Leave { key } => {
                done.insert(key);
            }
            Task::Answer { key, candidates } => {
                for value in candidates {
                    match device.answer(interview, &key, value) {
                        Ok(_) => break,
                        Err(ClientError::Answer(_)) => {}
                        Err(error) => return Err(error),
                    }
                }
                done.insert(key);
            }
        }
    }
    Ok(())
}

/// What is to be done at one stop of the walk.
enum Task {
    /// Add items to a repeat.
    Grow { repeat: String, within: Option<Key>, items: usize },
    /// Leave a question out.
    Leave { key: Key },
    /// Answer a question with the first of these that it takes.
    Answer { key: Key, candidates: Vec<Value> },
}

fn next_task(
    filling: &Filling,
    done: &BTreeSet<Key>,
    grown: &BTreeSet<(String, Option<Key>)>,
    extent: Extent,
    seed: &mut Seeded,
) -> Option<Task> {
    filling.stops().iter().find_map(|stop| {
        let (question, key) = filling.at(stop)?;
        match stop.step {
            Step::Question if question.kind.is_asked() && !done.contains(key?) => {
                let prompt = filling.prompt(stop).filter(|prompt| !prompt.readonly)?;
                let key = key?.clone();
                if !prompt.required && extent.leaves_out(seed) {
                    return Some(Task::Leave { key });
                }
                Some(Task::Answer { key, candidates: candidates(&prompt, seed) })
            }
            Step::RepeatStart { items: 0, counted: Counted::ByHand } => {
                let place = (question.id.clone(), key.cloned());
                let fresh = !grown.contains(&place);
                let items = |seed: &mut Seeded| if extent.leaves_out(seed) { 0 } else { 1 + seed.below(5) };
                fresh.then(|| Task::Grow { repeat: place.0, within: place.1, items: items(seed) })
            }
            _ => None,
        }
    })
}

/// Answers to try, the likeliest first.
fn candidates(prompt: &Prompt<'_>, seed: &mut Seeded) -> Vec<Value> {
    let name = prompt.question.name.as_str();
    let odd = seed.below(40);
    if odd < 2 && !matches!(name, "birth_date" | "return_date" | "region" | "sex") && prompt.required {
        return vec![Value::NoAnswer(if odd == 0 { NoAnswer::DontKnow } else { NoAnswer::Declined })];
    }
    let number = Value::Int(i64::try_from(seed.below(6)).unwrap_or_default());
    let code = |seed: &mut Seeded| {
        let at = seed.below(prompt.choices.len());
        prompt.choices.get(at).map_or_else(String::new, |choice| choice.name.clone())
    };
    match prompt.question.kind {
        Kind::SelectOne => vec![Value::Text(code(seed)), Value::Text(code(seed))],
        Kind::SelectMultiple | Kind::Rank => {
            let (one, two) = (code(seed), code(seed));
            let both = if one == two { one.clone() } else { format!("{one} {two}") };
            vec![Value::Text(both), Value::Text(one)]
        }
        Kind::Integer => vec![number, Value::Int(2_000), Value::Int(1)],
        Kind::Decimal | Kind::Range => vec![number, Value::Int(1), Value::Int(0)],
        Kind::Date | Kind::DateTime => {
            let (month, day) = (1 + seed.below(9), 1 + seed.below(28));
            let year = if name == "departure_date" { 2_022 } else { 2_026 };
            vec![Value::text(format!("{year}-{month:02}-{day:02}")), Value::text("2020-01-01")]
        }
        Kind::Time => vec![Value::text("10:30:00")],
        Kind::GeoPoint => vec![Value::text("14.69 -17.44 0 10")],
        Kind::Acknowledge => vec![Value::Bool(true)],
        _ => vec![Value::Text(words(name, seed)), Value::text("1980"), Value::text("77 123 45 67")],
    }
}

/// A text as people would write it: what it should hold is read from the question's name, as far as that tells.
fn words(name: &str, seed: &mut Seeded) -> String {
    let lower = name.to_lowercase();
    let says = |parts: &[&str]| parts.iter().any(|part| lower.contains(part));
    if says(&["birth"]) {
        format!("{}-{:02}", 1_960 + seed.below(48), 1 + seed.below(12))
    } else if says(&["phone", "contactno"]) {
        format!("77 {:03} {:02} {:02}", seed.below(1_000), seed.below(100), seed.below(100))
    } else if says(&["family_name", "surname"]) {
        pick(&FAMILY, seed)
    } else if says(&["given", "nickname", "firstname"]) {
        pick(&GIVEN, seed)
    } else if says(&["name", "contact", "witness", "guardian"]) {
        format!("{} {}", pick(&GIVEN, seed), pick(&FAMILY, seed))
    } else if says(&["address"]) {
        format!("{} rue {}, quartier {}", 1 + seed.below(400), pick(&FAMILY, seed), pick(&WORDS, seed))
    } else if says(&["comment", "remark", "note"]) {
        let words: Vec<String> = (0..4 + seed.below(12)).map(|_| pick(&WORDS, seed)).collect();
        words.join(" ")
    } else {
        pick(&WORDS, seed)
    }
}

fn pick(from: &[&str], seed: &mut Seeded) -> String {
    let at = seed.below(from.len());
    from.get(at).copied().unwrap_or_default().to_owned()
}
