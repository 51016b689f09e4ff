//! What the hub that enrolled somebody does not take, because it was not theirs to write: the hubs above hold it aside too,
//! where their people see it, and take it when that one does, or when they decide on it themselves.

use teranga_core::audience::{Audience, Clearance};
use teranga_core::id::RecordId;
use teranga_core::value::Value;
use teranga_store::ticks::Tick;
use teranga_store::{Replica, Status};
use teranga_sync::introduction::ReplicaKind;
use teranga_sync::session::Session;

use crate::world::*;

fn everything() -> Audience {
    Audience::of_region(Some("SN-KL"))
}

/// A record, and a correction of Awa's that her region does not take; headquarters has heard of both.
fn refused_at_the_region(world: &mut World) -> RecordId {
    let record = open_record(&mut world.awa, &mut world.seed, &[("E01", "ok")]);
    sync_all(world);
    edit(&mut world.awa, record, &[("E02", "refused")]);
    let only_open = Audience { clearance: Clearance::of_names(["open"]), ..everything() };
    world.region.regrant(world.awa.id(), only_open).unwrap().unwrap();
    sync(&mut world.awa, &mut world.region);
    sync(&mut world.region, &mut world.hq);
    record
}

fn try_again(hub: &mut Replica, record: RecordId) {
    assert_eq!(hub.try_again(record).unwrap(), 1);
    while hub.apply_logged().unwrap().is_left() {}
}

fn holds_the_correction(replica: &Replica, record: RecordId) -> bool {
    let parts = replica.parts(record).unwrap();
    let mut values = parts.iter().flat_map(|part| part.values.values());
    values.any(|value| *value == Value::text("refused"))
}

/// Why a hub holds something of a record aside.
fn reasons(hub: &Replica, record: RecordId) -> Vec<String> {
    let aside = hub.aside().unwrap().into_iter();
    let held = aside.filter(|aside| aside.record == record && aside.status == Status::Quarantined);
    held.filter_map(|aside| aside.reason).collect()
}

#[test]
fn what_a_region_does_not_take_headquarters_does_not_show_and_holds_with_its_reason() {
    let mut world = world(95);
    let record = refused_at_the_region(&mut world);
    assert_eq!(reasons(&world.region, record), ["not-granted"]);
    assert_eq!(reasons(&world.hq, record), ["held-below"]);
    assert!(!holds_the_correction(&world.hq, record));
    assert_eq!(world.region.parts(record).unwrap(), world.hq.parts(record).unwrap());
    // That headquarters holds it is the region's own doing, and keeps it from nothing.
    sync(&mut world.region, &mut world.hq);
    assert_eq!(world.region.refused_above(record).unwrap(), 0);
    for hub in [&world.region, &world.hq] {
        assert_eq!(flaws(hub), [""; 0]);
    }
}

#[test]
fn what_a_region_takes_after_all_headquarters_takes_too() {
    let mut world = world(96);
    let record = refused_at_the_region(&mut world);
    world.region.regrant(world.awa.id(), everything()).unwrap().unwrap();
    try_again(&mut world.region, record);
    sync_all(&mut world);
    same_everywhere(&world, record);
    assert!(holds_the_correction(&world.hq, record) && reasons(&world.hq, record).is_empty());
}

#[test]
fn what_headquarters_decides_on_itself_the_region_follows() {
    let mut world = world(97);
    let record = refused_at_the_region(&mut world);
    world.region.regrant(world.awa.id(), everything()).unwrap().unwrap();
    try_again(&mut world.hq, record);
    assert!(holds_the_correction(&world.hq, record));
    sync_all(&mut world);
    same_everywhere(&world, record);
    assert!(reasons(&world.region, record).is_empty());
}

#[test]
fn headquarters_that_forgot_what_a_region_does_not_take_is_told_again() {
    let mut world = world(98);
    let backups = tempfile::tempdir().unwrap();
    let file = world.hq.back_up(backups.path(), NOW).unwrap();
    let record = refused_at_the_region(&mut world);
    let (_folder, back) = crate::backups::put_back(&world.hq, &file, &mut world.seed);
    world.hq = back;
    for _ in 0..2 {
        sync(&mut world.region, &mut world.hq);
    }
    assert_eq!(reasons(&world.hq, record), ["held-below"]);
    assert_eq!(world.region.parts(record).unwrap(), world.hq.parts(record).unwrap());
}

#[test]
fn what_came_to_a_new_hub_after_the_verdict_on_it_is_shown_again_by_its_author_when_it_is_taken() {
    let mut world = world(99);
    let record = open_record(&mut world.awa, &mut world.seed, &[("E01", "ok")]);
    sync_all(&mut world);
    edit(&mut world.awa, record, &[("E02", "refused")]);
    let only_open = Audience { clearance: Clearance::of_names(["open"]), ..everything() };
    world.region.regrant(world.awa.id(), only_open).unwrap().unwrap();
    let unheard = world.awa.next_request(&Session::new().plan(), NOW).unwrap().unwrap();
    let known = world.region.child(world.awa.id()).unwrap().unwrap();
    world.region.begin_exchange(&unheard, NOW).unwrap().unwrap();
    world.region.ingest(&known, unheard.line, &unheard.pushes[0], NOW).unwrap();
    while world.region.apply_logged().unwrap().is_left() {}
    sync(&mut world.region, &mut world.hq);
    assert_eq!(reasons(&world.hq, record), ["held-below"]);
    // The region is lost before Awa hears, and the next hub knows headquarters' verdict before she comes to it.
    let dir = tempfile::tempdir().unwrap();
    let other = profile(ReplicaKind::Hub, "nioro", Some("SN-KL"));
    let mut nioro = Replica::create(dir.path(), &other, &mut world.seed).unwrap();
    enrol(&mut world.hq, &mut nioro, "eight");
    sync(&mut nioro, &mut world.hq);
    enrol(&mut nioro, &mut world.awa, "nine");
    enrol(&mut nioro, &mut world.moussa, "ten");
    world.region = nioro;
    sync_all(&mut world);
    same_everywhere(&world, record);
    assert!(holds_the_correction(&world.hq, record) && reasons(&world.hq, record).is_empty());
    assert!(matches!(world.awa.tick(record).unwrap(), Tick::Safe), "{:?}", world.awa.tick(record));
}

#[test]
fn a_hub_that_was_put_back_decides_anew_on_what_it_did_not_take_before() {
    let mut world = world(100);
    let backups = tempfile::tempdir().unwrap();
    let file = world.region.back_up(backups.path(), NOW).unwrap();
    let record = refused_at_the_region(&mut world);
    let (_folder, back) = crate::backups::put_back(&world.region, &file, &mut world.seed);
    world.region = back;
    // Headquarters met it in later exchanges than it knows of.
    world.region.begin_line().unwrap();
    // It was granted everything when the backup was made.
    sync_all(&mut world);
    same_everywhere(&world, record);
    assert!(holds_the_correction(&world.hq, record) && reasons(&world.hq, record).is_empty());
}
