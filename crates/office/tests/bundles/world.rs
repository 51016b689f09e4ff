//! A hub and its children, the files between them, and a link that works when it is asked to.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use teranga_client::Device;
use teranga_client::bundle::{BundleError, Heard, Imported};
use teranga_core::audience::Audience;
use teranga_core::class::ClassId;
use teranga_core::id::{ChangeHash, Entropy, EventId, RecordId, Salt};
use teranga_core::key::Key;
use teranga_core::problem::Retry;
use teranga_core::record::{Envelope, Event, EventKind};
use teranga_core::time::Millis;
use teranga_core::value::Value;
use teranga_office::bundle::BundleTaken;
use teranga_office::{Office, Rejected, ReturnRows};
use teranga_store::conversation::{Conversation, Failure, Reply, Turn};
use teranga_store::save::{DraftFate, PartEdit, Save};
use teranga_store::ticks::Tick;
use teranga_store::uplink::Joined;
use teranga_store::{Profile, Replica, Status};
use teranga_sync::code;
use teranga_sync::enrol::EnrolRequest;
use teranga_sync::introduction::ReplicaKind;
use teranga_sync::parcel::Parcel;

pub(crate) const NOW: Millis = Millis(1_772_442_000_000);

/// SplitMix64.
pub(crate) struct Seeded(pub(crate) u64);

impl Seeded {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).unwrap()
    }
}

impl Entropy for Seeded {
    fn fill(&mut self, bytes: &mut [u8]) {
        bytes.fill_with(|| self.next().to_le_bytes()[0]);
    }
}

pub(crate) struct World {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) seed: Seeded,
    pub(crate) hub: Office,
    pub(crate) devices: Vec<Device>,
}

pub(crate) fn profile(kind: ReplicaKind, person: &str, region: Option<&str>) -> Profile {
    let audience = Audience::of_region(region);
    Profile { kind, person: person.into(), office: format!("Bureau {person}"), audience }
}

/// Enrols a replica at a hub.
pub(crate) fn enrol(hub: &mut Office, child: &mut Replica, seed: &mut Seeded) {
    let profile = child.profile().clone();
    let code = hub.new_code(&profile, seed, NOW).unwrap();
    let code = code::normalise(&code).unwrap();
    hub.enrol(&EnrolRequest::sign(child.identity(), &code, child.spoken()), NOW).unwrap();
    let (key, home) = (hub.replica().public_key(), hub.replica().home().unwrap());
    let joined = Joined { key: &key, url: "http://127.0.0.1:1", name: "hub", home: home.as_ref() };
    child.join(&joined, profile).unwrap();
}

impl World {
    /// Headquarters, and devices of one region that sync with it.
    pub(crate) fn new(seed: u64, people: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut seed = Seeded(seed);
        let hub = profile(ReplicaKind::Hub, "hub", None);
        let hub = Replica::create(&folder.path().join("hub"), &hub, &mut seed).unwrap();
        let mut world = Self { hub: Office::open(hub).unwrap(), devices: Vec::new(), folder, seed };
        for person in people {
            let profile = profile(ReplicaKind::Device, person, Some("SN-KL"));
            let folder = world.folder.path().join(person);
            let mut replica = Replica::create(&folder, &profile, &mut world.seed).unwrap();
            enrol(&mut world.hub, &mut replica, &mut world.seed);
            world.devices.push(Device::over(replica).unwrap());
        }
        world
    }

    /// Headquarters, a regional hub that is enrolled there, and a device of that hub.
    pub(crate) fn with_a_region(seed: u64) -> (Self, Office) {
        let mut world = Self::new(seed, &[]);
        let mut make = |name: &str, kind| {
            let profile = profile(kind, name, Some("SN-KL"));
            Replica::create(&world.folder.path().join(name), &profile, &mut world.seed).unwrap()
        };
        let (region, awa) = (make("kaolack", ReplicaKind::Hub), make("awa", ReplicaKind::Device));
        let mut region = Office::open(region).unwrap();
        enrol(&mut world.hub, region.replica_mut(), &mut world.seed);
        world.devices.push(Device::over(awa).unwrap());
        enrol(&mut region, world.devices[0].replica_mut(), &mut world.seed);
        (world, region)
    }

    /// Copies a device as it lies on its disk; the copy is the last device from then on.
    pub(crate) fn copy(&mut self, device: usize) -> usize {
        let from = self.devices[device].replica().folder().to_owned();
        let to = self.folder.path().join(format!("copy{}", self.devices.len()));
        self.reopen(device, |_| copy_folder(&from, &to));
        self.devices.push(Device::open(&to, &mut self.seed).unwrap());
        self.devices.len() - 1
    }

    /// Closes a device, does something with its folder, and opens it again under another opening.
    pub(crate) fn reopen(&mut self, device: usize, closed: impl FnOnce(&Path)) {
        let folder = self.devices[device].replica().folder().to_owned();
        let spare = tempfile::tempdir().unwrap();
        let idle = profile(ReplicaKind::Device, "idle", Some("SN-KL"));
        let idle = Replica::create(&spare.path().join("idle"), &idle, &mut Seeded(1)).unwrap();
        drop(std::mem::replace(&mut self.devices[device], Device::over(idle).unwrap()));
        closed(&folder);
        self.devices[device] = Device::open(&folder, &mut self.seed).unwrap();
    }

    /// Opens a record on a device.
    pub(crate) fn open(&mut self, device: usize, answers: &[(&str, &str)]) -> RecordId {
        let record = RecordId::generate(NOW, &mut self.seed);
        let mut salt = [0; 16];
        self.seed.fill(&mut salt);
        self.open_with(device, record, Salt(salt), answers);
        record
    }

    /// Opens a record of this identity and salt.
    pub(crate) fn open_with(
        &mut self,
        device: usize,
        record: RecordId,
        salt: Salt,
        answers: &[(&str, &str)],
    ) {
        let event = EventId::generate(NOW, &mut self.seed);
        let envelope = Envelope {
            form: "rss@1".into(),
            case: None,
            wave: Some("m3".into()),
            region: "SN-KL".into(),
            events: BTreeMap::from([(event, Event { at: NOW, kind: EventKind::Submitted })]),
        };
        let parts = vec![
            PartEdit { class: ClassId::new("open"), edits: envelope.write() },
            PartEdit { class: ClassId::new("survey"), edits: texts(answers) },
        ];
        save(self.devices[device].replica_mut(), record, salt, parts);
    }

    /// Answers again on a device that holds the record.
    pub(crate) fn edit(&mut self, device: usize, record: RecordId, answers: &[(&str, &str)]) {
        let replica = self.devices[device].replica_mut();
        let salt = replica.record(record).unwrap().unwrap().salt;
        let parts = vec![PartEdit { class: ClassId::new("survey"), edits: texts(answers) }];
        save(replica, record, salt, parts);
    }

    /// A bundle of a device.
    pub(crate) fn export(&mut self, device: usize) -> Vec<u8> {
        self.devices[device].bundle(&mut self.seed, NOW).unwrap().file
    }

    /// Brings a file to the hub: what came of its messages, and the return for the last that was read.
    pub(crate) fn bring(&mut self, file: &[u8]) -> (Vec<BundleTaken>, Option<Vec<u8>>) {
        let mut taken = Vec::new();
        for outcome in bring_to(&mut self.hub, file, &mut self.seed) {
            taken.extend(outcome);
        }
        let back = taken.last().map(|taken: &BundleTaken| taken.back.clone());
        (taken, back)
    }

    /// Takes a return at a device.
    pub(crate) fn hear(&mut self, device: usize, file: &[u8]) -> Result<Heard, BundleError> {
        match self.devices[device].import(file)? {
            Imported::Return(heard) => Ok(heard),
            Imported::Carried { .. } => panic!("a return is not carried"),
        }
    }

    /// A whole way: out, to the hub, and back.
    pub(crate) fn round(&mut self, device: usize) -> Heard {
        let file = self.export(device);
        let (_, back) = self.bring(&file);
        self.hear(device, &back.unwrap()).unwrap()
    }

    /// A session over a link that loses nothing.
    pub(crate) fn online(&mut self, device: usize) {
        self.online_when(device, |_| true);
    }

    /// How a session over a link that loses nothing ends.
    pub(crate) fn session(&mut self, device: usize) -> Result<(), Failure> {
        online(self.devices[device].replica_mut(), &mut self.hub, &mut self.seed, |_| true)
    }

    /// A session over a link that loses messages.
    pub(crate) fn online_when(&mut self, device: usize, arrives: impl Fn(usize) -> bool) {
        let _ = online(self.devices[device].replica_mut(), &mut self.hub, &mut self.seed, arrives);
    }

    /// What the hub holds in its log.
    pub(crate) fn held(&self) -> BTreeSet<ChangeHash> {
        held(self.hub.replica())
    }

    /// Every record that a device shows further than on itself is held by the hub, all that is shown of it.
    pub(crate) fn ticks_are_true(&self) {
        let held = self.held();
        for device in &self.devices {
            for row in device.replica().records().unwrap() {
                if matches!(device.replica().tick(row.record).unwrap(), Tick::AtRegion | Tick::Safe) {
                    for change in device.replica().applied_changes(row.record).unwrap() {
                        assert!(held.contains(&change), "{} is shown further than it is", row.record);
                    }
                }
            }
        }
    }

    /// The hub and every device hold the same parts, all of them sound, and nobody has anything left to send.
    pub(crate) fn all_are_equal(&self) {
        let expected = self.hub.replica().digests().unwrap();
        for (number, device) in self.devices.iter().enumerate() {
            assert_eq!(device.replica().digests().unwrap(), expected, "device {number}");
            assert_eq!(device.replica().log_counts().unwrap().unsent, 0, "device {number}");
            assert!(device.replica().unsound_parts().unwrap().is_empty());
        }
        assert!(self.hub.replica().unsound_parts().unwrap().is_empty());
        let mut flaws = Vec::new();
        self.hub.replica().verify(|flaw| flaws.push(flaw)).unwrap();
        assert!(flaws.is_empty(), "{flaws:?}");
    }
}

/// Brings the messages of a file to a hub, one by one.
pub(crate) fn bring_to(
    hub: &mut Office,
    file: &[u8],
    seed: &mut Seeded,
) -> Vec<Result<BundleTaken, Rejected>> {
    let Ok(parcel) = Parcel::read(file) else { return Vec::new() };
    let letters = parcel.sealed.iter().map(|sealed| parcel.head.letter(sealed));
    letters.map(|letter| hub.take_bundle(&letter, ReturnRows::File, seed, NOW)).collect()
}

/// A session of a child with a hub. `arrives` says of each message, requests and answers counted together, whether it
/// does.
pub(crate) fn online(
    child: &mut Replica,
    hub: &mut Office,
    seed: &mut Seeded,
    arrives: impl Fn(usize) -> bool,
) -> Result<(), Failure> {
    let mut conversation = Conversation::begin(child, 2).unwrap();
    let mut turn = conversation.next(child, NOW, seed.next());
    let mut message = 0;
    loop {
        turn = match turn {
            Turn::Send(body) => {
                let answer = arrives(message).then(|| hub.exchange(&body, NOW));
                let reply = match &answer {
                    Some(Ok(exchanged)) if arrives(message + 1) => Reply::Answer(&exchanged.answer),
                    Some(Err(rejected)) if arrives(message + 1) => rejected.reply(),
                    _ => Reply::Nothing(Retry::Later),
                };
                message += 2;
                conversation.hear(child, reply, NOW, seed.next())
            }
            Turn::Pause(_) => conversation.next(child, NOW, seed.next()),
            Turn::Over(outcome) => return outcome,
        };
    }
}

pub(crate) fn held(replica: &Replica) -> BTreeSet<ChangeHash> {
    let census = replica.census().unwrap().into_iter();
    census
        .filter(|(_, status)| !matches!(status, Status::Withheld | Status::LetGo))
        .map(|(hash, _)| hash)
        .collect()
}

pub(crate) fn copy_folder(from: &Path, to: &PathBuf) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

fn texts(answers: &[(&str, &str)]) -> Vec<(Key, Value)> {
    answers.iter().map(|(key, value)| (Key::question(key), Value::text(*value))).collect()
}

fn save(device: &mut Replica, record: RecordId, salt: Salt, parts: Vec<PartEdit>) {
    let save = Save { record, salt, form: "rss@1".into(), at: NOW, parts, draft: DraftFate::Keep };
    device.save(&save).unwrap();
}
