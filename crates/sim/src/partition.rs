//! Partitions: a machine that nobody reaches and that reaches nobody, for days to a month, while its people and everybody else go
//! on and all clocks with them. What is carried by hand still comes.

use teranga_core::time::Millis;

use crate::link::Link;
use crate::what::Weather;
use crate::world::World;

/// A day, in milliseconds.
pub(crate) const DAY: i64 = 24 * 3_600_000;

/// How long a step takes: a minute; while somebody is cut off a day, or nobody would be for longer than a few steps take.
const STEP: i64 = 60_000;

impl World {
    /// A machine is cut off for so many days.
    pub(crate) fn cut_off(&mut self, number: usize, days: i64) {
        self.cut_off.insert(number, Millis(self.now.0 + days * DAY));
    }

    /// Somebody sees to it that a machine is reached again.
    pub(crate) fn reach_again(&mut self, number: usize) {
        self.cut_off.remove(&number);
    }

    /// Whether nothing gets through to a machine, nor from it.
    pub(crate) fn is_cut_off(&self, number: usize) -> bool {
        self.cut_off.get(&number).is_some_and(|until| self.now < *until)
    }

    /// Whether a machine and its hub can speak at all.
    pub(crate) fn reaches_its_hub(&self, child: usize) -> bool {
        !self.is_cut_off(child) && !self.hub_of(child).is_some_and(|hub| self.is_cut_off(hub))
    }

    /// A link on which nothing arrives, where a machine and its hub cannot speak.
    pub(crate) fn no_link(&self, child: usize) -> Option<Link> {
        (!self.reaches_its_hub(child)).then(|| Link::new(Weather::Gone, 0))
    }

    /// A step is over.
    pub(crate) fn pass_a_step(&mut self) {
        let somebody_is = self.cut_off.values().any(|until| self.now < *until);
        self.now.0 += if somebody_is { DAY } else { STEP };
    }
}
