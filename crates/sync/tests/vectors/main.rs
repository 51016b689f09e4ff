//! The bytes of the protocol, frozen: every message and a pack, made from fixed keys, equal the vectors in
//! `schemas/vectors/protocol-N.json` of each version, read back, and say what stands beside them in JSON, from which they are
//! written again. `TERANGA_WRITE_VECTORS=1` writes them anew, which is a change of the protocol.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a helper that cannot go on must stop the test"
)]

mod drawn;
mod fields;
mod forms;
mod lane;
mod made;
mod messages;
mod spelled;

use std::path::PathBuf;

use serde_json::{Value as Json, json};
use teranga_core::class::ClassId;
use teranga_core::id::{RecordId, Salt};
use teranga_document::part::Part;
use teranga_sync::attachment::{LaneAnswer, LaneRequest};
use teranga_sync::bundle::{Bundle, Return};
use teranga_sync::enrol::{EnrolAnswer, EnrolRequest};
use teranga_sync::feed::{self, Row};
use teranga_sync::first::first_hash;
use teranga_sync::holding::hash_of;
use teranga_sync::identity::actor_of;
use teranga_sync::introduction::ReplicaKind;
use teranga_sync::message::{Answer, Request};
use teranga_sync::pack::Pack;
use teranga_sync::seal;
use teranga_sync::succession::{Inheritance, Succession};
use teranga_sync::version::{Spoken, Version};

use drawn::drawn_pack;
use fields::{both_ways, said_by_every_vector};
use lane::{file, lane_answer, lane_request, thumbnail};
use made::*;
use spelled::{bytes, hex};

const VERSIONS: [Version; 3] = [Version::PacksAndFeed, Version::NamedOnce, Version::ByColumn];

fn vectors(version: Version) -> Json {
    let mut vectors = vectors_of_every(version);
    forms::add(&mut vectors, version);
    if version == Version::ByColumn {
        let (pack, drawn) = drawn_pack();
        vectors["seed"] = json!(hex(&drawn.seed.0));
        vectors["drawn_pack"] = json!(hex(&pack.encode_drawn(version, &[drawn])));
        vectors["drawn_pack_in_version_0"] = json!(hex(&pack.encode(Version::PacksAndFeed)));
    }
    vectors["fields"] = said_by_every_vector(&vectors, version);
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
        // Their blocks are compressed by the zstd that is built in, at its level. A later one may write others, which every
        // receiver takes: then these, and those like them in `forms`, are written anew, and nothing else.
        "bundle": hex(&bundle(version).encode(&device())),
        "return": hex(&returned(version).encode(&hub())),
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
    for (name, value) in now.as_object().unwrap() {
        assert_eq!(&frozen[name], value, "{name}");
    }
    assert_eq!(frozen.as_object().unwrap().len(), now.as_object().unwrap().len());
}

#[test]
fn the_frozen_bytes_say_what_stands_beside_them_and_follow_from_it() {
    for version in VERSIONS {
        let frozen: Json = serde_json::from_str(&std::fs::read_to_string(path(version)).unwrap()).unwrap();
        both_ways(&frozen, version);
    }
}

#[test]
fn the_frozen_bytes_read_back() {
    VERSIONS.into_iter().for_each(read_as_frozen);
}

fn read_as_frozen(version: Version) {
    let frozen: Json = serde_json::from_str(&std::fs::read_to_string(path(version)).unwrap()).unwrap();
    forms::read_as_frozen(&frozen, version);
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
    assert!(word.verify(&home().public_key()));
    assert!(rows().iter().any(|row| matches!(row, Row::Erase(word) if word.home == home().public_key())));
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
