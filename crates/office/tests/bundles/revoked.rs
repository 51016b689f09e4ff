//! A revoked device's late work: held aside at the hub, seen there, taken when its people say so; and its author is told. By a
//! link and by a file.

use teranga_core::id::{RecordId, ReplicaId};
use teranga_core::problem::Problem;
use teranga_office::Office;
use teranga_store::children::Standing;
use teranga_store::conversation::Failure;
use teranga_store::ticks::Tick;
use teranga_store::{Replica, Status};
use teranga_sync::enrol::EnrolRequest;
use teranga_sync::introduction::ReplicaKind;
use teranga_sync::limits;
use teranga_sync::manifest::{Authorship, Manifest};
use teranga_sync::message::{Push, Request};
use teranga_sync::pack::{Pack, list};
use teranga_sync::parcel::Parcel;
use teranga_sync::session::Session;

use crate::world::{NOW, Seeded, World, bring_to, enrol, online, profile};

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
fn so_is_what_is_brought_by_whoever_does_not_know_how_they_stand_to_the_hub() {
    // A copy of the device has used its numbers.
    let mut world = World::new(8, &["Awa Exemple", "Moussa Modèle"]);
    world.open(AWA, &[("E01", "ok")]);
    world.online(AWA);
    let copy = world.copy(AWA);
    world.open(copy, &[("E01", "satisfied")]);
    world.online(copy);
    let awa = world.devices[AWA].replica().id();
    let late = world.open(AWA, &[("E01", "dissatisfied")]);
    assert!(world.hub.replica_mut().set_standing(awa, Standing::Revoked).unwrap());
    assert!(is_refused_as_revoked(world.session(AWA)));
    assert_eq!(reasons(&world.hub, late), [Some("revoked".to_owned())]);
    assert_eq!(world.devices[AWA].replica().log_counts().unwrap().unsent, 0);

    // The answer to its last request was lost.
    let (mut world, _, late) = world_with_late_work(9);
    world.devices[AWA].replica_mut().next_request(&Session::new().plan(), NOW).unwrap().unwrap();
    assert!(is_refused_as_revoked(world.session(AWA)));
    assert!(late.iter().all(|late| reasons(&world.hub, *late) == [Some("revoked".to_owned())]));
}

#[test]
fn a_fresh_code_takes_a_revoked_device_in_again_and_one_that_was_used_does_not() {
    let (mut world, awa, late) = world_with_late_work(10);
    let profile = world.devices[AWA].replica().profile().clone();
    let code = world.hub.new_code(&profile, &mut world.seed, NOW).unwrap();
    let code = teranga_sync::code::normalise(&code).unwrap();
    let identity = world.devices[AWA].replica().identity().clone();
    let spoken = world.devices[AWA].replica().spoken();
    let asks = |world: &mut World| world.hub.enrol(&EnrolRequest::sign(&identity, &code, spoken), NOW);
    for _ in 0..2 {
        assert!(asks(&mut world).is_ok(), "an answer may be lost");
        world.session(AWA).unwrap();
    }
    assert!(late.iter().all(|late| reasons(&world.hub, *late).is_empty()));
    assert!(world.hub.replica_mut().set_standing(awa, Standing::Revoked).unwrap());
    assert!(asks(&mut world).is_err_and(|no| no.problem == Problem::Forbidden));
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
    assert!(held <= limits::REVOKED_BYTES_MAX + 64 * 1024, "{held}");
    world.online(MOUSSA);
}

#[test]
fn what_came_without_its_bodies_first_is_held_aside_all_the_same() {
    let (mut world, _, [late, _]) = world_with_late_work(5);
    let device = world.devices[AWA].replica_mut();
    let request = device.next_request(&Session::new().plan(), NOW).unwrap().unwrap();
    let mut bare = request.pushes[0].pack().unwrap();
    bare.saves.iter_mut().flatten().for_each(|entry| entry.body = None);
    let bare = Push::of(request.pushes[0].number, None, &bare, request.version);
    let identity = device.identity().clone();
    let first = Request { pushes: vec![bare], ..request.clone() };
    let whole = Request { exchange: request.exchange + 1, ..request };
    for request in [first, whole] {
        world.hub.exchange(&request.encode(&identity), NOW).unwrap();
    }
    assert_eq!(reasons(&world.hub, late), [Some("revoked".to_owned())]);
    assert!(world.hub.replica().parts(late).unwrap().is_empty());
}

#[test]
fn a_revoked_hub_is_not_heard() {
    let mut world = World::new(6, &[]);
    let mut make = |name: &str, kind| {
        let profile = profile(kind, name, Some("SN-KL"));
        Replica::create(&world.folder.path().join(name), &profile, &mut world.seed).unwrap()
    };
    let (mut region, mut awa) = (make("kaolack", ReplicaKind::Hub), make("awa", ReplicaKind::Device));
    enrol(&mut world.hub, &mut region, &mut world.seed);
    let mut region = Office::open(region).unwrap();
    enrol(&mut region, &mut awa, &mut world.seed);
    world.hub.replica_mut().set_standing(region.replica().id(), Standing::Revoked).unwrap();
    let refused = online(region.replica_mut(), &mut world.hub, &mut world.seed, |_| true);
    assert!(is_refused_as_revoked(refused));
    assert!(world.hub.replica().introduction(awa.id()).unwrap().is_none(), "whom it enrolled is not known");

    world.hub.replica_mut().set_standing(region.replica().id(), Standing::Enrolled).unwrap();
    online(region.replica_mut(), &mut world.hub, &mut world.seed, |_| true).unwrap();
    assert!(world.hub.replica().introduction(awa.id()).unwrap().is_some());
}

#[test]
fn a_revoked_hub_hears_what_it_is_to_destroy_and_nothing_else_and_says_when_it_has() {
    for in_files in [false, true] {
        let (mut world, mut region) = World::with_a_region(13);
        let erased = world.open(AWA, &[("E01", "ok")]);
        for _ in 0..2 {
            online(world.devices[AWA].replica_mut(), &mut region, &mut world.seed, |_| true).unwrap();
            online(region.replica_mut(), &mut world.hub, &mut world.seed, |_| true).unwrap();
        }
        let hub = region.replica().id();
        world.hub.replica_mut().set_standing(hub, Standing::Revoked).unwrap();
        world.hub.replica_mut().erase(erased, NOW).unwrap();
        let others = world.open(AWA, &[("E01", "satisfied")]);
        online(world.devices[AWA].replica_mut(), &mut region, &mut world.seed, |_| true).unwrap();
        if in_files {
            let file = region.replica_mut().bundle(&mut world.seed, NOW).unwrap().unwrap().file;
            let (_, back) = world.bring(&file);
            let back = back.unwrap();
            let parcel = Parcel::read(&back).unwrap();
            region.take_return(&parcel.head.letter(parcel.sealed[0])).unwrap();
            // In files it speaks for itself once nobody below it is waited for.
            online(world.devices[AWA].replica_mut(), &mut region, &mut world.seed, |_| true).unwrap();
            let file = region.replica_mut().bundle(&mut world.seed, NOW).unwrap().unwrap().file;
            let taken = bring_to(&mut world.hub, &file, &mut world.seed);
            assert!(taken.iter().all(|taken| taken.as_ref().is_err_and(|no| no.problem == Problem::Revoked)));
        } else {
            let session = online(region.replica_mut(), &mut world.hub, &mut world.seed, |_| true);
            assert!(is_refused_as_revoked(session));
        }
        assert!(region.replica().is_erased(erased).unwrap() && region.replica().bodies(erased).unwrap() == 0);
        let of_it = world.hub.replica().erasures().unwrap();
        assert!(of_it[0].confirmed.contains(&hub) && !of_it[0].outstanding.contains(&hub));
        assert!(world.hub.replica().record(others).unwrap().is_none(), "what it has its devices bring");
        assert!(reasons(&world.hub, others).is_empty());
        // It passes the word on.
        online(world.devices[AWA].replica_mut(), &mut region, &mut world.seed, |_| true).unwrap();
        assert!(world.devices[AWA].replica().is_erased(erased).unwrap());
    }
}

#[test]
fn what_no_guard_takes_counts_as_held_aside() {
    let (mut world, awa, _) = world_with_late_work(7);
    let held = |world: &World| world.hub.replica().held_of_revoked(awa).unwrap();
    let device = world.devices[AWA].replica_mut();
    let request = device.next_request(&Session::new().plan(), NOW).unwrap().unwrap();
    let pack = request.pushes[0].pack().unwrap();
    let (opening, survey) = (pack.saves[0].clone(), pack.saves[1].clone());
    // Two records in one save: held aside for another reason than its author's standing.
    let saves = vec![[opening, survey].concat()];
    let listed: Vec<_> = saves.iter().map(|save| list(save)).collect();
    let by = Authorship::own(pack.manifest.by.openings.clone());
    let listed = listed.iter().map(Vec::as_slice);
    let manifest = Manifest::sign(device.identity(), pack.manifest.batch, pack.manifest.previous, by, listed);
    let push = Push::of(request.pushes[0].number, None, &Pack { manifest, saves }, request.version);
    let identity = device.identity().clone();
    world.hub.exchange(&Request { pushes: vec![push], ..request }.encode(&identity), NOW).unwrap();
    assert!(held(&world) > 0);
}

/// Awa corrects a record and finishes another interview, in two packs where she has cut one; meanwhile the record is erased, and she
/// is revoked.
fn world_with_late_work_on_what_was_erased(seed: u64, cuts: bool) -> (World, [RecordId; 2]) {
    let mut world = World::new(seed, &["Awa Exemple", "Moussa Modèle"]);
    let erased = world.open(AWA, &[("E01", "ok")]);
    world.online(AWA);
    world.edit(AWA, erased, &[("E01", "satisfied")]);
    if cuts {
        world.export(AWA);
    }
    let other = world.open(AWA, &[("E01", "ok")]);
    assert_eq!(world.hub.replica_mut().erase(erased, NOW).unwrap(), [erased]);
    let awa = world.devices[AWA].replica().id();
    assert!(world.hub.replica_mut().set_standing(awa, Standing::Revoked).unwrap());
    (world, [erased, other])
}

fn is_destroyed_and_confirmed(world: &World, erased: RecordId) {
    let device = world.devices[AWA].replica();
    assert!(device.is_erased(erased).unwrap() && device.parts(erased).unwrap().is_empty());
    let erasures = world.hub.replica().erasures().unwrap();
    let of_it = erasures.iter().find(|erasure| erasure.record == erased).unwrap();
    assert!(of_it.confirmed.contains(&device.id()) && !of_it.outstanding.contains(&device.id()));
    for replica in [device, world.hub.replica()] {
        replica.verify(|flaw| panic!("{flaw:?}")).unwrap();
    }
}

#[test]
fn what_was_erased_goes_from_a_revoked_device_and_the_rest_of_its_late_work_is_held_aside() {
    let (mut world, [erased, other]) = world_with_late_work_on_what_was_erased(8, false);
    assert!(is_refused_as_revoked(world.session(AWA)));
    is_destroyed_and_confirmed(&world, erased);
    assert_eq!(reasons(&world.hub, other), [Some("revoked".to_owned())]);
    assert_eq!(world.devices[AWA].replica().log_counts().unwrap().unsent, 0);
    assert!(matches!(world.devices[AWA].replica().tick(other).unwrap(), Tick::Held(_)));
}

#[test]
fn the_same_in_files() {
    let (mut world, [erased, other]) = world_with_late_work_on_what_was_erased(9, true);
    let file = world.export(AWA);
    let (taken, back) = world.bring(&file);
    assert_eq!(taken[0].refused.len(), 1, "{taken:?}");
    let heard = world.hear(AWA, &back.unwrap()).unwrap();
    assert_eq!((heard.destroyed.records, heard.destroyed.unsent), (1, 1));
    assert!(reasons(&world.hub, other).is_empty(), "it stands after what was not taken");
    let file = world.export(AWA);
    let taken = bring_to(&mut world.hub, &file, &mut world.seed);
    assert!(taken.iter().all(|taken| taken.as_ref().is_err_and(|no| no.problem == Problem::Revoked)));
    assert_eq!(reasons(&world.hub, other), [Some("revoked".to_owned())]);
    // That file carried the confirmation.
    is_destroyed_and_confirmed(&world, erased);
}

#[test]
fn what_was_erased_goes_from_a_revoked_device_that_has_nothing_to_bring() {
    let erases_after_the_revocation = |seed| {
        let mut world = World::new(seed, &["Awa Exemple", "Moussa Modèle"]);
        let erased = [world.open(AWA, &[("E01", "ok")]), world.open(MOUSSA, &[("E01", "satisfied")])];
        for device in [AWA, MOUSSA, AWA] {
            world.online(device);
        }
        let awa = world.devices[AWA].replica().id();
        assert!(world.hub.replica_mut().set_standing(awa, Standing::Revoked).unwrap());
        for record in erased {
            world.hub.replica_mut().erase(record, NOW).unwrap();
        }
        (world, erased)
    };
    let (mut world, erased) = erases_after_the_revocation(11);
    for _ in 0..2 {
        assert!(is_refused_as_revoked(world.session(AWA)));
        for record in erased {
            is_destroyed_and_confirmed(&world, record);
        }
    }

    let (mut world, erased) = erases_after_the_revocation(12);
    let file = world.export(AWA);
    let (_, back) = world.bring(&file);
    assert_eq!(world.hear(AWA, &back.unwrap()).unwrap().destroyed.records, 2);
    let file = world.export(AWA);
    let taken = bring_to(&mut world.hub, &file, &mut world.seed);
    assert!(taken.iter().all(|taken| taken.as_ref().is_err_and(|no| no.problem == Problem::Revoked)));
    for record in erased {
        is_destroyed_and_confirmed(&world, record);
    }
}

/// What is written to large parts is applied when nobody waits for it; but what a revoked device brings it is told of once.
#[test]
fn late_work_in_a_large_record_is_told_to_its_author_too() {
    let mut world = World::new(9, &["Awa Exemple"]);
    let record = world.open(AWA, &[("E01", "ok")]);
    for number in 0..=limits::PART_LARGE_BYTES / 60_000 {
        world.edit(AWA, record, &[("E02", &format!("{number:060000}"))]);
    }
    world.online(AWA);
    let awa = world.devices[AWA].replica().id();
    assert!(world.hub.replica_mut().set_standing(awa, Standing::Revoked).unwrap());
    world.edit(AWA, record, &[("E01", "satisfied")]);
    assert!(is_refused_as_revoked(world.session(AWA)));
    assert_eq!(reasons(&world.hub, record), [Some("revoked".to_owned())]);
    assert!(matches!(world.devices[AWA].replica().tick(record).unwrap(), Tick::Held(_)));
}
