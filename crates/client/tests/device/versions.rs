//! Devices that fill two versions of one form at the same time.

use serde_json::{Value as Json, json};
use teranga_client::{ClientError, Device};
use teranga_core::form::Form;
use teranga_core::id::RecordId;
use teranga_core::key::Key;
use teranga_core::value::Value;
use teranga_store::Replica;
use teranga_store::records::PartView;
use teranga_sync::feed::ResourceRow;

use crate::world::{edit_sheet, setting, sync, sync_all, world};

fn publish(hub: &mut Replica, form: &Json) {
    let text = form.to_string();
    let form = Form::read(&text).unwrap();
    let (id, version) = (form.form_id().to_owned(), form.version().to_owned());
    hub.publish(&ResourceRow { kind: "form".into(), id, version, json: text }).unwrap();
}

/// School is asked for all children at once.
fn first() -> Json {
    json!({"form_id": "visit", "version": "1", "title": "Visite", "record": "case", "sensitivity": "open",
        "survey": [
            {"type": "select_one", "list": "work", "name": "work"},
            {"type": "select_one", "list": "school", "name": "school"},
            {"type": "text", "name": "remark"}],
        "choices": {
            "work": [{"name": "yes"}, {"name": "no"}],
            "school": [{"name": "all"}, {"name": "none"}]}})
}

/// School is asked for girls and boys, work is coded otherwise, and the remark is not asked.
fn second() -> Json {
    json!({"form_id": "visit", "version": "2", "title": "Visite", "record": "case", "sensitivity": "open",
        "survey": [
            {"type": "select_one", "list": "work", "name": "work"},
            {"type": "select_one", "list": "yn", "name": "girls", "required": "yes"},
            {"type": "select_one", "list": "yn", "name": "boys"},
            {"type": "integer", "name": "children", "required": "yes"}],
        "choices": {
            "work": [{"name": "employed"}, {"name": "no"}],
            "yn": [{"name": "yes"}, {"name": "no"}]},
        "mappings": {
            "recode": {"work": {"yes": "employed"}},
            "split": {"school": {
                "all": {"girls": "yes", "boys": "yes"}, "none": {"girls": "no", "boys": "no"}}}}})
}

fn parts(device: &Device, record: RecordId) -> Vec<PartView> {
    device.parts(&device.replica().record(record).unwrap().unwrap()).unwrap()
}

fn reads(device: &Device, record: RecordId, key: &str) -> Option<Value> {
    parts(device, record).iter().find_map(|part| part.values.get(&Key::question(key)).cloned())
}

fn conflicts(device: &Device, record: RecordId) -> Vec<(String, usize)> {
    let parts = parts(device, record);
    let conflicts = parts.iter().flat_map(|part| &part.conflicts);
    conflicts.map(|conflict| (conflict.key.to_string(), conflict.values.len())).collect()
}

fn begun(device: &mut Device, seed: &mut teranga_client::invent::Seeded, answers: &Json) -> RecordId {
    let mut interview = device.begin_in_memory("visit", None, setting(seed)).unwrap();
    device.answer_sheet(&mut interview, answers).unwrap();
    device.finish(&mut interview, setting(seed)).unwrap().record
}

#[test]
fn devices_on_two_versions_edit_one_record_and_what_is_late_still_counts() {
    let mut world = world(21);
    publish(&mut world.hub, &first());
    sync_all(&mut world);
    let answers = json!({"work": "yes", "school": "all", "remark": "revenir"});
    let record = begun(&mut world.awa, &mut world.seed, &answers);
    sync_all(&mut world);
    publish(&mut world.hub, &second());

    // Moussa goes on under the second version; Awa has not seen it yet and corrects under the first.
    sync(&mut world.moussa, &mut world.hub);
    let mut interview = world.moussa.upgrade(record, setting(&mut world.seed)).unwrap();
    let sheet = json!({"boys": "no", "children": 3});
    world.moussa.answer_sheet(&mut interview, &sheet).unwrap();
    world.moussa.finish(&mut interview, setting(&mut world.seed)).unwrap();
    let late = json!({"school": "none", "work": "no"});
    edit_sheet(&mut world.awa, &mut world.seed, record, &late).unwrap();
    sync_all(&mut world);

    for device in [&world.awa, &world.moussa] {
        assert_eq!(reads(device, record, "work"), Some(Value::text("no")), "the late answer counts");
        assert_eq!(reads(device, record, "remark"), Some(Value::text("revenir")), "nothing is dropped");
        // Both say that the boys are not in school; of the girls one says yes and the other no.
        assert_eq!(conflicts(device, record), [("girls".to_owned(), 2)]);
        assert_eq!(reads(device, record, "boys"), Some(Value::text("no")));
    }

    // An ordinary edit settles it.
    let mut early = world.awa.edit(record, setting(&mut world.seed)).unwrap();
    assert_eq!(early.form().version(), "2", "the record goes on under the second version everywhere");
    world.awa.answer(&mut early, &Key::question("girls"), Value::text("no")).unwrap();
    world.awa.finish(&mut early, setting(&mut world.seed)).unwrap();
    sync_all(&mut world);
    for device in [&world.awa, &world.moussa] {
        assert_eq!(reads(device, record, "girls"), Some(Value::text("no")));
        assert_eq!(conflicts(device, record), []);
    }
    assert_eq!(parts(&world.awa, record), parts(&world.moussa, record));
}

#[test]
fn a_late_answer_to_what_was_split_stands_beside_the_new_one_until_someone_settles_it() {
    let mut world = world(22);
    publish(&mut world.hub, &first());
    sync_all(&mut world);
    let record = begun(&mut world.awa, &mut world.seed, &json!({"school": "all"}));
    sync_all(&mut world);
    publish(&mut world.hub, &second());
    sync(&mut world.moussa, &mut world.hub);
    // A draft that was begun under the first version is saved under it, whatever came meanwhile.
    let mut draft = world.awa.edit(record, setting(&mut world.seed)).unwrap();
    world.awa.answer(&mut draft, &Key::question("school"), Value::text("none")).unwrap();
    let mut interview = world.moussa.upgrade(record, setting(&mut world.seed)).unwrap();
    let sheet = json!({"girls": "yes", "boys": "no", "children": 2});
    world.moussa.answer_sheet(&mut interview, &sheet).unwrap();
    world.moussa.finish(&mut interview, setting(&mut world.seed)).unwrap();
    sync_all(&mut world);
    let mut draft = world.awa.resume(record, setting(&mut world.seed)).unwrap();
    assert_eq!(draft.form().version(), "1");
    world.awa.finish(&mut draft, setting(&mut world.seed)).unwrap();
    sync_all(&mut world);

    for device in [&world.awa, &world.moussa] {
        assert_eq!(conflicts(device, record), [("girls".to_owned(), 2)]);
        assert_eq!(reads(device, record, "girls"), Some(Value::text("yes")));
        let row = device.replica().record(record).unwrap().unwrap();
        assert_eq!(row.form.as_deref(), Some("visit@2"), "a late save does not take the record back");
    }
    let girls = Key::question("girls");
    world.awa.settle(record, &girls, Value::text("no"), setting(&mut world.seed)).unwrap();
    sync_all(&mut world);
    for device in [&world.awa, &world.moussa] {
        assert_eq!(conflicts(device, record), []);
        assert_eq!(reads(device, record, "girls"), Some(Value::text("no")));
        assert_eq!(reads(device, record, "school"), Some(Value::text("none")), "told in the old words");
    }
    assert_eq!(parts(&world.awa, record), parts(&world.moussa, record));
}

#[test]
fn a_draft_goes_on_under_the_latest_version_after_a_preview_and_keeps_every_answer() {
    let mut world = world(23);
    publish(&mut world.hub, &first());
    sync_all(&mut world);
    let mut draft = world.awa.begin("visit", None, setting(&mut world.seed)).unwrap();
    for (key, value) in [("work", "yes"), ("school", "none"), ("remark", "à suivre")] {
        world.awa.answer(&mut draft, &Key::question(key), Value::text(value)).unwrap();
    }
    let record = draft.record();
    let error = world.awa.upgrade_of(record, setting(&mut world.seed)).unwrap_err();
    assert!(matches!(error, ClientError::LatestVersion { .. }), "{error:?}");
    publish(&mut world.hub, &second());
    sync_all(&mut world);

    let upgrade = world.awa.upgrade_of(record, setting(&mut world.seed)).unwrap();
    let reads: Vec<(&str, &Value)> =
        upgrade.read_otherwise.iter().map(|(key, _, is)| (key.as_str(), is)).collect();
    let (no, employed) = (Value::text("no"), Value::text("employed"));
    assert_eq!(reads, [("boys", &no), ("girls", &no), ("work", &employed)]);
    let aside: Vec<&str> = upgrade.kept_aside.iter().map(|kept| kept.key.as_str()).collect();
    assert_eq!(aside, ["remark"]);
    let open: Vec<&str> = upgrade.open.iter().map(|finding| finding.question.as_str()).collect();
    assert_eq!(open, ["children"], "only what is new is asked");
    assert_eq!(world.awa.resume(record, setting(&mut world.seed)).unwrap().form().version(), "1");

    let mut interview = world.awa.upgrade(record, setting(&mut world.seed)).unwrap();
    world.awa.answer(&mut interview, &Key::question("children"), Value::Int(2)).unwrap();
    world.awa.finish(&mut interview, setting(&mut world.seed)).unwrap();
    let values = world.awa.values(record).unwrap();
    for (key, value) in [("work", "employed"), ("girls", "no"), ("remark", "à suivre"), ("school", "none")] {
        assert_eq!(values.get(&Key::question(key)), Some(&Value::text(value)), "{key}");
    }
}

/// Keys and values of what a record holds and its version does not ask.
fn kept_aside(device: &Device, record: RecordId) -> Vec<(String, Value)> {
    let form = device.form("visit@2").unwrap();
    let aside = device.kept_aside(&form, &parts(device, record)).into_iter();
    aside.map(|kept| (kept.key.to_string(), kept.value)).collect()
}

#[test]
fn a_late_answer_to_what_is_not_asked_any_more_is_kept_aside_and_seen_by_all() {
    let mut world = world(24);
    publish(&mut world.hub, &first());
    sync_all(&mut world);
    let record = begun(&mut world.awa, &mut world.seed, &json!({"school": "all"}));
    sync_all(&mut world);
    publish(&mut world.hub, &second());
    sync(&mut world.moussa, &mut world.hub);
    let mut interview = world.moussa.upgrade(record, setting(&mut world.seed)).unwrap();
    world.moussa.answer_sheet(&mut interview, &json!({"children": 1})).unwrap();
    world.moussa.finish(&mut interview, setting(&mut world.seed)).unwrap();
    assert_eq!(kept_aside(&world.moussa, record), [], "what was said of school the new questions show");

    // Awa has not seen the second version yet.
    edit_sheet(&mut world.awa, &mut world.seed, record, &json!({"remark": "revenir lundi"})).unwrap();
    sync_all(&mut world);
    for device in [&world.awa, &world.moussa] {
        let late = ("remark".to_owned(), Value::text("revenir lundi"));
        assert_eq!(kept_aside(device, record), [late]);
    }
}
