//! Two replicas that write apart: nothing is lost, everyone sees the same, and a person settles it once.

use proptest::prelude::*;
use teranga_core::class::ClassId;
use teranga_core::id::{ActorId, RecordId};
use teranga_core::value::{NoAnswer, Value};
use teranga_document::digest::digest;
use teranga_document::guard::{Guard, Reason};
use teranga_document::part::{NewChange, Part};

use crate::support::{AWA, FORM, MOUSSA, NOW, answers, bring, edit, key, part};

#[test]
fn the_first_change_is_the_same_on_every_device_and_differs_between_parts() {
    let first = |record, class: &str, salt| {
        Part::first_change(RecordId([record; 16]), &ClassId::new(class), [salt; 16]).bytes
    };
    assert_eq!(first(7, "personal", 1), first(7, "personal", 1));
    for other in [first(8, "personal", 1), first(7, "open", 1), first(7, "personal", 2)] {
        assert_ne!(first(7, "personal", 1), other);
    }
    let change = Part::first_change(RecordId([7; 16]), &ClassId::new("personal"), [1; 16]);
    assert_eq!(part().heads(), [change.hash]);
    assert_eq!(part().all_changes(), [change]);
}

#[test]
fn two_devices_that_open_a_part_alone_merge_as_if_they_had_opened_it_together() {
    let (mut awa, mut moussa) = (part(), part());
    edit(&mut awa, AWA, &[("name", Value::text("Awa Exemple"))]);
    edit(&mut moussa, MOUSSA, &[("region", Value::text("SN-KD"))]);
    bring(&awa, &mut moussa);
    let view = moussa.view().unwrap();
    assert_eq!(view.values.get(&key("name")), Some(&Value::text("Awa Exemple")));
    assert_eq!(view.values.get(&key("region")), Some(&Value::text("SN-KD")));
    assert_eq!((view.conflicts.len(), view.foreign.len()), (0, 0));
    assert_eq!(moussa.change_count(), 3);
}

#[test]
fn two_values_of_one_answer_stand_side_by_side_until_an_edit_settles_them_everywhere() {
    let (mut awa, mut moussa) = (part(), part());
    let by_awa = edit(&mut awa, AWA, &[("income", Value::Int(40_000)), ("housing", Value::text("own"))]);
    let by_moussa =
        edit(&mut moussa, MOUSSA, &[("income", Value::Int(45_000)), ("housing", Value::text("own"))]);
    bring(&awa, &mut moussa);
    bring(&moussa, &mut awa);
    let view = awa.view().unwrap();
    assert_eq!(view, moussa.view().unwrap());
    assert_eq!(view.conflicts.len(), 1, "the same value written apart is no conflict");
    let conflict = view.conflict(&key("income")).expect("both incomes are kept");
    let mut expected = [(by_awa.hash, AWA, Value::Int(40_000)), (by_moussa.hash, MOUSSA, Value::Int(45_000))];
    expected.sort_by_key(|(hash, ..)| *hash);
    for (candidate, (change, actor, value)) in conflict.values.iter().zip(expected) {
        assert_eq!((candidate.change, candidate.actor, &candidate.value), (change, actor, &value));
        assert_eq!(candidate.time, NOW);
    }

    // Putting the value that happens to be shown is a settlement too.
    let shown = view.values.get(&key("income")).cloned().expect("one of both is shown");
    edit(&mut moussa, MOUSSA, &[("income", shown.clone())]);
    bring(&moussa, &mut awa);
    for settled in [awa.view().unwrap(), moussa.view().unwrap()] {
        assert!(settled.conflicts.is_empty());
        assert_eq!(settled.values.get(&key("income")), Some(&shown));
    }
}

#[test]
fn what_is_written_on_an_earlier_state_stands_beside_what_came_since() {
    let mut part = part();
    edit(&mut part, AWA, &[("income", Value::Int(1)), ("housing", Value::text("own"))]);
    let heads = part.heads();
    assert_eq!(part.as_of(&heads).unwrap().view().unwrap(), part.view().unwrap());
    edit(&mut part, MOUSSA, &[("income", Value::Int(2)), ("housing", Value::text("rent"))]);
    let mut then = part.as_of(&heads).unwrap();
    assert_eq!((then.changes_by(AWA), then.changes_by(MOUSSA)), (1, 0));
    let late = edit(&mut then, AWA, &[("income", Value::Int(3)), ("housing", Value::text("own"))]);
    assert_eq!(late.n_ops, 1, "what stood at that time is not written");
    let before = part.clone();
    part.join(&late).unwrap();
    assert!(Guard::new().apply(&before, &late.bytes).is_ok(), "a hub takes it");
    let view = part.view().unwrap();
    assert_eq!(view.conflict(&key("income")).map(|conflict| conflict.values.len()), Some(2));
    assert_eq!(view.values.get(&key("housing")), Some(&Value::text("rent")));
    let unknown = part.as_of(&[teranga_core::id::ChangeHash([9; 32])]).unwrap();
    assert_eq!(unknown.change_count(), 1, "nobody has written to it yet");
}

#[test]
fn what_stands_already_makes_no_change() {
    let mut part = part();
    let all = [
        ("cleared", Value::Cleared),
        ("yes", Value::Bool(true)),
        ("whole", Value::Int(-3)),
        ("decimal", Value::Decimal(0.1)),
        ("text", Value::text("é 語 \u{0}")),
        ("unknown", Value::NoAnswer(NoAnswer::DontKnow)),
        ("declined", Value::NoAnswer(NoAnswer::Declined)),
        ("typed", Value::text("declined")),
    ];
    let change = edit(&mut part, AWA, &all);
    assert_eq!(change.n_ops, 8);
    let again = Part::load(&part.snapshot()).unwrap();
    assert_eq!(again.view().unwrap().values, answers(&all).into_iter().collect());
    assert_eq!(part.edit(MOUSSA, NOW, FORM, &answers(&all)).unwrap(), None);
    let mut some = all.to_vec();
    some.push(("yes", Value::Bool(false)));
    assert_eq!(edit(&mut part, MOUSSA, &some).n_ops, 1, "of two edits of one key the last counts");
    assert_eq!(part.author(&part.heads()[0]), Some(MOUSSA));
}

#[test]
fn what_no_answer_may_be_is_not_written() {
    let mut part = part();
    let before = part.heads();
    for edits in [
        [("ok", Value::Int(1)), ("bad", Value::Decimal(f64::NAN))],
        [("ok", Value::Int(1)), ("bad", Value::Decimal(f64::INFINITY))],
        [("ok", Value::Int(1)), ("_record", Value::text("another"))],
    ] {
        assert!(part.edit(AWA, NOW, FORM, &answers(&edits)).is_err());
    }
    assert_eq!(part.heads(), before);
}

#[test]
fn a_large_change_is_handed_out_uncompressed() {
    let mut part = part();
    let questions: Vec<String> = (0..300).map(|number| format!("question_{number}")).collect();
    let edits: Vec<(&str, Value)> =
        questions.iter().map(|question| (question.as_str(), Value::text("the same answer"))).collect();
    let change = edit(&mut part, AWA, &edits);
    let parsed = automerge::Change::from_bytes(change.bytes.clone()).unwrap();
    assert!(parsed.clone().bytes().len() < change.bytes.len(), "Automerge would have deflated it");
    assert_eq!(parsed.raw_bytes(), change.bytes);
    assert_eq!(change.bytes.get(8), Some(&1));
    let reloaded = Part::load(&part.snapshot()).unwrap();
    assert_eq!(reloaded.all_changes().last(), Some(&change), "and so it is after a load");
    assert_eq!(Guard::new().apply(&self::part(), &change.bytes).unwrap().part.heads(), [change.hash]);
}

#[test]
fn changes_since_are_what_the_other_lacks() {
    let mut awa = part();
    let first = edit(&mut awa, AWA, &[("a", Value::Int(1))]);
    let mut moussa = awa.clone();
    let second = edit(&mut awa, AWA, &[("a", Value::Int(2))]);
    let apart = edit(&mut moussa, MOUSSA, &[("b", Value::Int(3))]);
    assert_eq!(awa.changes_since(&[first.hash]), std::slice::from_ref(&second));
    assert_eq!(awa.changes_since(&[first.hash, apart.hash]), [second], "a head it lacks is passed over");
    assert_eq!(awa.changes_since(&moussa.heads()), awa.all_changes());
    assert_eq!(awa.changes_since(&awa.heads()), []);
    assert!(awa.contains(&first.hash) && !awa.contains(&apart.hash));
}

/// One step of the replicas' lives: who, which question, which value, and whom to hear from before.
type Step = (u8, u8, u8, Option<u8>);

fn live(steps: &[Step]) -> (Vec<Part>, Vec<NewChange>) {
    let mut replicas = vec![part(), part(), part()];
    let mut changes = Vec::new();
    for (who, question, value, hear) in steps {
        let who = usize::from(*who % 3);
        if let Some(other) = hear {
            let other = replicas[usize::from(*other % 3)].clone();
            bring(&other, &mut replicas[who]);
        }
        let actor = ActorId([u8::try_from(who).unwrap() + 1; 16]);
        let edits =
            answers(&[(["a", "b", "c"][usize::from(*question % 3)], Value::Int((*value % 4).into()))]);
        changes.extend(replicas[who].edit(actor, NOW, FORM, &edits).unwrap());
    }
    (replicas, changes)
}

/// Applies changes in an order of their own, each as soon as what it builds on is there.
fn apply_in_order(mut waiting: Vec<NewChange>) -> Part {
    let mut part = part();
    while !waiting.is_empty() {
        let before = waiting.len();
        waiting.retain(|change| match Guard::new().apply(&part, &change.bytes) {
            Ok(guarded) => {
                part = guarded.part;
                false
            }
            Err(reason) => {
                assert_eq!(reason, Reason::MissingDependency);
                true
            }
        });
        assert!(waiting.len() < before, "every change finds what it builds on");
    }
    part
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn every_order_ends_in_the_same_part(
        steps in prop::collection::vec(any::<Step>(), 1..14),
        seed in any::<u64>(),
    ) {
        let (mut replicas, mut changes) = live(&steps);
        for _ in 0..2 {
            for (from, to) in [(0, 1), (1, 2), (2, 0)] {
                let from = replicas[from].clone();
                bring(&from, &mut replicas[to]);
            }
        }
        let mut state = seed;
        changes.sort_by_key(|change| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(u64::from(change.hash.0[0]));
            state
        });
        let shuffled = apply_in_order(changes);
        for replica in &replicas {
            prop_assert_eq!(replica.heads(), shuffled.heads());
            prop_assert_eq!(replica.view().unwrap(), shuffled.view().unwrap());
            prop_assert_eq!(
                digest(&replica.heads(), &replica.view().unwrap()),
                digest(&shuffled.heads(), &shuffled.view().unwrap())
            );
        }
        // Whoever settles every conflict settles it for all.
        let settlements: Vec<_> =
            shuffled.view().unwrap().conflicts.into_iter().map(|c| (c.key, Value::text("settled"))).collect();
        let mut settled = shuffled;
        settled.edit(AWA, NOW, FORM, &settlements).unwrap();
        for replica in &mut replicas {
            bring(&settled, replica);
            let view = replica.view().unwrap();
            prop_assert!(view.conflicts.is_empty());
            for (key, value) in &settlements {
                prop_assert_eq!(view.values.get(key), Some(value));
            }
        }
    }
}
