//! What forms of other tools bring: actions, the items that a repeat begins with, choices from anywhere, texts that
//! compute.

use serde_json::{Value as Json, json};
use teranga_core::answers::{AnswerError, read_element, write_element};
use teranga_core::flow::{Filling, Lack, Opening, Shown};
use teranga_core::form::{Flaw, Form};
use teranga_core::id::ItemId;
use teranga_core::key::Key;
use teranga_core::value::Value;

use super::support::{context, filling, form, key, lists, text};

fn item(filling: &Filling, repeat: &str, place: usize) -> Key {
    Key::item(None, repeat, filling.items(repeat, None)[place])
}

fn shown(filling: &Filling, key: &Key) -> String {
    let question = filling.form().locate(key).unwrap().question();
    match filling.shown(key).unwrap() {
        Shown::Answered(value) => write_element(question, &value),
        _ => String::new(),
    }
}

fn survey(rows: Json) -> Json {
    json!({"form_id": "f", "version": "1", "settings": {"name": "census"}, "survey": rows})
}

#[test]
fn a_change_sets_off_actions_once_all_else_is_computed() {
    let mut filling = filling(&survey(json!([
        {"type": "integer", "name": "a", "actions": [
            {"events": ["xforms-value-changed"], "target": "/census/copy", "value": "/census/double"},
            {"events": ["xforms-value-changed"], "target": "../note"}]},
        {"type": "calculate", "name": "double", "calculation": "/census/a * 2"},
        {"type": "integer", "name": "copy", "actions": [
            {"events": ["xforms-value-changed"], "target": "/census/last", "value": "'changed'"}]},
        {"type": "text", "name": "note", "default": "x"},
        {"type": "text", "name": "last"}
    ])));
    filling.set(&key("a"), Value::Int(3)).unwrap();
    assert_eq!((shown(&filling, &key("copy")), shown(&filling, &key("note"))), ("6".into(), String::new()));
    assert_eq!(shown(&filling, &key("last")), "changed");
}

#[test]
fn a_repeat_begins_with_its_items_and_a_new_one_with_the_defaults() {
    let json = survey(json!([
        {"type": "repeat", "name": "child", "instances": [{"name": "Awa"}, {"age": "", "toys": [{"toy": "kite"}]}],
            "actions": [{"events": ["odk-new-repeat"], "target": "/census/child/name", "value": "'new'"}],
            "children": [
                {"type": "text", "name": "name"},
                {"type": "integer", "name": "age", "default": "4"},
                {"type": "calculate", "name": "place", "calculation": "position(..)"},
                {"type": "repeat", "name": "toys", "children": [{"type": "text", "name": "toy"}]}]},
        {"type": "calculate", "name": "ages", "calculation": "sum(/census/child/age)"}
    ]));
    let mut filling = filling(&json);
    let ids = filling.items("child", None);
    assert_eq!(ids.len(), 2);
    filling.add_item("child", None, ItemId([9; 16])).unwrap();
    let read = |place, id: &str| shown(&filling, &item(&filling, "child", place).child(id));
    assert_eq!([read(0, "name"), read(1, "name"), read(2, "name")], ["Awa", "", "new"]);
    assert_eq!([read(0, "age"), read(1, "age"), read(2, "age")], ["4", "", "4"]);
    assert_eq!([read(0, "place"), read(2, "place")], ["1", "3"]);
    assert_eq!(shown(&filling, &key("ages")), "8");
    let second = Key::item(None, "child", ids[1]);
    assert_eq!(filling.items("toys", Some(&second)).len(), 1);
    let again = super::support::filling(&json);
    assert_eq!(again.items("child", None), ids, "every device gives them the same identities");
}

#[test]
fn opening_sets_what_the_form_says_and_looking_sets_nothing() {
    let json = json!({"form_id": "f", "version": "1", "survey": [
        {"type": "text", "name": "first", "default": "x"}, {"type": "text", "name": "each"}],
        "actions": [{"events": ["odk-instance-first-load"], "target": "/data/first", "value": "'1'"},
            {"events": ["odk-instance-load"], "target": "/data/each", "value": "'2'"}]});
    let open = |opening| {
        let context = teranga_core::flow::FlowContext { opening, ..context() };
        let filling = Filling::new(form(&json), &lists(), [].into_iter().collect(), context);
        (shown(&filling, &key("first")), shown(&filling, &key("each")))
    };
    assert_eq!(open(Opening::First), ("1".into(), "2".into()));
    assert_eq!(open(Opening::Again), (String::new(), "2".into()));
    assert_eq!(open(Opening::Look), (String::new(), String::new()));
}

#[test]
fn choices_come_from_answers_and_from_tables() {
    let json = json!({"form_id": "f", "version": "1", "survey": [
        {"type": "repeat", "name": "person", "instances": [{"id": "a", "name": "Awa"}, {"id": "b", "name": "Bob"}],
            "children": [{"type": "text", "name": "id"}, {"type": "text", "name": "name"}]},
        {"type": "select_one", "name": "head",
            "itemset": {"nodeset": "/data/person", "value": "id", "label": "concat(name, '!')"}},
        {"type": "select_multiple", "name": "towns",
            "itemset": {"nodeset": "instance('t')/root/item[@big = 'yes']", "value": "code", "label": "label"}},
        {"type": "calculate", "name": "label", "calculation": "jr:choice-name(${head}, '${head}')"},
        {"type": "calculate", "name": "pulled", "calculation": "pulldata('t', 'label', '@big', 'no')"},
        {"type": "calculate", "name": "inner",
            "calculation": "instance('t')/root/item[code = 'D']/part[2]/name"}],
        "choices": {"t": {"rows": [
            {"@big": "yes", "code": "D", "label": "Dakar", "part": [{"name": "Pikine"}, {"name": "Yoff"}]},
            {"@big": "no", "code": "K", "label": "Kaolack"}, {"@big": "yes", "code": "A", "label": "Thiès"}]}}});
    let mut filling = filling(&json);
    let names = |choices: Vec<teranga_core::form::Choice>| {
        choices.into_iter().map(|choice| choice.name).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(names(filling.choices(&key("head"))), "a b");
    filling.set(&key("head"), text("b")).unwrap();
    assert_eq!(shown(&filling, &key("label")), "Bob!");
    assert!(matches!(filling.set(&key("head"), text("c")), Err(AnswerError::UnavailableCode { .. })));
    assert_eq!(names(filling.choices(&key("towns"))), "D A");
    filling.set(&key("towns"), text("A D")).unwrap();
    assert_eq!(shown(&filling, &key("towns")), "D A");
    assert_eq!(
        (shown(&filling, &key("pulled")), shown(&filling, &key("inner"))),
        ("Kaolack".into(), "Yoff".into())
    );
    filling.set(&item(&filling, "person", 1).child("id"), text("z")).unwrap();
    assert_eq!(filling.validate()[0].lack, Lack::Unavailable);
    filling.clear_unavailable();
    assert_eq!(filling.shown(&key("head")), Some(Shown::NotAsked));
}

#[test]
fn texts_compute_and_look_texts_up_without_filling_in_answers_twice() {
    let json = json!({"form_id": "f", "version": "1", "survey": [
        {"type": "text", "name": "name", "label": "Name"},
        {"type": "note", "name": "n", "label": "${../name} ${jr:itext(concat('he', 'llo'))} ${1 + 1}"}],
        "texts": {"hello": {"fr": "bonjour ${name}", "en": "hello ${name}"}}});
    let mut filling = filling(&json);
    filling.set(&key("name"), text("${name}")).unwrap();
    let label =
        |filling: &Filling| filling.prompts().find(|prompt| prompt.question.name == "n").unwrap().label;
    assert_eq!(label(&filling), "${name} bonjour ${name} 2");
    filling.set_language("en");
    assert_eq!(label(&filling), "${name} hello ${name} 2");
}

#[test]
fn an_answer_given_elsewhere_stands_and_becomes_a_finding() {
    let mut filling = filling(&survey(json!([
        {"type": "integer", "name": "age", "constraint": ". < 150"},
        {"type": "text", "name": "fixed", "readonly": "true()"}
    ])));
    assert!(filling.set(&key("age"), Value::Int(200)).is_err());
    filling.take(&key("age"), Value::Int(200)).unwrap();
    assert_eq!(filling.validate()[0].lack, Lack::Constraint);
    assert!(matches!(filling.take(&key("age"), text("old")), Err(AnswerError::WrongType { .. })));
    assert!(matches!(filling.take(&key("fixed"), text("x")), Err(AnswerError::ReadOnly { .. })));
}

#[test]
fn skipped_items_keep_their_place_and_sections_tell_their_state() {
    let filling = filling(&survey(json!([
        {"type": "repeat", "name": "node", "instances": [{}, {}, {}], "relevant": "position(current()) > 1",
            "readonly": "true()", "children": [{"type": "text", "name": "v", "default": "x"}]},
        {"type": "calculate", "name": "all", "calculation": "join('', /census/node/v)"}
    ])));
    assert_eq!(shown(&filling, &key("all")), "xx");
    let repeat = filling.form().row_by_id("node").unwrap().row;
    let state = |place| filling.state(repeat, Some(&item(&filling, "node", place))).unwrap();
    assert!(!state(0).relevant && state(2).relevant && state(2).readonly && !state(2).required);
}

#[test]
fn elements_hold_answers_in_their_own_spelling() {
    let form = form(&survey(json!([
        {"type": "integer", "name": "i"}, {"type": "decimal", "name": "d"}, {"type": "date", "name": "day"},
        {"type": "calculate", "name": "c", "columns": {"bind::type": "xsd:int"}, "calculation": "5.5"}
    ])));
    let read = |id: &str, text: &str| read_element(form.question(id).unwrap(), text);
    assert_eq!(read("i", "2.7"), Value::Int(2));
    assert_eq!(read("day", "1999-11-23T23:30:05"), text("1999-11-23"));
    assert_eq!(read("i", "two"), text("two"));
    assert_eq!(write_element(form.question("d").unwrap(), &Value::Decimal(-1.0)), "-1.0");
    let filling = Filling::new(form, &lists(), [].into_iter().collect(), context());
    assert_eq!(shown(&filling, &key("c")), "5");
}

#[test]
fn actions_and_itemsets_that_lead_nowhere_are_refused_with_their_place() {
    let errors = Form::parse(&survey(json!([
        {"type": "text", "name": "a", "actions": [{"events": ["odk-instance-load"], "target": "/census/b"}]},
        {"type": "select_one", "name": "s", "itemset": {"nodeset": "/census/c", "value": "x"}},
        {"type": "text", "name": "t", "actions": [{"events": ["later"], "target": "/census/a"}]}
    ])))
    .unwrap_err();
    let found: Vec<(String, bool)> = errors
        .0
        .iter()
        .map(|finding| (finding.place.to_string(), matches!(finding.flaw, Flaw::UnknownReference { .. })))
        .collect();
    assert_eq!(found[0], ("/data/t · actions".to_owned(), false));
    assert!(found[1].0.starts_with("/data/a · actions[1].target") && found[1].1, "{found:?}");
    assert!(found[2].0.starts_with("/data/s · itemset.nodeset") && found[2].1, "{found:?}");
}

#[test]
fn shuffled_choices_keep_their_order_while_a_form_is_filled() {
    let choices: Vec<Json> = (0..12).map(|at| json!({"name": format!("c{at:02}")})).collect();
    let json = |parameters: &str| {
        json!({"form_id": "f", "version": "1", "choices": {"l": choices.clone()}, "survey": [
            {"type": "text", "name": "a"},
            {"type": "select_one", "name": "s", "list": "l", "parameters": parameters,
                "choice_filter": "name != 'c00'"}]})
    };
    let codes = |filling: &Filling| {
        filling.choices(&key("s")).into_iter().map(|choice| choice.name).collect::<Vec<_>>()
    };
    let plain = codes(&filling(&json("")));
    for parameters in ["randomize=true", "randomize=true seed=42"] {
        let mut filling = filling(&json(parameters));
        let shuffled = codes(&filling);
        filling.set(&key("a"), text("x")).unwrap();
        assert_eq!(codes(&filling), shuffled);
        assert_ne!(shuffled, plain);
        let mut sorted = shuffled;
        sorted.sort();
        assert_eq!(sorted, plain);
    }
}
