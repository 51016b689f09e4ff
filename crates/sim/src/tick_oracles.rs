//! Honest ticks: "at the region" and "safe" are true of what a device knows to have saved.

use std::collections::BTreeSet;

use teranga_core::id::ChangeHash;
use teranga_store::StoreError;
use teranga_store::ticks::Tick;

use crate::backups::HOME;
use crate::erasure_oracles::is_known_erased;
use crate::fault::Fault;
use crate::glance::Glance;
use crate::machine::Post;
use crate::world::World;

/// No tick is ahead of the truth.
pub(crate) fn honest(world: &World, glance: &Glance) -> Result<Option<Fault>, StoreError> {
    let mut home = ever_held(world, glance, HOME);
    let lies_aside = world.regranted || world.revoked;
    if lies_aside {
        // What a hub below did not take lies there too, aside, until its author hears so.
        home.extend(glance.names(HOME));
    }
    for (number, machine) in world.machines.iter().enumerate() {
        let (Post::Device { hub }, Some(seen)) = (machine.post, glance.at(number)) else { continue };
        // What a hub let go, because it may hold it no more, its home has.
        let mut region = home.clone();
        for hub in world.with_the_key_of(hub) {
            region.extend(ever_held(world, glance, hub));
            if lies_aside {
                // What a hub did not take lies there too, until its author hears so.
                region.extend(glance.names(hub));
            }
        }
        for (record, shown) in &seen.ticks {
            if is_known_erased(world, *record)? {
                continue;
            }
            let (word, held) = match shown.tick {
                Tick::Safe => ("safe", &home),
                Tick::AtRegion => ("at the region", &region),
                Tick::Here | Tick::Held(_) => continue,
            };
            let own = world.ledger.promises.iter();
            let own = own.filter(|promise| promise.machine == number && promise.record == *record);
            // A device that was put back does not know of what it did since.
            let mut known = own.filter(|promise| seen.census.contains_key(&promise.hash));
            if !known.all(|promise| held.contains(&promise.hash)) {
                return Ok(Some(Fault::Tick(machine.name.clone(), word, record.to_string())));
            }
        }
    }
    Ok(None)
}

/// What a machine holds, and what it held before its disk was exchanged: of that a tick may not know yet.
fn ever_held(world: &World, glance: &Glance, number: usize) -> BTreeSet<ChangeHash> {
    let forgotten = world.forgotten.get(number).into_iter().flatten();
    glance.held(number).into_iter().chain(forgotten.copied()).collect()
}
