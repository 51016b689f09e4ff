//! What no version of ours writes is kept, reported, and hides no answer.

use automerge::transaction::Transactable;
use automerge::{ObjType, ROOT, ScalarValue};
use teranga_core::value::Value;
use teranga_document::guard::Guard;

use crate::support::{AWA, MOUSSA, bare, edit, key, last_change, part};

#[test]
fn foreign_content_is_reported_and_not_shown() {
    let base = part();
    let mut doc = bare(&base, MOUSSA);
    let mut transaction = doc.transaction();
    transaction.put_object(ROOT, "map", ObjType::Map).unwrap();
    let list = transaction.put_object(ROOT, "list", ObjType::List).unwrap();
    transaction.insert(&list, 0, 1).unwrap();
    let text = transaction.put_object(ROOT, "text", ObjType::Text).unwrap();
    transaction.splice_text(&text, 0, 0, "a long note").unwrap();
    for (name, scalar) in [
        ("counter", ScalarValue::counter(3)),
        ("unsigned", ScalarValue::Uint(3)),
        ("stamp", ScalarValue::Timestamp(3)),
        ("bytes", ScalarValue::Bytes(b"refused".to_vec())),
        ("nan", ScalarValue::F64(f64::NAN)),
        ("", ScalarValue::Uint(0)),
    ] {
        transaction.put(ROOT, name, scalar).unwrap();
    }
    transaction.put(ROOT, "_record", "another record").unwrap();
    transaction.put(ROOT, "answer", 5).unwrap();
    transaction.commit();

    let guarded = Guard::new().apply(&base, last_change(&doc).raw_bytes()).unwrap();
    let view = guarded.view;
    assert_eq!(view.values.into_iter().collect::<Vec<_>>(), [(key("answer"), Value::Int(5))]);
    let foreign: Vec<&str> = view.foreign.iter().map(teranga_core::key::Key::as_str).collect();
    assert_eq!(foreign, ["", "bytes", "counter", "list", "map", "nan", "stamp", "text", "unsigned"]);

    // An ordinary answer takes such a key back.
    let mut part = guarded.part;
    edit(&mut part, AWA, &[("map", Value::text("an answer")), ("nan", Value::Decimal(1.0))]);
    let view = part.view().unwrap();
    assert_eq!(view.values.get(&key("map")), Some(&Value::text("an answer")));
    assert_eq!((view.foreign.len(), view.conflicts.len()), (7, 0));
}

#[test]
fn a_foreign_value_beside_an_answer_does_not_hide_it() {
    let mut base = part();
    edit(&mut base, AWA, &[("other", Value::Int(1))]);
    let mut doc = bare(&base, MOUSSA);
    let mut transaction = doc.transaction();
    // Enough operations to win over the answer that is written apart.
    for number in 0..9 {
        transaction.put(ROOT, "filler", number).unwrap();
    }
    transaction.put_object(ROOT, "answer", ObjType::Map).unwrap();
    transaction.commit();

    edit(&mut base, AWA, &[("answer", Value::text("kept"))]);
    let view = Guard::new().apply(&base, last_change(&doc).raw_bytes()).unwrap().view;
    assert_eq!(view.values.get(&key("answer")), Some(&Value::text("kept")));
    assert_eq!(view.foreign, [key("answer")]);
    assert!(view.conflicts.is_empty());
}

#[test]
fn the_value_shown_is_automerge_s_winner() {
    let mut base = part();
    edit(&mut base, AWA, &[("answer", Value::Int(0))]);
    for (rounds, expected) in [(1, None), (3, Some(Value::Int(3)))] {
        let (mut awa, mut moussa) = (base.clone(), base.clone());
        edit(&mut awa, AWA, &[("answer", Value::Int(100))]);
        let mut bring = Vec::new();
        for round in 1..=rounds {
            bring.push(edit(&mut moussa, MOUSSA, &[("answer", Value::Int(round)), ("b", Value::Int(round))]));
        }
        let bodies: Vec<&[u8]> = bring.iter().map(|change| change.bytes.as_slice()).collect();
        let merged = Guard::new().apply_all(&awa, &bodies).guarded.unwrap();
        let doc = bare(&merged.part, AWA);
        let winner =
            automerge::ReadDoc::get(&doc, ROOT, "answer").unwrap().unwrap().0.as_i64().map(Value::Int);
        assert_eq!(merged.view.values.get(&key("answer")), winner.as_ref());
        assert!(expected.is_none() || winner == expected);
        assert!(merged.view.conflict(&key("answer")).is_some());
    }
}
