//! A draft builds on what stood when it was begun.

use crate::world::*;
use teranga_core::audience::Audience;
use teranga_core::class::ClassId;
use teranga_core::id::RecordId;
use teranga_core::value::Value;
use teranga_store::drafts::Draft;
use teranga_store::save::{DraftFate, Heads, PartEdit, Save};
use teranga_store::uplink::Joined;
use teranga_store::{Profile, Replica, StoreError};
use teranga_sync::limits::CHANGE_DEPS_MAX;

pub(crate) fn begin_draft(device: &mut Replica, record: RecordId) {
    let salt = device.record(record).unwrap().unwrap().salt;
    let heads = device.parts(record).unwrap().into_iter().map(|part| (part.class, part.heads)).collect();
    let draft = Draft { record, salt, form: "rss@1".into(), case: None, wave: None, started: NOW, heads };
    device.begin_draft(&draft).unwrap();
}

/// Saves the draft of a record with these answers, class by class.
fn save_draft(device: &mut Replica, record: RecordId, answers: &[(&str, &[(&str, &str)])]) -> usize {
    let salt = device.record(record).unwrap().unwrap().salt;
    let edit = |(class, edits): &(&str, &[(&str, &str)])| PartEdit {
        class: ClassId::new(*class),
        edits: texts(edits),
    };
    let parts = answers.iter().map(edit).collect();
    let save = Save { record, salt, form: "rss@1".into(), at: NOW, parts, draft: DraftFate::Clear };
    device.save(&save).unwrap().len()
}

fn conflicts(replica: &Replica, record: RecordId) -> Vec<(String, Vec<Value>)> {
    let parts = replica.parts(record).unwrap();
    let conflicts = parts.into_iter().flat_map(|part| part.conflicts);
    let values = |conflict: teranga_document::view::Conflict| {
        let mut values: Vec<Value> = conflict.values.into_iter().map(|candidate| candidate.value).collect();
        values.sort_by_key(|value| value.to_json().to_string());
        (conflict.key.to_string(), values)
    };
    conflicts.map(values).collect()
}

#[test]
fn a_draft_begun_before_a_sync_stands_beside_what_came_with_it() {
    let mut world = world(9);
    let record = open_record(&mut world.awa, &mut world.seed, &[("E01", "ok"), ("E02", "never")]);
    sync_all(&mut world);
    begin_draft(&mut world.awa, record);
    let salt = world.moussa.record(record).unwrap().unwrap().salt;
    let parts =
        [("survey", "E01", "satisfied"), ("personal", "name", "Awa Exemple"), ("survey", "E03", "yes")];
    for (class, key, value) in parts {
        let edits = texts(&[(key, value)]);
        save(&mut world.moussa, record, salt, vec![PartEdit { class: ClassId::new(class), edits }]);
    }
    sync_all(&mut world);
    // E02 is put back to what stood when the draft was begun: that says nothing new.
    let survey: &[(&str, &str)] = &[("E01", "dissatisfied"), ("E02", "never")];
    let made =
        save_draft(&mut world.awa, record, &[("survey", survey), ("personal", &[("name", "Awa Modèle")])]);
    assert_eq!(made, 2);
    let both = |key: &str, one: &str, two: &str| (key.to_owned(), vec![Value::text(one), Value::text(two)]);
    let expected = vec![both("name", "Awa Exemple", "Awa Modèle"), both("E01", "dissatisfied", "satisfied")];
    assert_eq!(conflicts(&world.awa, record), expected);
    sync_all(&mut world);
    same_everywhere(&world, record);
    assert_eq!(conflicts(&world.moussa, record), expected);
    assert_eq!(world.hq.log_counts().unwrap().quarantined, 0);
    // A draft begun now has both before its eyes, and settles.
    begin_draft(&mut world.awa, record);
    let answers: &[(&str, &str)] = &[("E01", "satisfied")];
    save_draft(&mut world.awa, record, &[("survey", answers), ("personal", &[("name", "Awa Modèle")])]);
    sync_all(&mut world);
    same_everywhere(&world, record);
    assert!(world.hq.records_in_conflict().unwrap().is_empty());
    assert!(world.awa.drafts().unwrap().is_empty());
}

#[test]
fn an_opening_that_has_written_since_its_draft_was_begun_repeats_no_number() {
    let mut world = world(10);
    let record = open_record(&mut world.awa, &mut world.seed, &[("E01", "ok")]);
    begin_draft(&mut world.awa, record);
    edit(&mut world.awa, record, &[("E01", "satisfied")]);
    save_draft(&mut world.awa, record, &[("survey", &[("E01", "dissatisfied")])]);
    sync_all(&mut world);
    same_everywhere(&world, record);
    let counts = world.hq.log_counts().unwrap();
    assert_eq!((counts.applied, counts.quarantined, counts.waiting), (4, 0, 0));
    let parts = world.hq.parts(record).unwrap();
    let candidates: Vec<_> = parts.iter().flat_map(|part| &part.conflicts).flat_map(|c| &c.values).collect();
    assert_eq!(candidates.len(), 2);
    for candidate in candidates {
        let author = world.hq.author(candidate.actor).unwrap().unwrap();
        assert_eq!(author.person, "awa");
    }
    edit(&mut world.awa, record, &[("E01", "ok")]);
    sync_all(&mut world);
    same_everywhere(&world, record);
    assert!(world.hq.records_in_conflict().unwrap().is_empty());
}

#[test]
fn whoever_is_in_the_middle_of_an_interview_does_not_move_to_another_region() {
    let mut world = world(12);
    let record = open_record(&mut world.awa, &mut world.seed, &[("E01", "ok")]);
    sync_all(&mut world);
    world.hq.note_backup(NOW).unwrap();
    sync_all(&mut world);
    begin_draft(&mut world.awa, record);
    let (before, key) = (world.awa.profile().clone(), world.hq.public_key());
    let elsewhere = Profile { audience: Audience::of_region(Some("SN-TC")), ..before.clone() };
    let hub = Joined { key: &key, url: "http://127.0.0.1:1", name: "hub", home: Some(&key) };
    let uplink = world.awa.uplink().unwrap();
    let Err(StoreError::Tied(ties)) = world.awa.join(&hub, elsewhere.clone()) else {
        panic!("what is begun would be lost");
    };
    assert_eq!((ties.drafts, ties.records), (1, 1));
    assert_eq!((world.awa.profile(), &world.awa.uplink().unwrap()), (&before, &uplink), "nothing happened");
    assert!(!world.awa.parts(record).unwrap().is_empty());
    assert!(world.awa.drop_draft(record).unwrap());
    world.awa.join(&hub, elsewhere.clone()).unwrap();
    assert_eq!(world.awa.profile(), &elsewhere);
    assert!(world.awa.parts(record).unwrap().is_empty() && world.awa.bodies(record).unwrap() == 0);
}

#[test]
fn more_people_at_once_than_a_change_may_build_on_stop_nobody() {
    let mut world = world(13);
    let record = open_record(&mut world.awa, &mut world.seed, &[("E01", "ok")]);
    let salt = world.awa.record(record).unwrap().unwrap().salt;
    let parts = world.awa.parts(record).unwrap();
    let heads: Heads = parts.into_iter().map(|part| (part.class, part.heads)).collect();
    // Each builds on what stood at first, as if by somebody else.
    let people = CHANGE_DEPS_MAX + 6;
    for person in 0..people {
        let heads = heads.clone();
        let draft = Draft { record, salt, form: "rss@1".into(), case: None, wave: None, started: NOW, heads };
        world.awa.begin_draft(&draft).unwrap();
        let name = format!("answer {person}");
        save_draft(&mut world.awa, record, &[("survey", &[("E01", name.as_str())])]);
    }
    assert_eq!(conflicts(&world.awa, record)[0].1.len(), people);
    // Whoever settles it settles a part of it with each save.
    let mut saves = 0;
    while !world.awa.records_in_conflict().unwrap().is_empty() {
        edit(&mut world.awa, record, &[("E01", "settled")]);
        saves += 1;
    }
    assert!((2..5).contains(&saves), "{saves}");
    sync_all(&mut world);
    same_everywhere(&world, record);
    assert_eq!(world.hq.log_counts().unwrap().quarantined, 0);
}
