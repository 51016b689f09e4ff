//! Playing a script: its steps one after another, the oracles after each, and at the end the calm in which everything
//! must come together.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::{Deserialize, Serialize};
use teranga_client::invent::Seeded;
use teranga_core::catalogue::ResourceKind;
use teranga_core::problem::Explain as _;
use teranga_store::StoreError;
use teranga_sync::feed::ResourceRow;

use crate::acts::{self, Saved};
use crate::backups::HOME;
use crate::calm::calm;
use crate::disk::Keys;
use crate::fault::Fault;
use crate::hostile;
use crate::ledger::{Fate, FilePromise, Promise};
use crate::lending;
use crate::link::Link;
use crate::machine::{Machine, Post, Running};
use crate::meeting;
use crate::oracles;
use crate::partition::DAY;
use crate::sabotage::Sabotage;
use crate::script::{Script, Step};
use crate::session::{Talked, session};
use crate::sticks;
use crate::what::{Act, Blow, Stick, Weather, What};
use crate::world::World;

/// What playing a script came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// What must not happen and did; nothing where all is well.
    pub fault: Option<Fault>,
    /// What was done, to see that a world does something.
    pub done: Done,
}

/// Counts of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Done {
    /// Changes that saves reported as done.
    pub changes: usize,
    /// Sessions that ended whole.
    pub sessions: usize,
    /// Sessions that ended early.
    pub broken_sessions: usize,
    /// Times that the power failed.
    pub power_cuts: usize,
    /// Times that a device went to the hub of another region.
    pub moves: usize,
    /// Answers that held two values at headquarters in the end.
    pub conflicts: usize,
}

impl std::ops::AddAssign for Done {
    fn add_assign(&mut self, other: Self) {
        self.changes += other.changes;
        self.sessions += other.sessions;
        self.broken_sessions += other.broken_sessions;
        self.power_cuts += other.power_cuts;
        self.moves += other.moves;
        self.conflicts += other.conflicts;
    }
}

/// Plays a script.
pub fn play(script: &Script, sabotage: Sabotage) -> Outcome {
    let mut done = Done::default();
    // A hub that breaks on what it is told is down for everybody.
    let played = catch_unwind(AssertUnwindSafe(|| played(script, sabotage, &mut done)));
    let fault = match played {
        Ok(Ok(fault)) => fault,
        // A machine that does not start again has lost everything.
        Ok(Err(error)) => Some(Fault::Broken(error.code().to_owned(), error.to_string())),
        Err(_) => Some(Fault::Broken("panic".to_owned(), "something of the product broke off".to_owned())),
    };
    Outcome { fault, done }
}

fn played(script: &Script, sabotage: Sabotage, done: &mut Done) -> Result<Option<Fault>, StoreError> {
    let mut world = World::new(script, sabotage)?;
    for step in &script.steps {
        world.bring_up_to_date(step);
        if let Some(fault) = take(&mut world, step, done)? {
            return Ok(Some(fault));
        }
        // Only what is heard from a hub moves a tick on.
        if matches!(step.what, What::Sync(_) | What::Meet | What::Stick(Stick::Deliver)) {
            world.spoil_what_was_reached()?;
            if let Some(fault) = oracles::while_playing(&mut world)? {
                return Ok(Some(fault));
            }
        }
    }
    calm(&mut world, done)
}

pub(crate) fn note(talked: &Talked, done: &mut Done) {
    match talked {
        Talked::Whole(_) => done.sessions += 1,
        Talked::Short(_) | Talked::Dark | Talked::Endless => done.broken_sessions += 1,
    }
    done.power_cuts += usize::from(matches!(talked, Talked::Dark));
}

fn take(world: &mut World, step: &Step, done: &mut Done) -> Result<Option<Fault>, StoreError> {
    let mut fault = None;
    let mut seed = Seeded(step.seed);
    let count = world.machines.len();
    let children = count - 1;
    let child = 1 + step.which % children.max(1);
    match step.what {
        What::Act(act) => someone_acts(world, step, act, done)?,
        What::Sync(weather) => {
            let talked = session(world, child, &mut Link::new(weather, step.seed))?;
            note(&talked, done);
        }
        What::Stick(Stick::Export) => sticks::export(world, child)?,
        What::Stick(Stick::Deliver) => fault = sticks::deliver(world, &mut seed)?,
        What::Hostile(what) => hostile::act(world, what, step.which, &mut seed)?,
        What::Publish => publish(world)?,
        What::Erase => erase(world, &mut seed)?,
        What::Regrant => world.regrant(step.which, &mut seed)?,
        What::Meet => meeting::meet(world, child, &mut seed, done)?,
        What::Revoke => world.revoke(step.which, &mut seed)?,
        What::Lend => lending::lend(world, &mut seed, done)?,
        What::Move => someone_moves(world, step, &mut seed, done)?,
        What::Wait => world.now.0 += a_month_at_most(&mut seed) * DAY,
        What::Blow(blow) => {
            done.power_cuts += usize::from(blow == Blow::PowerCut);
            befall(world, step, blow, &mut seed)?;
        }
    }
    world.pass_a_step();
    Ok(fault)
}

/// Days.
fn a_month_at_most(seed: &mut Seeded) -> i64 {
    i64::try_from(1 + seed.below(30)).unwrap_or(1)
}

/// What befalls a machine.
fn befall(world: &mut World, step: &Step, blow: Blow, seed: &mut Seeded) -> Result<(), StoreError> {
    let number = step.which % world.machines.len();
    let Some(machine) = world.machines.get_mut(number) else { return Ok(()) };
    match blow {
        Blow::PowerCut => machine.cut_power()?,
        Blow::PowerFailsSoon => machine.disk.fail_in(seed.below(60) as u64),
        Blow::DiskFills => machine.disk.fill_up(seed.below(20_000)),
        Blow::DiskCleared => machine.disk.heal(),
        Blow::ClockJumps => {
            let days = i64::try_from(seed.below(2_200)).unwrap_or(0) - 1_100;
            machine.clock = days * DAY;
        }
        Blow::CutOff => world.cut_off(number, a_month_at_most(seed)),
        Blow::Backup => {
            // Without headquarters' nothing would leave before the calm.
            for number in BTreeSet::from([HOME, number]) {
                world.back_up(number)?;
            }
        }
        Blow::Copy => {
            if matches!(machine.post, Post::Device { .. }) {
                let copy = machine.copied()?;
                world.add_copy(number, copy);
            }
        }
        Blow::Restore => {
            let keys = if seed.below(3) == 0 { Keys::OfTheBackup } else { Keys::OfToday };
            world.restore(number, keys)?;
        }
        Blow::CopyHub => world.copy_a_hub(step.which, seed)?,
        Blow::Destroy => drop(world.destroy_a_region(step.which, step.seed)?),
    }
    Ok(())
}

pub(crate) fn someone_acts(
    world: &mut World,
    step: &Step,
    act: Act,
    done: &mut Done,
) -> Result<(), StoreError> {
    let devices: Vec<usize> = world.devices().collect();
    let Some(number) = devices.get(step.which % devices.len().max(1)).copied() else { return Ok(()) };
    let (now, people, sabotage) = (world.now, world.people(), world.sabotage);
    let Some(machine) = world.machines.get_mut(number) else { return Ok(()) };
    let at = machine.now(now);
    let mut seed = Seeded(step.seed);
    let forgets = sabotage == Sabotage::ForgetfulDevice && step.seed.is_multiple_of(3);
    let before = if forgets { Some(machine.image()?) } else { None };
    let acted = machine.work(|running, _| match running {
        Running::Device(device) => acts::act(device, act, &people, at, &mut seed).ok().flatten(),
        Running::Office(_) => None,
    })?;
    if let Some(before) = before {
        machine.restart_from(&before, Keys::OfTheBackup)?;
    }
    let Some(acted) = acted else {
        done.power_cuts += 1;
        return Ok(());
    };
    if let Some(saved) = acted {
        keep(world, number, saved, done);
    }
    Ok(())
}

/// What a save reported as done is promised from now on.
pub(crate) fn keep(world: &mut World, number: usize, saved: Saved, done: &mut Done) {
    let Saved { record, changes, photo } = saved;
    done.changes += changes.len();
    let promises = changes.into_iter();
    world.ledger.promises.extend(promises.map(|change| Promise {
        machine: number,
        record,
        class: change.class,
        hash: change.hash,
    }));
    world.ledger.files.extend(photo.map(|photo| FilePromise {
        machine: number,
        record,
        photo,
        fate: Fate::Kept,
        forgiven: false,
    }));
}

/// A volunteer goes to the hub of another region, after whatever had to go up before.
fn someone_moves(
    world: &mut World,
    step: &Step,
    seed: &mut Seeded,
    done: &mut Done,
) -> Result<(), StoreError> {
    let (devices, regions): (Vec<usize>, Vec<usize>) = (world.devices().collect(), world.regions().collect());
    let Some(number) = devices.get(step.which % devices.len().max(1)).copied() else { return Ok(()) };
    let place = |number: usize| {
        let replica = world.machines.get(number).and_then(Machine::replica);
        replica.map(|replica| replica.profile().audience.place.clone())
    };
    let here = world.hub_of(number).and_then(place);
    let elsewhere: Vec<usize> = regions.into_iter().filter(|region| place(*region) != here).collect();
    let Some(hub) = elsewhere.get(seed.below(elsewhere.len())).copied() else { return Ok(()) };
    // To go there with work that is not safe is refused, and tells the device what it has to ask for.
    let mut moved = world.move_to(number, hub)?;
    if !moved && seed.below(4) > 0 {
        let up = [Some(number), world.hub_of(number)];
        for machine in up.into_iter().flatten() {
            note(&session(world, machine, &mut Link::new(Weather::Fair, step.seed))?, done);
        }
        world.back_up(HOME)?;
        for machine in up.into_iter().rev().flatten() {
            note(&session(world, machine, &mut Link::new(Weather::Fair, step.seed))?, done);
        }
        moved = world.move_to(number, hub)?;
    }
    done.moves += usize::from(moved);
    Ok(())
}

/// Headquarters erases one of its records. An erasure that its own disk has lost again was never decided.
fn erase(world: &mut World, seed: &mut Seeded) -> Result<(), StoreError> {
    let now = world.now;
    let Some(home) = world.machines.first_mut() else { return Ok(()) };
    home.work(|running, _| {
        let replica = running.replica_mut();
        let records = replica.records().unwrap_or_default();
        let record = records.get(seed.below(records.len())).map(|row| row.record);
        record.is_some_and(|record| replica.erase(record, now).is_ok())
    })?;
    Ok(())
}

fn publish(world: &mut World) -> Result<(), StoreError> {
    world.published += 1;
    let version = world.published.to_string();
    let json = serde_json::json!({
        "list_id": "essai", "version": version, "entries": [{ "code": "a", "label": { "fr": "A", "en": "A" } }],
    });
    let kind = ResourceKind::List.code().to_owned();
    let row = ResourceRow { kind, id: "essai".to_owned(), version, json: json.to_string() };
    if let Some(home) = world.machines.first_mut() {
        home.work(|running, _| running.replica_mut().publish(&row).is_ok())?;
    }
    Ok(())
}
