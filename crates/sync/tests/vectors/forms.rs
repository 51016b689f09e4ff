//! Forms that the messages of `made` leave out, each as small as shows it: a change of every kind in a pack, what is withheld, what
//! a relay sends, a file of two messages, and what a hub is given with the place of another. Whoever is right with the others alone
//! would meet these for the first time in the field. They are of the same world: the same keys, record and salt, and packs that
//! follow those of `made`.

use serde_json::{Value as Json, json};
use teranga_core::audience::Audience;
use teranga_core::class::ClassId;
use teranga_core::id::{Batch, OpeningNonce};
use teranga_core::key::Key;
use teranga_core::time::Millis;
use teranga_core::value::Value;
use teranga_document::part::{NewChange, Part};
use teranga_sync::bundle::Bundle;
use teranga_sync::enrol::{EnrolAnswer, EnrolRequest, Enrolled};
use teranga_sync::feed::{self, Row};
use teranga_sync::identity::actor_of;
use teranga_sync::introduction::ReplicaKind;
use teranga_sync::manifest::{Authorship, Manifest};
use teranga_sync::message::{Push, Request};
use teranga_sync::pack::{Entry, Pack, list};
use teranga_sync::parcel::{ParcelKind, ParcelWriter};
use teranga_sync::scan::{ChangeLimits, scan};
use teranga_sync::version::{Spoken, Version};

use crate::fields::Named;
use crate::made::*;
use crate::spelled::{bytes, hex};

/// A later opening of the device.
const AGAIN: OpeningNonce = OpeningNonce([0x44; 16]);

/// Adds them to the vectors of a version.
pub(crate) fn add(vectors: &mut Json, version: Version) {
    vectors["pack_of_every_kind"] = json!(hex(&pack_of_every_kind().encode(version)));
    vectors["pack_of_every_kind_hash"] = json!(pack_of_every_kind().hash());
    vectors["withheld_rows"] = json!(hex(&feed::encode(&withheld_rows(), version)));
    vectors["successor_enrol_request"] = json!(successor_enrol_request(version));
    vectors["successor_enrol_answer"] = json!(successor_enrol_answer());
    // Of these the blocks are compressed, as `main` says of those like them.
    vectors["relayed_request"] = json!(hex(&relayed_request(version).encode(&hub())));
    let [continuing, closing] = bundle_of_two(version).map(|bundle| bundle.encode(&device()));
    vectors["continuing_bundle"] = json!(hex(&continuing));
    vectors["closing_bundle"] = json!(hex(&closing));
    vectors["bundle_file_of_two"] = json!(hex(&bundle_file_of_two(version)));
}

/// The device's next pack, of one part, a change in each save. Two openings answered the same apart, each on what stands in the pack
/// before. Then what stands side by side is settled: twice the value that is shown is kept, which puts nothing and removes the other,
/// so that no sender takes it apart; a change is withheld; and on it, by whose hash alone that dependency is known, a new value
/// takes the place of both. In version 2 they are of the kinds 4, 4, 0, 1, 2 and 5; before, of 0, 0, 0, 1, 2 and 1.
pub(crate) fn pack_of_every_kind() -> Pack {
    let class = ClassId::new("survey");
    let [first, again] = [NONCE, AGAIN].map(|nonce| actor_of(&device().public_key(), nonce));
    let mut part = Part::open(RECORD, &class, SALT.0);
    let Entry { hash, body, .. } = entry();
    part.join(&NewChange { hash, bytes: body.unwrap(), n_ops: 4 }).unwrap();
    let mut beside = part.clone();
    let saved = |part: &mut Part, actor, minute: i64, puts: &[(&str, i64)]| {
        let puts = puts.iter().map(|(name, number)| (Key::question(name), Value::Int(*number)));
        let at = Millis(1_772_442_000_000 + minute * 60_000);
        part.edit(actor, at, "rss@2026-11", &puts.collect::<Vec<_>>()).unwrap().unwrap()
    };
    let here = saved(&mut part, first, 1, &[("boys", 1), ("men", 3), ("women", 1)]);
    let there = saved(&mut beside, again, 2, &[("boys", 2), ("men", 4), ("women", 2)]);
    part.join(&there).unwrap();
    let shown = |part: &Part, name| match part.view().unwrap().values[&Key::question(name)] {
        Value::Int(number) => (name, number),
        _ => panic!("{name} is a number"),
    };
    let kept = [(3, shown(&part, "men")), (4, shown(&part, "boys"))];
    let [men, boys] = kept.map(|(minute, shown)| saved(&mut part, first, minute, &[shown]));
    let withheld = saved(&mut part, first, 5, &[("girls", 1)]);
    let women = saved(&mut part, first, 6, &[("women", 3)]);
    let gone = withheld.hash;
    let save = |NewChange { hash, bytes, .. }: NewChange| {
        let body = Some(bytes).filter(|_| hash != gone);
        vec![Entry { record: RECORD, salt: SALT, class: class.clone(), hash, body }]
    };
    let saves = [here, there, men, boys, withheld, women].map(save).to_vec();
    let listed: Vec<_> = saves.iter().map(|save| list(save)).collect();
    let by = Authorship::own(vec![NONCE, AGAIN]);
    let listed = listed.iter().map(Vec::as_slice);
    let manifest = Manifest::sign(&device(), Batch(2), pack().hash(), by, listed);
    Pack { manifest, saves }
}

/// The save of that pack that is withheld, and the one after it, whose dependency it is.
pub(crate) fn withheld_rows() -> Vec<Row> {
    let row = |save: &Vec<Entry>| Row::Save { batch: Batch(2), witness: None, save: save.clone() };
    pack_of_every_kind().saves[4..].iter().map(row).collect()
}

/// What the hub passes on to the home: with whoever wrote it.
pub(crate) fn relayed_request(version: Version) -> Request {
    Request {
        hub: home().replica(),
        replica: hub().replica(),
        introductions: Vec::new(),
        confirmations: Vec::new(),
        judgements: Vec::new(),
        pushes: vec![Push::of(1, Some(introduction()), &pack(), version)],
        ..request(version)
    }
}

/// The messages of one bundle, which share everything but their packs.
pub(crate) fn bundle_of_two(version: Version) -> [Bundle; 2] {
    let closing = Bundle {
        exchange: 9,
        pushes: vec![Push::of(2, None, &pack_of_every_kind(), version)],
        ..bundle(version)
    };
    let pushes = vec![Push::of(1, None, &pack(), version)];
    [Bundle { continues: true, pushes, ..closing.clone() }, closing]
}

/// What the one-time keys of a file of two messages are made of: each has its own.
pub(crate) fn one_time() -> [[u8; 32]; 2] {
    [[0x66; 32], [0x67; 32]]
}

pub(crate) fn bundle_file_of_two(version: Version) -> Vec<u8> {
    let mut file = ParcelWriter::new(ParcelKind::Bundle, &hub().public_key(), device().replica());
    for (message, one_time) in bundle_of_two(version).into_iter().zip(one_time()) {
        file.add(&message.encode(&device()), &mut Named(one_time.to_vec())).unwrap();
    }
    file.finish()
}

/// The hub asks the home for the place of another.
pub(crate) fn successor_enrol_request(version: Version) -> EnrolRequest {
    EnrolRequest::sign(&hub(), &code_of(&home()), spoken(version))
}

/// It may hold every class of its region, and takes over what `inheritance` says.
pub(crate) fn successor_enrol_answer() -> EnrolAnswer {
    let enrolled = Enrolled {
        hub_name: "Siege Exemple",
        kind: ReplicaKind::Hub,
        person: "Moussa Exemple",
        office: "BAOS Kaolack",
        audience: &Audience::of_region(Some("SN-KL")),
        home: Some(home().public_key()),
        inheritance: Some(&inheritance()),
    };
    EnrolAnswer::sign(&home(), &successor_enrol_request(Version::PacksAndFeed), enrolled)
}

/// Holds what is frozen to what was made, and to what it is there to show.
pub(crate) fn read_as_frozen(frozen: &Json, version: Version) {
    every_kind_stands_in_the_pack(&bytes(&frozen["pack_of_every_kind"]), version);
    let rows = feed::decode(&bytes(&frozen["withheld_rows"]), version).unwrap();
    assert_eq!(rows, withheld_rows());
    assert!(matches!(&rows[0], Row::Save { save, .. } if save[0].body.is_none()));
    let relayed = bytes(&frozen["relayed_request"]);
    let relayed = Request::read(&relayed, &hub().public_key(), Spoken::BUILD).unwrap();
    assert_eq!(relayed, relayed_request(version));
    let ([push], author) = (relayed.pushes.as_slice(), introduction()) else { panic!("it holds one pack") };
    assert_eq!(push.introduction, Some(author));
    let file = bytes(&frozen["bundle_file_of_two"]);
    let read = |bytes: Vec<u8>| Bundle::read(&bytes, &device().public_key(), Spoken::BUILD).unwrap();
    let messages: Vec<Bundle> = all_opened(&file, &hub()).into_iter().map(read).collect();
    assert_eq!(messages, bundle_of_two(version));
    assert_eq!([true, false], [messages[0].continues, messages[1].continues]);
    let asked: EnrolRequest = serde_json::from_value(frozen["successor_enrol_request"].clone()).unwrap();
    assert!(asked.verify());
    let enrolled: EnrolAnswer = serde_json::from_value(frozen["successor_enrol_answer"].clone()).unwrap();
    let key = hub().public_key();
    let audience = enrolled.check(&asked.code, &key, ReplicaKind::Hub);
    assert_eq!(audience, Ok(Audience::of_region(Some("SN-KL"))));
    assert_eq!(enrolled.inheritance(&key), Ok(Some(inheritance())));
}

fn every_kind_stands_in_the_pack(whole: &[u8], version: Version) {
    let read = Pack::decode(whole, version).unwrap();
    assert_eq!(read, pack_of_every_kind());
    assert!(read.manifest.verify(&read.hash()));
    for body in read.saves.iter().flatten().filter_map(|entry| entry.body.as_ref()) {
        let said = scan(body, &ChangeLimits::PROTOCOL).unwrap();
        assert!(read.manifest.actors().contains(&said.actor));
    }
    // The column of entries of version 2: each save is one, of the first record and the first class.
    let kinds = [4, 4, 0, 1, 2, 5];
    let entries: Vec<u8> =
        [6].into_iter().chain(kinds.into_iter().flat_map(|kind| [1, 0, 0, kind])).collect();
    let by_column = whole.windows(entries.len()).any(|window| window == entries);
    assert_eq!(by_column, version == Version::ByColumn);
}
