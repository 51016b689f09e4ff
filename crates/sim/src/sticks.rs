//! What travels in files: sticks with bundles of devices and regional hubs and with what hubs gave back for them; and people
//! who carry them to whom they are for, or to somebody else, twice, late, out of order, cut short or damaged, or lose them.
//! A colleague takes a bundle along. Whatever is not as its maker sealed it must be refused.

use teranga_client::Device;
use teranga_client::bundle::{BundleError, Imported};
use teranga_client::invent::Seeded;
use teranga_core::id::ReplicaId;
use teranga_core::problem::Problem;
use teranga_core::time::Millis;
use teranga_office::{Office, ReturnRows};
use teranga_store::{Replica, StoreError};
use teranga_sync::identity::replica_id;
use teranga_sync::parcel::{Parcel, ParcelError, ParcelKind};

use crate::disk::Keys;
use crate::doors::apply_the_rest;
use crate::fault::Fault;
use crate::machine::{Machine, Post, Running};
use crate::sabotage::Sabotage;
use crate::world::World;

/// Sticks that lie about; the oldest is lost.
const STICKS_MAX: usize = 8;

/// What became of a file at some machine.
#[derive(Debug, Default)]
pub(crate) struct Received {
    /// Messages that were taken.
    taken: usize,
    /// What could not be read.
    damaged: usize,
    /// What goes back for the last message.
    pub(crate) back: Option<Vec<u8>>,
}

impl World {
    fn lay(&mut self, stick: Vec<u8>) {
        self.sticks.push(stick);
        if self.sticks.len() > STICKS_MAX {
            self.sticks.remove(0);
        }
    }

    /// The machines that are a replica: a device, and its copies.
    fn machines_of(&self, replica: ReplicaId) -> Vec<usize> {
        let is_it = |machine: &Machine| machine.replica().map(Replica::id) == Some(replica);
        (0..).zip(&self.machines).filter(|(_, machine)| is_it(machine)).map(|(number, _)| number).collect()
    }

    /// The devices that sync with this hub: they take bundles for it along.
    fn couriers_to(&self, hub: ReplicaId, from: ReplicaId) -> Vec<usize> {
        let goes_there = |number: &usize| {
            let at = self.hub_of(*number).and_then(|hub| self.machines.get(hub)).and_then(Machine::replica);
            let own = self.machines.get(*number).and_then(Machine::replica).map(Replica::id);
            at.map(Replica::id) == Some(hub) && own != Some(from)
        };
        self.devices().filter(goes_there).collect()
    }
}

/// Somebody puts a bundle on a stick; and a device what it carries back for colleagues.
pub(crate) fn export(world: &mut World, child: usize) -> Result<(), StoreError> {
    let now = world.now;
    let Some(machine) = world.machines.get_mut(child) else { return Ok(()) };
    let at = machine.now(now);
    let made = machine.work(|running, seed| match running {
        Running::Device(device) => {
            let mut sticks = Vec::new();
            for who in device.returns_for().unwrap_or_default() {
                sticks.extend(device.return_of(&who).ok());
            }
            sticks.extend(device.bundle(seed, at).ok().map(|bundled| bundled.file));
            sticks
        }
        Running::Office(office) => {
            let bundled = office.replica_mut().bundle(seed, at).ok().flatten();
            bundled.into_iter().map(|bundled| bundled.file).collect()
        }
    })?;
    for stick in made.into_iter().flatten() {
        world.lay(stick);
    }
    Ok(())
}

/// Somebody takes a stick to some machine, mostly to one that it is for, as it is or not any more.
pub(crate) fn deliver(world: &mut World, seed: &mut Seeded) -> Result<Option<Fault>, StoreError> {
    // The last one is at hand.
    let last = world.sticks.len().saturating_sub(1);
    let which = if seed.below(2) == 0 { last } else { seed.below(world.sticks.len()) };
    let Some(stick) = world.sticks.get(which).cloned() else { return Ok(None) };
    if seed.below(3) == 0 {
        world.sticks.retain(|other| *other != stick);
    }
    let back = match hand(world, &stick, seed)? {
        Handed::Back(back) => back,
        Handed::Over => return Ok(None),
        Handed::Wrongly(fault) => return Ok(Some(fault)),
    };
    world.lay(back.clone());
    // Whoever brought a bundle often waits for what comes back.
    if seed.below(2) == 0
        && let Handed::Wrongly(fault) = hand(world, &back, seed)?
    {
        return Ok(Some(fault));
    }
    Ok(None)
}

/// What came of handing a stick over.
enum Handed {
    /// Something goes back.
    Back(Vec<u8>),
    Over,
    Wrongly(Fault),
}

fn hand(world: &mut World, stick: &[u8], seed: &mut Seeded) -> Result<Handed, StoreError> {
    let Some(number) = whereto(world, stick, seed) else { return Ok(Handed::Over) };
    let file = damage(stick, seed);
    let received = receive(world, number, &file)?;
    let Some(received) = received else { return Ok(Handed::Over) };
    let name = world.machines.get(number).map(|machine| machine.name.clone()).unwrap_or_default();
    if received.taken > intact(stick, &file) {
        return Ok(Handed::Wrongly(Fault::Fooled(name)));
    }
    if file == stick && received.damaged > 0 && is_expected(world, number, stick)? {
        return Ok(Handed::Wrongly(Fault::Stuck(name, "does not read a whole file".to_owned())));
    }
    Ok(received.back.map_or(Handed::Over, Handed::Back))
}

/// Where a stick goes.
fn whereto(world: &World, stick: &[u8], seed: &mut Seeded) -> Option<usize> {
    let head = Parcel::read(stick).ok()?.head;
    let mut places = match (head.kind, seed.below(8)) {
        (_, 0) => (0..world.machines.len()).collect(),
        (ParcelKind::Bundle, 1 | 2) => world.couriers_to(head.to, head.from),
        (ParcelKind::Bundle | ParcelKind::Return, _) => world.machines_of(head.to),
    };
    (!places.is_empty()).then(|| places.swap_remove(seed.below(places.len())))
}

/// A file after its way: whole mostly, or cut short, or with a byte that is another one.
fn damage(stick: &[u8], seed: &mut Seeded) -> Vec<u8> {
    let mut file = stick.to_vec();
    match seed.below(6) {
        0 => file.truncate(seed.below(stick.len())),
        1 => {
            let (at, bits) = (seed.below(stick.len()), 1 + seed.below(255));
            if let (Some(byte), Ok(bits)) = (file.get_mut(at), u8::try_from(bits)) {
                *byte ^= bits;
            }
        }
        _ => {}
    }
    file
}

/// How many messages of a file are as their maker sealed them.
fn intact(stick: &[u8], file: &[u8]) -> usize {
    let (Ok(made), Ok(came)) = (Parcel::read(stick), Parcel::read(file)) else { return 0 };
    if made.head != came.head {
        return 0;
    }
    came.sealed.iter().filter(|sealed| made.sealed.contains(sealed)).count()
}

/// Whether a file is for this machine, and from somebody whom it knows.
fn is_expected(world: &World, number: usize, stick: &[u8]) -> Result<bool, StoreError> {
    let (Ok(parcel), Some(replica)) =
        (Parcel::read(stick), world.machines.get(number).and_then(Machine::replica))
    else {
        return Ok(false);
    };
    let known = match parcel.head.kind {
        ParcelKind::Bundle => replica.child(parcel.head.from)?.is_some(),
        ParcelKind::Return => {
            let hub = replica.uplink()?.map(|uplink| replica_id(&uplink.key));
            hub == Some(parcel.head.from)
        }
    };
    Ok(known && parcel.head.to == replica.id())
}

/// A machine is given a file; nothing where its power failed meanwhile.
pub(crate) fn receive(world: &mut World, number: usize, file: &[u8]) -> Result<Option<Received>, StoreError> {
    let (now, sabotage) = (world.now, world.sabotage);
    let Some(machine) = world.machines.get_mut(number) else { return Ok(None) };
    let at = machine.now(now);
    let forgets = sabotage == Sabotage::ForgetfulDesk && machine.post == Post::Region;
    let as_it_was = forgets.then(|| machine.image()).transpose()?;
    let received = machine.work(|running, seed| match running {
        Running::Device(device) => at_a_device(device, file),
        Running::Office(office) => at_a_desk(office, file, sabotage, (seed, at)),
    })?;
    if let Some(as_it_was) = as_it_was {
        machine.restart_from(&as_it_was, Keys::OfTheBackup)?;
    }
    Ok(received)
}

fn at_a_device(device: &mut Device, file: &[u8]) -> Received {
    let messages = Parcel::read(file).map_or(0, |parcel| parcel.sealed.len());
    match device.import(file) {
        Ok(Imported::Return(heard)) => Received {
            taken: messages - heard.unreadable,
            damaged: heard.unreadable + usize::from(heard.cut),
            back: None,
        },
        Err(BundleError::Parcel(ParcelError::Foreign | ParcelError::Damaged)) => {
            Received { damaged: messages.max(1), ..Received::default() }
        }
        // What is carried is sealed: whether it is whole shows at the hub.
        Ok(Imported::Carried { .. }) | Err(_) => Received::default(),
    }
}

/// What people at a hub's desk do with a file, message by message.
fn at_a_desk(
    office: &mut Office,
    file: &[u8],
    sabotage: Sabotage,
    (seed, at): (&mut Seeded, Millis),
) -> Received {
    let Ok(parcel) = Parcel::read(file) else { return Received { damaged: 1, ..Received::default() } };
    let mut received = Received { damaged: usize::from(parcel.cut), ..Received::default() };
    for (place, sealed) in (1..).zip(&parcel.sealed) {
        let letter = parcel.head.letter(sealed);
        let rows = if place == parcel.sealed.len() { ReturnRows::File } else { ReturnRows::Letter };
        let taken = match parcel.head.kind {
            ParcelKind::Bundle => office.take_bundle(&letter, rows, seed, at).map(|taken| Some(taken.back)),
            ParcelKind::Return => office.take_return(&letter).map(|_| None),
        };
        match taken {
            Ok(_) if sabotage == Sabotage::DeafDesk => received.damaged += 1,
            Ok(back) => {
                received.taken += 1;
                received.back = back.or(received.back);
            }
            Err(rejected) => {
                received.damaged += usize::from(rejected.problem == Problem::Malformed);
                received.taken += usize::from(sabotage == Sabotage::CredulousDesk);
            }
        }
    }
    // Of what is not applied now more is applied at the next exchange.
    drop(apply_the_rest(office));
    received
}
