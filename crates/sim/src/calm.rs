//! The calm at the end of a world, in which nothing hinders anybody any more and everything must come together.

use teranga_store::{Replica, StoreError};
use teranga_sync::feed::Cursor;

use crate::backups::{self, HOME};
use crate::fault::Fault;
use crate::link::Link;
use crate::machine::Machine;
use crate::oracles;
use crate::play::{Done, note};
use crate::session::session;
use crate::silence::Silences;
use crate::what::Weather;
use crate::world::World;

/// Rounds of syncing in which everything must come together: up, across and down again. Fewer where nobody has anything to say
/// before.
const CALM_ROUNDS: usize = 6;

/// What the last round of syncing was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LastRound {
    /// Nobody had anything to say any more: everybody's last session cost next to nothing.
    Silent,
    /// Somebody still said something.
    Spoken,
}

/// Everything works again, and everybody syncs until nobody has anything to say. Then headquarters makes a backup, and once word
/// of it has come down, what left is let go.
pub(crate) fn calm(world: &mut World, done: &mut Done) -> Result<Option<Fault>, StoreError> {
    for machine in &mut world.machines {
        machine.disk.heal();
    }
    world.cut_off.clear();
    if let Some(fault) = world.tell_the_revoked()? {
        return Ok(Some(fault));
    }
    world.readmit()?;
    world.ask_what_is_granted()?;
    if let Err(fault) = come_together(world, done, Order::DevicesFirst)? {
        return Ok(Some(fault));
    }
    let found = oracles::while_playing(world)?;
    let found = found.map_or_else(|| backups::cover_files_that_left(world), |fault| Ok(Some(fault)))?;
    if found.is_some() {
        return Ok(found);
    }
    world.let_go_of_held_answers()?;
    world.drop_drafts()?;
    world.back_up(HOME)?;
    let together = come_together(world, done, Order::HubsFirst)?;
    world.spoil_machines()?;
    match together {
        Ok(last) => oracles::when_calm(world, done, last),
        Err(fault) => Ok(Some(fault)),
    }
}

/// Who syncs first in a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    /// What they bring goes up with their hub, and what comes down goes on to them next time.
    DevicesFirst,
    /// What headquarters has to say goes down in one round.
    HubsFirst,
}

impl Order {
    /// The children of hubs, by their numbers.
    fn children(self, world: &World) -> Vec<usize> {
        let children = 1..world.machines.len();
        match self {
            Self::DevicesFirst => children.rev().collect(),
            Self::HubsFirst => children.collect(),
        }
    }
}

/// Everybody syncs until nobody has anything to say.
fn come_together(
    world: &mut World,
    done: &mut Done,
    order: Order,
) -> Result<Result<LastRound, Fault>, StoreError> {
    let mut silences = Silences::of(world.machines.len());
    for _ in 0..CALM_ROUNDS {
        let mut said = false;
        for child in order.children(world) {
            let Some(hub) = world.hub_of(child).filter(|hub| !silences.lasts(child, *hub)) else { continue };
            let before = stands_at(world, child)?;
            let talked = session(world, child, &mut Link::new(Weather::Fair, 0))?;
            note(&talked, done);
            if let Some(fault) = oracles::is_live(world, child, &talked) {
                return Ok(Err(fault));
            }
            if oracles::is_quiet(&talked) && before == stands_at(world, child)? {
                silences.silent(child);
            } else {
                silences.spoken(child, hub);
                said = true;
            }
        }
        if !said {
            return Ok(Ok(LastRound::Silent));
        }
    }
    Ok(Ok(LastRound::Spoken))
}

/// How far a child has read its hub's feed, how far the hub holds its outbox, and what went over links beside sessions.
fn stands_at(world: &World, child: usize) -> Result<(Option<(Cursor, u64)>, u64), StoreError> {
    let replica = world.machines.get(child).and_then(Machine::replica);
    let uplink = replica.map(Replica::uplink).transpose()?.flatten();
    Ok((uplink.map(|uplink| (uplink.cursor, uplink.acknowledged)), world.carried))
}
