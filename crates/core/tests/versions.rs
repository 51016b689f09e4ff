//! Versions of a form: what may follow what is published, and how answers of one version read in another.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value as Json, json};
use teranga_core::class::ClassId;
use teranga_core::flow::Answers;
use teranga_core::form::{Flaw, Form};
use teranga_core::key::Key;
use teranga_core::value::{NoAnswer, Value};
use teranga_core::versions::{Change, Lineage, check_successor, differences};

fn form(version: &str, survey: Json, choices: Json, mappings: Json) -> Arc<Form> {
    let mappings = if mappings.is_null() { json!({}) } else { mappings };
    let document = json!({
        "form_id": "suivi", "version": version, "title": "Suivi", "survey": survey, "choices": choices,
        "mappings": mappings,
    });
    Arc::new(Form::parse(&document).unwrap_or_else(|errors| panic!("{errors}")))
}

/// Work is asked in one question, school in another.
fn first() -> Arc<Form> {
    form(
        "1",
        json!([
            {"type": "select_one", "list": "work", "name": "work"},
            {"type": "select_multiple", "list": "needs", "name": "needs"},
            {"type": "select_one", "list": "school", "name": "school"},
            {"type": "text", "name": "note"},
            {"type": "repeat", "name": "child", "children": [
                {"type": "select_one", "list": "school", "name": "lessons"}]}
        ]),
        json!({
            "work": [{"name": "yes"}, {"name": "no"}],
            "needs": [{"name": "money"}, {"name": "care"}],
            "school": [{"name": "all"}, {"name": "none"}, {"name": "girls"}],
        }),
        Json::Null,
    )
}

/// Work is coded more finely, school is asked for girls and boys, the note has another id.
fn second() -> Arc<Form> {
    form(
        "2",
        json!([
            {"type": "select_one", "list": "work", "name": "work"},
            {"type": "select_multiple", "list": "needs", "name": "needs"},
            {"type": "select_one", "list": "yn", "name": "girls_school"},
            {"type": "select_one", "list": "yn", "name": "boys_school"},
            {"type": "text", "name": "remark"},
            {"type": "repeat", "name": "child", "children": [
                {"type": "select_one", "list": "yn", "name": "attends"}]}
        ]),
        json!({
            "work": [{"name": "employed"}, {"name": "self_employed"}, {"name": "no"}],
            "needs": [{"name": "grant"}, {"name": "care"}],
            "yn": [{"name": "yes"}, {"name": "no"}],
        }),
        json!({
            "recode": {"work": {"yes": "employed"}, "needs": {"money": "grant"}},
            "split": {
                "school": {
                    "all": {"girls_school": "yes", "boys_school": "yes"},
                    "none": {"girls_school": "no", "boys_school": "no"},
                    "girls": {"girls_school": "yes", "boys_school": "no"},
                },
                "lessons": {"all": {"attends": "yes"}, "none": {"attends": "no"}},
            },
            "moved": {"note": "remark"},
        }),
    )
}

fn lineage() -> Lineage {
    Lineage::new(vec![first(), second()])
}

fn answers(pairs: &[(&str, Value)]) -> Answers {
    pairs.iter().map(|(key, value)| (Key::from_text(*key), value.clone())).collect()
}

fn text(answers: &Answers, key: &str) -> Option<String> {
    match answers.get(&Key::from_text(key)) {
        Some(Value::Text(text)) => Some(text.clone()),
        _ => None,
    }
}

const ITEM: &str = "child/01ARZ3NDEKTSV4RRFFQ69G5FAV";

#[test]
fn what_was_answered_before_reads_in_the_terms_of_today_and_nothing_is_dropped() {
    let stored = answers(&[
        ("work", Value::text("yes")),
        ("needs", Value::Bool(true)),
        ("needs/money", Value::Bool(true)),
        ("school", Value::text("girls")),
        ("note", Value::text("à revoir")),
        (&format!("{ITEM}/lessons"), Value::text("none")),
        ("gone", Value::text("kept")),
    ]);
    let carried = lineage().carry(&stored);
    let read = |key: &str| text(&carried.answers, key);
    assert_eq!(read("work").as_deref(), Some("employed"));
    assert_eq!(carried.answers.get(&Key::from_text("needs/grant")), Some(&Value::Bool(true)));
    assert_eq!(carried.answers.get(&Key::from_text("needs/money")), None);
    assert_eq!((read("girls_school").as_deref(), read("boys_school").as_deref()), (Some("yes"), Some("no")));
    assert_eq!(read("remark").as_deref(), Some("à revoir"));
    assert_eq!(read(&format!("{ITEM}/attends")).as_deref(), Some("no"));
    assert_eq!(read("gone").as_deref(), Some("kept"));
    assert_eq!(carried.disputes, []);
    assert_eq!(lineage().carry(&carried.answers), carried);
}

#[test]
fn an_answer_of_today_is_told_to_those_who_still_ask_as_before() {
    let lineage = lineage();
    let stored = answers(&[("school", Value::text("girls")), ("note", Value::text("a"))]);
    let mut now = lineage.carry(&stored).answers;
    let told = |now: &Answers, changed: &[&str]| -> BTreeMap<String, Value> {
        let told = lineage.told_back(&stored, now, |key| changed.contains(&key.as_str())).into_iter();
        told.inspect(|(class, ..)| assert_eq!(*class, ClassId::new("personal")))
            .inspect(|(_, key, value)| assert!(lineage.retires(key) || now.get(key) == Some(value)))
            .filter(|(_, key, _)| lineage.retires(key))
            .map(|(_, key, value)| (key.to_string(), value))
            .collect()
    };
    assert_eq!(told(&now, &["work"]), BTreeMap::new());
    now.insert(Key::from_text("boys_school"), Value::text("yes"));
    now.insert(Key::from_text("remark"), Value::text("b"));
    let expected = [("note".to_owned(), Value::text("b")), ("school".to_owned(), Value::text("all"))];
    assert_eq!(told(&now, &["boys_school", "remark"]), BTreeMap::from(expected));
    // What the old question cannot say is taken back there.
    now.insert(Key::from_text("girls_school"), Value::text("no"));
    assert_eq!(told(&now, &["girls_school"]), BTreeMap::from([("school".to_owned(), Value::Cleared)]));
    let declined = Value::NoAnswer(NoAnswer::Declined);
    now.insert(Key::from_text("girls_school"), declined.clone());
    now.insert(Key::from_text("boys_school"), declined.clone());
    assert_eq!(told(&now, &["girls_school"]), BTreeMap::from([("school".to_owned(), declined)]));
}

#[test]
fn a_late_answer_under_the_old_version_is_shown_beside_the_new_one() {
    let stored = answers(&[("school", Value::text("none")), ("girls_school", Value::text("yes"))]);
    let carried = lineage().carry(&stored);
    let [dispute] = carried.disputes.as_slice() else { panic!("{:?}", carried.disputes) };
    assert_eq!((dispute.key.as_str(), dispute.retired.as_str()), ("girls_school", "school"));
    assert_eq!((&dispute.own, &dispute.earlier), (&Value::text("yes"), &Value::text("no")));
    assert_eq!(text(&carried.answers, "boys_school").as_deref(), Some("no"));
}

#[test]
fn a_late_tick_of_a_retired_option_stands_beside_the_present_one_and_is_told_what_is_ticked_now() {
    let lineage = lineage();
    let (old, present) = (Key::from_text("needs/money"), Key::from_text("needs/grant"));
    let stored = answers(&[
        ("needs", Value::Bool(true)),
        ("needs/money", Value::Bool(true)),
        ("needs/grant", Value::Bool(false)),
    ]);
    let carried = lineage.carry(&stored);
    let [dispute] = carried.disputes.as_slice() else { panic!("{:?}", carried.disputes) };
    assert_eq!((&dispute.key, &dispute.retired), (&present, &old));
    assert_eq!((&dispute.own, &dispute.earlier), (&Value::Bool(false), &Value::Bool(true)));
    let told = lineage.told_back(&stored, &carried.answers, |key| *key == present);
    assert_eq!(told, [(ClassId::new("personal"), old, Value::Bool(false))]);
    assert_eq!(lineage.told_back(&stored, &carried.answers, |_| false), []);

    let asked = |version: &str, id: &str, mappings: Json| {
        let survey = json!([{"type": "select_multiple", "list": "l", "name": id}]);
        form(version, survey, json!({"l": [{"name": "a"}]}), mappings)
    };
    let moved = Lineage::new(vec![
        asked("1", "before", Json::Null),
        asked("2", "after", json!({"moved": {"before": "after"}})),
    ]);
    let stored = answers(&[("before", Value::Bool(true)), ("before/a", Value::Bool(true))]);
    let mut now = moved.carry(&stored).answers;
    let (old, present) = (Key::from_text("before/a"), Key::from_text("after/a"));
    assert_eq!(now.get(&present), Some(&Value::Bool(true)));
    assert_eq!(moved.said(&old, &Value::Bool(true)), [(present.clone(), Value::Bool(true))]);
    now.insert(present.clone(), Value::Bool(false));
    let told = moved.told_back(&stored, &now, |key| *key == present);
    assert_eq!(told, [(ClassId::new("personal"), old, Value::Bool(false))]);
}

fn flaws(before: &Arc<Form>, after: &Arc<Form>) -> Vec<Flaw> {
    check_successor(&[before], after).into_iter().map(|finding| finding.flaw).collect()
}

#[test]
fn an_id_means_the_same_question_for_ever_and_what_is_retired_never_comes_back() {
    assert_eq!(flaws(&first(), &second()), []);
    let one = |survey: Json, mappings: Json| {
        form("3", survey, json!({"work": [{"name": "yes"}, {"name": "no"}]}), mappings)
    };
    let typed = one(json!([{"type": "integer", "name": "work"}]), Json::Null);
    assert!(matches!(flaws(&first(), &typed)[..], [Flaw::OtherQuestion { what: "type", .. }]));
    let marked = one(json!([{"type": "text", "name": "note", "sensitivity": "protected"}]), Json::Null);
    assert!(matches!(flaws(&first(), &marked)[..], [Flaw::OtherQuestion { what: "sensitivity", .. }]));
    let lifted = one(json!([{"type": "text", "name": "lessons"}]), Json::Null);
    assert!(matches!(flaws(&first(), &lifted)[..], [Flaw::OtherQuestion { what: "repeat", .. }]));
    let code = one(json!([{"type": "select_one", "list": "work", "name": "work"}]), Json::Null);
    let retired = check_successor(&[&first(), &second()], &code);
    assert!(retired.iter().any(|finding| finding.flaw == Flaw::Retired { name: "yes".into() }));
    let id = one(json!([{"type": "text", "name": "note"}]), Json::Null);
    let retired = check_successor(&[&first(), &second()], &id);
    assert!(retired.iter().any(|finding| finding.flaw == Flaw::Retired { name: "note".into() }));
}

#[test]
fn a_mapping_that_leads_nowhere_is_refused() {
    let survey =
        json!([{"type": "select_one", "list": "work", "name": "job"}, {"type": "integer", "name": "n"}]);
    let with = |mappings: Json| {
        let after = form("2", survey.clone(), json!({"work": [{"name": "yes"}]}), mappings);
        flaws(&first(), &after)
    };
    assert_eq!(with(json!({"moved": {"work": "job"}})), []);
    for wrong in [
        json!({"moved": {"nothing": "job"}}),
        json!({"moved": {"work": "nothing"}}),
        json!({"moved": {"work": "n"}}),
        json!({"recode": {"job": {"old": "nothing"}}}),
        json!({"recode": {"n": {"old": "yes"}}}),
        json!({"split": {"work": {"no": {"n": "three"}}}}),
        json!({"split": {"lessons": {"all": {"job": "yes"}}}}),
    ] {
        assert!(matches!(with(wrong.clone())[..], [Flaw::Mapping { .. }]), "{wrong}");
    }
}

#[test]
fn differences_are_told_by_id() {
    let before = first();
    let after = form(
        "2",
        json!([
            {"type": "group", "name": "g", "children": [
                {"type": "select_one", "list": "work", "name": "work", "label": {"fr": "Travaille ?"}}]},
            {"type": "text", "name": "remarque", "id": "note", "relevant": "${work} = 'yes'"},
            {"type": "integer", "name": "age"}
        ]),
        json!({"work": [{"name": "yes", "label": "Oui"}, {"name": "maybe"}]}),
        Json::Null,
    );
    let found = differences(&before, &after);
    let of = |of: &str| -> Vec<&Change> {
        found.iter().filter(|difference| difference.of == of).map(|difference| &difference.change).collect()
    };
    assert!(matches!(of("age")[..], [Change::Added { .. }]));
    assert!(matches!(of("school")[..], [Change::Removed { .. }]));
    assert!(
        matches!(of("work")[..], [Change::Moved { .. }, Change::Changed { member, .. }] if member == "label::fr")
    );
    let members: Vec<&str> = of("note")
        .into_iter()
        .filter_map(|change| match change {
            Change::Changed { member, .. } => Some(member.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(members, ["name", "relevant"]);
    assert!(matches!(of("choices/work/maybe")[..], [Change::Added { .. }]));
    assert!(matches!(of("choices/work/no")[..], [Change::Removed { .. }]));
    assert!(matches!(of("choices/work/yes")[..], [Change::Changed { member, .. }] if member == "label"));
    assert_eq!(differences(&before, &before), []);
}
