//! Twenty thousand damaged changes, each with a checksum that holds, as a hostile replica would send them: no panic
//! leaves the guard, what is accepted loads again, and honest changes go on.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use automerge::{Automerge, Change};
use teranga_core::id::ActorId;
use teranga_core::key::Key;
use teranga_core::time::Millis;
use teranga_core::value::Value;
use teranga_document::guard::{Guard, Guarded};
use teranga_document::part::Part;
use teranga_sync::scan::{ChangeLimits, scan};

use crate::pool::{Made, Seeded, pool, with_checksum};

const MUTATIONS: usize = 20_000;
/// Magic and checksum stand before what is mutated.
const FRAME_BYTES: usize = 8;

/// What became of them.
#[derive(Debug, Default)]
struct Counts {
    refused_by_scanner: usize,
    refused_by_guard: usize,
    accepted: usize,
    /// Of those that passed the scanner, what Automerge alone would have done with them.
    unguarded_panics: usize,
    unguarded_poison: usize,
}

/// One to three bytes of a real change made something else.
fn mutate(seeded: &mut Seeded, change: &[u8]) -> Vec<u8> {
    loop {
        let mut mutated = change.to_vec();
        for _ in 0..=seeded.below(3) {
            let place = FRAME_BYTES + seeded.below(change.len() - FRAME_BYTES);
            mutated[place] = seeded.byte();
        }
        if mutated != change {
            return with_checksum(mutated);
        }
    }
}

enum Unguarded {
    Panics,
    Poison,
    Else,
}

thread_local! {
    static EXPECTING_PANICS: Cell<bool> = const { Cell::new(false) };
}

/// Keeps the panics that [`unguarded`] provokes, and only these, out of the test's output.
fn pass_over_expected_panics() {
    let next = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if !EXPECTING_PANICS.get() {
            next(info);
        }
    }));
}

/// What happens without a guard: apply, store, load.
fn unguarded(base: &Part, change: &[u8]) -> Unguarded {
    EXPECTING_PANICS.set(true);
    let applied = catch_unwind(AssertUnwindSafe(|| {
        let change = Change::from_bytes(change.to_vec()).ok()?;
        let mut doc = Automerge::load(&base.snapshot()).ok()?;
        let hash = change.hash();
        doc.apply_changes([change]).ok()?;
        doc.get_change_meta_by_hash(&hash).is_some().then(|| doc.save_nocompress())
    }));
    let outcome = match applied {
        Err(_) => Unguarded::Panics,
        Ok(None) => Unguarded::Else,
        Ok(Some(stored)) => match catch_unwind(|| Automerge::load(&stored).is_ok()) {
            Ok(true) => Unguarded::Else,
            Ok(false) | Err(_) => Unguarded::Poison,
        },
    };
    EXPECTING_PANICS.set(false);
    outcome
}

/// What an honest replica writes next, on top of what was accepted, must be taken and shown, and travel.
fn honest_changes_go_on(guard: &Guard, accepted: &Guarded, number: usize) {
    let loaded = Part::load(&accepted.snapshot).expect("what was accepted loads again");
    assert_eq!(loaded.heads(), accepted.part.heads());
    assert_eq!(loaded.view().unwrap(), accepted.view);

    let value = Value::Int(1_000_000 + i64::try_from(number).unwrap());
    let answer = Key::question("question_0");
    let edits = [(answer.clone(), value.clone()), (Key::question("new"), Value::Bool(true))];
    let mut device = loaded.clone();
    let honest = device.edit(ActorId([0xee; 16]), Millis(0), "rss@1", &edits).unwrap().unwrap();
    assert!(scan(&honest.bytes, &ChangeLimits::PROTOCOL).is_ok());
    let hub = guard.apply(&loaded, &honest.bytes).expect("an honest change is taken");
    assert_eq!(hub.view.values.get(&answer), Some(&value));
    assert!(hub.view.conflict(&answer).is_none());
    assert_eq!((hub.part.heads(), &hub.view), (device.heads(), &device.view().unwrap()));
}

/// The order in which a damaged change and an honest one arrive makes no difference.
fn order_makes_no_difference(guard: &Guard, base: &Part, accepted: &Guarded, mutated: &[u8]) {
    let answer = [(Key::question("question_1"), Value::text("apart"))];
    let mut device = base.clone();
    let honest = device.edit(ActorId([0xef; 16]), Millis(0), "rss@1", &answer).unwrap().unwrap();
    let after = guard.apply(&accepted.part, &honest.bytes).expect("an honest change is taken");
    let before = guard.apply(&device, mutated).expect("what was accepted once is accepted");
    assert_eq!((after.part.heads(), after.view), (before.part.heads(), before.view));
}

#[test]
fn no_mutation_breaks_a_part() {
    let pool = pool();
    let guard = Guard::new();
    pass_over_expected_panics();
    let mut seeded = Seeded::new(3);
    let mut counts = Counts::default();
    for number in 0..MUTATIONS {
        let Made { base, change } = seeded.one_of(&pool);
        let mutated = mutate(&mut seeded, change);
        if scan(&mutated, &ChangeLimits::PROTOCOL).is_err() {
            counts.refused_by_scanner += 1;
            continue;
        }
        match unguarded(base, &mutated) {
            Unguarded::Panics => counts.unguarded_panics += 1,
            Unguarded::Poison => counts.unguarded_poison += 1,
            Unguarded::Else => (),
        }
        match guard.apply(base, &mutated) {
            Err(_) => counts.refused_by_guard += 1,
            Ok(accepted) => {
                counts.accepted += 1;
                honest_changes_go_on(&guard, &accepted, number);
                order_makes_no_difference(&guard, base, &accepted, &mutated);
            }
        }
    }
    println!("{counts:?}");
    let Counts { refused_by_scanner, refused_by_guard, accepted, unguarded_panics, unguarded_poison } =
        counts;
    assert_eq!(refused_by_scanner + refused_by_guard + accepted, MUTATIONS);
    assert!(accepted > 0 && refused_by_guard > 0 && refused_by_scanner > 0);
    // Were these 0, the guard would protect from nothing, and this test would show nothing.
    assert!(unguarded_panics > 0 && unguarded_poison > 0);
}
