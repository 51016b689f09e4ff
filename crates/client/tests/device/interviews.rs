//! Interviews on devices: what a late draft, a refused sheet and a changed day must keep.

use serde_json::json;
use teranga_client::interview::Finished;
use teranga_client::invent::{self, Extent, Seeded};
use teranga_client::{ClientError, Device};
use teranga_core::id::RecordId;
use teranga_core::key::Key;
use teranga_core::record::keys;
use teranga_core::value::Value;

use crate::world::{case, edit_sheet, setting, stored, sync_all, world};

fn survey(device: &mut Device, seed: &mut Seeded, case: RecordId, day: &str) -> Finished {
    let mut interview = device.begin("rss", Some(case), setting(seed)).unwrap();
    let mut answers = Seeded(seed.next_number());
    invent::fill(device, &mut interview, Extent::Whole, setting(seed), &mut answers).unwrap();
    device.answer(&mut interview, &Key::question("interview_date"), Value::text(day)).unwrap();
    device.finish(&mut interview, setting(seed)).unwrap()
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
    world.awa.answer_sheet(&mut again, &settled).unwrap();
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
        let taken = device.answer_sheet(&mut interview, &bad).map(drop);
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
