//! Seeded work for the engine, told as text: scores of random answers with every digit of their fractions, and random
//! interviews with every state. A phone, an office and a browser must tell the same text; other engines play the same
//! interviews.

mod dice;
mod play;
mod scores;

use std::fmt::Write as _;

use anyhow::Result;
use teranga_core::catalogue::Catalogue;
use teranga_core::shipped;
use teranga_core::time::Millis;

pub use play::Play;

/// Interviews of each shipped form, and acts of each interview: enough to reach every page of most forms.
const PLAYS: u64 = 8;
const ACTS: usize = 24;
/// The day of every interview: 2026-11-24, noon.
const NOW: Millis = Millis(1_795_521_600_000);

/// What was computed, as text, and how much of it there is.
#[derive(Debug, Clone, Default)]
pub struct Told {
    /// One result a line.
    pub text: String,
    /// Scores, and the differences between two rounds.
    pub scores: usize,
    /// What single answers gave to scores.
    pub contributions: usize,
    /// Scores whose fractions do not fit, which must not fit anywhere.
    pub overflows: usize,
    /// Interviews.
    pub interviews: usize,
    /// States of questions in interviews: relevance, value, constraint.
    pub states: usize,
}

/// Does all the work.
pub fn told() -> Result<Told> {
    let catalogue = shipped::catalogue()?;
    let mut told = Told::default();
    scores::tell(&catalogue, &mut told)?;
    tell_interviews(&catalogue, &mut told);
    Ok(told)
}

fn tell_interviews(catalogue: &Catalogue, told: &mut Told) {
    for form in catalogue.forms() {
        let lists = catalogue.lists_for(form);
        for seed in 0..PLAYS {
            let play = Play::record(form, &lists, seed, ACTS, NOW);
            let _ = writeln!(told.text, "interview {} {seed}", form.reference());
            for step in play.steps() {
                let _ = writeln!(told.text, "  {step}");
            }
            told.interviews += 1;
            told.states += play.states();
        }
    }
}
