//! The oracles: what must hold at every moment, and what must hold once everybody has spoken with everybody.

use std::collections::{BTreeMap, BTreeSet};

use teranga_core::id::{ChangeHash, RecordId};
use teranga_store::ticks::Tick;
use teranga_store::verify::Flaw;
use teranga_store::{Replica, Status, StoreError};
use teranga_sync::limits;

use crate::backups;
use crate::calm::LastRound;
use crate::erasure_oracles::{erased_everywhere, is_erased, waited_for};
use crate::fault::Fault;
use crate::file_oracles;
use crate::glance::Glance;
use crate::ledger::Promise;
use crate::link::Link;
use crate::machine::{Machine, Post};
use crate::play::Done;
use crate::scope_oracles::in_scope;
use crate::score_oracles;
use crate::seen;
use crate::session::{Talked, session};
use crate::tick_oracles;
use crate::what::Weather;
use crate::world::World;

/// With nothing new: one round trip, and so many bytes of bodies both ways.
const QUIET_BYTES_MAX: u64 = 400;

/// What holds at every moment: nobody is shown what they may not hold, no tick is ahead of the truth, nothing goes before a backup covers it, and what was reached is
/// not taken back.
pub(crate) fn while_playing(world: &mut World) -> Result<Option<Fault>, StoreError> {
    if let Some(fault) = seen::in_scope(world) {
        return Ok(Some(fault));
    }
    let glance = Glance::of(world)?;
    if let Some(fault) = backups::cover_what_was_let_go(world, &glance) {
        return Ok(Some(fault));
    }
    if let Some(fault) = file_oracles::said_truly(world)? {
        return Ok(Some(fault));
    }
    if let Some(fault) = waited_for(world)? {
        return Ok(Some(fault));
    }
    if let Some(fault) = tick_oracles::honest(world, &glance)? {
        return Ok(Some(fault));
    }
    world.keeps_what_was_reached(&glance)
}

/// A session in the calm ends whole.
pub(crate) fn is_live(world: &World, child: usize, talked: &Talked) -> Option<Fault> {
    let name = world.machines.get(child).map(|machine| machine.name.clone()).unwrap_or_default();
    match talked {
        Talked::Whole(_) => None,
        Talked::Short(code) => Some(Fault::Stuck(name, (*code).to_owned())),
        Talked::Dark => Some(Fault::Stuck(name, "dark".to_owned())),
        Talked::Endless => Some(Fault::Stuck(name, "endless".to_owned())),
    }
}

/// What holds once everybody has spoken with everybody.
pub(crate) fn when_calm(
    world: &mut World,
    done: &mut Done,
    last: LastRound,
) -> Result<Option<Fault>, StoreError> {
    let glance = Glance::of(world)?;
    let found = backups::cover_what_was_let_go(world, &glance);
    let found = found.map_or_else(|| durable(world), |fault| Ok(Some(fault)))?;
    let found = found.map_or_else(|| converged(world), |fault| Ok(Some(fault)))?;
    let found = found.map_or_else(|| bounded(world), |fault| Ok(Some(fault)))?;
    let found = found.map_or_else(|| sound(world), |fault| Ok(Some(fault)))?;
    let found = found.map_or_else(|| in_scope(world), |fault| Ok(Some(fault)))?;
    let found = found.map_or_else(|| erased_everywhere(world), |fault| Ok(Some(fault)))?;
    let found = found.map_or_else(|| file_oracles::when_calm(world), |fault| Ok(Some(fault)))?;
    let found = found.map_or_else(|| all_safe(world), |fault| Ok(Some(fault)))?;
    let found = found.map_or_else(|| quiet(world, last), |fault| Ok(Some(fault)))?;
    let found = found.map_or_else(|| score_oracles::equal(world), |fault| Ok(Some(fault)))?;
    if let Some(home) = world.machines.first().and_then(Machine::replica) {
        done.conflicts = home.records_in_conflict()?.len();
    }
    Ok(found)
}

/// The changes that a replica holds or had: what it let go, or destroyed with an erased record, too.
pub(crate) fn had(replica: &Replica) -> Result<BTreeSet<ChangeHash>, StoreError> {
    let census = replica.census()?.into_iter();
    Ok(census.filter(|(_, status)| *status != Status::Quarantined).map(|(hash, _)| hash).collect())
}

/// Every promised change is in its document at its author, at the author's hub and at headquarters.
fn durable(world: &World) -> Result<Option<Fault>, StoreError> {
    let mut applied: Vec<BTreeSet<ChangeHash>> = Vec::new();
    for machine in &world.machines {
        let census = machine.replica().map(Replica::census).transpose()?.unwrap_or_default();
        let applied_here = census.into_iter().filter(|(_, status)| *status == Status::Applied);
        applied.push(applied_here.map(|(hash, _)| hash).collect());
    }
    for promise in &world.ledger.promises {
        if is_erased(world, promise.record)? {
            continue;
        }
        let hub = world.hub_of(promise.machine);
        if world.regranted && is_held_aside(world, promise)? {
            continue;
        }
        for place in [Some(promise.machine), hub, Some(0)].into_iter().flatten() {
            if !world.is_granted_part(place, promise.record, &promise.class)? {
                continue;
            }
            if applied.get(place).is_some_and(|applied| !applied.contains(&promise.hash)) {
                let name = |number: usize| {
                    world.machines.get(number).map(|machine| machine.name.clone()).unwrap_or_default()
                };
                let what = format!("{} {} {}", promise.record, promise.class.as_str(), promise.hash);
                return Ok(Some(Fault::Lost(name(promise.machine), what, name(place))));
            }
        }
    }
    Ok(None)
}

/// Whether a change was not taken, and its author is told: it was written when that was taken from them, and they did not know.
/// Its hub holds it aside, or headquarters, where its record has left the region since.
fn is_held_aside(world: &World, promise: &Promise) -> Result<bool, StoreError> {
    let Some(replica) = world.machines.get(promise.machine).and_then(Machine::replica) else {
        return Ok(false);
    };
    if !replica.verdicts(promise.record)?.iter().any(|verdict| verdict.hash == promise.hash) {
        return Ok(false);
    }
    for hub in [world.hub_of(promise.machine), Some(0)].into_iter().flatten() {
        let replica = world.machines.get(hub).and_then(Machine::replica);
        let census = replica.map(Replica::census).transpose()?.unwrap_or_default();
        if census.contains(&(promise.hash, Status::Quarantined)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a hub holds something of a record aside, or of the case of which it is an assessment.
pub(crate) fn is_contested(world: &World, record: RecordId) -> Result<bool, StoreError> {
    let home = world.machines.first().and_then(Machine::replica);
    let case = home.map(|home| home.record(record)).transpose()?.flatten().and_then(|row| row.case);
    for hub in world.machines.iter().filter(|machine| machine.post.is_hub()) {
        let aside = hub.replica().map(Replica::aside).transpose()?.unwrap_or_default();
        if aside.iter().any(|aside| {
            (aside.record == record || Some(aside.record) == case) && aside.status == Status::Quarantined
        }) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whoever holds a part shows the same.
fn converged(world: &World) -> Result<Option<Fault>, StoreError> {
    let mut seen: BTreeMap<(RecordId, String), (String, String)> = BTreeMap::new();
    for machine in &world.machines {
        let Some(replica) = machine.replica() else { continue };
        for part in replica.digests()? {
            let class = part.class.as_str().to_owned();
            let what = format!("{} {class}", part.record);
            let (first, digest) = seen
                .entry((part.record, class))
                .or_insert_with(|| (machine.name.clone(), part.digest.clone()));
            if *digest != part.digest {
                return Ok(Some(Fault::Diverged(what, first.clone(), machine.name.clone())));
            }
        }
    }
    Ok(None)
}

/// Every replica is what it says under its own signatures and hashes.
fn sound(world: &World) -> Result<Option<Fault>, StoreError> {
    for machine in world.machines.iter().filter(|_| world.audit.verifies()) {
        let Some(replica) = machine.replica() else { continue };
        let mut flaws = Vec::new();
        replica.verify(|flaw| flaws.push(flaw))?;
        // Of what hangs together the file is named rather than the table that it lies in.
        let file = flaws.iter().find_map(|flaw| if let Flaw::File(hash) = flaw { Some(hash) } else { None });
        let what = file.map(|hash| format!("file {hash}"));
        if let Some(what) = what.or_else(|| flaws.first().map(|flaw| format!("{flaw:?}"))) {
            return Ok(Some(Fault::Unsound(machine.name.clone(), what)));
        }
    }
    Ok(None)
}

/// Changes that wait beside a flood: of junk that builds on what nobody wrote.
const JUNK_WAITING_MAX: u64 = 30;

/// What a hub keeps of hostile people is bounded: changes of a part that wait, of which one was flooded, and lines.
fn bounded(world: &World) -> Result<Option<Fault>, StoreError> {
    for machine in world.machines.iter().filter(|machine| machine.post.is_hub()) {
        let Some(replica) = machine.replica() else { continue };
        let waiting = replica.log_counts()?.waiting;
        if waiting > limits::WAITING_PER_PART_MAX as u64 + JUNK_WAITING_MAX {
            return Ok(Some(Fault::Hoard(machine.name.clone(), format!("{waiting} waiting changes"))));
        }
        let lines = replica.children()?.iter().map(|child| child.lines).max().unwrap_or_default();
        if lines > limits::LINES_MAX as u64 {
            return Ok(Some(Fault::Hoard(machine.name.clone(), format!("{lines} lines of one child"))));
        }
    }
    Ok(None)
}

/// In the end every device knows that everything is safe.
fn all_safe(world: &World) -> Result<Option<Fault>, StoreError> {
    for machine in &world.machines {
        let (Post::Device { .. }, Some(replica)) = (machine.post, machine.replica()) else { continue };
        // Its owner is told of what was not taken of the thief's, as of its own; so is who wrote what it might no more.
        let may_be_held = world.regranted || world.thieves.iter().any(|thief| thief.key == replica.id());
        for row in replica.records()? {
            if may_be_held && matches!(replica.tick(row.record)?, Tick::Held(_)) {
                continue;
            }
            if replica.tick(row.record)? != Tick::Safe {
                let shown = format!("{:?}", replica.tick(row.record)?);
                return Ok(Some(Fault::Stuck(machine.name.clone(), format!("{} is {shown}", row.record))));
            }
        }
    }
    Ok(None)
}

/// Whether a session had nothing to say.
pub(crate) fn is_quiet(talked: &Talked) -> bool {
    match talked {
        Talked::Whole(summary) => {
            summary.round_trips == 1 && summary.bytes_up + summary.bytes_down <= QUIET_BYTES_MAX
        }
        Talked::Short(_) | Talked::Dark | Talked::Endless => false,
    }
}

/// Everybody's last session said nothing and cost next to nothing: so it was, or one more of each must.
fn quiet(world: &mut World, last: LastRound) -> Result<Option<Fault>, StoreError> {
    if last == LastRound::Silent {
        return Ok(None);
    }
    for child in 1..world.machines.len() {
        if world.hub_of(child).is_none() {
            continue;
        }
        let talked = session(world, child, &mut Link::new(Weather::Fair, 0))?;
        let name = world.machines.get(child).map(|machine| machine.name.clone()).unwrap_or_default();
        let Talked::Whole(summary) = talked else { return Ok(is_live(world, child, &talked)) };
        if !is_quiet(&talked) {
            let bytes = summary.bytes_up + summary.bytes_down;
            return Ok(Some(Fault::Dear(name, summary.round_trips, bytes)));
        }
    }
    Ok(None)
}
