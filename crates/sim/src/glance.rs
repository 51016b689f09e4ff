//! A look at every machine after a step: what its log says of each change, and what its ticks show. It is taken once, for
//! every oracle that asks after a step, and of a machine whose disk nothing was written to since it is the last one.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use teranga_core::id::{ChangeHash, RecordId};
use teranga_store::ticks::Tick;
use teranga_store::{Replica, Status, StoreError};

use crate::machine::{Machine, Post};
use crate::world::World;

/// What a log says of each change.
pub(crate) type Census = BTreeMap<ChangeHash, Status>;

/// What a device shows of one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) tick: Tick,
    /// How many changes of it are there.
    bodies: u64,
    /// Its newest change.
    newest: u64,
}

impl Shown {
    /// Whether nothing of the record has come since; something of it may have left.
    pub(crate) fn has_nothing_more_than(&self, before: &Self) -> bool {
        self.newest == before.newest && self.bodies <= before.bodies
    }
}

/// What was seen of one machine; nothing of one that does not stand.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) census: Census,
    /// Of a device, what it shows of each record.
    pub(crate) ticks: BTreeMap<RecordId, Shown>,
}

/// What was seen of a machine last, and how often its disk had been stirred by then.
#[derive(Debug)]
pub(crate) struct LastSeen {
    stirred: u64,
    seen: Rc<Seen>,
}

/// A look at every machine, by their numbers.
#[derive(Debug)]
pub(crate) struct Glance(Vec<Rc<Seen>>);

impl Glance {
    pub(crate) fn of(world: &mut World) -> Result<Self, StoreError> {
        world.machines.iter_mut().map(look).collect::<Result<_, _>>().map(Self)
    }

    pub(crate) fn at(&self, number: usize) -> Option<&Seen> {
        self.0.get(number).map(Rc::as_ref)
    }

    /// The changes that a machine holds.
    pub(crate) fn held(&self, number: usize) -> BTreeSet<ChangeHash> {
        let census = self.at(number).into_iter().flat_map(|seen| &seen.census);
        census.filter(|(_, status)| is_held(**status)).map(|(hash, _)| *hash).collect()
    }

    /// Every change of which a machine knows the name, whatever became of it there.
    pub(crate) fn names(&self, number: usize) -> BTreeSet<ChangeHash> {
        self.at(number).into_iter().flat_map(|seen| seen.census.keys().copied()).collect()
    }
}

fn look(machine: &mut Machine) -> Result<Rc<Seen>, StoreError> {
    if machine.running.is_none() {
        return Ok(Rc::default());
    }
    let stirred = machine.disk.stirred();
    if let Some(last) = machine.last_seen.as_ref().filter(|last| last.stirred == stirred) {
        return Ok(Rc::clone(&last.seen));
    }
    let seen = Rc::new(seen(machine)?);
    machine.last_seen = Some(LastSeen { stirred, seen: Rc::clone(&seen) });
    Ok(seen)
}

fn seen(machine: &Machine) -> Result<Seen, StoreError> {
    let Some(replica) = machine.replica() else { return Ok(Seen::default()) };
    let mut ticks = BTreeMap::new();
    if matches!(machine.post, Post::Device { .. }) {
        for record in replica.records()?.into_iter().map(|row| row.record) {
            let (bodies, newest) = (replica.bodies(record)?, replica.newest_row(record)?);
            ticks.insert(record, Shown { tick: replica.tick(record)?, bodies, newest });
        }
    }
    let mut census = Census::new();
    for (hash, status) in replica.census()? {
        // A thief may have brought a change under another record too: what became of it there says nothing of its own.
        let known = census.entry(hash).or_insert(status);
        if is_held(status) {
            *known = status;
        }
    }
    Ok(Seen { census, ticks })
}

/// Whether a change is held that has this status: not one of which only the name is known, or that was not taken.
fn is_held(status: Status) -> bool {
    match status {
        Status::Logged | Status::Applied | Status::Waiting => true,
        Status::Quarantined | Status::Withheld | Status::LetGo => false,
    }
}

/// The changes that a replica holds.
pub(crate) fn held(replica: &Replica) -> Result<BTreeSet<ChangeHash>, StoreError> {
    let census = replica.census()?.into_iter();
    Ok(census.filter(|(_, status)| is_held(*status)).map(|(hash, _)| hash).collect())
}
