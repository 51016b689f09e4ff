//! Scores: versioned data applied to answers with exact arithmetic, so that a phone, an office and headquarters agree
//! to the last digit. A missing score is missing, never 0.

mod card;
mod fraction;
mod scheme;

use std::collections::BTreeMap;

pub use card::{CompareError, Scorecard, Shift};
pub use fraction::{Fraction, FractionError};
pub use scheme::{Dimension, Item, Scheme, SchemeStatus};

use crate::key::Key;
use crate::value::Value;

/// The name of the score over all dimensions.
pub const COMPOSITE: &str = "composite";

/// One score.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Score {
    /// The dimension, or `composite`.
    pub name: String,
    /// From 0 to 1, rounded half to even at the scheme's places; none where too little was answered.
    pub value: Option<Fraction>,
    /// The weight that was answered, out of the weight that could have been: 0 to 1; none where nothing applied.
    pub coverage: Option<Fraction>,
    /// What each item that counted gave, in the order of the scheme; the shares add up to the score before rounding.
    pub contributions: Vec<Contribution>,
}

/// What one item gave to a score.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contribution {
    /// The item's question.
    pub question: String,
    /// The value of its answer, from 0 to 1.
    pub value: Fraction,
    /// Its weight among all that was answered: from 0 to 1.
    pub weight: Fraction,
    /// What it gave: its value by its weight.
    pub share: Fraction,
}

/// How an item stands.
enum Standing {
    /// It counts with this value.
    Counts(Fraction),
    /// It applied and gave no value: not asked, not known, declined.
    Missing,
    /// It did not apply: skipped by logic, or an answer such as "not applicable".
    DoesNotApply,
}

/// Scores answers. `skipped` says which questions the form's logic left out.
pub fn score(
    scheme: &Scheme,
    answers: &BTreeMap<Key, Value>,
    skipped: &dyn Fn(&str) -> bool,
) -> Result<Vec<Score>, FractionError> {
    let standings: Vec<(&Item, Standing)> =
        scheme.items.iter().map(|item| (item, standing(item, answers, skipped))).collect();
    let mut scores = Vec::new();
    for dimension in &scheme.dimensions {
        let own = standings.iter().filter(|(item, _)| item.dimension == dimension.name);
        scores.push(weigh(
            scheme,
            &dimension.name,
            own.map(|(item, standing)| (*item, item.weight, standing)),
        )?);
    }
    let all = standings.iter().map(|(item, standing)| (*item, item.composite_weight, standing));
    scores.push(weigh(scheme, COMPOSITE, all)?);
    Ok(scores)
}

fn standing(item: &Item, answers: &BTreeMap<Key, Value>, skipped: &dyn Fn(&str) -> bool) -> Standing {
    if skipped(&item.question) {
        return Standing::DoesNotApply;
    }
    let code = match answers.get(&Key::question(&item.question)) {
        Some(Value::Text(code)) => code.clone(),
        Some(Value::Int(number)) => number.to_string(),
        Some(Value::Bool(true)) if item.counts_options() => return counted_options(item, answers),
        Some(Value::Bool(_) | Value::Decimal(_) | Value::Cleared | Value::NoAnswer(_)) | None => {
            return Standing::Missing;
        }
    };
    match item.map.get(&code) {
        Some(value) => Standing::Counts(*value),
        None if item.not_applicable.contains(&code) => Standing::DoesNotApply,
        None => Standing::Missing,
    }
}

/// A select-multiple that counts as one of two values: whether any of its options but the excluded ones was chosen.
fn counted_options(item: &Item, answers: &BTreeMap<Key, Value>) -> Standing {
    let question = Key::question(&item.question);
    let prefix = format!("{question}/");
    let any = answers
        .range(Key::from_text(prefix.clone())..)
        .take_while(|(key, _)| key.as_str().starts_with(&prefix))
        .any(|(key, value)| {
            let option = key.as_str().trim_start_matches(&prefix);
            *value == Value::Bool(true) && !item.none_options.iter().any(|none| none == option)
        });
    let code = if any { "any" } else { "none" };
    item.map.get(code).map_or(Standing::Missing, |value| Standing::Counts(*value))
}

fn weigh<'a>(
    scheme: &Scheme,
    name: &str,
    items: impl Iterator<Item = (&'a Item, Fraction, &'a Standing)>,
) -> Result<Score, FractionError> {
    let (mut sum, mut answered, mut applicable) = (Fraction::ZERO, Fraction::ZERO, Fraction::ZERO);
    let mut counted = Vec::new();
    for (item, weight, standing) in items {
        match standing {
            Standing::DoesNotApply => {}
            Standing::Missing => applicable = applicable.plus(weight)?,
            Standing::Counts(value) => {
                applicable = applicable.plus(weight)?;
                answered = answered.plus(weight)?;
                sum = sum.plus(weight.times(*value)?)?;
                counted.push((item, *value, weight));
            }
        }
    }
    let coverage = answered.over(applicable)?;
    let enough = coverage.is_some_and(|coverage| coverage >= scheme.min_coverage);
    let value = if enough {
        sum.over(answered)?.map(|value| value.rounded(scheme.places)).transpose()?
    } else {
        None
    };
    let coverage = coverage.map(|coverage| coverage.rounded(scheme.places)).transpose()?;
    let contributions =
        counted.into_iter().map(|(item, value, weight)| contribution(item, value, weight, answered));
    let contributions = contributions.collect::<Result<_, _>>()?;
    Ok(Score { name: name.to_owned(), value, coverage, contributions })
}

fn contribution(
    item: &Item,
    value: Fraction,
    weight: Fraction,
    answered: Fraction,
) -> Result<Contribution, FractionError> {
    // Where all that was answered weighs nothing, nothing gave anything.
    let weight = weight.over(answered)?.unwrap_or(Fraction::ZERO);
    Ok(Contribution { question: item.question.clone(), value, weight, share: weight.times(value)? })
}
