//! Records that an office approves or gives back, while others go on with them.

use serde_json::json;
use teranga_client::{ClientError, Device};
use teranga_core::audience::{Agent, Reach};
use teranga_core::id::RecordId;
use teranga_core::record::{EventKind, Review};

use crate::world::{World, case, edit_sheet, setting, sync, sync_all, world};

/// A case of Awa's that everybody holds.
fn with_case(seed: u64) -> (World, RecordId) {
    let mut world = world(seed);
    let record = case(&mut world.awa, &mut world.seed, "2026-10-02");
    sync_all(&mut world);
    (world, record)
}

fn stands(device: &Device, record: RecordId) -> Review {
    device.replica().record(record).unwrap().unwrap().review
}

/// Where it stands at Awa's, at Moussa's and at the hub, once all have synced.
fn everywhere(world: &mut World, record: RecordId) -> [Review; 3] {
    sync_all(world);
    let hub = world.hub.record(record).unwrap().unwrap().review;
    [stands(&world.awa, record), stands(&world.moussa, record), hub]
}

#[test]
fn an_approval_is_everybodys_with_who_gave_it() {
    let (mut world, record) = with_case(40);
    assert_eq!(stands(&world.awa, record), Review::Unreviewed);
    world.moussa.approve(record, setting(&mut world.seed)).unwrap();
    assert_eq!(everywhere(&mut world, record), [Review::Approved; 3]);
    let reviews = world.awa.replica().standing_reviews(record).unwrap();
    let [(event, Some(author))] = reviews.as_slice() else { panic!("{reviews:?}") };
    assert!(matches!(&event.kind, EventKind::Approved(approved) if !approved.heads.is_empty()));
    assert_eq!(author.person, "moussa");
}

#[test]
fn what_is_corrected_beside_an_approval_or_after_it_shows_until_somebody_approves_that_too() {
    let (mut world, record) = with_case(41);
    world.moussa.approve(record, setting(&mut world.seed)).unwrap();
    let village = |name: &str| json!({ "village": name });
    edit_sheet(&mut world.awa, &mut world.seed, record, &village("Thiaré")).unwrap();
    assert_eq!(everywhere(&mut world, record), [Review::Changed; 3]);
    world.moussa.approve(record, setting(&mut world.seed)).unwrap();
    assert_eq!(everywhere(&mut world, record), [Review::Approved; 3]);
    edit_sheet(&mut world.moussa, &mut world.seed, record, &village("Koungheul")).unwrap();
    assert_eq!(stands(&world.moussa, record), Review::Changed);
    assert_eq!(everywhere(&mut world, record), [Review::Changed; 3]);
}

#[test]
fn a_return_stands_until_somebody_who_knew_of_it_approves() {
    let (mut world, record) = with_case(42);
    world.moussa.give_back(record, "le village manque", setting(&mut world.seed)).unwrap();
    // Approved elsewhere by somebody who did not know.
    world.awa.approve(record, setting(&mut world.seed)).unwrap();
    assert_eq!(everywhere(&mut world, record), [Review::Returned; 3]);
    edit_sheet(&mut world.awa, &mut world.seed, record, &json!({ "village": "Thiaré" })).unwrap();
    assert_eq!(everywhere(&mut world, record), [Review::Returned; 3]);
    world.moussa.approve(record, setting(&mut world.seed)).unwrap();
    assert_eq!(everywhere(&mut world, record), [Review::Approved; 3]);
}

#[test]
fn two_values_what_is_void_and_ones_own_caseload_are_not_approved() {
    let (mut world, record) = with_case(43);
    edit_sheet(&mut world.awa, &mut world.seed, record, &json!({ "village": "Thiaré" })).unwrap();
    edit_sheet(&mut world.moussa, &mut world.seed, record, &json!({ "village": "Koungheul" })).unwrap();
    sync_all(&mut world);
    let refused = world.moussa.approve(record, setting(&mut world.seed)).unwrap_err();
    assert!(matches!(refused, ClientError::ApproveConflict { key, .. } if key == "village"));
    world.moussa.give_back(record, "deux villages", setting(&mut world.seed)).unwrap();
    let void = case(&mut world.awa, &mut world.seed, "2026-10-03");
    world.awa.void(void, "essai", setting(&mut world.seed)).unwrap();
    let refused = world.awa.approve(void, setting(&mut world.seed)).unwrap_err();
    assert!(matches!(refused, ClientError::NotSubmitted(at) if at == void));
    let mut audience = world.moussa.replica().profile().audience.clone();
    audience.reach = Reach::Caseload(Agent { office: String::new(), person: "moussa".into() });
    world.hub.regrant(world.moussa.replica().id(), audience).unwrap().unwrap();
    sync(&mut world.moussa, &mut world.hub);
    let own = case(&mut world.moussa, &mut world.seed, "2026-10-04");
    let refused = world.moussa.approve(own, setting(&mut world.seed)).unwrap_err();
    assert!(matches!(refused, ClientError::ReviewElsewhere(at) if at == own));
}
