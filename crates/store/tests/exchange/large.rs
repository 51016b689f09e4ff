//! Somebody writes again and again to a part of a megabyte, and each time it is read and written whole: the others' work is
//! applied before it, and each round ends soon.

use teranga_store::Unapplied;
use teranga_sync::session::{Left, Plan, PushPlan, Session};

use crate::world::*;

/// Saves after which a part is large.
const LONG_ANSWERS: usize = 24;
/// Saves to it that come at once.
const SAVES: usize = 40;

#[test]
fn whoever_writes_again_and_again_to_a_large_part_keeps_nobody_waiting() {
    let mut world = world(130);
    let large = open_record(&mut world.moussa, &mut world.seed, &[("E01", "ok")]);
    for number in 0..LONG_ANSWERS {
        let letter = char::from(b'a' + u8::try_from(number).unwrap());
        edit(&mut world.moussa, large, &[("E02", &letter.to_string().repeat(60_000))]);
    }
    sync_all(&mut world);
    for number in 0..SAVES {
        edit(&mut world.moussa, large, &[("E03", &number.to_string())]);
    }
    let usual = open_record(&mut world.awa, &mut world.seed, &[("E01", "ok")]);
    for child in [&mut world.moussa, &mut world.awa] {
        let known = world.region.child(child.id()).unwrap().unwrap();
        let request = child.next_request(&Session::new().plan(), NOW).unwrap().unwrap();
        world.region.begin_exchange(&request, NOW).unwrap().unwrap();
        world.region.ingest(&known, request.line, &request.pushes[0], NOW).unwrap();
    }
    let mut rounds = Vec::new();
    loop {
        let applied = world.region.apply_logged().unwrap();
        rounds.push(applied.changes);
        assert_eq!(world.region.parts(usual).unwrap().len(), 2, "in the first round");
        assert_ne!(applied.left, Unapplied::Saves, "nobody needs to wait for what is left");
        if !applied.is_left() {
            break;
        }
    }
    assert!(rounds.len() > 2 && rounds.iter().all(|changes| (1..SAVES / 2).contains(changes)), "{rounds:?}");
    for _ in 0..2 {
        sync_all(&mut world);
    }
    same_everywhere(&world, large);
    same_everywhere(&world, usual);
}

/// An answer is taken in one transaction, and what a phone is at for minutes the one that closes the program would undo.
#[test]
fn of_an_answer_that_is_long_to_apply_the_rest_is_applied_after_it() {
    let mut world = world(134);
    let large = open_record(&mut world.moussa, &mut world.seed, &[("E01", "ok")]);
    for number in 0..LONG_ANSWERS {
        edit(&mut world.moussa, large, &[("E02", &format!("{number:060000}"))]);
    }
    sync_all(&mut world);
    for number in 0..4 * SAVES {
        edit(&mut world.moussa, large, &[("E03", &number.to_string())]);
    }
    sync(&mut world.moussa, &mut world.region);
    let plan = Plan { push: PushPlan::Ask, pull_bytes_max: 1 << 20 };
    let taken = exchange_as(&plan, &mut world.awa, &mut world.region);
    assert_eq!(taken.left, Left::Nothing);
    let counts = world.awa.log_counts().unwrap();
    assert!(counts.logged > 0 && counts.applied > 0, "{counts:?}");
    world.awa.apply_the_rest().unwrap();
    assert_eq!(world.awa.log_counts().unwrap().logged, 0);
    assert_eq!(world.awa.parts(large).unwrap(), world.region.parts(large).unwrap());
}
