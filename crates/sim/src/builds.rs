//! Builds of different days: offices and volunteers bring their machines up to date when they can, and until then an older
//! hub works with newer devices, and a newer one with older. In some worlds every other machine begins with a build before.

use teranga_client::invent::Seeded;
use teranga_sync::version::{Spoken, Version};

use crate::machine::Machine;
use crate::script::{Builds, Script, Step};
use crate::world::World;

/// Builds before this one, none of which speaks the newest version of the protocol.
const BEFORE: [Spoken; 2] = [
    Spoken { oldest: Version::PacksAndFeed, newest: Version::PacksAndFeed },
    Spoken { oldest: Version::PacksAndFeed, newest: Version::NamedOnce },
];

/// One step in so many brings a machine up to date.
const STEPS_PER_UPDATE: u64 = 23;

/// Gives some machines a build before, where the world has such.
pub(crate) fn begin(script: &Script, machines: &mut [Machine]) {
    // A stream of its own, so that everything else of the world is as it would be without.
    let mut draw = Seeded(!script.seed);
    for machine in machines.iter_mut().filter(|_| script.builds == Builds::OfDifferentDays) {
        if let Some(before) = BEFORE.get(draw.below(2 * BEFORE.len())) {
            machine.run(*before);
        }
    }
}

impl World {
    /// Somebody brings a machine up to date, in some steps.
    pub(crate) fn bring_up_to_date(&mut self, step: &Step) {
        if step.seed.is_multiple_of(STEPS_PER_UPDATE) {
            let number = step.which % self.machines.len();
            if let Some(machine) = self.machines.get_mut(number) {
                machine.run(Spoken::BUILD);
            }
        }
    }
}
