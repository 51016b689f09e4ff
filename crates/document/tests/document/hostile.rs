//! Changes within the scanner's limits that are made to be expensive: they cost little, and no stack.

use automerge::legacy::{Key, ObjectId, Op, OpId, OpType};
use automerge::transaction::Transactable;
use automerge::{Change, ExpandedChange, ObjType, ROOT, ScalarValue};
use teranga_core::limits::{PART_CHANGES_MAX, PART_KEYS_MAX};
use teranga_core::value::Value;
use teranga_document::guard::{Guard, Reason, is_too_much};
use teranga_document::part::Part;
use teranga_document::room::Room;

use crate::support::{AWA, MOUSSA, bare, edit, key, last_change, part};

const OPS_MAX: i64 = 5_000;

/// A change of these operations on top of a part.
fn crafted(base: &Part, operations: Vec<Op>) -> Vec<u8> {
    let doc = bare(base, MOUSSA);
    let heads = doc.get_heads();
    let last_op =
        heads.iter().filter_map(|head| doc.get_change_meta_by_hash(head)).map(|meta| meta.max_op).max();
    let change = ExpandedChange {
        operations,
        actor_id: automerge::ActorId::from(MOUSSA.as_bytes().as_slice()),
        hash: None,
        seq: 1,
        start_op: (last_op.unwrap() + 1).try_into().unwrap(),
        time: 0,
        message: None,
        deps: heads,
        extra_bytes: Vec::new(),
        author: None,
    };
    Change::from(change).raw_bytes().to_vec()
}

fn put(question: &str, value: i64, pred: Vec<OpId>) -> Op {
    Op {
        action: OpType::Put(ScalarValue::Int(value)),
        obj: ObjectId::Root,
        key: Key::Map(question.into()),
        pred: pred.into(),
        insert: false,
    }
}

#[test]
fn five_thousand_values_of_one_answer_are_read_and_settled() {
    let base = part();
    let operations = (0..OPS_MAX).map(|value| put("a", value / 2, Vec::new())).collect();
    let guarded = Guard::new().apply(&base, &crafted(&base, operations)).unwrap();
    let conflict = guarded.view.conflict(&key("a")).expect("they stand side by side");
    assert_eq!(conflict.values.len(), 2_500);
    let mut part = guarded.part;
    edit(&mut part, AWA, &[("a", Value::text("settled"))]);
    assert!(part.view().unwrap().conflicts.is_empty());
}

#[test]
fn one_operation_that_replaces_everything_costs_no_more_than_its_size() {
    let mut base = part();
    let written = edit(&mut base, AWA, &[("a", Value::Int(1))]);
    let doc = bare(&base, AWA);
    let id = OpId::new(
        doc.get_change_meta_by_hash(&automerge::ChangeHash(written.hash.0)).unwrap().max_op,
        &automerge::ActorId::from(AWA.as_bytes().as_slice()),
    );
    let operations = (0..OPS_MAX).map(|value| put("a", value, vec![id.clone()])).collect();
    let outcome = Guard::new().apply(&base, &crafted(&base, operations));
    assert!(outcome.is_ok_and(|guarded| guarded.view.conflict(&key("a")).is_some()));
}

#[test]
fn objects_inside_objects_take_no_stack() {
    let base = part();
    let mut doc = bare(&base, MOUSSA);
    let mut transaction = doc.transaction();
    let mut inner = ROOT;
    for _ in 0..OPS_MAX {
        inner = transaction.put_object(&inner, "in", ObjType::Map).unwrap();
    }
    transaction.commit();
    let change = last_change(&doc).raw_bytes().to_vec();
    let small_stack = std::thread::Builder::new().stack_size(256 * 1024);
    let guarding =
        small_stack.spawn(move || Guard::new().apply(&part(), &change).map(|guarded| guarded.view.foreign));
    assert_eq!(guarding.unwrap().join().unwrap(), Ok(vec![key("in")]));
}

#[test]
fn a_list_of_five_thousand_is_taken() {
    let base = part();
    let mut doc = bare(&base, MOUSSA);
    let mut transaction = doc.transaction();
    let list = transaction.put_object(ROOT, "list", ObjType::List).unwrap();
    for place in 1..OPS_MAX {
        transaction.insert(&list, usize::try_from(place / 2).unwrap(), ScalarValue::Null).unwrap();
    }
    transaction.commit();
    let guarded = Guard::new().apply(&base, last_change(&doc).raw_bytes()).unwrap();
    assert_eq!(guarded.view.foreign, [key("list")]);
}

#[test]
fn a_part_holds_so_many_keys_and_no_more() {
    let base = part();
    let keys_max = i64::try_from(PART_KEYS_MAX).unwrap();
    let operations = |keys| (0..keys).map(|place| put(&format!("k{place}"), place, Vec::new())).collect();
    let full = Guard::new().apply(&base, &crafted(&base, operations(keys_max))).unwrap();
    assert_eq!(full.view.values.len(), PART_KEYS_MAX);
    let over = Guard::new().apply(&base, &crafted(&base, operations(keys_max + 1)));
    assert_eq!(over.map(|guarded| guarded.part.heads()), Err(Reason::TooManyKeys));
}

#[test]
fn a_part_holds_so_many_changes_and_no_more() {
    let base = part();
    let mut awa = part();
    let number = |number| [("men", Value::Int(i64::try_from(number).unwrap()))];
    let changes: Vec<_> =
        (1..PART_CHANGES_MAX).map(|many| edit(&mut awa, AWA, &number(many)).bytes).collect();
    let changes: Vec<&[u8]> = changes.iter().map(Vec::as_slice).collect();
    let full = Guard::new().apply_all(&base, &changes);
    assert_eq!(full.refused, []);
    let full = full.guarded.unwrap().part;
    assert_eq!(full.change_count(), PART_CHANGES_MAX);
    assert!(Guard::new().apply(&full, changes[0]).is_ok(), "it is there already");
    assert!(!is_too_much(&awa, &awa.snapshot(), &awa.view().unwrap(), Room::Field));
    let over = edit(&mut awa, AWA, &number(PART_CHANGES_MAX));
    let is_too_much = |room| is_too_much(&awa, &awa.snapshot(), &awa.view().unwrap(), room);
    assert!(is_too_much(Room::Field), "its author would not save it");
    let refused = Guard::new().apply(&full, &over.bytes);
    assert_eq!(refused.map(|guarded| guarded.part.heads()), Err(Reason::TooManyChanges));
    for room in [Room::Office, Room::Decided] {
        assert!(
            !is_too_much(room) && Guard::new().within(room).apply(&full, &over.bytes).is_ok(),
            "{room:?}"
        );
    }
}
