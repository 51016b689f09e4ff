//! A part that is full. What came first at the hub above is in it, and whoever had something else there takes it all the same, or
//! two replicas would differ for ever; and whatever devices have filled, an office can still write to it.

use teranga_core::class::ClassId;
use teranga_core::id::{Line, RecordId};
use teranga_core::key::Key;
use teranga_core::value::Value;
use teranga_document::room::Room;
use teranga_store::children::Standing;
use teranga_store::ingest::Ingested;
use teranga_store::save::{DraftFate, PartEdit, Save};
use teranga_store::{Replica, StoreError, Unapplied};
use teranga_sync::session::Session;

use crate::grants::{assign, caseload, device, to};
use crate::testimonies::in_the_name_of;
use crate::world::*;

/// Characters of a long answer.
const LONG: usize = 60_000;

/// A record whose part has room for one long answer more, of whoever holds everything of the region.
fn nearly_full(world: &mut World) -> RecordId {
    let record = open_record(&mut world.moussa, &mut world.seed, &[("E01", "ok")]);
    for number in 1..Room::Office.bytes_max() / LONG {
        edit(&mut world.moussa, record, &[("E02", &long(number))]);
    }
    sync_all(world);
    record
}

fn long(number: usize) -> String {
    format!("{number:0LONG$}")
}

fn value(replica: &Replica, record: RecordId, question: &str) -> Option<Value> {
    let parts = replica.parts(record).unwrap();
    parts.into_iter().find_map(|part| part.values.get(&Key::question(question)).cloned())
}

/// An exchange at a hub that leaves for later what is written to large parts.
fn exchange_before_large_parts(child: &mut Replica, hub: &mut Replica) {
    let request = child.next_request(&Session::new().plan(), NOW).unwrap().unwrap();
    let known = hub.child(child.id()).unwrap().unwrap();
    let before = hub.begin_exchange(&request, NOW).unwrap().unwrap();
    for push in &request.pushes {
        hub.ingest(&known, request.line, push, NOW).unwrap();
    }
    assert_eq!(hub.apply_usual().unwrap().left, Unapplied::ToLargeParts);
    let answer = hub.answer(&known, &request, before, NOW).unwrap();
    child.take_answer(&request, &answer, NOW).unwrap();
}

#[test]
fn what_came_first_is_taken_by_whoever_had_filled_the_part_with_something_else() {
    let mut world = world(131);
    let record = nearly_full(&mut world);
    edit(&mut world.awa, record, &[("E04", &long(4))]);
    edit(&mut world.moussa, record, &[("E03", &long(3))]);
    sync(&mut world.awa, &mut world.region);
    exchange_before_large_parts(&mut world.moussa, &mut world.region);
    assert_eq!(value(&world.moussa, record, "E04"), Some(Value::text(long(4))), "the hub has it");
    assert_eq!(value(&world.moussa, record, "E03"), Some(Value::text(long(3))), "nobody has refused it");
    sync_all(&mut world);
    same_everywhere(&world, record);
    assert_eq!(value(&world.hq, record, "E04"), Some(Value::text(long(4))));
    let held: Vec<_> = world.moussa.held_answers(record).unwrap().into_iter().map(|held| held.key).collect();
    assert_eq!(held, [Key::question("E03")], "its author can give it again");
}

#[test]
fn what_a_revoked_device_brings_on_what_is_here_is_held_aside_before_it_is_tried() {
    let mut world = world(134);
    let record = nearly_full(&mut world);
    edit(&mut world.moussa, record, &[("E03", &long(3))]);
    edit(&mut world.awa, record, &[("E04", &long(4))]);
    sync(&mut world.awa, &mut world.region);
    world.region.apply_the_rest().unwrap();
    let moussa = world.region.child(world.moussa.id()).unwrap().unwrap();
    assert!(world.region.set_standing(world.moussa.id(), Standing::Revoked).unwrap());
    let request = world.moussa.next_request(&Session::new().plan(), NOW).unwrap().unwrap();
    for push in &request.pushes {
        assert_eq!(world.region.ingest(&moussa, request.line, push, NOW).unwrap(), Ingested::Logged);
    }
    world.region.apply_the_rest().unwrap();
    let reasons: Vec<String> =
        world.region.verdicts(record).unwrap().into_iter().map(|verdict| verdict.reason).collect();
    assert_eq!(reasons, ["revoked"], "nobody asked whether there is room for it");
}

#[test]
fn an_office_has_room_in_a_part_that_a_volunteer_has_filled() {
    let mut world = world(132);
    let (_dir, mut binta) = device(&mut world, &caseload("Binta"), "four");
    let record = open_record(&mut world.awa, &mut world.seed, &[("E01", "ok")]);
    assign(&mut world.awa, &mut world.seed, record, to("SN-KL", Some("Binta")));
    sync(&mut world.awa, &mut world.region);
    sync(&mut binta, &mut world.region);
    let mut saves = 0;
    while tries(&mut binta, record, ("E02", &long(saves))).is_ok() {
        saves += 1;
    }
    assert_eq!(saves, Room::Field.bytes_max() / LONG);
    let refused = tries(&mut binta, record, ("E02", &long(saves)));
    assert!(matches!(refused, Err(StoreError::PartFull { .. })), "{refused:?}");
    sync(&mut binta, &mut world.region);
    sync_all(&mut world);
    edit(&mut world.awa, record, &[("E05", &long(5))]);
    sync_all(&mut world);
    sync(&mut binta, &mut world.region);
    same_everywhere(&world, record);
    for replica in [&world.hq, &binta] {
        assert_eq!(value(replica, record, "E05"), Some(Value::text(long(5))));
        assert!(replica.aside().unwrap().is_empty());
    }
}

#[test]
fn in_an_offices_name_a_caseload_has_no_more_room_than_in_its_own() {
    let mut world = world(133);
    let (_dir, mut binta) = device(&mut world, &caseload("Binta"), "four");
    let (_other_dir, coumba) = device(&mut world, &caseload("Coumba"), "five");
    let record = open_record(&mut world.moussa, &mut world.seed, &[("E01", "ok")]);
    assign(&mut world.moussa, &mut world.seed, record, to("SN-KL", Some("Binta")));
    sync(&mut world.moussa, &mut world.region);
    sync(&mut world.region, &mut world.hq);
    sync(&mut binta, &mut world.region);
    let mut saves = 0;
    while tries(&mut binta, record, ("E02", &long(saves))).is_ok() {
        saves += 1;
    }
    sync(&mut binta, &mut world.region);
    sync(&mut world.awa, &mut world.region);
    edit(&mut world.awa, record, &[("E05", &long(5))]);
    let request = world.awa.next_request(&Session::new().plan(), NOW).unwrap().unwrap();
    let who = |replica: &Replica| world.region.introduction(replica.id()).unwrap().unwrap();
    let (awa, witness) = (who(&world.awa), who(&coumba));
    let push = in_the_name_of(&coumba, awa, &request.pushes[0]);
    assert_eq!(world.region.ingest(&witness, Line::FIRST, &push, NOW).unwrap(), Ingested::Logged);
    world.region.apply_the_rest().unwrap();
    let reasons: Vec<String> =
        world.region.verdicts(record).unwrap().into_iter().map(|verdict| verdict.reason).collect();
    assert_eq!(reasons, ["guard-too-large"]);
    sync(&mut world.awa, &mut world.region);
    world.region.apply_the_rest().unwrap();
    assert_eq!(value(&world.region, record, "E05"), Some(Value::text(long(5))), "its author brings it");
}

/// Whether a save is taken here.
fn tries(
    device: &mut Replica,
    record: RecordId,
    answer: (&str, &str),
) -> Result<Vec<teranga_store::save::SavedChange>, StoreError> {
    let parts = vec![PartEdit { class: ClassId::new("survey"), edits: texts(&[answer]) }];
    let salt = device.record(record).unwrap().unwrap().salt;
    device.save(&Save { record, salt, form: "rss@1".into(), at: NOW, parts, draft: DraftFate::Keep })
}
