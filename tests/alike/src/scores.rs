//! Scores of the golden answers and of random ones, each as the product prints it and as the fraction it is. Besides
//! the scheme as it ships there is one with weights drawn anew each time: its fractions grow until some no longer fit,
//! and those that do not must not fit anywhere.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use anyhow::Result;
use serde::Deserialize;
use serde_json::Value as Json;
use teranga_core::catalogue::Catalogue;
use teranga_core::flow::{Answers, Filling, FlowContext, Opening, Shown};
use teranga_core::form::{Form, Kind, Lists};
use teranga_core::key::Key;
use teranga_core::score::{Contribution, Fraction, FractionError, Scheme, Scorecard};
use teranga_core::value::{NoAnswer, Value};

use crate::Told;
use crate::dice::Dice;

/// Random answer sets to each scored form.
const SETS: u64 = 400;
/// What a drawn weight is at most made of: with thirty items some sums then leave 128 bits, and most do not.
const TOP_MAX: usize = 1_000;
const BOTTOM_MAX: usize = 64;
/// Decimal places of a drawn scheme at most.
const PLACES_MAX: usize = 9;

/// The golden vectors: answers whose scores were computed by hand.
#[derive(Deserialize)]
struct Vectors {
    scheme: String,
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    name: String,
    answers: BTreeMap<String, Json>,
}

/// A form, its lists and its scheme.
struct Scored<'a> {
    form: &'a Arc<Form>,
    lists: Lists,
    scheme: &'a Scheme,
}

pub(crate) fn tell(catalogue: &Catalogue, told: &mut Told) -> Result<()> {
    let golden: Vectors = serde_json::from_str(include_str!("../../../schemas/vectors/scores.json"))?;
    for form in catalogue.forms() {
        let Some(scheme) = catalogue.scheme_for(form.form_id()) else { continue };
        let scored = Scored { form, lists: catalogue.lists_for(form), scheme };
        if golden.scheme == scheme.reference() {
            for vector in &golden.vectors {
                let _ = writeln!(told.text, "{}: {}", golden.scheme, vector.name);
                let answers = vector.answers.iter().filter_map(|(id, json)| Some((id.as_str(), read(json)?)));
                told.card(&scored_by(scheme, &scored.filled(answers)), scheme.places);
            }
        }
        scored.tell_random(told)?;
    }
    Ok(())
}

impl Scored<'_> {
    fn tell_random(&self, told: &mut Told) -> Result<()> {
        let mut earlier = None;
        for seed in 0..SETS {
            let mut dice = Dice::new(seed);
            let filling = self.filled(self.drawn(&mut dice));
            let _ = writeln!(told.text, "{}: answers {seed}", self.scheme.reference());
            let card = scored_by(self.scheme, &filling);
            told.card(&card, self.scheme.places);
            if let (Some(Ok(earlier)), Ok(later)) = (&earlier, &card) {
                told.shifts(earlier, later, self.scheme.places)?;
            }
            earlier = Some(card);
            let _ = writeln!(told.text, "{}: answers {seed}, other weights", self.scheme.reference());
            let scheme = self.reweighted(&mut dice)?;
            told.card(&scored_by(&scheme, &filling), scheme.places);
        }
        Ok(())
    }

    /// The form with these answers, as far as it takes them.
    fn filled<'a>(&self, answers: impl IntoIterator<Item = (&'a str, Value)>) -> Filling {
        let context = FlowContext { opening: Opening::Again, ..FlowContext::default() };
        let mut filling = Filling::new(Arc::clone(self.form), &self.lists, Answers::new(), context);
        for (question, value) in answers {
            // A form may refuse an answer; both sides must then refuse it.
            let _ = filling.set(&Key::question(question), value);
        }
        filling
    }

    /// An answer to most questions that count.
    fn drawn(&self, dice: &mut Dice) -> Vec<(&str, Value)> {
        let mut answers = Vec::new();
        for item in &self.scheme.items {
            let Some(question) = self.form.question(&item.question) else { continue };
            let Some(choices) = self.form.choices_of(question, &self.lists) else { continue };
            let value = match dice.below(10) {
                0 => continue,
                1 => Value::NoAnswer(NoAnswer::DontKnow),
                _ if question.kind == Kind::SelectMultiple => {
                    let codes = choices.iter().filter(|_| dice.below(4) == 0);
                    Value::text(codes.map(|choice| choice.name.as_str()).collect::<Vec<_>>().join(" "))
                }
                _ => dice.of(&choices).map_or(Value::Cleared, |choice| Value::text(choice.name.as_str())),
            };
            answers.push((item.question.as_str(), value));
        }
        answers
    }

    fn reweighted(&self, dice: &mut Dice) -> Result<Scheme> {
        let mut scheme = self.scheme.clone();
        let mut weight = || format!("{}/{}", dice.below(TOP_MAX), 1 + dice.below(BOTTOM_MAX)).parse();
        for item in &mut scheme.items {
            item.weight = weight()?;
            item.composite_weight = weight()?;
        }
        scheme.places = u32::try_from(dice.below(PLACES_MAX + 1))?;
        Ok(scheme)
    }
}

fn scored_by(scheme: &Scheme, filling: &Filling) -> Result<Scorecard, FractionError> {
    let skipped = |question: &str| matches!(filling.shown(&Key::question(question)), Some(Shown::Skipped));
    Scorecard::compute(scheme, filling.stored(), &skipped)
}

impl Told {
    fn card(&mut self, card: &Result<Scorecard, FractionError>, places: u32) {
        let card = match card {
            Ok(card) => card,
            Err(error) => {
                self.overflows += 1;
                let _ = writeln!(self.text, "  {error}");
                return;
            }
        };
        for score in &card.scores {
            let (value, coverage) = (digits(score.value, places), digits(score.coverage, places));
            let _ = writeln!(self.text, "  {} {value}, coverage {coverage}", score.name);
            for Contribution { question, value, weight, share } in &score.contributions {
                let share = digits(Some(*share), places);
                let _ = writeln!(self.text, "    {question} {value} × {weight} → {share}");
            }
            self.contributions += score.contributions.len();
        }
        self.scores += card.scores.len();
    }

    fn shifts(&mut self, earlier: &Scorecard, later: &Scorecard, places: u32) -> Result<()> {
        let shifts = later.since(earlier)?;
        for shift in &shifts {
            let _ = writeln!(self.text, "  {} by {}", shift.name, digits(shift.by, places));
        }
        self.scores += shifts.len();
        Ok(())
    }
}

/// A fraction as the product prints it and as it is.
fn digits(value: Option<Fraction>, places: u32) -> String {
    value.map_or_else(|| "none".to_owned(), |value| format!("{} = {value}", value.decimal(places)))
}

/// An answer of the vectors: those of a select-multiple are lists of codes.
fn read(json: &Json) -> Option<Value> {
    let Some(codes) = json.as_array() else { return Value::from_json(json) };
    let codes: Vec<&str> = codes.iter().filter_map(Json::as_str).collect();
    Some(Value::text(codes.join(" ")))
}
