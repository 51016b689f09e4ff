//! The bytes of the protocol, frozen: every message and a pack, made from fixed keys, equal the vectors in
//! `schemas/vectors/protocol-N.json` of each version, and read back. `TERANGA_WRITE_VECTORS=1` writes them anew, which is a change of
//! the protocol.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a helper that cannot go on must stop the test"
)]

use std::fmt::Write as _;
use std::path::PathBuf;

use serde_json::{Value as Json, json};
use teranga_core::audience::{Agent, Audience, Clearance, Place, Reach};
use teranga_core::class::ClassId;
use teranga_core::id::{
    Batch, Entropy, EventId, FeedPosition, ItemId, Line, ManifestHash, OpeningNonce, RecordId, Salt,
};
use teranga_core::key::Key;
use teranga_core::problem::Problem;
use teranga_core::time::Millis;
use teranga_core::value::Value;
use teranga_document::part::{NewChange, Part};
use teranga_sync::attachment::{Held, LaneAnswer, LaneRequest, Offer, State, Stretch, Want};
use teranga_sync::bundle::{Bundle, RefusedPush, Return};
use teranga_sync::code;
use teranga_sync::drawn::{Drawing, Drawn};
use teranga_sync::enrol::{EnrolAnswer, EnrolRequest, Enrolled};
use teranga_sync::erase::{Confirmation, Erasure};
use teranga_sync::feed::{self, Cursor, ResourceRow, Row, VerdictRow};
use teranga_sync::first::first_hash;
use teranga_sync::holding::hash_of;
use teranga_sync::identity::{Identity, actor_of};
use teranga_sync::introduction::{Introduction, ReplicaKind};
use teranga_sync::judgement::{Judgement, Stance};
use teranga_sync::manifest::{Authorship, Manifest, Mark};
use teranga_sync::message::{Acknowledged, Answer, Asker, More, Push, Request};
use teranga_sync::pack::{Entry, Pack, list};
use teranga_sync::parcel::{Parcel, ParcelKind, ParcelWriter};
use teranga_sync::receipt::{Assurance, Receipt};
use teranga_sync::runs::Runs;
use teranga_sync::seal;
use teranga_sync::succession::{Inheritance, Succession};
use teranga_sync::thumbnail::Thumbnail;
use teranga_sync::version::{Spoken, Version};

const VERSIONS: [Version; 3] = [Version::PacksAndFeed, Version::NamedOnce, Version::ByColumn];

const RECORD: RecordId = RecordId([0x11; 16]);
const SALT: Salt = Salt([0x22; 16]);
const NONCE: OpeningNonce = OpeningNonce([0x33; 16]);

fn device() -> Identity {
    Identity::from_secret([1; 32])
}

fn hub() -> Identity {
    Identity::from_secret([2; 32])
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

fn entry() -> Entry {
    let class = ClassId::new("survey");
    let mut part = Part::open(RECORD, &class, SALT.0);
    let actor = actor_of(&device().public_key(), NONCE);
    let member = Key::item(None, "members", ItemId([0x77; 16]));
    let edits = [
        (Key::question("E01"), Value::text("ok")),
        (Key::question("men"), Value::Int(2)),
        (member.child("age"), Value::Int(31)),
        (member.child("name"), Value::text("Awa")),
    ];
    let change = part.edit(actor, Millis(1_772_442_000_000), "rss@2026-11", &edits).unwrap().unwrap();
    Entry { record: RECORD, salt: SALT, class, hash: change.hash, body: Some(change.bytes) }
}

fn pack() -> Pack {
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

/// What the device of the vectors draws from: the seed is 32 times 0x66.
fn drawing() -> Drawing {
    Drawing::begin(&mut Fixed)
}

/// Three interviews with what the device drew for them, and a correction of one. Items are drawn before their neighbours' are.
fn drawn_pack() -> (Pack, Drawn) {
    let mut drawing = drawing();
    let actor = actor_of(&device().public_key(), NONCE);
    let (open, survey) = (ClassId::new("open"), ClassId::new("survey"));
    let mut saves = Vec::new();
    for (number, name) in (0..).zip(["Awa", "Moussa", "Awa"]) {
        let at = Millis(1_772_442_000_000 + number * 60_000);
        let done = Millis(at.0 + 30_000);
        let record = RecordId::generate(at, &mut drawing);
        let mut salt = Salt([0; 16]);
        drawing.fill(&mut salt.0);
        let mut part = Part::open(record, &survey, salt.0);
        let mut edits =
            vec![(Key::question("E01"), Value::text("ok")), (Key::question("men"), Value::Int(2))];
        for place in 0..=number {
            let added = Millis(at.0 + place * 5_000 + 1_000);
            let member = Key::item(None, "members", ItemId::generate(added, &mut drawing));
            edits.push((member.child("_order"), Value::Int(place + 1)));
            edits.push((member.child("name"), Value::text(name)));
            edits.push((member.child("needs").child("seed"), Value::Bool(true)));
        }
        let entry = |change: NewChange, class: &ClassId| Entry {
            record,
            salt,
            class: class.clone(),
            hash: change.hash,
            body: Some(change.bytes),
        };
        let mut save = vec![entry(part.edit(actor, done, "rss@2026-11", &edits).unwrap().unwrap(), &survey)];
        let event = Key::question("_event").child(&EventId::generate(done, &mut drawing).to_string());
        let submitted = format!(r#"{{"event":"submitted","at":{}}}"#, done.0);
        let envelope =
            [(Key::question("_case"), Value::Text(RECORD.to_string())), (event, Value::Text(submitted))];
        let mut envelope_part = Part::open(record, &open, salt.0);
        save.push(entry(envelope_part.edit(actor, done, "rss@2026-11", &envelope).unwrap().unwrap(), &open));
        saves.push(save);
        if number == 1 {
            let correction = [(Key::question("men"), Value::Int(3))];
            let later = Millis(done.0 + 1_000);
            saves.push(vec![entry(
                part.edit(actor, later, "rss@2026-11", &correction).unwrap().unwrap(),
                &survey,
            )]);
        }
    }
    let listed: Vec<_> = saves.iter().map(|save| list(save)).collect();
    let by = Authorship::own(vec![NONCE]);
    let listed = listed.iter().map(Vec::as_slice);
    let manifest = Manifest::sign(&device(), Batch(1), ManifestHash([0; 32]), by, listed);
    (Pack { manifest, saves }, drawing.drawn())
}

/// A colleague's testimony of what the device wrote.
fn testimony() -> Pack {
    let saves = vec![vec![entry()]];
    let listed = list(&saves[0]);
    let by = Authorship { author: Some(introduction()), openings: vec![NONCE] };
    let batch = Line::FIRST.beginning().next();
    let manifest = Manifest::sign(&colleague(), batch, ManifestHash([0; 32]), by, [listed.as_slice()]);
    Pack { manifest, saves }
}

fn colleague() -> Identity {
    Identity::from_secret([4; 32])
}

fn introduction() -> Introduction {
    Introduction {
        key: device().public_key(),
        kind: ReplicaKind::Device,
        person: "Awa Exemple".into(),
        office: "BAOS Kaolack".into(),
        audience: audience(),
    }
}

fn rows() -> Vec<Row> {
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

fn receipt(assurance: Assurance) -> Receipt {
    let (origin, mark) = (device().replica(), Mark::of(&pack().hash()));
    Receipt { origin, batch: Batch(1), mark, assurance }
}

fn erasure() -> Erasure {
    Erasure::sign(&hub(), RECORD, Millis(1_772_442_000_000))
}

fn audience() -> Audience {
    let agent = Agent { office: "BAOS Kaolack".into(), person: "Awa Exemple".into() };
    let clearance = Clearance::of_names(["open", "survey"]);
    Audience { place: Place::of_code("SN-KL"), reach: Reach::Caseload(agent), clearance }
}

/// A code as it goes over the wire: sixteen symbols, and eight that spell the hub's key.
fn code() -> String {
    code::normalise(&code::new_code(&hub().public_key(), &mut Counting(0))).unwrap()
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
fn enrol_request(version: Version) -> EnrolRequest {
    let spoken = Spoken { newest: version.max(Version::NamedOnce), ..Spoken::BUILD };
    EnrolRequest::sign(&device(), &code(), spoken)
}

fn enrol_answer() -> EnrolAnswer {
    let enrolled = Enrolled {
        hub_name: "BAOS Kaolack",
        kind: ReplicaKind::Device,
        person: "Awa Exemple",
        office: "BAOS Kaolack",
        audience: &audience(),
        home: Some(Identity::from_secret([3; 32]).public_key()),
        inheritance: None,
    };
    EnrolAnswer::sign(&hub(), &enrol_request(Version::PacksAndFeed), enrolled)
}

/// What a hub is given with the place of another: nobody in the vectors is enrolled with it, for a device takes nothing over.
fn inheritance() -> Inheritance {
    let home = Identity::from_secret([3; 32]);
    let old = Identity::from_secret([4; 32]).replica();
    let child = Introduction {
        key: device().public_key(),
        kind: ReplicaKind::Device,
        person: "Awa Exemple".into(),
        office: "BAOS Kaolack".into(),
        audience: audience(),
    };
    let successions = vec![Succession::sign(&home, old, hub().public_key())];
    Inheritance { successions, children: vec![child] }
}

fn judgement(stance: Stance) -> Judgement {
    Judgement { record: RECORD, class: ClassId::new("survey"), change: entry().hash, stance }
}

fn request(version: Version) -> Request {
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

fn answer(version: Version) -> Answer {
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

fn bundle(version: Version) -> Bundle {
    Bundle {
        version,
        hub: hub().replica(),
        replica: device().replica(),
        line: Line::numbered(5).unwrap(),
        opening: Asker::of(NONCE),
        exchange: 8,
        cursor: Cursor { position: FeedPosition(300), running: [9; 32], within: 0 },
        continues: false,
        pushes: vec![Push::of(1, None, &pack(), version)],
    }
}

fn returned(version: Version) -> Return {
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
struct Fixed;

impl Entropy for Fixed {
    fn fill(&mut self, bytes: &mut [u8]) {
        bytes.fill(0x66);
    }
}

fn bundle_file(version: Version) -> Vec<u8> {
    let mut file = ParcelWriter::new(ParcelKind::Bundle, &hub().public_key(), device().replica());
    file.add(&bundle(version).encode(&device()), &mut Fixed).unwrap();
    file.finish()
}

fn return_file(version: Version) -> Vec<u8> {
    let mut file = ParcelWriter::new(ParcelKind::Return, &device().public_key(), hub().replica());
    file.add(&returned(version).encode(&hub()), &mut Fixed).unwrap();
    file.finish()
}

/// The only message of a file, opened.
fn opened(file: &[u8], identity: &Identity) -> Vec<u8> {
    let parcel = Parcel::read(file).unwrap();
    assert!(!parcel.cut);
    parcel.head.open(identity, parcel.sealed[0]).unwrap()
}

/// A file of two chunks and a byte.
fn file() -> Vec<u8> {
    (0..=2 * 8_192u32).map(|place| place.to_le_bytes()[0]).collect()
}

fn thumbnail() -> Thumbnail {
    Thumbnail::sign(&device(), hash_of(&file()), b"\xff\xd8\xff a thumbnail".to_vec())
}

fn lane_request(version: Version) -> LaneRequest {
    let file = hash_of(&file());
    LaneRequest {
        version,
        hub: hub().replica(),
        replica: device().replica(),
        line: Line::numbered(5).unwrap(),
        exchange: 8,
        pull_bytes_max: 65_536,
        offers: vec![
            Offer { file, bytes: 16_385, thumbnail: true, on_behalf_of: None },
            Offer {
                file: hash_of(b"only its thumbnail is here"),
                bytes: 0,
                thumbnail: true,
                on_behalf_of: None,
            },
            Offer::question(hash_of(b"a child has it"), hub().replica()),
        ],
        thumbnails: vec![thumbnail()],
        stretches: vec![Stretch { of: 0, first: 2, bytes: vec![0] }],
        thumbnails_wanted: vec![hash_of(b"an image")],
        wanted: vec![Want { file: hash_of(b"a file"), held: Runs::of([0, 1, 2, 7]) }],
    }
}

fn lane_answer(version: Version) -> LaneAnswer {
    let request = lane_request(version);
    let (file, challenge) = (file(), request.challenge());
    let hash = hash_of(&file);
    let at = challenge.chunk(&hash, 3) as usize * 8_192;
    let proof = challenge.proof(&hash, &file[at..file.len().min(at + 8_192)]);
    let state = |held, thumbnail_wanted| State { held, covered: false, thumbnail_wanted };
    LaneAnswer {
        version,
        replica: request.replica,
        line: request.line,
        exchange: request.exchange,
        states: vec![
            state(Held::Whole(proof), false),
            state(Held::Some(Runs::of([0, 3])), true),
            State { held: Held::Unknown, covered: true, thumbnail_wanted: false },
            state(Held::Dropped, false),
            state(Held::NoRoom, false),
        ],
        looked_for: 1,
        thumbnails: vec![thumbnail()],
        files: vec![Some(16_385), None],
        stretches: vec![Stretch { of: 0, first: 0, bytes: vec![7; 20] }],
    }
}

fn vectors(version: Version) -> Json {
    let mut vectors = vectors_of_every(version);
    if version == Version::ByColumn {
        let (pack, drawn) = drawn_pack();
        vectors["seed"] = json!(hex(&drawn.seed.0));
        vectors["drawn_pack"] = json!(hex(&pack.encode_drawn(version, &[drawn])));
        vectors["drawn_pack_in_version_0"] = json!(hex(&pack.encode(Version::PacksAndFeed)));
    }
    vectors
}

fn vectors_of_every(version: Version) -> Json {
    let class = ClassId::new("survey");
    json!({
        "protocol": version.number(),
        "device_secret": hex(&[1; 32]), "device_key": device().public_key(), "device": device().replica(),
        "hub_secret": hex(&[2; 32]), "hub_key": hub().public_key(), "hub": hub().replica(),
        "nonce": NONCE, "actor": actor_of(&device().public_key(), NONCE),
        "record": RECORD, "salt": SALT, "class": "survey",
        "first_change": hex(&Part::first_change(RECORD, &class, SALT.0).bytes),
        "first_change_hash": first_hash(RECORD, &class, SALT),
        "change": hex(&entry().body.unwrap()), "change_hash": entry().hash,
        "pack": hex(&pack().encode(version)), "manifest_hash": pack().hash(),
        "testimony": hex(&testimony().encode(version)), "testimony_hash": testimony().hash(),
        "rows": hex(&feed::encode(&rows(), version)),
        "enrol_request": enrol_request(version), "enrol_answer": enrol_answer(),
        "succession": hex(&inheritance().successions[0].to_bytes()),
        "inheritance": hex(&inheritance().encode()),
        "sealed_for_the_hub": hex(&seal::seal(&hub().public_key(), b"beside", b"message", &mut Fixed).unwrap()),
        "file_hash": hash_of(&file()),
        "thumbnail_signature": hex(&thumbnail().signature),
        "lane_request": hex(&lane_request(version).encode(&device())),
        "lane_answer": hex(&lane_answer(version).encode(&hub())),
        // Compressed blocks may differ from one zstd to the next: these are read, not compared.
        "request": hex(&request(version).encode(&device())),
        "answer": hex(&answer(version).encode(&hub())),
        "bundle_file": hex(&bundle_file(version)),
        "return_file": hex(&return_file(version)),
    })
}

#[test]
fn the_first_change_is_the_one_that_the_document_makes() {
    for number in 0..200u8 {
        let (record, salt) = (RecordId([number; 16]), Salt([number ^ 0x5a; 16]));
        // Lengths on both sides of the record's own, whose description then is a run.
        let class = ClassId::new("c".repeat(1 + usize::from(number)));
        let made = Part::first_change(record, &class, salt.0);
        assert_eq!(first_hash(record, &class, salt), made.hash, "class number {number}");
    }
}

fn path(version: Version) -> PathBuf {
    let name = format!("../../schemas/vectors/protocol-{}.json", version.number());
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn bytes(hex: &Json) -> Vec<u8> {
    let text = hex.as_str().unwrap();
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

#[test]
fn the_frozen_bytes_are_the_ones_that_are_written() {
    VERSIONS.into_iter().for_each(written_as_frozen);
}

fn written_as_frozen(version: Version) {
    let now = vectors(version);
    if std::env::var_os("TERANGA_WRITE_VECTORS").is_some() {
        std::fs::write(path(version), serde_json::to_string_pretty(&now).unwrap() + "\n").unwrap();
    }
    let frozen: Json = serde_json::from_str(&std::fs::read_to_string(path(version)).unwrap()).unwrap();
    for (name, value) in frozen.as_object().unwrap() {
        if !["request", "answer", "bundle_file", "return_file"].contains(&name.as_str()) {
            assert_eq!(value, &now[name], "{name}");
        }
    }
}

#[test]
fn the_frozen_bytes_read_back() {
    VERSIONS.into_iter().for_each(read_as_frozen);
}

fn read_as_frozen(version: Version) {
    let frozen: Json = serde_json::from_str(&std::fs::read_to_string(path(version)).unwrap()).unwrap();
    let read = Request::read(&bytes(&frozen["request"]), &device().public_key(), Spoken::BUILD).unwrap();
    assert_eq!(read, request(version));
    let read = Answer::read(&bytes(&frozen["answer"]), &hub().public_key(), Spoken::BUILD).unwrap();
    assert_eq!(read, answer(version));
    let read =
        Bundle::read(&opened(&bytes(&frozen["bundle_file"]), &hub()), &device().public_key(), Spoken::BUILD);
    assert_eq!(read, Ok(bundle(version)));
    let read =
        Return::read(&opened(&bytes(&frozen["return_file"]), &device()), &hub().public_key(), Spoken::BUILD);
    assert_eq!(read, Ok(returned(version)));
    let sealed = bytes(&frozen["sealed_for_the_hub"]);
    assert_eq!(seal::open(&hub(), b"beside", &sealed).as_deref(), Some(&b"message"[..]));
    let read =
        LaneRequest::read(&bytes(&frozen["lane_request"]), &device().public_key(), Spoken::BUILD).unwrap();
    assert_eq!(read, lane_request(version));
    assert_eq!(LaneRequest::ends(&bytes(&frozen["lane_request"])).unwrap().child, device().replica());
    let read = LaneAnswer::read(&bytes(&frozen["lane_answer"]), &hub().public_key(), Spoken::BUILD).unwrap();
    assert_eq!(read, lane_answer(version));
    assert!(read.thumbnails[0].verify());
    let read = Pack::decode(&bytes(&frozen["pack"]), version).unwrap();
    assert!(read.manifest.verify(&read.hash()));
    assert_eq!(read, pack());
    let read = Pack::decode(&bytes(&frozen["testimony"]), version).unwrap();
    assert!(read.manifest.verify(&read.hash()));
    assert_eq!(read, testimony());
    if version == Version::ByColumn {
        let (pack, _) = drawn_pack();
        assert_eq!(Pack::decode(&bytes(&frozen["drawn_pack"]), version).unwrap(), pack);
        assert!(pack.manifest.verify(&pack.hash()));
        let before = Version::PacksAndFeed;
        assert_eq!(Pack::decode(&bytes(&frozen["drawn_pack_in_version_0"]), before).unwrap(), pack);
    }
    assert_eq!(feed::decode(&bytes(&frozen["rows"]), version).unwrap(), rows());
    let word = inheritance().successions[0];
    assert_eq!(Succession::from_bytes(&bytes(&frozen["succession"])), Ok(word));
    assert!(word.verify(&Identity::from_secret([3; 32]).public_key()));
    assert_eq!(Inheritance::decode(&bytes(&frozen["inheritance"])), Ok(inheritance()));
    let enrol: EnrolRequest = serde_json::from_value(frozen["enrol_request"].clone()).unwrap();
    assert!(enrol.verify());
    let enrolled: EnrolAnswer = serde_json::from_value(frozen["enrol_answer"].clone()).unwrap();
    let key = device().public_key();
    assert_eq!(enrolled.check(&enrol.code, &key, ReplicaKind::Device).unwrap(), audience());
    assert!(
        EnrolAnswer { reach: 0, ..enrolled.clone() }.check(&enrol.code, &key, ReplicaKind::Device).is_err()
    );
    assert!(
        EnrolAnswer { home_key: None, ..enrolled.clone() }
            .check(&enrol.code, &key, ReplicaKind::Device)
            .is_err()
    );
    assert!(
        EnrolAnswer { classes: vec![], ..enrolled }.check(&enrol.code, &key, ReplicaKind::Device).is_err()
    );
}

#[test]
fn every_message_cut_short_or_with_one_bit_wrong_is_refused_and_nothing_panics() {
    VERSIONS.into_iter().for_each(refused_where_it_is_damaged);
}

fn refused_where_it_is_damaged(version: Version) {
    let (request, answer) = (request(version).encode(&device()), answer(version).encode(&hub()));
    let (bundle, returned) = (bundle(version).encode(&device()), returned(version).encode(&hub()));
    let (lane_request, lane_answer) =
        (lane_request(version).encode(&device()), lane_answer(version).encode(&hub()));
    let key = [device().public_key(), hub().public_key()];
    let messages = [&request, &answer, &bundle, &returned, &lane_request, &lane_answer];
    for (which, whole) in messages.into_iter().enumerate() {
        let taken = |bytes: &[u8]| match which {
            0 => Request::read(bytes, &key[0], Spoken::BUILD).is_ok(),
            1 => Answer::read(bytes, &key[1], Spoken::BUILD).is_ok(),
            2 => Bundle::read(bytes, &key[0], Spoken::BUILD).is_ok(),
            3 => Return::read(bytes, &key[1], Spoken::BUILD).is_ok(),
            4 => LaneRequest::read(bytes, &key[0], Spoken::BUILD).is_ok(),
            _ => LaneAnswer::read(bytes, &key[1], Spoken::BUILD).is_ok(),
        };
        assert!(taken(whole));
        for cut in 0..whole.len() {
            assert!(!taken(&whole[..cut]), "cut at {cut}");
        }
        for at in 0..whole.len() {
            let mut wrong = whole.clone();
            wrong[at] ^= 1;
            assert!(!taken(&wrong), "bit at {at}");
        }
    }
    let (drawn_pack, drawn) = drawn_pack();
    for pack in [pack().encode(version), drawn_pack.encode_drawn(version, &[drawn])] {
        refused_with_one_bit_wrong(&pack, version);
    }
}

fn refused_with_one_bit_wrong(pack: &[u8], version: Version) {
    for at in 0..pack.len() {
        let mut wrong = pack.to_vec();
        wrong[at] ^= 1;
        let taken = Pack::decode(&wrong, version).is_ok_and(|pack| pack.manifest.verify(&pack.hash()));
        assert!(!taken, "bit at {at}");
    }
}
