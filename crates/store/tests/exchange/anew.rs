//! What a hub said before it was lost, or put back, holds no more where another one, or the same one, says something else
//! since: nobody brings once more what a device brings itself.

use teranga_core::audience::{Agent, Audience, Clearance, Reach};
use teranga_core::value::Value;
use teranga_store::Replica;
use teranga_store::ticks::Tick;
use teranga_sync::introduction::ReplicaKind;

use crate::backups::put_back;
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
fn back_up(world: &mut World, region: &mut Replica) {
    for _ in 0..2 {
        sync(&mut world.awa, region);
        sync(region, &mut world.hq);
        world.hq.note_backup(NOW).unwrap();
    }
    sync(region, &mut world.hq);
    sync(&mut world.awa, region);
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
        back_up(&mut world, &mut nioro);
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
        back_up(&mut world, &mut back);
        assert_eq!(world.awa.tick(record).unwrap(), Tick::Safe);
        let parts = world.awa.parts(record).unwrap();
        assert_eq!(parts, world.hq.parts(record).unwrap());
        assert!(parts.iter().any(|part| part.values.values().any(|value| *value == Value::text("held"))));
    }
}
