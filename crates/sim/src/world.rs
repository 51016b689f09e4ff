//! The world: its machines, its time, its ledger. Headquarters is machine 0, the regional hubs follow, then the devices.

use std::collections::{BTreeMap, BTreeSet};

use teranga_client::invent::Seeded;
use teranga_core::audience::{Agent, Audience, Reach};
use teranga_core::id::{ChangeHash, FileHash, RecordId};
use teranga_core::record::Assignee;
use teranga_core::time::Millis;
use teranga_store::{Profile, Replica, StoreError};
use teranga_sync::introduction::ReplicaKind;

use crate::builds;
use crate::disk::Image;
use crate::hostile::Thief;
use crate::ledger::Ledger;
use crate::machine::{Machine, Post};
use crate::reached::Reached;
use crate::sabotage::Sabotage;
use crate::script::{Audit, Holding, Script};

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
    /// The changes that the last backup of headquarters covers.
    pub(crate) covered: BTreeSet<ChangeHash>,
    /// The files that it has.
    pub(crate) covered_files: BTreeSet<FileHash>,
    /// What each machine held before its disk was exchanged for an older one: a tick may still speak of it, until its
    /// owner has spoken with the machine again.
    pub(crate) forgotten: Vec<BTreeSet<ChangeHash>>,
    /// Machines whose disk was exchanged or copied: what they held or said before, or say now, may be another's.
    pub(crate) exchanged: BTreeSet<usize>,
    /// How far each machine had come when somebody last looked.
    pub(crate) reached: Vec<Reached>,
    /// What each hub was seen to hold of files while it had this key.
    pub(crate) files_seen: Vec<BTreeSet<FileHash>>,
    /// Files, thumbnails and letters of others that went over links, either way.
    pub(crate) carried: u64,
    /// Whoever has a stolen key.
    pub(crate) thieves: Vec<Thief>,
    /// Machines that nobody reaches, and until when.
    pub(crate) cut_off: BTreeMap<usize, Millis>,
    /// Files that lie about on sticks.
    pub(crate) sticks: Vec<Vec<u8>>,
    /// What an old backup of a hub gave back though it was erased there, and where.
    pub(crate) given_back: Option<(RecordId, String)>,
    /// Whether a device was ever granted other things than before.
    pub(crate) regranted: bool,
    /// Whether a device was ever taken out of service.
    pub(crate) revoked: bool,
    /// What is gone through in the end.
    pub(crate) audit: Audit,
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
        builds::begin(script, &mut machines);
        let backups = machines.iter().map(|_| None).collect();
        let forgotten = machines.iter().map(|_| BTreeSet::new()).collect();
        let reached = machines.iter().map(|_| Reached::default()).collect();
        let files_seen = machines.iter().map(|_| BTreeSet::new()).collect();
        let (now, ledger) = (BEGINNING, Ledger::default());
        let mut world = Self {
            machines,
            now,
            ledger,
            backups,
            covered: BTreeSet::new(),
            covered_files: BTreeSet::new(),
            forgotten,
            exchanged: BTreeSet::new(),
            reached,
            files_seen,
            carried: 0,
            thieves: Vec::new(),
            cut_off: BTreeMap::new(),
            sticks: Vec::new(),
            given_back: None,
            regranted: false,
            revoked: false,
            audit: script.audit,
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

    /// The machines that have the key of this one, itself among them.
    pub(crate) fn with_the_key_of(&self, number: usize) -> Vec<usize> {
        let key = |number: usize| self.machines.get(number).and_then(Machine::replica).map(Replica::id);
        (0..self.machines.len()).filter(|other| *other == number || key(*other) == key(number)).collect()
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

    /// The regional hubs, by their numbers.
    pub(crate) fn regions(&self) -> impl Iterator<Item = usize> {
        let machines = (0..).zip(&self.machines);
        machines.filter(|(_, machine)| machine.post == Post::Region).map(|(number, _)| number)
    }

    /// Adds a machine, and says which one it is.
    pub(crate) fn add(&mut self, machine: Machine) -> usize {
        self.machines.push(machine);
        self.backups.push(None);
        self.forgotten.push(BTreeSet::new());
        self.reached.push(Reached::default());
        self.files_seen.push(BTreeSet::new());
        self.machines.len() - 1
    }

    /// Adds the copy of a machine, which knows what that one did of what still stands.
    pub(crate) fn add_copy(&mut self, of: usize, copy: Machine) -> usize {
        let knows = self.reached.get(of).map(Reached::of_a_copy).unwrap_or_default();
        let number = self.add(copy);
        if let Some(reached) = self.reached.get_mut(number) {
            *reached = knows;
        }
        self.exchanged.extend([of, number]);
        number
    }
}
