//! What the guard refuses, and that it names it and keeps the rest.

use automerge::ExpandedChange;
use teranga_core::class::ClassId;
use teranga_core::id::RecordId;
use teranga_core::limits::PART_BYTES_MAX;
use teranga_core::value::Value;
use teranga_document::guard::{Guard, Reason};
use teranga_document::part::{NewChange, Part};
use teranga_document::room::Room;

use crate::support::{AWA, MOUSSA, answers, edit, key, part};

fn refusal(base: &Part, change: &[u8]) -> Reason {
    let before = (base.heads(), base.snapshot());
    let reason = Guard::new().apply(base, change).expect_err("it must be refused");
    assert_eq!((base.heads(), base.snapshot()), before, "the part itself is not touched");
    reason
}

/// The change as its author would have made it with one thing different.
fn forged(change: &NewChange, forge: impl FnOnce(&mut ExpandedChange)) -> Vec<u8> {
    let mut expanded = automerge::Change::from_bytes(change.bytes.clone()).unwrap().decode();
    forge(&mut expanded);
    automerge::Change::from(expanded).raw_bytes().to_vec()
}

#[test]
fn what_is_no_change_is_refused() {
    let change = edit(&mut part(), AWA, &[("a", Value::Int(1))]);
    for length in 0..change.bytes.len() {
        assert_eq!(refusal(&part(), &change.bytes[..length]), Reason::Refused);
    }
    assert_eq!(refusal(&part(), &part().snapshot()), Reason::Refused, "a document is no change");
}

#[test]
fn a_compressed_change_is_refused_unread() {
    let text = Value::text("a".repeat(5_000));
    let change = edit(&mut part(), AWA, &[("a", text)]);
    let mut parsed = automerge::Change::from_bytes(change.bytes.clone()).unwrap();
    let compressed = parsed.bytes().into_owned();
    assert!(compressed.len() < 200);
    assert_eq!(refusal(&part(), &compressed), Reason::Refused);
    assert!(Guard::new().apply(&part(), &change.bytes).is_ok());
}

#[test]
fn a_change_whose_dependency_is_missing_is_not_kept_inside() {
    let mut awa = part();
    let first = edit(&mut awa, AWA, &[("a", Value::Int(1))]);
    let second = edit(&mut awa, AWA, &[("a", Value::Int(2))]);
    assert_eq!(refusal(&part(), &second.bytes), Reason::MissingDependency);
    let guard = Guard::new();
    let part = guard.apply(&part(), &first.bytes).unwrap().part;
    assert_eq!(guard.apply(&part, &second.bytes).unwrap().part.heads(), [second.hash]);
}

#[test]
fn a_change_of_another_part_is_refused() {
    let mut other = Part::open(RecordId([8; 16]), &ClassId::new("personal"), [2; 16]);
    let change = edit(&mut other, AWA, &[("a", Value::Int(1))]);
    let first = Part::first_change(RecordId([8; 16]), &ClassId::new("personal"), [2; 16]);
    assert_eq!(refusal(&part(), &first.bytes), Reason::MissingDependency);
    assert_eq!(refusal(&part(), &change.bytes), Reason::MissingDependency);
}

#[test]
fn operations_count_on_from_what_they_build_on() {
    let change = edit(&mut part(), AWA, &[("a", Value::Int(1))]);
    for start in [1, 2, 4, 1_000, u64::from(u32::MAX)] {
        let forged = forged(&change, |change| change.start_op = start.try_into().unwrap());
        assert_eq!(refusal(&part(), &forged), Reason::OutOfOrder, "{start}");
    }
    assert_eq!(forged(&change, |_| ()), change.bytes, "only what was forged differs");
}

#[test]
fn one_number_of_an_opening_names_one_change() {
    let mut base = part();
    edit(&mut base, AWA, &[("a", Value::Int(1))]);
    let fork = edit(&mut part(), AWA, &[("a", Value::Int(2))]);
    assert_eq!(refusal(&base, &fork.bytes), Reason::Refused);
    let skipping = forged(&fork, |change| change.seq = 7);
    assert_eq!(refusal(&part(), &skipping), Reason::Panicked);
}

#[test]
fn a_change_that_is_here_already_changes_nothing() {
    let mut base = part();
    let change = edit(&mut base, AWA, &[("a", Value::Int(1))]);
    let again = Guard::new().apply(&base, &change.bytes).unwrap();
    assert_eq!((again.part.heads(), again.snapshot), (base.heads(), base.snapshot()));
}

#[test]
fn a_part_that_grows_too_large_is_refused() {
    let change = edit(&mut part(), AWA, &[("a", Value::text("a".repeat(PART_BYTES_MAX)))]);
    assert_eq!(refusal(&part(), &change.bytes), Reason::TooLarge);
    let is_taken = |room| Guard::new().within(room).apply(&part(), &change.bytes).is_ok();
    assert!(is_taken(Room::Office) && is_taken(Room::Decided));
}

#[test]
fn of_many_changes_the_bad_one_is_named_and_what_builds_on_it() {
    let mut awa = part();
    let mut moussa = part();
    let good = edit(&mut awa, AWA, &[("a", Value::Int(1))]);
    let bad = edit(&mut moussa, MOUSSA, &[("b", Value::Int(2))]);
    let bad = forged(&bad, |change| change.start_op = 9.try_into().unwrap());
    // What was made on top of the forged change, by a replica that has no guard.
    let mut victim = automerge::Automerge::load(&part().snapshot()).unwrap();
    victim.apply_changes([automerge::Change::from_bytes(bad.clone()).unwrap()]).unwrap();
    let mut victim = Part::load(&victim.save_nocompress()).unwrap();
    let on_bad = edit(&mut victim, teranga_core::id::ActorId([9; 16]), &[("c", Value::Int(3))]);
    let later = edit(&mut awa, AWA, &[("a", Value::Int(4))]);

    let guard = Guard::new();
    let verdict = guard.apply_all(&part(), &[&good.bytes, &bad, &on_bad.bytes, &later.bytes]);
    assert_eq!(verdict.refused, [(1, Reason::OutOfOrder), (2, Reason::MissingDependency)]);
    let guarded = verdict.guarded.expect("the others are kept");
    assert_eq!(guarded.part.heads(), [later.hash]);
    assert_eq!(guarded.view.values, answers(&[("a", Value::Int(4))]).into_iter().collect());

    let verdict = guard.apply_all(&part(), &[&bad]);
    assert!(verdict.guarded.is_none() && verdict.refused.len() == 1);
    let verdict = guard.apply_all(&part(), &[]);
    assert_eq!(verdict.guarded.expect("nothing was asked").part.heads(), part().heads());
    assert!(guarded.view.conflict(&key("a")).is_none());
}
