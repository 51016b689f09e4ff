//! What a hub does not take: it is taken out everywhere, its author keeps the answers and gives them again, and nothing is
//! ever stuck on it.

use teranga_core::class::ClassId;
use teranga_core::key::Key;
use teranga_core::time::Millis;
use teranga_core::value::Value;
use teranga_store::save::PartEdit;
use teranga_store::ticks::Tick;
use teranga_store::{Profile, Replica, Status};

use crate::world::*;

/// A record of the region, and one of Awa's changes of it that headquarters does not take, although her region did.
fn refused_above(world: &mut World) -> teranga_core::id::RecordId {
    let record = open_record(&mut world.awa, &mut world.seed, &[("E01", "ok")]);
    sync_all(world);
    edit(&mut world.awa, record, &[("E02", "refused")]);
    sync(&mut world.awa, &mut world.region);
    sync(&mut world.moussa, &mut world.region);
    edit(&mut world.moussa, record, &[("E03", "on top of it")]);
    // Headquarters enrolled her once, and knows her as cleared for less than her region does.
    let narrow = teranga_core::audience::Audience {
        clearance: teranga_core::audience::Clearance::of_names(["open"]),
        ..teranga_core::audience::Audience::of_region(Some("SN-KL"))
    };
    let narrow = Profile { audience: narrow, ..world.awa.profile().clone() };
    world.hq.add_enrolment_code("once", &narrow, Millis(NOW.0 + 1)).unwrap();
    world.hq.enrol("once", &world.awa.public_key(), NOW).unwrap().unwrap();
    record
}

fn survey(replica: &Replica, record: teranga_core::id::RecordId) -> Vec<(String, Value)> {
    let parts = replica.parts(record).unwrap();
    let part = parts.into_iter().find(|part| part.class.as_str() == "survey").unwrap();
    part.values.into_iter().map(|(key, value)| (key.to_string(), value)).collect()
}

#[test]
fn what_headquarters_refuses_is_taken_out_everywhere_and_what_builds_on_it_falls_with_it() {
    let mut world = world(60);
    let record = refused_above(&mut world);
    sync_all(&mut world);
    sync_all(&mut world);
    let expected = vec![("E01".to_owned(), Value::text("ok"))];
    for replica in [&world.hq, &world.region, &world.moussa] {
        assert_eq!(survey(replica, record), expected);
        assert_eq!(flaws(replica), [""; 0]);
    }
    // Both authors are told, and keep what they had answered.
    assert!(matches!(world.moussa.tick(record).unwrap(), Tick::Held(_)));
    let held = world.moussa.held_answers(record).unwrap();
    assert!(held.iter().any(|answer| answer.value == Value::text("on top of it")));
}

#[test]
fn answers_that_were_not_taken_are_given_again_and_go_through() {
    let mut world = world(61);
    let record = refused_above(&mut world);
    sync_all(&mut world);
    sync_all(&mut world);
    let held = world.moussa.held_answers(record).unwrap();
    let own: Vec<(Key, Value)> = held
        .into_iter()
        .filter(|answer| answer.key == Key::question("E03"))
        .map(|answer| (answer.key, answer.value))
        .collect();
    let salt = world.moussa.record(record).unwrap().unwrap().salt;
    save(&mut world.moussa, record, salt, vec![PartEdit { class: ClassId::new("survey"), edits: own }]);
    world.moussa.settle_held(record).unwrap();
    assert_eq!(world.moussa.tick(record).unwrap(), Tick::Here);
    sync_all(&mut world);
    assert_eq!(world.moussa.tick(record).unwrap(), Tick::Safe);
    assert_eq!(world.moussa.parts(record).unwrap(), world.hq.parts(record).unwrap());
    assert!(survey(&world.hq, record).contains(&("E03".to_owned(), Value::text("on top of it"))));
}

#[test]
fn what_is_tried_again_with_success_is_put_back_everywhere() {
    let mut world = world(62);
    let record = refused_above(&mut world);
    sync_all(&mut world);
    sync_all(&mut world);
    let everything = teranga_core::audience::Audience::of_region(Some("SN-KL"));
    world.hq.regrant(world.awa.id(), everything).unwrap().unwrap();
    sync_all(&mut world);
    let held = world.hq.aside().unwrap();
    assert!(held.iter().all(|aside| aside.status == Status::Quarantined && aside.record == record));
    assert!(world.hq.try_again(record).unwrap() > 0);
    while world.hq.apply_logged().unwrap().is_left() {}
    sync_all(&mut world);
    sync_all(&mut world);
    same_everywhere(&world, record);
    let answers = survey(&world.moussa, record);
    assert!(answers.contains(&("E02".to_owned(), Value::text("refused"))), "{answers:?}");
    assert!(answers.contains(&("E03".to_owned(), Value::text("on top of it"))), "{answers:?}");
    assert!(world.hq.aside().unwrap().is_empty() && world.moussa.held_answers(record).unwrap().is_empty());
}
