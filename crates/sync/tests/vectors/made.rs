//! What the vectors say, made from fixed keys: every message but those of the lane, with something in each of its fields, and the
//! packs and rows in them.

use serde_json::{Value as Json, json};
use teranga_core::audience::{Agent, Audience, Clearance, Place, Reach};
use teranga_core::class::ClassId;
use teranga_core::id::{
    Batch, Entropy, FeedPosition, ItemId, Line, ManifestHash, OpeningNonce, RecordId, Salt,
};
use teranga_core::key::Key;
use teranga_core::problem::Problem;
use teranga_core::time::Millis;
use teranga_core::value::Value;
use teranga_document::part::Part;
use teranga_sync::bundle::{Bundle, RefusedPush, Return};
use teranga_sync::code;
use teranga_sync::enrol::{EnrolAnswer, EnrolRequest, Enrolled};
use teranga_sync::erase::{Confirmation, Erasure};
use teranga_sync::feed::{self, Cursor, ResourceRow, Row, VerdictRow};
use teranga_sync::identity::{Identity, actor_of};
use teranga_sync::introduction::{Introduction, ReplicaKind};
use teranga_sync::judgement::{Judgement, Stance};
use teranga_sync::manifest::{Authorship, Manifest, Mark};
use teranga_sync::message::{Acknowledged, Answer, Asker, More, Push, Request};
use teranga_sync::pack::{Entry, Pack, list};
use teranga_sync::parcel::{Parcel, ParcelKind, ParcelWriter};
use teranga_sync::receipt::{Assurance, Receipt};
use teranga_sync::succession::{Inheritance, Succession};
use teranga_sync::version::{Spoken, Version};

pub(crate) const RECORD: RecordId = RecordId([0x11; 16]);
pub(crate) const SALT: Salt = Salt([0x22; 16]);
pub(crate) const NONCE: OpeningNonce = OpeningNonce([0x33; 16]);

pub(crate) fn device() -> Identity {
    Identity::from_secret([1; 32])
}

pub(crate) fn hub() -> Identity {
    Identity::from_secret([2; 32])
}

pub(crate) fn home() -> Identity {
    Identity::from_secret([3; 32])
}

/// What the change of the vectors puts.
pub(crate) fn puts() -> Json {
    let member = Key::item(None, "members", ItemId([0x77; 16]));
    let (age, name) = (member.child("age"), member.child("name"));
    json!({ "E01": "ok", "men": 2, age.as_str(): 31, name.as_str(): "Awa" })
}

pub(crate) fn entry() -> Entry {
    let class = ClassId::new("survey");
    let mut part = Part::open(RECORD, &class, SALT.0);
    let actor = actor_of(&device().public_key(), NONCE);
    let puts = puts();
    let value = |put: &Json| put.as_i64().map_or_else(|| Value::text(put.as_str().unwrap()), Value::Int);
    let puts = puts.as_object().unwrap().iter();
    let edits: Vec<_> = puts.map(|(key, put)| (Key::from_text(key), value(put))).collect();
    let change = part.edit(actor, Millis(1_772_442_000_000), "rss@2026-11", &edits).unwrap().unwrap();
    Entry { record: RECORD, salt: SALT, class, hash: change.hash, body: Some(change.bytes) }
}

pub(crate) fn pack() -> Pack {
    let saves = vec![vec![entry()]];
    let listed = list(&saves[0]);
    let manifest = Manifest::sign(
        &device(),
        Batch(1),
        ManifestHash([0; 32]),
        Authorship::own(vec![NONCE]),
        [listed.as_slice()],
    );
    Pack { manifest, saves }
}

/// A colleague's testimony of what the device wrote.
pub(crate) fn testimony() -> Pack {
    let saves = vec![vec![entry()]];
    let listed = list(&saves[0]);
    let by = Authorship { author: Some(introduction()), openings: vec![NONCE] };
    let batch = Line::FIRST.beginning().next();
    let manifest = Manifest::sign(&colleague(), batch, ManifestHash([0; 32]), by, [listed.as_slice()]);
    Pack { manifest, saves }
}

pub(crate) fn colleague() -> Identity {
    Identity::from_secret([4; 32])
}

pub(crate) fn introduction() -> Introduction {
    Introduction {
        key: device().public_key(),
        kind: ReplicaKind::Device,
        person: "Awa Exemple".into(),
        office: "BAOS Kaolack".into(),
        audience: audience(),
    }
}

pub(crate) fn rows() -> Vec<Row> {
    let json = r#"{"version":"1"}"#.to_owned();
    vec![
        Row::Resource(ResourceRow {
            kind: "classes".into(),
            id: "classes".into(),
            version: "1".into(),
            json,
        }),
        Row::Replica(introduction()),
        Row::Opening { replica: device().replica(), nonce: NONCE },
        Row::Save { batch: Batch(1), witness: None, save: vec![entry()] },
        Row::Save { batch: Batch(1), witness: Some(colleague().replica()), save: vec![entry()] },
        Row::Receipt(receipt(Assurance::Held)),
        Row::Receipt(receipt(Assurance::BackedUp)),
        Row::Verdict(VerdictRow {
            origin: device().replica(),
            batch: Batch(1),
            record: RECORD,
            class: ClassId::new("survey"),
            hash: entry().hash,
            reason: "not-granted".into(),
        }),
        Row::Erase(erasure()),
        Row::Fork { origin: device().replica(), batch: Batch(1) },
        Row::Leave { record: RECORD, class: None },
        Row::Leave { record: RECORD, class: Some(ClassId::new("survey")) },
    ]
}

pub(crate) fn receipt(assurance: Assurance) -> Receipt {
    let (origin, mark) = (device().replica(), Mark::of(&pack().hash()));
    Receipt { origin, batch: Batch(1), mark, assurance }
}

/// The home's word on a record that nothing else here speaks of: what is erased brings nobody any more.
pub(crate) fn erasure() -> Erasure {
    Erasure::sign(&home(), RecordId([0x12; 16]), Millis(1_772_442_000_000))
}

pub(crate) fn audience() -> Audience {
    let agent = Agent { office: "BAOS Kaolack".into(), person: "Awa Exemple".into() };
    let clearance = Clearance::of_names(["open", "survey"]);
    Audience { place: Place::of_code("SN-KL"), reach: Reach::Caseload(agent), clearance }
}

/// A code as it goes over the wire: sixteen symbols, and eight that spell the hub's key.
pub(crate) fn code_of(hub: &Identity) -> String {
    code::normalise(&code::new_code(&hub.public_key(), &mut Counting(0))).unwrap()
}

struct Counting(u8);

impl Entropy for Counting {
    fn fill(&mut self, bytes: &mut [u8]) {
        bytes.fill_with(|| {
            self.0 += 1;
            self.0
        });
    }
}

/// As a build asks whose newest version this is; those of version 0 were frozen by one that spoke 1 too.
pub(crate) fn spoken(version: Version) -> Spoken {
    Spoken { newest: version.max(Version::NamedOnce), ..Spoken::BUILD }
}

pub(crate) fn enrol_request(version: Version) -> EnrolRequest {
    EnrolRequest::sign(&device(), &code_of(&hub()), spoken(version))
}

pub(crate) fn enrol_answer() -> EnrolAnswer {
    let enrolled = Enrolled {
        hub_name: "BAOS Kaolack",
        kind: ReplicaKind::Device,
        person: "Awa Exemple",
        office: "BAOS Kaolack",
        audience: &audience(),
        home: Some(home().public_key()),
        inheritance: None,
    };
    EnrolAnswer::sign(&hub(), &enrol_request(Version::PacksAndFeed), enrolled)
}

/// What a hub is given with the place of another: nobody in the vectors is enrolled with it, for a device takes nothing over.
pub(crate) fn inheritance() -> Inheritance {
    let old = Identity::from_secret([4; 32]).replica();
    let child = Introduction {
        key: device().public_key(),
        kind: ReplicaKind::Device,
        person: "Awa Exemple".into(),
        office: "BAOS Kaolack".into(),
        audience: audience(),
    };
    let successions = vec![Succession::sign(&home(), old, hub().public_key())];
    Inheritance { successions, children: vec![child] }
}

pub(crate) fn judgement(stance: Stance) -> Judgement {
    Judgement { record: RECORD, class: ClassId::new("survey"), change: entry().hash, stance }
}

pub(crate) fn request(version: Version) -> Request {
    Request {
        version,
        hub: hub().replica(),
        replica: device().replica(),
        line: Line::numbered(5).unwrap(),
        opening: Asker::of(NONCE),
        exchange: 7,
        cursor: Cursor { position: FeedPosition(300), running: [9; 32], within: 0 },
        pull_bytes_max: 65_536,
        introductions: vec![introduction()],
        confirmations: vec![Confirmation::sign(&device(), erasure())],
        judgements: vec![judgement(Stance::NotTaken), judgement(Stance::TakenAfterAll)],
        pushes: vec![Push::of(1, None, &pack(), version)],
    }
}

pub(crate) fn answer(version: Version) -> Answer {
    Answer {
        version,
        newest: 9,
        replica: device().replica(),
        line: Line::numbered(5).unwrap(),
        before: Asker([0x44; 8]),
        exchange: 7,
        acknowledged: Acknowledged::at(1, &pack().hash()),
        hub_time: Millis(1_772_442_000_500),
        cursor: Cursor { position: FeedPosition(306), running: [8; 32], within: 290 },
        more: More::Rows,
        rows: feed::encode(&rows(), version),
    }
}

pub(crate) fn bundle(version: Version) -> Bundle {
    Bundle {
        version,
        hub: hub().replica(),
        replica: device().replica(),
        line: Line::numbered(5).unwrap(),
        opening: Asker::of(NONCE),
        exchange: 8,
        cursor: Cursor { position: FeedPosition(300), running: [9; 32], within: 0 },
        continues: false,
        confirmations: vec![Confirmation::sign(&device(), erasure())],
        pushes: vec![Push::of(1, None, &pack(), version)],
    }
}

pub(crate) fn returned(version: Version) -> Return {
    Return {
        version,
        newest: 9,
        replica: device().replica(),
        line: Line::numbered(5).unwrap(),
        opening: Asker::of(NONCE),
        exchange: 8,
        acknowledged: Acknowledged::at(1, &pack().hash()),
        refused: vec![RefusedPush { number: 2, mark: Mark([0x55; 8]), problem: Problem::Forbidden }],
        hub_time: Millis(1_772_442_000_500),
        from: Cursor { position: FeedPosition(300), running: [9; 32], within: 0 },
        cursor: Cursor { position: FeedPosition(306), running: [8; 32], within: 0 },
        more: More::Nothing,
        rows: feed::encode(&rows(), version),
    }
}

/// The one-time key of a seal in the vectors; a real one is drawn at random.
pub(crate) struct Fixed;

impl Entropy for Fixed {
    fn fill(&mut self, bytes: &mut [u8]) {
        bytes.fill(0x66);
    }
}

pub(crate) fn bundle_file(version: Version) -> Vec<u8> {
    let mut file = ParcelWriter::new(ParcelKind::Bundle, &hub().public_key(), device().replica());
    file.add(&bundle(version).encode(&device()), &mut Fixed).unwrap();
    file.finish()
}

pub(crate) fn return_file(version: Version) -> Vec<u8> {
    let mut file = ParcelWriter::new(ParcelKind::Return, &device().public_key(), hub().replica());
    file.add(&returned(version).encode(&hub()), &mut Fixed).unwrap();
    file.finish()
}

/// The messages of a file, opened.
pub(crate) fn all_opened(file: &[u8], identity: &Identity) -> Vec<Vec<u8>> {
    let parcel = Parcel::read(file).unwrap();
    assert!(!parcel.cut);
    parcel.sealed.iter().map(|sealed| parcel.head.open(identity, sealed).unwrap()).collect()
}

/// The only one.
pub(crate) fn opened(file: &[u8], identity: &Identity) -> Vec<u8> {
    let [message] = all_opened(file, identity).try_into().unwrap();
    message
}
