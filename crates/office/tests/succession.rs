//! A hub that is gone with its disk gives its place to another: the devices that headquarters knows go on without a code,
//! and nobody else's word leads them anywhere.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on must stop the test")]

use std::collections::BTreeMap;

use teranga_core::audience::Audience;
use teranga_core::class::ClassId;
use teranga_core::id::{Entropy, EventId, PublicKey, RecordId, ReplicaId, Salt};
use teranga_core::problem::{Problem, Retry};
use teranga_core::record::{Envelope, Event, EventKind};
use teranga_core::time::Millis;
use teranga_office::Office;
use teranga_office::admin::Command;
use teranga_store::children::Came;
use teranga_store::conversation::{Conversation, Failure, Reply, Summary, Turn};
use teranga_store::save::{DraftFate, PartEdit, Save};
use teranga_store::uplink::Joined;
use teranga_store::{Profile, Replica};
use teranga_sync::code;
use teranga_sync::enrol::EnrolRequest;
use teranga_sync::hex::Hex;
use teranga_sync::identity::Identity;
use teranga_sync::introduction::ReplicaKind;
use teranga_sync::message::Request;
use teranga_sync::parcel::Parcel;
use teranga_sync::succession::Succession;

const NOW: Millis = Millis(1_772_442_000_000);

/// SplitMix64.
struct Seeded(u64);

impl Entropy for Seeded {
    fn fill(&mut self, bytes: &mut [u8]) {
        bytes.fill_with(|| {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            (z ^ (z >> 27)).to_le_bytes()[7]
        });
    }
}

/// Headquarters, the hub of a region, and two devices there.
struct World {
    folder: tempfile::TempDir,
    seed: Seeded,
    hq: Office,
    region: Office,
    awa: Replica,
    moussa: Replica,
}

fn profile(kind: ReplicaKind, person: &str, region: Option<&str>) -> Profile {
    let audience = Audience::of_region(region);
    Profile { kind, person: person.into(), office: person.into(), audience }
}

fn join(hub: &mut Office, child: &mut Replica, code: &str) {
    let code = code::normalise(code).unwrap();
    let answer = hub.enrol(&EnrolRequest::sign(child.identity(), &code, child.spoken()), NOW).unwrap();
    let inheritance = answer.inheritance(&child.public_key()).unwrap();
    let (key, home) = (&answer.hub_key, answer.home_key.as_ref());
    let joined = Joined { key, url: "http://127.0.0.1:1", name: "hub", home };
    child.join_as_heir(&joined, child.profile().clone(), inheritance.as_ref()).unwrap();
}

fn enrol(hub: &mut Office, child: &mut Replica, seed: &mut Seeded) {
    let code = hub.new_code(&child.profile().clone(), seed, NOW).unwrap();
    join(hub, child, &code);
}

impl World {
    fn new(seed: u64) -> Self {
        let (folder, mut seed) = (tempfile::tempdir().unwrap(), Seeded(seed));
        let mut make = |kind, name: &str, region| {
            Replica::create(&folder.path().join(name), &profile(kind, name, region), &mut seed).unwrap()
        };
        let hq = make(ReplicaKind::Hub, "hq", None);
        let region = make(ReplicaKind::Hub, "kaolack", Some("SN-KL"));
        let awa = make(ReplicaKind::Device, "awa", Some("SN-KL"));
        let moussa = make(ReplicaKind::Device, "moussa", Some("SN-KL"));
        let (hq, region) = (Office::open(hq).unwrap(), Office::open(region).unwrap());
        let mut world = Self { folder, seed, hq, region, awa, moussa };
        enrol(&mut world.hq, world.region.replica_mut(), &mut world.seed);
        enrol(&mut world.region, &mut world.awa, &mut world.seed);
        enrol(&mut world.region, &mut world.moussa, &mut world.seed);
        world
    }

    /// Both devices have written something, and headquarters holds it.
    fn at_work(seed: u64) -> Self {
        let mut world = Self::new(seed);
        open_record(&mut world.awa, &mut world.seed);
        open_record(&mut world.moussa, &mut world.seed);
        talk(&mut world.awa, &mut world.region).unwrap();
        talk(&mut world.moussa, &mut world.region).unwrap();
        talk(world.region.replica_mut(), &mut world.hq).unwrap();
        world
    }

    fn replacing_code(&mut self, hub: &str) -> Result<String, String> {
        let asked = self.hq.admin(Command::ReplacingCode { hub: hub.into() }, &mut self.seed, NOW);
        asked
            .map(|json| json.get("code").unwrap().as_str().unwrap().to_owned())
            .map_err(|refusal| refusal.code)
    }

    /// The disk of the region is lost, and another hub takes its place.
    fn lose_the_region(&mut self, name: &str) {
        let old = self.region.replica().id();
        let code = self.replacing_code(&old.to_string()).unwrap();
        let hub = profile(ReplicaKind::Hub, "kaolack", Some("SN-KL"));
        let hub = Replica::create(&self.folder.path().join(name), &hub, &mut self.seed).unwrap();
        self.region = Office::open(hub).unwrap();
        join(&mut self.hq, self.region.replica_mut(), &code);
        talk(self.region.replica_mut(), &mut self.hq).unwrap();
    }

    fn taken_over(&self) -> Vec<ReplicaId> {
        let children = self.region.replica().children().unwrap().into_iter();
        let over = children.filter(|child| child.came == Came::TakenOver);
        over.map(|child| teranga_sync::identity::replica_id(&child.introduction.key)).collect()
    }
}

/// A session to its end.
fn talk(child: &mut Replica, hub: &mut Office) -> Result<Summary, Failure> {
    let mut talk = Conversation::begin(child, 2).unwrap();
    let mut turn = talk.next(child, NOW, 1);
    loop {
        turn = match turn {
            Turn::Send(body) => {
                let answer = hub.exchange(&body, NOW);
                while hub.apply_some(1).unwrap().is_left() {}
                match &answer {
                    Ok(exchanged) => talk.hear(child, Reply::Answer(&exchanged.answer), NOW, 1),
                    Err(rejected) => talk.hear(child, rejected.reply(), NOW, 1),
                }
            }
            Turn::Pause(_) => talk.next(child, NOW, 1),
            Turn::Over(outcome) => return outcome.map(|()| *talk.summary()),
        };
    }
}

/// What a device makes of a word, whoever gives it.
fn hear(child: &mut Replica, word: &Succession) -> Result<PublicKey, Option<Problem>> {
    let mut talk = Conversation::begin(child, 2).unwrap();
    assert!(matches!(talk.next(child, NOW, 1), Turn::Send(_)));
    match talk.hear(child, Reply::Succeeded(word), NOW, 1) {
        Turn::Send(body) => {
            assert_eq!(Request::ends(&body).unwrap().child, child.id());
            Ok(child.uplink().unwrap().unwrap().key)
        }
        Turn::Over(Err(Failure::Refused { problem })) => Err(Some(problem)),
        _ => Err(None),
    }
}

fn refusal(outcome: Result<Summary, Failure>) -> Option<Problem> {
    match outcome {
        Err(Failure::Refused { problem }) => Some(problem),
        _ => None,
    }
}

fn open_record(device: &mut Replica, seed: &mut Seeded) -> RecordId {
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
    let parts = vec![PartEdit { class: ClassId::new("open"), edits: envelope.write() }];
    let draft = DraftFate::Keep;
    let save = Save { record, salt: Salt(salt), form: "rss@1".into(), at: NOW, parts, draft };
    device.save(&save).unwrap();
    record
}

#[test]
fn devices_go_on_with_the_hub_that_took_the_place_and_lose_nothing() {
    let mut world = World::at_work(1);
    let old = world.region.replica().id();
    // What one of them had sent was lost with the hub, before it went up.
    let lost = open_record(&mut world.awa, &mut world.seed);
    talk(&mut world.awa, &mut world.region).unwrap();
    let later = open_record(&mut world.moussa, &mut world.seed);
    world.lose_the_region("second");
    assert!(world.hq.replica().is_revoked(old).unwrap());
    let mut expected = [world.awa.id(), world.moussa.id()];
    expected.sort_unstable();
    assert_eq!(world.taken_over(), expected);
    let before = world.awa.profile().clone();
    let summary = talk(&mut world.awa, &mut world.region).unwrap();
    assert_eq!((summary.heirs, summary.lines, summary.failures), (1, 0, 0));
    talk(&mut world.moussa, &mut world.region).unwrap();
    assert_eq!(talk(&mut world.moussa, &mut world.region).unwrap().heirs, 0);
    talk(world.region.replica_mut(), &mut world.hq).unwrap();
    for record in [lost, later] {
        assert!(world.hq.replica().record(record).unwrap().is_some());
    }
    let uplink = world.awa.uplink().unwrap().unwrap();
    assert_eq!(uplink.key, world.region.replica().public_key());
    assert_eq!(world.awa.home().unwrap(), Some(world.hq.replica().public_key()));
    assert_eq!(*world.awa.profile(), before);
    let children = world.region.replica().children().unwrap();
    assert!(children.iter().all(|child| child.lines == 1), "nobody was copied");
}

#[test]
fn one_word_is_enough_however_many_hubs_came_and_went() {
    let mut world = World::at_work(2);
    let first = world.region.replica().id();
    world.lose_the_region("second");
    talk(&mut world.moussa, &mut world.region).unwrap();
    let second = world.region.replica().id();
    let to_second = world.region.replica().succession(first).unwrap().unwrap();
    world.lose_the_region("third");
    for old in [first, second] {
        assert!(world.region.replica().succession(old).unwrap().is_some());
    }
    assert_eq!(talk(&mut world.awa, &mut world.region).unwrap().heirs, 1);
    assert_eq!(talk(&mut world.moussa, &mut world.region).unwrap().heirs, 1);
    // The word that led to the second leads nobody back who has left the first.
    assert_eq!(hear(&mut world.awa, &to_second), Err(Some(Problem::Succeeded)));
    assert_eq!(talk(&mut world.awa, &mut world.region).unwrap().heirs, 0);
    // Somebody who still knows the first is led to the second, and on from there.
    let mut late = World::at_work(2);
    assert_eq!(late.awa.id(), world.awa.id());
    assert_eq!(hear(&mut late.awa, &to_second), Ok(to_second.key));
    assert_eq!(talk(&mut late.awa, &mut world.region).unwrap().heirs, 1);
}

#[test]
fn nobody_elses_word_and_no_word_about_another_hub_leads_anywhere() {
    let mut world = World::at_work(3);
    let (hub, home) = (world.region.replica().id(), world.hq.replica().identity().clone());
    let thief = Identity::from_secret([9; 32]);
    let genuine = Succession::sign(&home, hub, thief.public_key());
    let wrong = [
        Succession::sign(&thief, hub, thief.public_key()),
        Succession::sign(world.region.replica().identity(), hub, thief.public_key()),
        Succession::sign(&home, ReplicaId([7; 16]), thief.public_key()),
        Succession { old: hub, ..Succession::sign(&home, ReplicaId([7; 16]), thief.public_key()) },
        Succession { key: world.moussa.public_key(), ..genuine },
    ];
    let before = world.awa.uplink().unwrap().unwrap();
    for word in &wrong {
        assert_eq!(hear(&mut world.awa, word), Err(Some(Problem::Succeeded)), "{word:?}");
    }
    let after = world.awa.uplink().unwrap().unwrap();
    assert_eq!(
        (after.key, after.cursor, after.acknowledged),
        (before.key, before.cursor, before.acknowledged)
    );
    assert_eq!(talk(&mut world.awa, &mut world.region).unwrap().heirs, 0);
    // Whoever was told no home can verify nothing.
    let binta = profile(ReplicaKind::Device, "binta", Some("SN-KL"));
    let mut device = Replica::create(&world.folder.path().join("binta"), &binta, &mut world.seed).unwrap();
    let key = world.region.replica().public_key();
    let joined = Joined { key: &key, url: "http://127.0.0.1:1", name: "hub", home: None };
    device.join(&joined, binta).unwrap();
    assert_eq!(hear(&mut device, &genuine), Err(Some(Problem::Succeeded)));
    assert_eq!(hear(&mut world.awa, &genuine), Ok(thief.public_key()));
}

#[test]
fn a_place_is_given_once_and_only_by_the_home() {
    let mut world = World::at_work(4);
    let old = world.region.replica().id();
    let ask = Command::ReplacingCode { hub: "kaolack".into() };
    let refused = world.region.admin(ask, &mut world.seed, NOW).unwrap_err();
    assert_eq!(refused.code, "replace-at-home");
    assert_eq!(world.replacing_code("nobody"), Err("hub-unknown".into()));
    let awa = world.awa.id().to_string();
    assert_eq!(world.replacing_code(&awa), Err("hub-unknown".into()), "a device has no place to give");
    let other = world.replacing_code("kaolack").unwrap();
    world.lose_the_region("second");
    let third = profile(ReplicaKind::Hub, "kaolack", Some("SN-KL"));
    let third = Replica::create(&world.folder.path().join("third"), &third, &mut world.seed).unwrap();
    let request = EnrolRequest::sign(third.identity(), &code::normalise(&other).unwrap(), third.spoken());
    assert_eq!(world.hq.enrol(&request, NOW).unwrap_err().problem, Problem::Forbidden);
    assert!(world.hq.replica().child(third.id()).unwrap().is_none());
    assert_eq!(world.replacing_code(&old.to_string()), Err("hub-succeeded".into()));
    // Nor is it taken in again, whose place another has.
    let again = Command::Readmit { replica: old.to_string() };
    assert_eq!(world.hq.admin(again, &mut world.seed, NOW).unwrap_err().code, "hub-replaced");
    // The name is that of the hub before too; the one that has the place is meant.
    assert!(world.replacing_code("kaolack").is_ok());
}

#[test]
fn an_answer_that_was_lost_is_given_again_and_says_the_same() {
    let mut world = World::at_work(5);
    let code = code::normalise(&world.replacing_code("kaolack").unwrap()).unwrap();
    let hub = profile(ReplicaKind::Hub, "kaolack", Some("SN-KL"));
    let hub = Replica::create(&world.folder.path().join("second"), &hub, &mut world.seed).unwrap();
    let request = EnrolRequest::sign(hub.identity(), &code, hub.spoken());
    let first = world.hq.enrol(&request, NOW).unwrap();
    let again = world.hq.enrol(&request, NOW).unwrap();
    let [first, again] = [first, again].map(|answer| answer.inheritance(&hub.public_key()).unwrap().unwrap());
    assert_eq!(first, again);
    assert_eq!((first.successions.len(), first.children.len()), (1, 2));
    // It is for this hub alone, and as headquarters gave it.
    let answer = world.hq.enrol(&request, NOW).unwrap();
    assert!(answer.inheritance(&world.awa.public_key()).is_err());
    let mut changed = answer.clone();
    changed.inheritance = Hex(Vec::new());
    assert!(changed.check(&code, &hub.public_key(), ReplicaKind::Hub).is_err());
    assert!(answer.check(&code, &hub.public_key(), ReplicaKind::Hub).is_ok());
}

#[test]
fn whom_the_hub_before_had_refused_is_seen_and_can_be_refused_again() {
    let mut world = World::at_work(6);
    let moussa = world.moussa.id();
    world.region.admin(Command::Revoke { replica: moussa.to_string() }, &mut world.seed, NOW).unwrap();
    assert_eq!(refusal(talk(&mut world.moussa, &mut world.region)), Some(Problem::Revoked));
    world.lose_the_region("second");
    assert!(world.taken_over().contains(&moussa), "headquarters cannot know it");
    let status = world.region.admin(Command::Status, &mut world.seed, NOW).unwrap();
    let listed = status["children"].as_array().unwrap().iter();
    assert_eq!(listed.filter(|child| child["taken_over"] == true).count(), 2);
    world.region.admin(Command::Revoke { replica: moussa.to_string() }, &mut world.seed, NOW).unwrap();
    assert_eq!(refusal(talk(&mut world.moussa, &mut world.region)), Some(Problem::Revoked));
    // With a code it is taken over no more.
    enrol(&mut world.region, &mut world.awa, &mut world.seed);
    assert_eq!(world.taken_over(), [moussa]);
}

#[test]
fn a_device_that_never_sent_anything_is_known_to_nobody_and_needs_a_code() {
    let mut world = World::new(7);
    world.lose_the_region("second");
    assert!(world.taken_over().is_empty());
    assert_eq!(refusal(talk(&mut world.awa, &mut world.region)), Some(Problem::Unauthorised));
    let record = open_record(&mut world.awa, &mut world.seed);
    enrol(&mut world.region, &mut world.awa, &mut world.seed);
    talk(&mut world.awa, &mut world.region).unwrap();
    assert!(world.region.replica().record(record).unwrap().is_some());
}

#[test]
fn a_file_for_the_hub_before_says_so_and_is_made_again() {
    let mut world = World::at_work(8);
    let record = open_record(&mut world.awa, &mut world.seed);
    let file = world.awa.bundle(&mut world.seed, NOW).unwrap().unwrap().file;
    world.lose_the_region("second");
    let import = |world: &mut World, file: &[u8]| {
        let parcel = Parcel::read(file).unwrap();
        let letter = Hex(parcel.head.letter(parcel.sealed[0]));
        let taken = world.region.admin(Command::BundleImport { letter, last: true }, &mut world.seed, NOW);
        taken.map(|_| ()).map_err(|refusal| refusal.code)
    };
    assert_eq!(import(&mut world, &file), Err("bundle-for-predecessor".into()));
    let parcel = Parcel::read(&file).unwrap();
    let letter = parcel.head.letter(parcel.sealed[0]);
    let rows = teranga_office::ReturnRows::Letter;
    let rejected = world.region.take_bundle(&letter, rows, &mut world.seed, NOW).unwrap_err();
    assert_eq!(rejected.problem, Problem::Succeeded);
    assert!(matches!(rejected.reply(), Reply::Succeeded(_)));
    // The link fails as soon as the device knows whom to write to.
    let word = world.region.replica().succession(parcel.head.to).unwrap().unwrap();
    assert!(hear(&mut world.awa, &word).is_ok());
    let mut talk = Conversation::begin(&mut world.awa, 1).unwrap();
    let _ = talk.next(&mut world.awa, NOW, 1);
    assert!(matches!(talk.hear(&mut world.awa, Reply::Nothing(Retry::Later), NOW, 1), Turn::Over(Err(_))));
    let asks = world.awa.bundle(&mut world.seed, NOW).unwrap().unwrap();
    assert!(asks.only_asks, "it reads the feed before it sends");
    assert_eq!(import(&mut world, &asks.file), Ok(()));
    assert!(world.region.replica().record(record).unwrap().is_none());
    self::talk(&mut world.awa, &mut world.region).unwrap();
    assert!(world.region.replica().record(record).unwrap().is_some());
}
