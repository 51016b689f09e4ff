//! A world that is directed by hand: the same machines, links, disks and oracles, and what happens in it written down act
//! by act. For what has happened to somebody, which a seed would have to be lucky to meet.

use teranga_client::interview::Setting;
use teranga_client::{ClientError, Device};
use teranga_core::audience::{Agent, Audience, Reach};
use teranga_core::id::RecordId;
use teranga_core::time::Millis;
use teranga_store::save::SavedChange;
use teranga_store::{Profile, Replica, StoreError};
use teranga_sync::introduction::ReplicaKind;
use teranga_sync::version::Spoken;

use crate::calm::calm;
use crate::disk::Keys;
use crate::fault::Fault;
use crate::ledger::Promise;
use crate::link::Link;
use crate::machine::{Machine, Post, Running};
use crate::oracles;
use crate::play::Done;
use crate::sabotage::Sabotage;
use crate::script::{Audit, Builds, Holding, Script};
use crate::session::{Talked, session};
use crate::sticks;
use crate::what::Weather;
use crate::world::World;

/// The office of machines that join a staged world.
const OFFICE: &str = "Bureau";

/// A machine of a staged world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place(usize);

/// A world directed by hand. Every record that is saved in it is promised: [`Staged::settles`] finds what was lost.
#[derive(Debug)]
pub struct Staged {
    world: World,
    regions: usize,
    devices: usize,
    /// Drawn from for machines and links.
    seed: u64,
}

impl Staged {
    /// Headquarters, regional hubs and so many devices each, everybody enrolled.
    pub fn new(regions: usize, devices: usize) -> Result<Self, StoreError> {
        let seed = 1;
        let (holding, builds, audit) = (Holding::Region, Builds::Alike, Audit::Everything);
        let script = Script { seed, regions, devices, holding, builds, audit, steps: Vec::new() };
        Ok(Self { world: World::new(&script, Sabotage::Nothing)?, regions, devices, seed })
    }

    /// Headquarters.
    pub fn headquarters(&self) -> Place {
        Place(0)
    }

    /// The hub of a region, from 0.
    pub fn hub(&self, region: usize) -> Place {
        Place(1 + region)
    }

    /// A device of a region, both from 0.
    pub fn device(&self, region: usize, number: usize) -> Place {
        Place(1 + self.regions + region * self.devices + number)
    }

    /// The replica of a machine that stands.
    pub fn replica(&self, place: Place) -> Option<&Replica> {
        self.world.machines.get(place.0).and_then(Machine::replica)
    }

    /// The device that runs on a machine.
    pub fn device_at(&self, place: Place) -> Option<&Device> {
        match self.world.machines.get(place.0)?.running.as_ref()? {
            Running::Device(device) => Some(device),
            Running::Office(_) => None,
        }
    }
}

/// What people do.
impl Staged {
    /// Somebody saves something on a device, and is promised it. `None` where no device is there, or its power failed.
    pub fn act(
        &mut self,
        place: Place,
        act: impl FnOnce(&mut Device, Setting<'_>) -> Result<(RecordId, Vec<SavedChange>), ClientError>,
    ) -> Result<Option<RecordId>, ClientError> {
        let now = self.world.now;
        let Some(machine) = self.world.machines.get_mut(place.0) else { return Ok(None) };
        let now = machine.now(now);
        let acted = machine.work(|running, seed| match running {
            Running::Device(device) => act(device, Setting { now, language: "fr", entropy: seed }).map(Some),
            Running::Office(_) => Ok(None),
        })?;
        let Some((record, changes)) = acted.transpose()?.flatten() else { return Ok(None) };
        let promise = |change: SavedChange| Promise {
            machine: place.0,
            record,
            class: change.class,
            hash: change.hash,
        };
        self.world.ledger.promises.extend(changes.into_iter().map(promise));
        self.pass(60_000);
        Ok(Some(record))
    }

    /// A machine syncs with its hub.
    pub fn sync(&mut self, place: Place, weather: Weather) -> Result<Talked, StoreError> {
        self.seed += 1;
        let talked = session(&mut self.world, place.0, &mut Link::new(weather, self.seed))?;
        self.pass(60_000);
        Ok(talked)
    }

    /// Somebody puts on a stick what a machine's hub has not acknowledged.
    pub fn bundle(&mut self, place: Place) -> Result<Option<Vec<u8>>, StoreError> {
        let before = self.world.sticks.len();
        sticks::export(&mut self.world, place.0)?;
        self.pass(60_000);
        let made = self.world.sticks.split_off(before.min(self.world.sticks.len()));
        Ok(made.into_iter().last())
    }

    /// A stick is handed in at a machine, as it was made; what goes back for it.
    pub fn hand(&mut self, place: Place, stick: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let received = sticks::receive(&mut self.world, place.0, stick)?;
        self.pass(60_000);
        Ok(received.and_then(|received| received.back))
    }

    /// Days pass.
    pub fn wait(&mut self, days: i64) {
        self.pass(days * 24 * 3_600_000);
    }

    fn pass(&mut self, ms: i64) {
        self.world.now.0 += ms;
    }

    /// The time by nobody's clock.
    pub fn now(&self) -> Millis {
        self.world.now
    }

    /// Sets a clock wrong by so many days.
    pub fn set_clock_wrong(&mut self, place: Place, days: i64) {
        if let Some(machine) = self.world.machines.get_mut(place.0) {
            machine.clock = days * 24 * 3_600_000;
        }
    }
}

/// Who is there, and where they sync.
impl Staged {
    /// A hub without a parent, beside headquarters: one for training, say.
    pub fn another_headquarters(&mut self) -> Result<Place, StoreError> {
        self.machine("Formation", Post::Headquarters, ReplicaKind::Hub, Audience::of_region(None))
    }

    /// A device that would sync with a hub, and is enrolled nowhere yet.
    pub fn another_device(&mut self, person: &str, region: &str, hub: Place) -> Result<Place, StoreError> {
        self.machine(
            person,
            Post::Device { hub: hub.0 },
            ReplicaKind::Device,
            Audience::of_region(Some(region)),
        )
    }

    /// A device that would hold its person's caseload, and is enrolled nowhere yet.
    pub fn another_caseload(&mut self, person: &str, region: &str, hub: Place) -> Result<Place, StoreError> {
        let agent = Agent { office: OFFICE.into(), person: person.into() };
        let audience = Audience { reach: Reach::Caseload(agent), ..Audience::of_region(Some(region)) };
        self.machine(person, Post::Device { hub: hub.0 }, ReplicaKind::Device, audience)
    }

    fn machine(
        &mut self,
        name: &str,
        post: Post,
        kind: ReplicaKind,
        audience: Audience,
    ) -> Result<Place, StoreError> {
        self.seed += 1;
        let profile = Profile { kind, person: name.into(), office: OFFICE.into(), audience };
        let machine = Machine::new(name.into(), post, &profile, self.seed)?;
        Ok(Place(self.world.add(machine)))
    }

    /// Enrols a device at a hub, which it syncs with from then on.
    pub fn enrol(&mut self, device: Place, hub: Place) -> Result<(), StoreError> {
        if let Some(machine) = self.world.machines.get_mut(device.0) {
            machine.post = Post::Device { hub: hub.0 };
        }
        self.world.enrol(device.0)
    }
}

/// What befalls machines.
impl Staged {
    /// Another build runs on a machine from now on, which speaks these versions of the protocol.
    pub fn run(&mut self, place: Place, spoken: Spoken) {
        if let Some(machine) = self.world.machines.get_mut(place.0) {
            machine.run(spoken);
        }
    }

    /// The disk of a machine is copied away.
    pub fn back_up(&mut self, place: Place) -> Result<(), StoreError> {
        self.world.back_up(place.0)
    }

    /// A machine is put back to its last backup; whether it had one. Whom it does not know any more enrols again.
    pub fn restore(&mut self, place: Place) -> Result<bool, StoreError> {
        self.world.restore(place.0, Keys::OfToday)
    }

    /// A hub or a device is lost with its disk and its backups, and another takes its place with a key of its own;
    /// whether it could be.
    pub fn lose(&mut self, place: Place) -> Result<bool, StoreError> {
        self.seed += 1;
        self.world.replace(place.0, self.seed)
    }

    /// The folder of a device is copied to another one.
    pub fn copy(&mut self, place: Place) -> Result<Option<Place>, StoreError> {
        let Some(machine) = self.world.machines.get_mut(place.0) else { return Ok(None) };
        let copy = machine.copied()?;
        Ok(Some(Place(self.world.add_copy(place.0, copy))))
    }

    /// The power of a machine fails after so many writes from now.
    pub fn power_fails_in(&mut self, place: Place, writes: u64) {
        if let Some(machine) = self.world.machines.get_mut(place.0) {
            machine.disk.fail_in(writes);
        }
    }

    /// No failure is to come any more.
    pub fn power_is_back(&mut self, place: Place) {
        if let Some(machine) = self.world.machines.get_mut(place.0) {
            machine.disk.heal();
        }
    }
}

/// What must hold.
impl Staged {
    /// No tick says more than is true, and nothing that was reached before is taken back.
    pub fn ticks_are_true(&mut self) -> Result<Option<Fault>, StoreError> {
        oracles::while_playing(&mut self.world)
    }

    /// Nothing hinders anybody any more, and everybody syncs: what was promised is where it must be, whoever holds a
    /// part shows the same, everything is safe, sound and within its region, and there is nothing more to say.
    pub fn settles(&mut self) -> Result<Option<Fault>, StoreError> {
        calm(&mut self.world, &mut Done::default())
    }
}
