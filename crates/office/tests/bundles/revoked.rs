//! A revoked device's late work: held aside at the hub, seen there, taken when its people say so; and its author is told. By a
//! link and by a file.

use teranga_core::id::{RecordId, ReplicaId};
use teranga_core::problem::Problem;
use teranga_office::Office;
use teranga_store::Status;
use teranga_store::children::Standing;
use teranga_store::conversation::Failure;
use teranga_store::ticks::Tick;

use crate::world::{Seeded, World, bring_to};

const AWA: usize = 0;
const MOUSSA: usize = 1;

/// Awa has synced and is revoked; then she finishes two interviews.
fn world_with_late_work(seed: u64) -> (World, ReplicaId, [RecordId; 2]) {
    let mut world = World::new(seed, &["Awa Exemple", "Moussa Modèle"]);
    world.open(AWA, &[("E01", "ok")]);
    world.online(AWA);
    let awa = world.devices[AWA].replica().id();
    assert!(world.hub.replica_mut().set_standing(awa, Standing::Revoked).unwrap());
    let late = [world.open(AWA, &[("E01", "satisfied")]), world.open(AWA, &[("E01", "dissatisfied")])];
    (world, awa, late)
}

fn is_refused_as_revoked(outcome: Result<(), Failure>) -> bool {
    matches!(outcome, Err(Failure::Refused { problem: Problem::Revoked }))
}

/// The reasons for which changes of a record are held aside.
fn reasons(hub: &Office, record: RecordId) -> Vec<Option<String>> {
    let aside = hub.replica().aside().unwrap().into_iter();
    aside
        .filter(|aside| aside.record == record && aside.status == Status::Quarantined)
        .map(|aside| aside.reason)
        .collect()
}

#[test]
fn late_work_of_a_revoked_device_is_held_aside_and_its_author_is_told() {
    let (mut world, _, late) = world_with_late_work(1);
    let others = world.open(MOUSSA, &[("E01", "ok")]);
    world.online(MOUSSA);
    assert!(is_refused_as_revoked(world.session(AWA)));
    for record in late {
        assert_eq!(reasons(&world.hub, record), [Some("revoked".to_owned())]);
        assert!(world.hub.replica().parts(record).unwrap().is_empty(), "nothing of it is shown");
        assert!(matches!(world.devices[AWA].replica().tick(record).unwrap(), Tick::Held(_)));
    }
    assert!(world.devices[AWA].replica().record(others).unwrap().is_none(), "it is told nothing else");
    assert_eq!(world.devices[AWA].replica().log_counts().unwrap().unsent, 0);
    assert!(is_refused_as_revoked(world.session(AWA)));
}

#[test]
fn the_office_takes_late_work_after_all_and_the_device_in_again() {
    let (mut world, awa, late) = world_with_late_work(2);
    assert!(is_refused_as_revoked(world.session(AWA)));
    world.hub.replica_mut().try_again(late[0]).unwrap();
    world.hub.apply_some(1).unwrap();
    world.online(MOUSSA);
    assert!(world.devices[MOUSSA].replica().record(late[0]).unwrap().is_some(), "taken, and passed on");
    assert_eq!(reasons(&world.hub, late[1]), [Some("revoked".to_owned())]);

    world.hub.replica_mut().set_standing(awa, Standing::Enrolled).unwrap();
    world.hub.replica_mut().try_again(late[1]).unwrap();
    world.hub.apply_some(1).unwrap();
    for device in [AWA, MOUSSA, AWA] {
        world.session(device).unwrap();
    }
    world.all_are_equal();
    assert!(late.iter().all(|record| !matches!(
        world.devices[AWA].replica().tick(*record).unwrap(),
        Tick::Here | Tick::Held(_)
    )));
}

#[test]
fn what_a_revoked_device_brings_in_a_file_is_held_aside_too() {
    let (mut world, _, late) = world_with_late_work(3);
    let file = world.export(AWA);
    for _ in 0..2 {
        let taken = bring_to(&mut world.hub, &file, &mut world.seed);
        assert!(taken.iter().all(|taken| taken.as_ref().is_err_and(|no| no.problem == Problem::Revoked)));
        assert!(!taken.is_empty());
    }
    for record in late {
        assert_eq!(reasons(&world.hub, record), [Some("revoked".to_owned())]);
    }
}

#[test]
fn a_revoked_device_cannot_fill_the_disk() {
    let (mut world, awa, _) = world_with_late_work(4);
    let mut stays = Vec::new();
    while stays.is_empty() {
        for _ in 0..30 {
            // What does not compress.
            let letter = |seed: &mut Seeded| char::from(b' ' + u8::try_from(seed.below(90)).unwrap());
            let long: String = (0..60_000).map(|_| letter(&mut world.seed)).collect();
            world.open(AWA, &[("E01", &long)]);
        }
        assert!(is_refused_as_revoked(world.session(AWA)));
        stays = world.devices[AWA].replica().refused_packs().unwrap();
    }
    assert_eq!(stays[0].code, "too-large", "it stays with the device");
    let held = world.hub.replica().held_of_revoked(awa).unwrap();
    assert!(held <= teranga_sync::limits::REVOKED_BYTES_MAX + 64 * 1024, "{held}");
    world.online(MOUSSA);
}
