//! What builds on what is not there waits, and no more of it than may.

use teranga_core::id::{Batch, ManifestHash};
use teranga_core::problem::Problem;
use teranga_store::Status;
use teranga_store::ingest::Ingested;
use teranga_sync::limits;
use teranga_sync::manifest::{Listed, Manifest};
use teranga_sync::message::Push;
use teranga_sync::pack::{Entry, Pack, list};
use teranga_sync::session::{Plan, PushPlan};

use crate::world::*;

/// A pack of Awa's with these saves of what she wrote, after another one.
fn of_awa(
    world: &World,
    saves: &[Vec<Entry>],
    (number, batch, previous): (u64, Batch, ManifestHash),
    of: &Push,
) -> Push {
    let by = of.pack().unwrap().manifest.by;
    let listed: Vec<Vec<Listed>> = saves.iter().map(|save| list(save)).collect();
    let listed = listed.iter().map(Vec::as_slice);
    let manifest = Manifest::sign(world.awa.identity(), batch, previous, by, listed);
    Push::of(number, None, &Pack { manifest, saves: saves.to_vec() }, of.version)
}

/// What builds on what is not there waits, and more of it than may is refused and not acknowledged: whoever sent it keeps it, and
/// brings it once more when that has come.
#[test]
fn more_than_may_wait_is_not_acknowledged_and_taken_once_what_it_builds_on_is_there() {
    let mut world = world(93);
    let record = open_record(&mut world.awa, &mut world.seed, &[("E01", "ok")]);
    for number in 0..=limits::WAITING_PER_PART_MAX {
        edit(&mut world.awa, record, &[("E02", &number.to_string())]);
    }
    let plan = Plan { push: PushPlan::Pack { bytes_target: 1 << 20 }, pull_bytes_max: 1 << 20 };
    let request = world.awa.next_request(&plan, NOW).unwrap().unwrap();
    let all = request.pushes[0].pack().unwrap();
    let (first, rest) = all.saves.split_first().unwrap();
    assert_eq!(rest.len(), limits::WAITING_PER_PART_MAX + 1);
    let (beyond, waits) = rest.split_last().unwrap();
    let awa = world.region.child(world.awa.id()).unwrap().unwrap();
    let mut line = Batch(0);
    let mut held = ManifestHash([0; 32]);
    let mut brings = |world: &mut World, saves: &[Vec<Entry>]| {
        let push = of_awa(world, saves, (line.0 + 1, line.next(), held), &request.pushes[0]);
        let taken = world.region.ingest(&awa, request.line, &push, NOW).unwrap();
        while world.region.apply_logged().unwrap().is_left() {}
        if taken == Ingested::Logged {
            (line, held) = (line.next(), push.pack().unwrap().hash());
        }
        assert_eq!(world.region.received(world.awa.id(), request.line).unwrap().number, line.0);
        taken
    };
    // All at once is more than may wait.
    assert_eq!(brings(&mut world, rest), Ingested::Refused(Problem::TooManyWaiting));
    assert_eq!(world.region.log_counts().unwrap().waiting, 0);
    assert_eq!(brings(&mut world, waits), Ingested::Logged);
    assert_eq!(brings(&mut world, std::slice::from_ref(beyond)), Ingested::Refused(Problem::TooManyWaiting));
    assert_eq!(world.region.log_counts().unwrap().waiting, limits::WAITING_PER_PART_MAX as u64);
    // Its people see what waits, of whom and since when, and no reason: nobody has to do anything.
    let asides = world.region.aside().unwrap();
    let [aside] = asides.as_slice() else { panic!("{asides:?}") };
    assert_eq!((aside.record, aside.origin, aside.status), (record, world.awa.id(), Status::Waiting));
    assert_eq!((aside.changes, aside.since), (limits::WAITING_PER_PART_MAX as u64, Some(NOW)));
    assert_eq!(aside.reason, None);
    // What does not wait is taken however much does, and then everything is.
    assert_eq!(brings(&mut world, std::slice::from_ref(first)), Ingested::Logged);
    assert_eq!(world.region.log_counts().unwrap().waiting, 0);
    assert_eq!(brings(&mut world, std::slice::from_ref(beyond)), Ingested::Logged);
    assert_eq!(world.region.parts(record).unwrap(), world.awa.parts(record).unwrap());
    assert!(world.region.aside().unwrap().is_empty());
    assert_eq!(flaws(&world.region), [""; 0]);
}

/// What is logged of a large part is applied when nobody waits for it: until then it counts as what may wait, or as much could be
/// logged as one likes, and held aside later.
#[test]
fn what_is_logged_of_a_large_part_counts_among_what_may_wait() {
    let mut world = world(94);
    let record = open_record(&mut world.awa, &mut world.seed, &[("E01", "ok")]);
    for number in 0..=limits::PART_LARGE_BYTES / 60_000 {
        edit(&mut world.awa, record, &[("E02", &format!("{number:060000}"))]);
    }
    sync(&mut world.awa, &mut world.region);
    let half = limits::WAITING_PER_PART_MAX * 3 / 4;
    for number in 0..=2 * half {
        edit(&mut world.awa, record, &[("E03", &number.to_string())]);
    }
    let plan = Plan { push: PushPlan::Pack { bytes_target: 1 << 20 }, pull_bytes_max: 1 << 20 };
    let request = world.awa.next_request(&plan, NOW).unwrap().unwrap();
    let [of] = request.pushes.as_slice() else { panic!("one pack") };
    let all = of.pack().unwrap();
    let (first, rest) = all.saves.split_first().unwrap();
    let (waits, beyond) = rest.split_at(half);
    let awa = world.region.child(world.awa.id()).unwrap().unwrap();
    let (number, batch, previous) = (of.number, all.manifest.batch, all.manifest.previous);
    let waits = of_awa(&world, waits, (number, batch, previous), of);
    let held = waits.pack().unwrap().hash();
    let beyond = of_awa(&world, beyond, (number + 1, batch.next(), held), of);
    let mut brings = |push: &Push| world.region.ingest(&awa, request.line, push, NOW).unwrap();
    assert_eq!(brings(&waits), Ingested::Logged);
    assert_eq!(brings(&beyond), Ingested::Refused(Problem::TooManyWaiting));
    while world.region.apply_logged().unwrap().is_left() {}
    assert_eq!(world.region.log_counts().unwrap().waiting, half as u64);
    let first = of_awa(&world, std::slice::from_ref(first), (number + 1, batch.next(), held), of);
    let last = first.pack().unwrap().hash();
    let mut brings = |push: &Push| world.region.ingest(&awa, request.line, push, NOW).unwrap();
    assert_eq!(brings(&first), Ingested::Logged);
    while world.region.apply_logged().unwrap().is_left() {}
    let beyond = of_awa(&world, &rest[half..], (number + 2, batch.next().next(), last), of);
    let mut brings = |push: &Push| world.region.ingest(&awa, request.line, push, NOW).unwrap();
    assert_eq!(brings(&beyond), Ingested::Logged);
    while world.region.apply_logged().unwrap().is_left() {}
    assert_eq!(world.region.parts(record).unwrap(), world.awa.parts(record).unwrap());
    assert!(world.region.aside().unwrap().is_empty(), "nothing was held aside");
}
