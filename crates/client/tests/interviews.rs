//! Interviews on devices: what a late draft, a refused sheet and a changed day must keep.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on must stop the test")]

use serde_json::{Value as Json, json};
use teranga_client::interview::{Finished, Setting};
use teranga_client::invent::{self, Seeded};
use teranga_client::{ClientError, Device};
use teranga_core::grant::Audience;
use teranga_core::id::RecordId;
use teranga_core::key::Key;
use teranga_core::record::keys;
use teranga_core::time::Millis;
use teranga_core::value::Value;
use teranga_store::uplink::Joined;
use teranga_store::{Profile, Replica};
use teranga_sync::feed::ReplicaKind;
use teranga_sync::message::{Answer, Request};
use teranga_sync::session::{Left, Session};

/// 2027-01-15.
const NOW: Millis = Millis(1_800_000_000_000);

struct World {
    _dir: tempfile::TempDir,
    seed: Seeded,
    hub: Replica,
    awa: Device,
    moussa: Device,
}

fn world(seed: u64) -> World {
    let dir = tempfile::tempdir().unwrap();
    let mut seed = Seeded(seed);
    let audience = Audience::of_region(Some("SN-KL"));
    let profile = Profile { kind: ReplicaKind::Hub, person: "hub".into(), office: "BAOS".into(), audience };
    let mut hub = Replica::create(&dir.path().join("hub"), &profile, &mut seed).unwrap();
    let mut device = |name: &str| {
        let mut device = Device::create(&dir.path().join(name), name, Some("SN-KL"), &mut seed).unwrap();
        let profile = device.replica().profile().clone();
        hub.add_enrolment_code(name, &profile, Millis(NOW.0 + 1)).unwrap();
        hub.enrol(name, &device.replica().public_key(), NOW).unwrap().unwrap();
        let joined = Joined { key: &hub.public_key(), url: "in this process", name: "hub" };
        device.replica_mut().join(&joined, profile).unwrap();
        device
    };
    let (awa, moussa) = (device("awa"), device("moussa"));
    World { _dir: dir, seed, hub, awa, moussa }
}

fn sync(device: &mut Device, hub: &mut Replica) {
    let session = Session::new();
    loop {
        let child = device.replica_mut();
        let request = child.next_request(&session.plan(), NOW).unwrap().unwrap();
        let known = hub.child(child.id()).unwrap().unwrap();
        let request = Request::read(&request.encode(child.identity()), &known.key).unwrap();
        hub.begin_exchange(request.replica, request.exchange, NOW).unwrap().unwrap();
        for push in &request.pushes {
            hub.ingest(&known, push, NOW).unwrap();
        }
        while hub.apply_logged().unwrap().left {}
        let answer = hub.answer(&known, &request, NOW).unwrap().encode(hub.identity());
        let answer = Answer::read(&answer, &hub.public_key()).unwrap();
        if child.take_answer(&request, &answer, NOW).unwrap().left == Left::Nothing {
            return;
        }
    }
}

fn sync_all(world: &mut World) {
    for _ in 0..2 {
        sync(&mut world.awa, &mut world.hub);
        sync(&mut world.moussa, &mut world.hub);
    }
}

fn setting(seed: &mut Seeded) -> Setting<'_> {
    Setting { now: NOW, language: "fr", entropy: seed }
}

fn case(device: &mut Device, seed: &mut Seeded, returned: &str) -> RecordId {
    let answers = json!({
        "given_names": "Awa", "family_name": "Exemple", "sex": "female", "birth_precision": "year",
        "birth_date": "1994", "region": "SN-KL", "department": "SN-KL-61", "return_date": returned,
        "return_country": "LY", "return_type": "voluntary_assisted"
    });
    let mut interview = device.begin_in_memory("profile", None, setting(seed)).unwrap();
    device.answer_sheet(&mut interview, &answers, seed).unwrap();
    device.finish(&mut interview, setting(seed)).unwrap().record
}

fn survey(device: &mut Device, seed: &mut Seeded, case: RecordId, day: &str) -> Finished {
    let mut interview = device.begin("rss", Some(case), setting(seed)).unwrap();
    let mut answers = Seeded(seed.next_number());
    invent::fill(device, &mut interview, setting(seed), &mut answers).unwrap();
    device.answer(&mut interview, &Key::question("interview_date"), Value::text(day)).unwrap();
    device.finish(&mut interview, setting(seed)).unwrap()
}

fn edit_sheet(
    device: &mut Device,
    seed: &mut Seeded,
    record: RecordId,
    answers: &Json,
) -> Result<Finished, ClientError> {
    let mut interview = device.edit_in_memory(record, setting(seed))?;
    device.answer_sheet(&mut interview, answers, seed)?;
    device.finish(&mut interview, setting(seed))
}

fn stored(device: &Device, record: RecordId, key: &str) -> Option<Value> {
    device.values(record).unwrap().get(&Key::question(key)).cloned()
}

#[test]
fn a_draft_that_was_begun_before_a_sync_overwrites_nobody() {
    let mut world = world(1);
    let record = case(&mut world.awa, &mut world.seed, "2026-01-15");
    sync_all(&mut world);
    let (name, day) = (Key::question("given_names"), Key::question("return_date"));
    let mut late = world.awa.edit(record, setting(&mut world.seed)).unwrap();
    world.awa.answer(&mut late, &name, Value::text("Awa Modèle")).unwrap();
    world.awa.answer(&mut late, &day, Value::text("2026-02-01")).unwrap();
    let theirs = json!({ "given_names": "Awa Ndeye", "return_date": "2026-03-01", "family_name": "Essai" });
    edit_sheet(&mut world.moussa, &mut world.seed, record, &theirs).unwrap();
    sync_all(&mut world);
    let mut late = world.awa.resume(record, setting(&mut world.seed)).unwrap();
    let shown = |key: &Key| late.filling().stored().get(key).cloned();
    assert_eq!(shown(&name), Some(Value::text("Awa Modèle")), "one's own answer, over theirs");
    assert_eq!(shown(&Key::question("family_name")), Some(Value::text("Essai")));
    world.awa.finish(&mut late, setting(&mut world.seed)).unwrap();
    sync_all(&mut world);
    for device in [&world.awa, &world.moussa] {
        let parts = device.replica().parts(record).unwrap();
        let conflicts: Vec<&Key> = parts.iter().flat_map(|part| &part.conflicts).map(|c| &c.key).collect();
        assert!(conflicts.contains(&&name) && conflicts.contains(&&day), "{conflicts:?}");
        assert_eq!(stored(device, record, "family_name"), Some(Value::text("Essai")));
    }
    let settled = json!({ "given_names": "Awa Ndeye", "return_date": "2026-03-01" });
    let mut again = world.awa.edit(record, setting(&mut world.seed)).unwrap();
    world.awa.answer_sheet(&mut again, &settled, &mut world.seed).unwrap();
    world.awa.finish(&mut again, setting(&mut world.seed)).unwrap();
    assert!(world.awa.replica().drafts().unwrap().is_empty());
}

#[test]
fn a_sheet_that_is_refused_leaves_the_device_as_it_was() {
    let mut world = world(2);
    let (device, seed) = (&mut world.awa, &mut world.seed);
    let record = case(device, seed, "2026-01-15");
    let before = device.values(record).unwrap();
    let incomplete = json!({ "given_names": null, "family_name": "Refusée" });
    assert!(matches!(edit_sheet(device, seed, record, &incomplete), Err(ClientError::Findings(_))));
    assert!(device.replica().drafts().unwrap().is_empty());
    edit_sheet(device, seed, record, &json!({ "given_names": "Khady" })).unwrap();
    assert_eq!(stored(device, record, "family_name"), before.get(&Key::question("family_name")).cloned());

    let mut typed = device.begin("profile", None, setting(seed)).unwrap();
    device.answer(&mut typed, &Key::question("given_names"), Value::text("Modou")).unwrap();
    let kept = device.replica().draft_answers(typed.record()).unwrap();
    for bad in [json!({ "given_nmes": "x" }), json!({ "family_name": "Essai" })] {
        let mut interview = device.resume(typed.record(), setting(seed)).unwrap();
        let taken = device.answer_sheet(&mut interview, &bad, seed).map(drop);
        let done = taken.and_then(|()| device.finish(&mut interview, setting(seed)));
        assert!(done.is_err());
        assert_eq!(device.replica().draft_answers(typed.record()).unwrap(), kept);
    }

    device.edit(record, setting(seed)).unwrap();
    let mixed = edit_sheet(device, seed, record, &json!({ "given_names": "Fatou" }));
    assert!(matches!(mixed, Err(ClientError::DraftUnderWay(of)) if of == record), "{mixed:?}");
    assert_eq!(stored(device, record, "given_names"), Some(Value::text("Khady")));
}

#[test]
fn the_wave_that_is_told_is_the_one_that_is_stored() {
    let mut world = world(3);
    let (device, seed) = (&mut world.awa, &mut world.seed);
    let first = case(device, seed, "2026-01-15");
    let finished = survey(device, seed, first, "2026-01-20");
    let record = finished.record;
    let wave = |device: &Device| device.replica().record(record).unwrap().unwrap().wave;
    assert_eq!((wave(device).as_deref(), &finished.others), (Some("baseline"), &Vec::new()));
    let edited = edit_sheet(device, seed, record, &json!({ "interview_date": "2026-07-20" })).unwrap();
    assert_eq!(edited.round.map(|round| round.wave), wave(device));
    assert_eq!(wave(device).as_deref(), Some("m6"));
    let second = case(device, seed, "2026-07-01");
    device.move_to(record, second, setting(seed)).unwrap();
    assert_eq!(wave(device).as_deref(), Some("baseline"));
    assert_eq!(stored(device, record, keys::CASE), Some(Value::text(second.to_string())));
    let again = survey(device, seed, second, "2026-07-10");
    assert_eq!(again.others, [record], "the case has one for this wave");
    device.void(record, "double", setting(seed)).unwrap();
    let later = edit_sheet(device, seed, again.record, &json!({ "interview_date": "2026-07-11" })).unwrap();
    assert!(later.others.is_empty());
}
