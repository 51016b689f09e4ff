//! Invented interviews, from a seed: for demonstrations, tests and benchmarks. The people are plainly invented, and the
//! same seed invents the same.

use teranga_core::flow::{Prompt, Step};
use teranga_core::form::Kind;
use teranga_core::id::Entropy;
use teranga_core::key::Key;
use teranga_core::value::{NoAnswer, Value};

use crate::device::Device;
use crate::error::ClientError;
use crate::interview::Interview;

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

/// Answers every question that is asked, with answers that its form takes. Some people do not know, or decline.
pub fn fill(device: &mut Device, interview: &mut Interview, seed: &mut Seeded) -> Result<(), ClientError> {
    let mut answered: Vec<Key> = Vec::new();
    // Each answer may open further questions; a form has an end.
    for _ in 0..10_000 {
        let open = interview.filling().prompts().find_map(|prompt| {
            let key = prompt.key.clone()?;
            let asked = prompt.step == Step::Question && prompt.question.kind.is_asked() && !prompt.readonly;
            (asked && !answered.contains(&key)).then(|| (key, candidates(&prompt, seed)))
        });
        let Some((key, candidates)) = open else { return Ok(()) };
        for value in candidates {
            match device.answer(interview, &key, value) {
                Ok(_) => break,
                Err(ClientError::Answer(_)) => {}
                Err(error) => return Err(error),
            }
        }
        answered.push(key);
    }
    Ok(())
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

fn words(name: &str, seed: &mut Seeded) -> String {
    let pick = |from: &[&str], seed: &mut Seeded| {
        let at = seed.below(from.len());
        from.get(at).copied().unwrap_or_default().to_owned()
    };
    match name {
        "given_names" | "nickname" => pick(&GIVEN, seed),
        "family_name" => pick(&FAMILY, seed),
        "birth_date" => format!("{}-{:02}", 1_960 + seed.below(48), 1 + seed.below(12)),
        "phone" => format!("77 {:03} {:02} {:02}", seed.below(1_000), seed.below(100), seed.below(100)),
        "mother_name" | "father_name" | "other_contact" | "witness" | "guardian" => {
            format!("{} {}", pick(&GIVEN, seed), pick(&FAMILY, seed))
        }
        _ => pick(&WORDS, seed),
    }
}
