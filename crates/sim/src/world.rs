//! The world: its machines, its time, its ledger. Headquarters is machine 0, the regional hubs follow, then the devices.

use std::collections::BTreeSet;

use teranga_client::invent::Seeded;
use teranga_core::audience::{Agent, Audience, Reach};
use teranga_core::id::{ChangeHash, FileHash, RecordId, ReplicaId};
use teranga_core::record::Assignee;
use teranga_core::time::Millis;
use teranga_office::Office;
use teranga_store::erase::Erased;
use teranga_store::uplink::Joined;
use teranga_store::{Profile, Replica, StoreError};
use teranga_sync::enrol::EnrolRequest;
use teranga_sync::identity::replica_id;
use teranga_sync::introduction::ReplicaKind;

use crate::disk::{Image, Keys};
use crate::file_oracles;
use crate::holdings::Holdings;
use crate::hostile::Thief;
use crate::ledger::Ledger;
use crate::machine::{Machine, Post, Running};
use crate::oracles;
use crate::sabotage::Sabotage;
use crate::script::{Holding, Script};

/// When every world begins.
const BEGINNING: Millis = Millis(1_795_000_000_000);
const REGIONS: [&str; 2] = ["SN-KL", "SN-TC"];

/// A world.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) machines: Vec<Machine>,
    pub(crate) now: Millis,
    pub(crate) ledger: Ledger,
    /// The last backup of each machine.
    pub(crate) backups: Vec<Option<Image>>,
    /// What each machine held before its disk was exchanged for an older one: a tick may still speak of it, until its
    /// owner has spoken with the machine again.
    pub(crate) forgotten: Vec<BTreeSet<ChangeHash>>,
    /// What each hub was seen to hold of files while it had this key.
    pub(crate) files_seen: Vec<BTreeSet<FileHash>>,
    /// Files and thumbnails that went over links, either way.
    pub(crate) files_moved: u64,
    /// Whoever has a stolen key.
    pub(crate) thieves: Vec<Thief>,
    /// Files that lie about on sticks.
    pub(crate) sticks: Vec<Vec<u8>>,
    /// What an old backup of a hub gave back though it was erased there, and where.
    pub(crate) given_back: Option<(RecordId, String)>,
    /// What is broken in it on purpose.
    pub(crate) sabotage: Sabotage,
    /// Versions of the list that headquarters has published.
    pub(crate) published: u32,
}

impl World {
    /// The world at the beginning of a script: everybody enrolled, nothing done.
    pub(crate) fn new(script: &Script, sabotage: Sabotage) -> Result<Self, StoreError> {
        let mut seed = Seeded(script.seed);
        let mut make = |name: String, post, kind, (region, caseload): (Option<&str>, bool)| {
            let agent = Agent { office: format!("Bureau {name}"), person: name.clone() };
            let reach = if caseload { Reach::Caseload(agent.clone()) } else { Reach::Everything };
            let audience = Audience { reach, ..Audience::of_region(region) };
            let profile = Profile { kind, person: agent.person, office: agent.office, audience };
            Machine::new(name, post, &profile, seed.next_number())
        };
        let mut machines = vec![make("Siège".into(), Post::Headquarters, ReplicaKind::Hub, (None, false))?];
        let regions = REGIONS.iter().take(script.regions);
        for region in regions.clone() {
            machines.push(make(
                format!("BAOS {region}"),
                Post::Region,
                ReplicaKind::Hub,
                (Some(region), false),
            )?);
        }
        for (number, region) in (1..).zip(regions) {
            for device in 1..=script.devices {
                let name = format!("Bénévole {number}.{device}");
                let post = Post::Device { hub: number };
                let caseload = script.holding == Holding::SomeCaseloads && device % 2 == 0;
                let holds = (Some(*region), caseload);
                machines.push(make(name, post, ReplicaKind::Device, holds)?);
            }
        }
        let backups = machines.iter().map(|_| None).collect();
        let forgotten = machines.iter().map(|_| BTreeSet::new()).collect();
        let files_seen = machines.iter().map(|_| BTreeSet::new()).collect();
        let (now, ledger) = (BEGINNING, Ledger::default());
        let mut world = Self {
            machines,
            now,
            ledger,
            backups,
            forgotten,
            files_seen,
            files_moved: 0,
            thieves: Vec::new(),
            sticks: Vec::new(),
            given_back: None,
            sabotage,
            published: 0,
        };
        for machine in world.machines.iter().filter(|_| sabotage == Sabotage::LyingDisk) {
            machine.disk.lie();
        }
        for child in 1..world.machines.len() {
            world.enrol(child)?;
        }
        Ok(world)
    }

    /// The hub that a machine syncs with.
    pub(crate) fn hub_of(&self, machine: usize) -> Option<usize> {
        match self.machines.get(machine)?.post {
            Post::Headquarters => None,
            Post::Region => Some(0),
            Post::Device { hub } => Some(hub),
        }
    }

    /// A child and its hub, both to change.
    pub(crate) fn pair(&mut self, child: usize) -> Option<(&mut Machine, &mut Machine)> {
        let hub = self.hub_of(child)?;
        let [child, hub] = self.machines.get_disjoint_mut([child, hub]).ok()?;
        Some((child, hub))
    }

    /// Whom a case can be assigned to: everybody with a device.
    pub(crate) fn people(&self) -> Vec<Assignee> {
        let devices = self.devices().filter_map(|number| self.machines.get(number)?.replica());
        devices
            .map(Replica::profile)
            .map(|profile| Assignee {
                region: profile.audience.place.code().to_owned(),
                office: Some(profile.office.clone()),
                person: Some(profile.person.clone()),
            })
            .collect()
    }

    /// The devices, by their numbers.
    pub(crate) fn devices(&self) -> impl Iterator<Item = usize> {
        let is_device = |machine: &Machine| matches!(machine.post, Post::Device { .. });
        (0..).zip(&self.machines).filter(move |(_, machine)| is_device(machine)).map(|(number, _)| number)
    }

    /// Adds a machine, and says which one it is.
    pub(crate) fn add(&mut self, machine: Machine) -> usize {
        self.machines.push(machine);
        self.backups.push(None);
        self.forgotten.push(BTreeSet::new());
        self.files_seen.push(BTreeSet::new());
        self.machines.len() - 1
    }

    /// Puts the last backup of a machine in the place of its disk, or of its database alone; whether there was one, and it
    /// could be.
    pub(crate) fn restore(&mut self, number: usize, keys: Keys) -> Result<bool, StoreError> {
        let (Some(machine), Some(Some(image))) = (self.machines.get_mut(number), self.backups.get(number))
        else {
            return Ok(false);
        };
        let held = machine.replica().map(oracles::held).transpose()?.unwrap_or_default();
        let as_it_was = machine.image()?;
        let erased = machine.replica().map(Replica::erasures).transpose()?.unwrap_or_default();
        machine.restart_from(image, keys)?;
        if keys == Keys::OfToday && machine.post.is_hub() {
            for Erased { record, .. } in erased {
                let Some(replica) = machine.replica() else { continue };
                // Of what it did not hold then no key was destroyed, and nothing tells it.
                let anything =
                    replica.bodies(record)? > 0 || file_oracles::given_back(&self.ledger, replica, record)?;
                if !replica.is_erased(record)? && anything {
                    self.given_back = Some((record, machine.name.clone()));
                }
            }
        }
        if self.has_orphans()? {
            let machine = self.machines.get_mut(number);
            machine.map_or(Ok(()), |machine| machine.restart_from(&as_it_was, Keys::OfTheBackup))?;
            return Ok(false);
        }
        if let Some(forgotten) = self.forgotten.get_mut(number) {
            forgotten.extend(held);
        }
        self.enrol_again()?;
        self.forgive(number)?;
        Ok(true)
    }

    /// A regional hub is gone with its disk. Another is set up with a key of its own and enrols at headquarters; the
    /// region's devices enrol at it, as their office tells them to. Whether it was, and could be.
    pub(crate) fn destroy_a_region(&mut self, which: usize, seed: u64) -> Result<bool, StoreError> {
        let regions: Vec<usize> = (0..)
            .zip(&self.machines)
            .filter(|(_, machine)| machine.post == Post::Region)
            .map(|(number, _)| number)
            .collect();
        let Some(number) = regions.get(which % regions.len().max(1)).copied() else { return Ok(false) };
        self.replace(number, seed)
    }

    /// A machine is gone with its disk and its backups, and another takes its place with a key of its own; whether it
    /// could be.
    pub(crate) fn replace(&mut self, number: usize, seed: u64) -> Result<bool, StoreError> {
        let Some(old) = self.machines.get_mut(number) else { return Ok(false) };
        let Some(replica) = old.replica() else { return Ok(false) };
        let (profile, before, held) = (replica.profile().clone(), replica.id(), oracles::held(replica)?);
        let new = Machine::new(old.name.clone(), old.post, &profile, seed)?;
        let old = std::mem::replace(old, new);
        if self.has_orphans()? {
            if let Some(place) = self.machines.get_mut(number) {
                *place = old;
            }
            return Ok(false);
        }
        if let Some(backup) = self.backups.get_mut(number) {
            // Its backups went with it.
            *backup = None;
        }
        if seed.is_multiple_of(4) {
            if let Some(seen) = self.files_seen.get_mut(number) {
                seen.clear();
            }
        } else {
            // Its devices hear of it when they next sync, and know until then what the one before had told them.
            if let Some(forgotten) = self.forgotten.get_mut(number) {
                forgotten.extend(held);
            }
            self.give_place(number, before)?;
        }
        self.enrol_again()?;
        self.forgive(number)?;
        Ok(true)
    }

    /// A regional hub takes the place of the one before it, where headquarters knew that one: its devices follow by
    /// themselves, without a code.
    fn give_place(&mut self, number: usize, before: ReplicaId) -> Result<(), StoreError> {
        let now = self.now;
        for machine in [Some(number), self.hub_of(number)].into_iter().flatten() {
            if let Some(machine) = self.machines.get(machine) {
                machine.disk.heal();
            }
        }
        let Some((child, hub)) = self.pair(number) else { return Ok(()) };
        let (Some(Running::Office(office)), Some(Running::Office(region))) =
            (hub.running.as_mut(), child.running.as_mut())
        else {
            return Ok(());
        };
        let refused = |_| StoreError::Inconsistent { table: "succession", column: "old" };
        let code = office.new_replacing_code(before, &mut hub.seed, now).map_err(refused)?;
        let Some(code) = code.and_then(|code| teranga_sync::code::normalise(&code)) else { return Ok(()) };
        let replica = region.replica_mut();
        let answer = office.enrol(&EnrolRequest::sign(replica.identity(), &code), now).map_err(refused)?;
        let inheritance = answer.inheritance(&replica.public_key()).ok().flatten();
        let (key, home) = (&answer.hub_key, answer.home_key.as_ref());
        let joined = Joined { key, url: "http://127.0.0.1:1", name: "hub", home };
        replica.join_as_heir(&joined, replica.profile().clone(), inheritance.as_ref())
    }

    /// Whoever its hub does not know, or whoever knows another hub whose place its hub has not, enrols as its office
    /// tells it to.
    fn enrol_again(&mut self) -> Result<(), StoreError> {
        for child in 1..self.machines.len() {
            let Some((machine, hub)) = self.pair(child) else { continue };
            let (Some(replica), Some(hub)) = (machine.replica(), hub.replica()) else { continue };
            let knows = replica.uplink()?.map(|uplink| uplink.key);
            let follows = match knows {
                Some(key) => hub.succession(replica_id(&key))?.is_some(),
                None => false,
            };
            let at_this_hub = follows || knows == Some(hub.public_key());
            if !at_this_hub || hub.child(replica.id())?.is_none() {
                self.enrol(child)?;
            }
        }
        Ok(())
    }

    /// What nobody holds any more who can bring it is nobody's promise.
    fn forgive(&mut self, number: usize) -> Result<(), StoreError> {
        let holdings = Holdings::of(&self.machines)?;
        self.ledger.forgive(|promise| holdings.can_bring(promise));
        file_oracles::forgive(self, number)
    }

    /// Whether only a colleague's device holds something: nobody can bring it any more, and what builds on it waits for
    /// ever. Worlds in which a hub and a device of its region both lose their disks are not played yet.
    fn has_orphans(&self) -> Result<bool, StoreError> {
        let holdings = Holdings::of(&self.machines)?;
        let mut promises = self.ledger.promises.iter();
        Ok(promises.any(|promise| !holdings.can_bring(promise) && holdings.anywhere.contains(&promise.hash)))
    }

    /// Enrols a machine at its hub.
    pub(crate) fn enrol(&mut self, child: usize) -> Result<(), StoreError> {
        let (now, sabotage) = (self.now, self.sabotage);
        for machine in [Some(child), self.hub_of(child)].into_iter().flatten() {
            if let Some(machine) = self.machines.get(machine) {
                // Whoever reads a code out sees to it that the machine stands.
                machine.disk.heal();
            }
        }
        let Some((child, hub)) = self.pair(child) else { return Ok(()) };
        let (Some(Running::Office(office)), Some(running)) = (hub.running.as_mut(), child.running.as_mut())
        else {
            return Ok(());
        };
        let replica = running.replica_mut();
        let mut granted = replica.profile().clone();
        if sabotage == Sabotage::WideGrant && granted.kind == ReplicaKind::Hub {
            granted.audience = Audience::of_region(None);
        }
        join(office, replica, granted, &mut hub.seed, now)
    }
}

fn join(
    office: &mut Office,
    replica: &mut Replica,
    granted: Profile,
    seed: &mut Seeded,
    now: Millis,
) -> Result<(), StoreError> {
    let refused = |_| StoreError::Inconsistent { table: "child", column: "replica" };
    let code = office.new_code(&granted, seed, now).map_err(refused)?;
    let code = teranga_sync::code::normalise(&code).unwrap_or_default();
    let answer = office.enrol(&EnrolRequest::sign(replica.identity(), &code), now).map_err(refused)?;
    let (key, home) = (&answer.hub_key, answer.home_key.as_ref());
    let joined = Joined { key, url: "http://127.0.0.1:1", name: "hub", home };
    replica.join(&joined, replica.profile().clone())
}
