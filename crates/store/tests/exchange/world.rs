//! Two devices, a region and headquarters as replicas in one process, and what they do.

use std::collections::BTreeMap;

use teranga_core::audience::Audience;
use teranga_core::class::ClassId;
use teranga_core::id::{Entropy, RecordId, ReplicaId, Salt};
use teranga_core::key::Key;
use teranga_core::record::{Envelope, Event, EventKind};
use teranga_core::time::Millis;
use teranga_core::value::Value;
use teranga_store::save::{DraftFate, PartEdit, Save};
use teranga_store::uplink::{Joined, Taken};
use teranga_store::{Profile, Replica};
use teranga_sync::introduction::ReplicaKind;
use teranga_sync::message::{Answer, Request};
use teranga_sync::session::{Left, Plan, Session};
use teranga_sync::version::Spoken;

pub(crate) const NOW: Millis = Millis(1_700_000_000_000);

/// SplitMix64: a small seeded source, so that a failing run can be run again.
pub(crate) struct Seeded(pub u64);

impl Seeded {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

impl Entropy for Seeded {
    fn fill(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            *byte = self.next().to_le_bytes()[0];
        }
    }
}

pub(crate) struct World {
    pub dir: tempfile::TempDir,
    pub seed: Seeded,
    pub hq: Replica,
    pub region: Replica,
    pub awa: Replica,
    pub moussa: Replica,
}

pub(crate) fn profile(kind: ReplicaKind, person: &str, region: Option<&str>) -> Profile {
    Profile {
        kind,
        person: person.into(),
        office: format!("Bureau {person}"),
        audience: Audience::of_region(region),
    }
}

pub(crate) fn enrol(hub: &mut Replica, child: &mut Replica, code: &str) {
    let profile = child.profile().clone();
    hub.add_enrolment_code(code, &profile, Millis(NOW.0 + 1)).unwrap();
    assert!(hub.enrol(code, &child.public_key(), NOW).unwrap().is_some());
    assert!(hub.enrol(code, &child.public_key(), NOW).unwrap().is_some(), "an answer may be lost");
    assert!(hub.enrol(code, &hub.public_key(), NOW).unwrap().is_none(), "a code serves one key");
    let (key, home) = (hub.public_key(), hub.home().unwrap());
    let joined = Joined { key: &key, url: "http://127.0.0.1:1", name: "hub", home: home.as_ref() };
    child.join(&joined, profile).unwrap();
}

pub(crate) fn world(seed: u64) -> World {
    let dir = tempfile::tempdir().unwrap();
    let mut seed = Seeded(seed);
    let mut make = |name: &str, kind, region| {
        Replica::create(&dir.path().join(name), &profile(kind, name, region), &mut seed).unwrap()
    };
    let mut hq = make("hq", ReplicaKind::Hub, None);
    let mut region = make("kaolack", ReplicaKind::Hub, Some("SN-KL"));
    let mut awa = make("awa", ReplicaKind::Device, Some("SN-KL"));
    let mut moussa = make("moussa", ReplicaKind::Device, Some("SN-KL"));
    enrol(&mut hq, &mut region, "one");
    enrol(&mut region, &mut awa, "two");
    enrol(&mut region, &mut moussa, "three");
    World { dir, seed, hq, region, awa, moussa }
}

/// Exchanges until nothing is left.
pub(crate) fn sync(child: &mut Replica, hub: &mut Replica) {
    for _ in 0..100 {
        if exchange(child, hub).left == Left::Nothing {
            return;
        }
    }
    panic!("the exchange never ends");
}

/// One exchange, over bytes as they would travel.
pub(crate) fn exchange(child: &mut Replica, hub: &mut Replica) -> Taken {
    exchange_as(&Session::new().plan(), child, hub)
}

/// One exchange that is planned so.
pub(crate) fn exchange_as(plan: &Plan, child: &mut Replica, hub: &mut Replica) -> Taken {
    let request = child.next_request(plan, NOW).unwrap().unwrap();
    let answer = answered(&request.encode(child.identity()), child.id(), hub);
    let answer = Answer::read(&answer, &hub.public_key(), Spoken::BUILD).unwrap();
    child.take_answer(&request, &answer, NOW).unwrap()
}

/// What a hub answers to the bytes of a child's request.
pub(crate) fn answered(request: &[u8], child: ReplicaId, hub: &mut Replica) -> Vec<u8> {
    let known = hub.child(child).unwrap().unwrap();
    let request = Request::read(request, &known.key, Spoken::BUILD).unwrap();
    let before = hub.begin_exchange(&request, NOW).unwrap().unwrap();
    for push in &request.pushes {
        hub.ingest(&known, request.line, push, NOW).unwrap();
    }
    while hub.apply_logged().unwrap().is_left() {}
    hub.answer(&known, &request, before, NOW).unwrap().encode(hub.identity())
}

pub(crate) fn open_record(device: &mut Replica, seed: &mut Seeded, answers: &[(&str, &str)]) -> RecordId {
    open_record_in("SN-KL", device, seed, answers)
}

pub(crate) fn open_record_in(
    region: &str,
    device: &mut Replica,
    seed: &mut Seeded,
    answers: &[(&str, &str)],
) -> RecordId {
    open_of_case(None, region, (device, seed), answers)
}

/// The same, of an assessment of a case.
pub(crate) fn open_of_case(
    case: Option<RecordId>,
    region: &str,
    (device, seed): (&mut Replica, &mut Seeded),
    answers: &[(&str, &str)],
) -> RecordId {
    let record = RecordId::generate(NOW, seed);
    let mut salt = [0; 16];
    seed.fill(&mut salt);
    let event = teranga_core::id::EventId::generate(NOW, seed);
    let envelope = Envelope {
        form: "rss@1".into(),
        case,
        wave: Some("m3".into()),
        region: region.into(),
        events: BTreeMap::from([(event, Event { at: NOW, kind: EventKind::Submitted })]),
    };
    let parts = vec![
        PartEdit { class: ClassId::new("open"), edits: envelope.write() },
        PartEdit { class: ClassId::new("survey"), edits: texts(answers) },
    ];
    save(device, record, Salt(salt), parts);
    record
}

pub(crate) fn texts(answers: &[(&str, &str)]) -> Vec<(Key, Value)> {
    answers.iter().map(|(key, value)| (Key::question(key), Value::text(*value))).collect()
}

pub(crate) fn save(device: &mut Replica, record: RecordId, salt: Salt, parts: Vec<PartEdit>) {
    let save = Save { record, salt, form: "rss@1".into(), at: NOW, parts, draft: DraftFate::Keep };
    assert!(!device.save(&save).unwrap().is_empty());
}

pub(crate) fn edit(device: &mut Replica, record: RecordId, answers: &[(&str, &str)]) {
    let salt = device.record(record).unwrap().unwrap().salt;
    save(device, record, salt, vec![PartEdit { class: ClassId::new("survey"), edits: texts(answers) }]);
}

pub(crate) fn same_everywhere(world: &World, record: RecordId) {
    let expected = world.hq.parts(record).unwrap();
    for replica in [&world.region, &world.awa, &world.moussa] {
        assert_eq!(replica.parts(record).unwrap(), expected);
    }
}

pub(crate) fn sync_all(world: &mut World) {
    for _ in 0..2 {
        sync(&mut world.awa, &mut world.region);
        sync(&mut world.moussa, &mut world.region);
        sync(&mut world.region, &mut world.hq);
    }
    sync(&mut world.awa, &mut world.region);
    sync(&mut world.moussa, &mut world.region);
}

/// What a replica finds wrong with itself.
pub(crate) fn flaws(replica: &Replica) -> Vec<String> {
    let mut flaws = Vec::new();
    replica.verify(|flaw| flaws.push(format!("{flaw:?}"))).unwrap();
    flaws
}
