//! A case that is lent to another region and taken back: what was attached there in between may not have been brought when
//! the region has to let the case go. A seed would have to be lucky to meet that, so it happens in one step, and of that as much
//! as the seed says.

use teranga_client::Device;
use teranga_client::charge::Handover;
use teranga_client::invent::Seeded;
use teranga_core::record::Assignee;
use teranga_core::time::Millis;
use teranga_store::StoreError;

use crate::acts::{Saved, pick, setting};
use crate::attach;
use crate::backups::HOME;
use crate::link::Link;
use crate::machine::{Machine, Running};
use crate::play::{Done, keep};
use crate::session::session;
use crate::what::Weather;
use crate::world::World;

/// Somebody puts somebody of another region in charge of a case beside its own, who attaches something to it, and relieves
/// them again.
pub(crate) fn lend(world: &mut World, seed: &mut Seeded, done: &mut Done) -> Result<(), StoreError> {
    let devices: Vec<usize> = world.devices().collect();
    let Some(lender) = devices.get(seed.below(devices.len())).copied() else { return Ok(()) };
    let elsewhere: Vec<usize> =
        devices.into_iter().filter(|device| world.hub_of(*device) != world.hub_of(lender)).collect();
    let Some(borrower) = elsewhere.get(seed.below(elsewhere.len())).copied() else { return Ok(()) };
    let Some(to) = person(world, borrower) else { return Ok(()) };
    let Some(lent) = act(world, lender, seed, |device, now, seed| {
        let record = pick(device, Some("profile"), seed).ok()??;
        let changes = device.assign(record, to, Handover::Beside, setting(now, seed)).ok()?;
        Some(Saved { record, changes, photo: None })
    })?
    else {
        return Ok(());
    };
    let case = lent.record;
    keep(world, lender, lent, done);
    let hubs = [world.hub_of(lender), world.hub_of(borrower)];
    carry(world, [Some(lender), hubs[0], hubs[1], Some(borrower)], Weather::Fair)?;
    if let Some(attached) = act(world, borrower, seed, |device, now, seed| {
        attach::attach_to(device, case, now, seed).ok().flatten()
    })? {
        keep(world, borrower, attached, done);
    }
    // What was answered arrives, or nothing does yet; of the file something may.
    match seed.below(4) {
        0 => {}
        1 => carry(world, [Some(borrower), hubs[1]], Weather::Rough)?,
        _ => carry(world, [Some(borrower), hubs[1]], Weather::OneWay)?,
    }
    if let Some(relieved) = act(world, lender, seed, |device, now, seed| {
        let changes = device.relieve(case, None, setting(now, seed)).ok()?;
        Some(Saved { record: case, changes, photo: None })
    })? {
        keep(world, lender, relieved, done);
    }
    carry(world, [Some(lender), hubs[0], hubs[1]], Weather::Fair)?;
    if seed.below(4) > 0 {
        world.back_up(HOME)?;
        carry(world, [hubs[1]], Weather::Fair)?;
    }
    Ok(())
}

/// Whoever works on a device.
fn person(world: &World, device: usize) -> Option<Assignee> {
    let profile = world.machines.get(device).and_then(Machine::replica)?.profile();
    Some(Assignee {
        region: profile.audience.place.code().to_owned(),
        office: Some(profile.office.clone()),
        person: Some(profile.person.clone()),
    })
}

/// What somebody does on a device; nothing where it cannot be done, or the power fails.
fn act(
    world: &mut World,
    device: usize,
    seed: &mut Seeded,
    act: impl FnOnce(&mut Device, Millis, &mut Seeded) -> Option<Saved>,
) -> Result<Option<Saved>, StoreError> {
    let now = world.now;
    let Some(machine) = world.machines.get_mut(device) else { return Ok(None) };
    let at = machine.now(now);
    let acted = machine.work(|running, _| match running {
        Running::Device(device) => act(device, at, seed),
        Running::Office(_) => None,
    })?;
    world.now.0 += 60_000;
    Ok(acted.flatten())
}

/// Those sync, one after another.
fn carry(
    world: &mut World,
    machines: impl IntoIterator<Item = Option<usize>>,
    weather: Weather,
) -> Result<(), StoreError> {
    for machine in machines.into_iter().flatten() {
        let seed = world.now.0.unsigned_abs();
        session(world, machine, &mut Link::new(weather, seed))?;
        world.now.0 += 60_000;
    }
    Ok(())
}
