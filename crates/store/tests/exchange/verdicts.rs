//! Verdicts on their way: whom they reach, in which order changes may have come, what becomes of one when its change is
//! tried again, and who may have it tried again.

use teranga_core::audience::{Audience, Clearance};
use teranga_core::class::ClassId;
use teranga_core::id::RecordId;
use teranga_core::time::Millis;
use teranga_core::value::Value;
use teranga_store::save::PartEdit;
use teranga_store::ticks::Tick;
use teranga_store::{Profile, Replica};
use teranga_sync::introduction::ReplicaKind;
use teranga_sync::session::Session;

use crate::world::*;

fn everything() -> Audience {
    Audience::of_region(Some("SN-KL"))
}

fn only_open() -> Audience {
    Audience { clearance: Clearance::of_names(["open"]), ..everything() }
}

/// Headquarters enrolled Awa once, and knows her as cleared for less than her region does.
fn is_known_as_cleared_for_less(world: &mut World) {
    let narrow = Profile { audience: only_open(), ..world.awa.profile().clone() };
    world.hq.add_enrolment_code("once", &narrow, Millis(NOW.0 + 1)).unwrap();
    world.hq.enrol("once", &world.awa.public_key(), NOW).unwrap().unwrap();
}

fn device(hub: &mut Replica, seed: &mut Seeded, code: &str) -> (tempfile::TempDir, Replica) {
    let dir = tempfile::tempdir().unwrap();
    let profile = profile(ReplicaKind::Device, code, Some("SN-KL"));
    let mut device = Replica::create(dir.path(), &profile, seed).unwrap();
    enrol(hub, &mut device, code);
    (dir, device)
}

fn try_again(hub: &mut Replica, record: RecordId) -> usize {
    let tried = hub.try_again(record).unwrap();
    while hub.apply_logged().unwrap().is_left() {}
    tried
}

fn answers(replica: &Replica, record: RecordId) -> Vec<(String, Value)> {
    let parts = replica.parts(record).unwrap();
    let survey = parts.into_iter().filter(|part| part.class.as_str() == "survey");
    survey.flat_map(|part| part.values).map(|(key, value)| (key.to_string(), value)).collect()
}

/// A record, and a correction of Awa's that her own region does not take.
pub(crate) fn refused_at_the_region(world: &mut World) -> RecordId {
    let record = open_record(&mut world.awa, &mut world.seed, &[("E01", "ok")]);
    sync_all(world);
    edit(&mut world.awa, record, &[("E02", "refused")]);
    world.region.regrant(world.awa.id(), only_open()).unwrap().unwrap();
    sync(&mut world.awa, &mut world.region);
    assert_eq!(world.region.verdicts(record).unwrap().len(), 1);
    record
}

#[test]
fn whoever_is_behind_when_a_hub_tries_again_goes_on_and_so_does_a_new_device() {
    let mut world = world(90);
    let record = refused_at_the_region(&mut world);
    world.region.regrant(world.awa.id(), everything()).unwrap().unwrap();
    assert_eq!(try_again(&mut world.region, record), 1);
    // Moussa was offline all the time, and Fatou is new.
    sync(&mut world.moussa, &mut world.region);
    let (_dir, mut fatou) = device(&mut world.region, &mut world.seed, "fatou");
    sync(&mut fatou, &mut world.region);
    sync_all(&mut world);
    same_everywhere(&world, record);
    assert_eq!(fatou.parts(record).unwrap(), world.hq.parts(record).unwrap());
    assert!(answers(&fatou, record).contains(&("E02".to_owned(), Value::text("refused"))));
    assert_eq!(world.awa.tick(record).unwrap(), Tick::Safe);
    for replica in [&world.region, &world.awa, &world.moussa, &fatou] {
        assert_eq!(replica.verdicts(record).unwrap(), []);
        assert_eq!(flaws(replica), [""; 0]);
    }
}

#[test]
fn what_is_refused_once_more_is_told_once_more() {
    let mut world = world(91);
    let record = refused_at_the_region(&mut world);
    assert_eq!(try_again(&mut world.region, record), 1);
    assert_eq!(world.region.verdicts(record).unwrap().len(), 1);
    sync(&mut world.moussa, &mut world.region);
    let (_dir, mut fatou) = device(&mut world.region, &mut world.seed, "fatou");
    sync(&mut fatou, &mut world.region);
    for replica in [&world.moussa, &fatou] {
        assert_eq!(replica.verdicts(record).unwrap(), world.region.verdicts(record).unwrap());
    }
    world.region.regrant(world.awa.id(), everything()).unwrap().unwrap();
    assert_eq!(try_again(&mut world.region, record), 1);
    sync_all(&mut world);
    same_everywhere(&world, record);
    assert_eq!(world.awa.tick(record).unwrap(), Tick::Safe);
}

#[test]
fn a_part_whose_changes_came_in_another_order_is_made_anew_too() {
    let mut world = world(92);
    let dir = tempfile::tempdir().unwrap();
    let other = profile(ReplicaKind::Hub, "nioro", Some("SN-KL"));
    let mut nioro = Replica::create(dir.path(), &other, &mut world.seed).unwrap();
    enrol(&mut world.hq, &mut nioro, "six");
    let record = open_record(&mut world.awa, &mut world.seed, &[("E01", "ok")]);
    sync(&mut world.awa, &mut world.region);
    sync(&mut world.region, &mut world.hq);
    world.hq.note_backup(NOW).unwrap();
    sync(&mut world.region, &mut world.hq);
    // Of what the home's backup covers Moussa is no witness.
    sync(&mut world.moussa, &mut world.region);
    // What Moussa writes comes to the other hub of the region before what it builds on.
    edit(&mut world.moussa, record, &[("E03", "on top of it")]);
    enrol(&mut nioro, &mut world.moussa, "seven");
    sync(&mut world.moussa, &mut nioro);
    assert!(nioro.log_counts().unwrap().waiting > 0);
    sync(&mut world.region, &mut world.hq);
    sync(&mut nioro, &mut world.hq);
    assert_eq!(nioro.log_counts().unwrap().waiting, 0);
    // Awa writes there too, and headquarters does not take it.
    enrol(&mut nioro, &mut world.awa, "eight");
    is_known_as_cleared_for_less(&mut world);
    edit(&mut world.awa, record, &[("E02", "refused")]);
    sync(&mut world.awa, &mut nioro);
    sync(&mut nioro, &mut world.hq);
    sync(&mut nioro, &mut world.hq);
    sync(&mut world.awa, &mut nioro);
    let expected =
        vec![("E01".to_owned(), Value::text("ok")), ("E03".to_owned(), Value::text("on top of it"))];
    for replica in [&world.hq, &nioro, &world.awa] {
        assert_eq!(answers(replica, record), expected);
        assert_eq!(flaws(replica), [""; 0]);
    }
}

#[test]
fn a_verdict_on_the_save_that_opened_a_record_reaches_whoever_holds_it() {
    let mut world = world(93);
    is_known_as_cleared_for_less(&mut world);
    let record = open_record(&mut world.awa, &mut world.seed, &[("E01", "refused")]);
    sync(&mut world.awa, &mut world.region);
    sync(&mut world.moussa, &mut world.region);
    assert!(!answers(&world.moussa, record).is_empty());
    sync_all(&mut world);
    for replica in [&world.hq, &world.region, &world.awa, &world.moussa] {
        assert_eq!(replica.parts(record).unwrap(), []);
        assert!(replica.records().unwrap().is_empty());
    }
    // Nothing of it is theirs.
    assert_eq!(world.moussa.held_answers(record).unwrap(), []);
    assert!(matches!(world.awa.tick(record).unwrap(), Tick::Held(_)));
    world.hq.regrant(world.awa.id(), everything()).unwrap().unwrap();
    assert_eq!(try_again(&mut world.hq, record), 2);
    sync_all(&mut world);
    sync_all(&mut world);
    same_everywhere(&world, record);
    assert!(!answers(&world.moussa, record).is_empty());
}

#[test]
fn what_the_hub_above_did_not_take_is_not_tried_again_below_it() {
    let mut world = world(94);
    let record = open_record(&mut world.awa, &mut world.seed, &[("E01", "ok")]);
    sync_all(&mut world);
    is_known_as_cleared_for_less(&mut world);
    edit(&mut world.awa, record, &[("E02", "refused")]);
    sync_all(&mut world);
    sync_all(&mut world);
    assert_eq!(try_again(&mut world.region, record), 0);
    sync_all(&mut world);
    same_everywhere(&world, record);
    assert!(matches!(world.awa.tick(record).unwrap(), Tick::Held(_)));
    assert_eq!(answers(&world.region, record), [("E01".to_owned(), Value::text("ok"))]);
}

#[test]
fn of_two_changes_that_were_held_the_one_that_is_taken_leaves_the_others_answers_kept() {
    let mut world = world(95);
    let record = open_record(&mut world.awa, &mut world.seed, &[("E01", "ok")]);
    sync_all(&mut world);
    is_known_as_cleared_for_less(&mut world);
    edit(&mut world.awa, record, &[("E02", "held")]);
    let salt = world.awa.record(record).unwrap().unwrap().salt;
    let part = |class, answers| PartEdit { class: ClassId::new(class), edits: texts(answers) };
    let parts = vec![part("survey", &[("E03", "held too")]), part("identity", &[("F01", "of a person")])];
    save(&mut world.awa, record, salt, parts);
    sync_all(&mut world);
    sync_all(&mut world);
    assert_eq!(world.awa.held_answers(record).unwrap().len(), 3);
    // Of the second save one part is still not hers to write.
    let wider = Audience { clearance: Clearance::of_names(["open", "survey"]), ..everything() };
    world.hq.regrant(world.awa.id(), wider).unwrap().unwrap();
    assert_eq!(try_again(&mut world.hq, record), 3);
    sync_all(&mut world);
    same_everywhere(&world, record);
    assert!(answers(&world.awa, record).contains(&("E02".to_owned(), Value::text("held"))));
    let held = world.awa.held_answers(record).unwrap();
    let held: Vec<String> = held.into_iter().map(|answer| answer.key.to_string()).collect();
    assert_eq!(held, ["F01", "E03"]);
    assert!(matches!(world.awa.tick(record).unwrap(), Tick::Held(_)));
}

#[test]
fn what_fell_at_its_author_before_it_was_sent_stands_again_when_what_it_builds_on_is_taken() {
    let mut world = world(94);
    let record = open_record(&mut world.awa, &mut world.seed, &[("E01", "ok")]);
    sync_all(&mut world);
    edit(&mut world.awa, record, &[("E02", "refused")]);
    // The pack is cut; what is written on top of it comes in the next one.
    world.awa.next_request(&Session::new().plan(), NOW).unwrap().unwrap();
    edit(&mut world.awa, record, &[("E03", "on top of it")]);
    world.region.regrant(world.awa.id(), only_open()).unwrap().unwrap();
    exchange(&mut world.awa, &mut world.region);
    assert_eq!(world.awa.held_answers(record).unwrap().len(), 2);
    world.region.regrant(world.awa.id(), everything()).unwrap().unwrap();
    assert_eq!(try_again(&mut world.region, record), 1);
    sync_all(&mut world);
    same_everywhere(&world, record);
    let expected = [("E01", "ok"), ("E02", "refused"), ("E03", "on top of it")];
    assert_eq!(answers(&world.hq, record), expected.map(|(key, value)| (key.to_owned(), Value::text(value))));
    assert!(world.awa.records_held().unwrap().is_empty() && world.awa.verdicts(record).unwrap().is_empty());
}

#[test]
fn what_headquarters_did_not_take_a_hub_that_came_later_does_not_show_either() {
    let mut world = world(95);
    is_known_as_cleared_for_less(&mut world);
    let record = open_record(&mut world.awa, &mut world.seed, &[("E01", "ok")]);
    sync(&mut world.awa, &mut world.region);
    sync(&mut world.region, &mut world.hq);
    assert!(world.hq.parts(record).unwrap().is_empty());
    // Nobody below has heard of it yet but the next hub, which has nothing of the record.
    let dir = tempfile::tempdir().unwrap();
    let other = profile(ReplicaKind::Hub, "nioro", Some("SN-KL"));
    let mut nioro = Replica::create(dir.path(), &other, &mut world.seed).unwrap();
    enrol(&mut world.hq, &mut nioro, "six");
    sync(&mut nioro, &mut world.hq);
    enrol(&mut nioro, &mut world.awa, "seven");
    for _ in 0..2 {
        sync(&mut world.awa, &mut nioro);
        sync(&mut nioro, &mut world.hq);
    }
    for replica in [&nioro, &world.awa, &world.hq] {
        assert!(replica.parts(record).unwrap().is_empty());
    }
    assert!(matches!(world.awa.tick(record).unwrap(), Tick::Held(_)));
}
