//! A script: what happens in a world, step by step, drawn from a seed. Each step carries randomness of its own, so that a
//! step plays the same when others before it are left out; that is what lets a failing script shrink.

use std::fmt;

use teranga_client::invent::Seeded;

use crate::what::{Act, Blow, Hostile, Stick, Weather, What};

/// A script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// The seed.
    pub seed: u64,
    /// Regional hubs.
    pub regions: usize,
    /// Devices of each region.
    pub devices: usize,
    /// What they hold of it.
    pub holding: Holding,
    /// What runs on its machines.
    pub builds: Builds,
    /// What is gone through in the end.
    pub audit: Audit,
    /// What happens.
    pub steps: Vec<Step>,
}

/// What the devices of a region hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holding {
    /// Everything of their region.
    Region,
    /// From the second on, every other one its person's caseload.
    SomeCaseloads,
}

/// What runs on the machines of a world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Builds {
    /// The same everywhere.
    Alike,
    /// On some of them the build before, until somebody brings them up to date.
    OfDifferentDays,
}

/// What is gone through in the end, beside all that always is: each of these costs for a machine what some sessions do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audit {
    /// Both.
    Everything,
    /// Analysts pull from every hub, and are told the same.
    Scores,
    /// Every machine is verified.
    Soundness,
}

impl Audit {
    /// Whether every machine is verified.
    pub(crate) fn verifies(self) -> bool {
        match self {
            Self::Everything | Self::Soundness => true,
            Self::Scores => false,
        }
    }

    /// Whether analysts pull.
    pub(crate) fn pulls(self) -> bool {
        match self {
            Self::Everything | Self::Scores => true,
            Self::Soundness => false,
        }
    }
}

/// One step: what happens where, and its own seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// What.
    pub what: What,
    /// Which machine: devices, hubs or all of them, modulo their number.
    pub which: usize,
    /// Its randomness.
    pub seed: u64,
}

/// What happens, and how often.
const FREQUENCIES: &[(What, usize)] = &[
    (What::Act(Act::Case), 8),
    (What::Act(Act::Interview), 10),
    (What::Act(Act::Correct), 14),
    (What::Act(Act::Attach), 8),
    (What::Act(Act::Want), 2),
    (What::Act(Act::Void), 3),
    (What::Act(Act::Settle), 5),
    (What::Act(Act::Assign), 7),
    (What::Act(Act::Relieve), 2),
    (What::Sync(Weather::Fair), 16),
    // The five together as often as rough and one-way links were before there were the others: all else stays as it was drawn.
    (What::Sync(Weather::Rough), 10),
    (What::Sync(Weather::Torn), 2),
    (What::Blow(Blow::CutOff), 2),
    (What::Sync(Weather::OneWay), 2),
    (What::Sync(Weather::Gone), 1),
    (What::Stick(Stick::Export), 5),
    (What::Stick(Stick::Deliver), 10),
    (What::Hostile(Hostile::Replay), 3),
    (What::Hostile(Hostile::Work), 1),
    (What::Hostile(Hostile::Junk), 5),
    (What::Hostile(Hostile::Flood), 1),
    (What::Hostile(Hostile::Bomb), 1),
    (What::Hostile(Hostile::Lines), 1),
    (What::Hostile(Hostile::Files), 2),
    (What::Blow(Blow::PowerCut), 4),
    (What::Blow(Blow::PowerFailsSoon), 10),
    (What::Blow(Blow::DiskFills), 3),
    (What::Blow(Blow::DiskCleared), 2),
    (What::Blow(Blow::ClockJumps), 2),
    (What::Publish, 2),
    (What::Erase, 2),
    (What::Move, 4),
    (What::Wait, 2),
    (What::Blow(Blow::Backup), 4),
    (What::Blow(Blow::Restore), 3),
    (What::Blow(Blow::Copy), 1),
    (What::Blow(Blow::Destroy), 1),
];

/// From this seed on devices are granted other things than before, again and again, as the office decides. Worlds of the
/// seeds below stay as they were before there were any.
pub const REGRANTS_FROM: u64 = 1 << 32;

/// From this seed on there are two regions, which lend each other cases again and again, and nothing is granted anew.
pub const LENDS_FROM: u64 = 1 << 33;

/// From this seed on sessions meet at their hub, links tear messages, devices are revoked, and hubs are copied.
pub const CROWDS_FROM: u64 = 1 << 34;

/// What happens again and again in the worlds from a seed on, and after how many other steps one of it does on average.
const AGAIN_AND_AGAIN: [(u64, &[What], usize); 3] = [
    (
        CROWDS_FROM,
        &[
            What::Meet,
            What::Meet,
            What::Meet,
            What::Sync(Weather::Torn),
            What::Sync(Weather::Torn),
            What::Revoke,
            What::Revoke,
            What::Blow(Blow::CopyHub),
        ],
        3,
    ),
    (LENDS_FROM, &[What::Lend], 8),
    (REGRANTS_FROM, &[What::Regrant], 6),
];

/// Steps of a script: about what a team does in some weeks, and what a world may cost.
const STEPS: (usize, usize) = (8, 48);

/// How many more a longer one has.
const MORE_STEPS: usize = 12;

impl Script {
    /// The script of a seed; a longer one where something happens again and again.
    pub fn new(seed: u64) -> Self {
        if seed < REGRANTS_FROM { Self::with(seed, 0) } else { Self::longer(seed) }
    }

    /// The script of a seed, and some steps more.
    pub fn longer(seed: u64) -> Self {
        Self::with(seed, MORE_STEPS)
    }

    fn with(seed: u64, more: usize) -> Self {
        // Neighbouring seeds must not draw neighbouring numbers.
        let mut draw = Seeded(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x7465_7261_6e67_6131);
        let regions = if (LENDS_FROM..CROWDS_FROM).contains(&seed) { 2 } else { 1 + draw.below(2) };
        let devices = 1 + draw.below(3 - regions / 2);
        let count = STEPS.0 + draw.below(STEPS.1 - STEPS.0) + more;
        let mut steps: Vec<Step> =
            (0..regions * devices).map(|_| Step::of(What::Act(Act::Case), &mut draw)).collect();
        // Everybody meets everybody's first case, or there is nothing to disagree on.
        steps
            .extend((0..2 * regions * (devices + 1)).map(|_| Step::of(What::Sync(Weather::Fair), &mut draw)));
        steps.extend((0..count).map(|_| Step::draw(&mut draw)));
        let opening = 3 * regions * devices + 2 * regions;
        for (number, step) in steps.iter_mut().enumerate().take(opening) {
            // One after another, from the last machine: devices bring, hubs carry, devices fetch.
            step.which = 999_999_usize.saturating_sub(number);
        }
        let again_and_again = AGAIN_AND_AGAIN.iter().find(|(from, ..)| seed >= *from);
        if let Some((_, whats, every)) = again_and_again {
            let mut at = steps.len();
            while at > opening {
                let what = if whats.len() > 1 { whats.get(draw.below(whats.len())) } else { whats.first() };
                steps.insert(at, Step::of(what.copied().unwrap_or(What::Wait), &mut draw));
                at = at.saturating_sub(1 + draw.below(2 * every));
            }
        }
        let builds = if seed.is_multiple_of(3) { Builds::OfDifferentDays } else { Builds::Alike };
        let audit = if seed.is_multiple_of(2) { Audit::Scores } else { Audit::Soundness };
        Self { seed, regions, devices, holding: Holding::SomeCaseloads, builds, audit, steps }
    }
}

impl Step {
    fn draw(draw: &mut Seeded) -> Self {
        let total = FREQUENCIES.iter().map(|(_, often)| often).sum();
        let mut at = draw.below(total);
        let mut what = What::Wait;
        for (candidate, often) in FREQUENCIES {
            if at < *often {
                what = *candidate;
                break;
            }
            at -= often;
        }
        Self::of(what, draw)
    }

    fn of(what: What, draw: &mut Seeded) -> Self {
        Self { what, which: draw.below(1_000), seed: draw.next_number() }
    }
}

impl fmt::Display for Script {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "seed {}, {} region(s) of {} device(s)", self.seed, self.regions, self.devices)?;
        for step in &self.steps {
            writeln!(out, "  {:?}, which {}, seed {}", step.what, step.which, step.seed)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_makes_one_script_and_another_seed_another() {
        assert_eq!(Script::new(7), Script::new(7));
        assert_ne!(Script::new(7).steps, Script::new(8).steps);
    }

    #[test]
    fn a_longer_script_goes_on_after_the_same_steps() {
        let (short, longer) = (Script::new(7).steps, Script::longer(7).steps);
        assert_eq!(longer.get(..short.len()), Some(short.as_slice()));
        assert_eq!(longer.len(), short.len() + MORE_STEPS);
    }
}
