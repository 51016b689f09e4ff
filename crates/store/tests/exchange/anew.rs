//! What a hub said before it was lost, or put back, holds no more where another one, or the same one, says something else
//! since: nobody brings once more what a device brings itself.

use teranga_core::audience::{Agent, Audience, Clearance, Reach};
use teranga_core::record::Assignee;
use teranga_core::value::Value;
use teranga_store::Replica;
use teranga_store::ticks::Tick;
use teranga_sync::introduction::ReplicaKind;
use teranga_sync::session::{Left, Plan, Session};

use crate::backups::put_back;
use crate::grants::assign;
use crate::world::*;

fn everything() -> Audience {
    Audience::of_region(Some("SN-KL"))
}

/// Awa may hold nothing but what is assigned to her, or nothing but envelopes.
fn less(world: &World) -> [Audience; 2] {
    let profile = world.awa.profile();
    let agent = Agent { office: profile.office.clone(), person: profile.person.clone() };
    let caseload = Audience { reach: Reach::Caseload(agent), ..everything() };
    [caseload, Audience { clearance: Clearance::of_names(["open"]), ..everything() }]
}

/// The home makes a backup, and everybody hears of it.
fn back_up(device: &mut Replica, region: &mut Replica, hq: &mut Replica) {
    for _ in 0..2 {
        sync(device, region);
        sync(region, hq);
        hq.note_backup(NOW).unwrap();
    }
    sync(region, hq);
    sync(device, region);
}

#[test]
fn what_a_hub_that_is_gone_closed_stays_where_the_next_one_opens_it() {
    for which in 0..2 {
        let mut world = world(130 + which as u64);
        let record = open_record(&mut world.awa, &mut world.seed, &[("E01", "ok")]);
        sync_all(&mut world);
        let less = less(&world)[which].clone();
        world.region.regrant(world.awa.id(), less).unwrap().unwrap();
        sync(&mut world.awa, &mut world.region);
        let dir = tempfile::tempdir().unwrap();
        let other = profile(ReplicaKind::Hub, "nioro", Some("SN-KL"));
        let mut nioro = Replica::create(dir.path(), &other, &mut world.seed).unwrap();
        enrol(&mut world.hq, &mut nioro, "six");
        enrol(&mut nioro, &mut world.awa, "seven");
        nioro.regrant(world.awa.id(), everything()).unwrap().unwrap();
        back_up(&mut world.awa, &mut nioro, &mut world.hq);
        assert_eq!(world.awa.parts(record).unwrap(), world.hq.parts(record).unwrap());
    }
}

#[test]
fn what_a_hub_has_forgotten_that_it_closed_and_did_not_take_stays_and_is_shown_again() {
    for which in 0..2 {
        let mut world = world(140 + which as u64);
        let record = open_record(&mut world.awa, &mut world.seed, &[("E01", "ok")]);
        sync_all(&mut world);
        let backups = tempfile::tempdir().unwrap();
        let file = world.region.back_up(backups.path(), NOW).unwrap();
        let less = less(&world)[which].clone();
        world.region.regrant(world.awa.id(), less).unwrap().unwrap();
        edit(&mut world.awa, record, &[("E02", "held")]);
        sync(&mut world.awa, &mut world.region);
        assert!(matches!(world.awa.tick(record).unwrap(), Tick::Held(_)));
        let (_folder, mut back) = put_back(&world.region, &file, &mut world.seed);
        back_up(&mut world.awa, &mut back, &mut world.hq);
        assert_eq!(world.awa.tick(record).unwrap(), Tick::Safe);
        let parts = world.awa.parts(record).unwrap();
        assert_eq!(parts, world.hq.parts(record).unwrap());
        assert!(parts.iter().any(|part| part.values.values().any(|value| *value == Value::text("held"))));
    }
}

#[test]
fn what_a_device_let_go_by_a_word_that_its_hub_has_forgotten_it_is_given_again() {
    for which in 0..2 {
        let mut world = world(150 + which as u64);
        let own = open_record(&mut world.awa, &mut world.seed, &[("E01", "ok")]);
        let other = open_record(&mut world.moussa, &mut world.seed, &[("E01", "ok")]);
        sync_all(&mut world);
        let backups = tempfile::tempdir().unwrap();
        let file = world.region.back_up(backups.path(), NOW).unwrap();
        let less = less(&world)[which].clone();
        world.region.regrant(world.awa.id(), less).unwrap().unwrap();
        sync(&mut world.awa, &mut world.region);
        world.hq.note_backup(NOW).unwrap();
        sync(&mut world.region, &mut world.hq);
        sync(&mut world.awa, &mut world.region);
        for record in [own, other] {
            assert_ne!(world.awa.parts(record).unwrap(), world.hq.parts(record).unwrap(), "it went");
        }
        let (_folder, mut back) = put_back(&world.region, &file, &mut world.seed);
        // Headquarters met it in later exchanges than it knows of.
        back.begin_line().unwrap();
        back_up(&mut world.awa, &mut back, &mut world.hq);
        for record in [own, other] {
            assert_eq!(world.awa.parts(record).unwrap(), world.hq.parts(record).unwrap());
        }
    }
}

#[test]
fn a_device_waits_with_letting_go_until_it_has_read_what_its_hub_says_now() {
    let mut world = world(160);
    let record = open_record(&mut world.awa, &mut world.seed, &[("E01", "ok")]);
    sync_all(&mut world);
    let backups = tempfile::tempdir().unwrap();
    let file = world.region.back_up(backups.path(), NOW).unwrap();
    let caseload = less(&world)[0].clone();
    world.region.regrant(world.awa.id(), caseload).unwrap().unwrap();
    sync(&mut world.awa, &mut world.region);
    assert!(world.awa.is_gone(record).unwrap());
    let (_folder, mut back) = put_back(&world.region, &file, &mut world.seed);
    // The home's backup covers it by now, which the region says in the same breath as that it stays.
    world.hq.note_backup(NOW).unwrap();
    sync(&mut back, &mut world.hq);
    let before = world.awa.parts(record).unwrap();
    let row_by_row = Plan { pull_bytes_max: 1, ..Session::new().plan() };
    while exchange_as(&row_by_row, &mut world.awa, &mut back).left == Left::Something {
        assert_eq!(world.awa.parts(record).unwrap(), before);
    }
    assert_eq!(world.awa.parts(record).unwrap(), before);
    assert!(!world.awa.is_gone(record).unwrap());
}

#[test]
fn who_put_themselves_in_charge_and_were_not_taken_at_their_word_let_the_record_go() {
    let mut world = world(161);
    let record = open_record(&mut world.moussa, &mut world.seed, &[("E01", "ok")]);
    sync_all(&mut world);
    let caseload = less(&world)[0].clone();
    let agent = Assignee {
        region: "SN-KL".into(),
        office: Some(world.awa.profile().office.clone()),
        person: Some(world.awa.profile().person.clone()),
    };
    assign(&mut world.awa, &mut world.seed, record, agent);
    // The next hub decides so before it holds the record, and so does not say that it leaves.
    let dir = tempfile::tempdir().unwrap();
    let other = profile(ReplicaKind::Hub, "nioro", Some("SN-KL"));
    let mut nioro = Replica::create(dir.path(), &other, &mut world.seed).unwrap();
    enrol(&mut world.hq, &mut nioro, "six");
    enrol(&mut nioro, &mut world.awa, "seven");
    enrol(&mut nioro, &mut world.moussa, "eight");
    world.region = nioro;
    world.region.regrant(world.awa.id(), caseload).unwrap().unwrap();
    for _ in 0..2 {
        back_up(&mut world.awa, &mut world.region, &mut world.hq);
        for record in world.awa.records_held().unwrap() {
            world.awa.settle_held(record).unwrap();
        }
    }
    assert!(world.awa.parts(record).unwrap().is_empty());
    assert_eq!(world.region.parts(record).unwrap(), world.hq.parts(record).unwrap());
}
