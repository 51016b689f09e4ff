//! Codes that end: an interview keeps the day on which it was begun, wherever and whenever it is gone on with.

use serde_json::{Value as Json, json};
use teranga_client::ClientError;
use teranga_client::interview::Setting;
use teranga_client::invent::Seeded;
use teranga_core::catalogue::ResourceKind;
use teranga_core::key::Key;
use teranga_core::shipped::SHIPPED;
use teranga_core::time::Millis;
use teranga_core::value::Value;
use teranga_sync::feed::ResourceRow;

use crate::world::{NOW, World, case, edit_sheet, stored, sync_all, world};

/// [`NOW`] is of 2027-01-15.
const LAST_DAY: &str = "2027-01-15";

fn return_type() -> Key {
    Key::question("return_type")
}

/// The day after [`NOW`].
fn tomorrow(seed: &mut Seeded) -> Setting<'_> {
    Setting { now: Millis(NOW.0 + 86_400_000), language: "fr", entropy: seed }
}

/// A later version of the list, in which all codes but one end on this day.
fn retire(world: &mut World, last: &str) {
    let lists = SHIPPED.iter().filter(|(kind, _)| *kind == ResourceKind::List);
    let mut list: Json = lists
        .map(|(_, json)| serde_json::from_str::<Json>(json).unwrap())
        .find(|list| list["list_id"] == "return-types")
        .unwrap();
    let entries = list.get_mut("entries").and_then(Json::as_array_mut).unwrap();
    for entry in entries.iter_mut().filter(|entry| entry["code"] != "voluntary_assisted") {
        entry["valid_to"] = json!(last);
    }
    list.as_object_mut().unwrap().insert("version".into(), json!(last));
    let (id, json) = ("return-types".into(), list.to_string());
    world.hub.publish(&ResourceRow { kind: "list".into(), id, version: last.into(), json }).unwrap();
}

#[test]
fn an_interview_keeps_its_day_and_a_new_one_of_the_next_day_has_another() {
    let mut world = world(41);
    retire(&mut world, LAST_DAY);
    sync_all(&mut world);
    let (device, seed) = (&mut world.awa, &mut world.seed);
    let saved = case(device, seed, "2026-12-15");
    let mut edited = device.edit_in_memory(saved, tomorrow(seed)).unwrap();
    device.answer_sheet(&mut edited, &json!({ "return_type": "forced" })).unwrap();
    device.finish(&mut edited, tomorrow(seed)).unwrap();

    let begun = device.begin("profile", None, Setting { now: NOW, language: "fr", entropy: seed }).unwrap();
    let mut late = device.resume(begun.record(), tomorrow(seed)).unwrap();
    device.answer(&mut late, &return_type(), Value::text("forced")).unwrap();
    assert!(!late.findings().iter().any(|finding| finding.key == return_type()));

    let mut new = device.begin_in_memory("profile", None, tomorrow(seed)).unwrap();
    let offered: Vec<String> =
        new.filling().choices(&return_type()).into_iter().map(|choice| choice.name).collect();
    assert_eq!(offered, ["voluntary_assisted"]);
    let refused = device.answer_sheet(&mut new, &json!({ "return_type": "forced" })).unwrap_err();
    let ClientError::Answers(errors) = refused else { panic!("{refused}") };
    let told: Vec<String> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(told, ["return_type: forced is valid …2027-01-15, and the interview is of 2027-01-16"]);
}

#[test]
fn codes_that_a_later_list_ends_stand_where_they_were_given_and_settle_a_conflict() {
    let mut world = world(42);
    let record = case(&mut world.awa, &mut world.seed, "2026-12-15");
    sync_all(&mut world);
    for (device, code) in [(&mut world.awa, "forced"), (&mut world.moussa, "spontaneous")] {
        edit_sheet(device, &mut world.seed, record, &json!({ "return_type": code })).unwrap();
    }
    retire(&mut world, "2026-12-31");
    sync_all(&mut world);
    let (device, seed) = (&mut world.awa, &mut world.seed);
    let shown = stored(device, record, "return_type");
    let other = if shown == Some(Value::text("forced")) { "spontaneous" } else { "forced" };
    device.settle(record, &return_type(), Value::text(other), tomorrow(seed)).unwrap();
    assert_eq!(stored(device, record, "return_type"), Some(Value::text(other)));
    let edited = edit_sheet(device, seed, record, &json!({ "return_type": other, "family_name": "Essai" }));
    assert_eq!(edited.unwrap().changes.len(), 2, "one part and the envelope, and nothing is in its way");
    assert_eq!(stored(device, record, "return_type"), Some(Value::text(other)));
}
