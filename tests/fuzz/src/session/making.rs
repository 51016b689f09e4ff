//! The world in which junk is told: headquarters, a regional hub and two devices of it, with work, files and an erasure at
//! several points on their ways. Made once, from a fixed seed, and kept as the disks stood.

#![expect(clippy::unwrap_used, reason = "a world that cannot be made must stop the run")]

use std::collections::BTreeMap;
use std::sync::OnceLock;

use teranga_client::invent::Seeded;
use teranga_core::attachment::Address;
use teranga_core::audience::Audience;
use teranga_core::class::ClassId;
use teranga_core::id::{Entropy, EventId, FileHash, RecordId, Salt};
use teranga_core::key::Key;
use teranga_core::record::{Envelope, Event, EventKind};
use teranga_core::value::Value;
use teranga_office::Office;
use teranga_sim::Image;
use teranga_store::conversation::Conversation;
use teranga_store::lane::{Errand, Lane};
use teranga_store::save::{DraftFate, PartEdit, Save};
use teranga_store::uplink::Joined;
use teranga_store::{Profile, Replica};
use teranga_sync::code;
use teranga_sync::enrol::EnrolRequest;
use teranga_sync::feed::ResourceRow;
use teranga_sync::identity::Identity;
use teranga_sync::introduction::ReplicaKind;
use teranga_sync::limits::CHUNK_BYTES;

use super::place::{Over, Place};
use super::{NOW, converse};

/// Who somebody is, and how their disk stood.
pub(crate) struct Somebody {
    /// The disk.
    pub(crate) image: Image,
    /// The key.
    pub(crate) identity: Identity,
}

/// Everybody.
pub(crate) struct World {
    /// Headquarters.
    pub(crate) hq: Somebody,
    /// The regional hub.
    pub(crate) region: Somebody,
    /// A device that is told junk, or tells it.
    pub(crate) awa: Somebody,
    /// A device that is honest, as long as nobody has its key.
    pub(crate) moussa: Somebody,
    /// A code with which the regional hub enrols a device.
    pub(crate) code: String,
}

/// The world.
pub(crate) fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| Making::new().finish())
}

struct Making {
    seed: Seeded,
    hq: Place<Office>,
    region: Place<Office>,
    awa: Place<Replica>,
    moussa: Place<Replica>,
}

fn profile(kind: ReplicaKind, person: &str, region: Option<&str>) -> Profile {
    let audience = Audience::of_region(region);
    Profile { kind, person: person.into(), office: format!("Bureau {person}"), audience }
}

/// The code, as it goes over the wire, of a new child with this profile.
fn printed(hub: &mut Office, profile: &Profile, seed: &mut Seeded) -> String {
    let code = hub.new_code(profile, seed, NOW).unwrap();
    code::normalise(&code).unwrap()
}

fn enrol(hub: &mut Office, child: &mut Replica, seed: &mut Seeded) {
    let profile = child.profile().clone();
    let code = printed(hub, &profile, seed);
    hub.enrol(&EnrolRequest::sign(child.identity(), &code, child.spoken()), NOW).unwrap();
    let (key, home) = (hub.replica().public_key(), hub.replica().home().unwrap());
    let joined = Joined { key: &key, url: "http://127.0.0.1:1", name: "hub", home: home.as_ref() };
    child.join(&joined, profile).unwrap();
}

/// A session of answers and a run of the lane, both to their ends.
pub(crate) fn sync(child: &mut Replica, hub: &mut Office) {
    let mut talk = Conversation::begin(child, 3).unwrap();
    converse(&mut talk, child, |body| Ok(hub.exchange(body, NOW).unwrap().answer)).unwrap();
    let mut lane = Lane::begin(Errand::All, None, 3);
    converse(&mut lane, child, |body| Ok(hub.files(body, NOW).unwrap())).unwrap();
}

impl Making {
    fn new() -> Self {
        let mut seed = Seeded(7);
        let hq = Place::new(&profile(ReplicaKind::Hub, "hq", None), &mut seed);
        let region = Place::new(&profile(ReplicaKind::Hub, "kaolack", Some("SN-KL")), &mut seed);
        let awa = Place::new(&profile(ReplicaKind::Device, "awa", Some("SN-KL")), &mut seed);
        let moussa = Place::new(&profile(ReplicaKind::Device, "moussa", Some("SN-KL")), &mut seed);
        let mut making = Self { seed, hq, region, awa, moussa };
        enrol(&mut making.hq.running, making.region.running.replica_mut(), &mut making.seed);
        enrol(&mut making.region.running, &mut making.awa.running, &mut making.seed);
        enrol(&mut making.region.running, &mut making.moussa.running, &mut making.seed);
        making
    }

    fn sync_all(&mut self) {
        for _ in 0..2 {
            sync(&mut self.awa.running, &mut self.region.running);
            sync(&mut self.moussa.running, &mut self.region.running);
            sync(self.region.running.replica_mut(), &mut self.hq.running);
        }
        sync(&mut self.awa.running, &mut self.region.running);
        sync(&mut self.moussa.running, &mut self.region.running);
    }

    /// What everybody knows, then what has come only some of the way.
    fn finish(mut self) -> World {
        self.publish("1");
        let shared =
            open_with(&mut self.awa.running, &mut self.seed, &[("E01", "ok"), ("E02", "a note of hers")]);
        let doomed = open_with(&mut self.moussa.running, &mut self.seed, &[("E01", "to be forgotten")]);
        let gone = open_with(&mut self.moussa.running, &mut self.seed, &[("E01", "forgotten already")]);
        let photo = attach(&mut self.moussa.running, &mut self.seed, CHUNK_BYTES + 10);
        let pictured = open_with(&mut self.moussa.running, &mut self.seed, &[("photo", &photo)]);
        self.sync_all();
        self.awa.running.want_files(pictured).unwrap();
        // Erased at headquarters and below, but not yet on the devices; and only at headquarters.
        self.hq.running.replica_mut().erase(gone, NOW).unwrap();
        sync(self.region.running.replica_mut(), &mut self.hq.running);
        self.hq.running.replica_mut().erase(doomed, NOW).unwrap();
        self.publish("2");
        // The regional hub has news of Moussa's for Awa, and for headquarters.
        edit(&mut self.moussa.running, shared, &[("E01", "moussa"), ("E03", "beside hers")]);
        let photo = attach(&mut self.moussa.running, &mut self.seed, 2 * CHUNK_BYTES + 100);
        open_with(&mut self.moussa.running, &mut self.seed, &[("photo", &photo)]);
        sync(&mut self.moussa.running, &mut self.region.running);
        // Both devices have work of their own.
        edit(
            &mut self.awa.running,
            shared,
            &[("E01", "awa"), ("E04", "a longer text, of the kind that is a note")],
        );
        let photo = attach(&mut self.awa.running, &mut self.seed, CHUNK_BYTES + 50);
        let record =
            open_with(&mut self.awa.running, &mut self.seed, &[("photo", &photo), ("E01", "a photograph")]);
        edit(&mut self.awa.running, record, &[("E01", "")]);
        edit(&mut self.moussa.running, shared, &[("E05", "later")]);
        let known = profile(ReplicaKind::Device, "fatou", Some("SN-KL"));
        let code = printed(&mut self.region.running, &known, &mut self.seed);
        World {
            hq: somebody(self.hq),
            region: somebody(self.region),
            awa: somebody(self.awa),
            moussa: somebody(self.moussa),
            code,
        }
    }

    fn publish(&mut self, version: &str) {
        let text = |text: &str| text.to_owned();
        let json = format!("{{\"list\": \"villages\", \"version\": \"{version}\", \"entries\": []}}");
        let row = ResourceRow { kind: text("list"), id: text("villages"), version: text(version), json };
        self.hq.running.replica_mut().publish(&row).unwrap();
    }
}

fn somebody<T: Over>(place: Place<T>) -> Somebody {
    let identity = place.running.replica().identity().clone();
    Somebody { image: place.image(), identity }
}

fn texts(answers: &[(&str, &str)]) -> Vec<(Key, Value)> {
    answers.iter().map(|(key, value)| (Key::question(key), Value::text(*value))).collect()
}

/// Opens a record with these answers.
fn open_with(device: &mut Replica, seed: &mut Seeded, answers: &[(&str, &str)]) -> RecordId {
    let record = RecordId::generate(NOW, seed);
    let mut salt = [0; 16];
    seed.fill(&mut salt);
    let event = EventId::generate(NOW, seed);
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
    save(device, record, Salt(salt), parts);
    record
}

fn edit(device: &mut Replica, record: RecordId, answers: &[(&str, &str)]) {
    let salt = device.record(record).unwrap().unwrap().salt;
    save(device, record, salt, vec![PartEdit { class: ClassId::new("survey"), edits: texts(answers) }]);
}

fn save(device: &mut Replica, record: RecordId, salt: Salt, parts: Vec<PartEdit>) {
    let save = Save { record, salt, form: "rss@1".into(), at: NOW, parts, draft: DraftFate::Keep };
    device.save(&save).unwrap();
}

/// A file that is kept; its address, as an answer holds it.
fn attach(device: &mut Replica, seed: &mut Seeded, bytes: usize) -> String {
    let mut photo = vec![0; bytes];
    seed.fill(&mut photo);
    let hash: FileHash = device.attach(&photo, Some(b"\xff\xd8\xff small".to_vec())).unwrap();
    Address { hash, extension: "jpg".into() }.to_string()
}
