//! Answers from files and from what people type, and laid out in tables.

use serde_json::json;
use teranga_core::answers::{AnswerError, answers_from_json, parse_typed, render};
use teranga_core::flow::Filling;
use teranga_core::form::Form;
use teranga_core::id::Entropy;
use teranga_core::problem::Explain;
use teranga_core::table::{Cell, Missing, item_rows, row, tables};
use teranga_core::value::{NoAnswer, Value};

use super::support::{filling, form, key, lists, text};

struct Counter(u8);

impl Entropy for Counter {
    fn fill(&mut self, bytes: &mut [u8]) {
        self.0 += 1;
        bytes.fill(self.0);
    }
}

fn json_form() -> serde_json::Value {
    json!({"form_id": "f", "version": "1", "default_language": "fr", "survey": [
        {"type": "integer", "name": "age"},
        {"type": "decimal", "name": "wage"},
        {"type": "date", "name": "day"},
        {"type": "select_one", "list": "yn", "name": "works"},
        {"type": "group", "name": "home", "relevant": "${works} = 'yes'", "children": [
            {"type": "select_multiple", "list": "assets", "name": "owns"},
            {"type": "text", "name": "secret"}
        ]},
        {"type": "select_one", "list": "departments", "name": "department"},
        {"type": "repeat", "name": "child", "children": [
            {"type": "text", "name": "nick"},
            {"type": "repeat", "name": "toy", "children": [{"type": "text", "name": "what"}]}
        ]}
    ], "choices": {
        "yn": [{"name": "yes", "label": {"fr": "Oui", "en": "Yes"}}, {"name": "no", "label": {"fr": "Non", "en": "No"}}],
        "assets": [{"name": "land", "label": {"fr": "Terre cultivée"}}, {"name": "cow", "label": {"fr": "Vache"}}],
        "departments": {"from_list": "sn-departments"}
    }})
}

#[test]
fn a_file_is_read_flat_or_nested_and_filled_in_the_order_of_the_form() {
    let json = json!({
        "owns": ["cow", "land"], "works": "yes", "age": 30, "wage": 12, "day": "2026-01-31",
        "home": {"secret": {"no_answer": "declined"}}, "department": "DK-2",
        "child": [{"nick": "A", "toy": [{"what": "balle"}]}, {"nick": {"no_answer": "dont_know"}}]
    });
    let mut filled = filling(&json_form());
    let sheet = answers_from_json(&form(&json_form()), &lists(), &json).unwrap();
    filled.fill(&sheet, &mut Counter(0)).unwrap();
    let stored = |id: &str| filled.stored().get(&key(id)).cloned();
    assert_eq!(stored("wage"), Some(Value::Decimal(12.0)));
    assert_eq!(stored("secret"), Some(Value::NoAnswer(NoAnswer::Declined)));
    assert_eq!(filled.shown(&key("owns")).unwrap().answer(), Some(&text("land cow")));
    let items = filled.items("child", None);
    assert_eq!(items.len(), 2);
}

#[test]
fn every_mistake_of_a_file_is_named_without_telling_the_answer() {
    let json = json!({
        "agee": 1, "age": "trente", "works": "peut-être", "owns": ["cow", "plane"], "home": 3,
        "day": "31/01/2026", "wage": {"no_answer": "later"}, "child": {"nick": "A"}
    });
    let errors = answers_from_json(&form(&json_form()), &lists(), &json).unwrap_err();
    let told: Vec<String> =
        errors.iter().map(|error| format!("{} {}", error.code(), error.question())).collect();
    assert_eq!(
        told,
        [
            "answer-unknown-question agee",
            "answer-wrong-type age",
            "answer-unknown-code works",
            "answer-unknown-code owns",
            "answer-wrong-type home",
            "answer-wrong-type day",
            "answer-wrong-type wage",
            "answer-wrong-type child",
        ]
    );
    let all = format!(
        "{errors:?} {:?}",
        errors.iter().map(|error| (error.to_string(), error.arguments())).collect::<Vec<_>>()
    );
    for answer in ["trente", "peut-être", "plane", "31/01"] {
        assert!(!all.contains(answer), "{answer}");
    }
    assert!(all.contains("did you mean age?") && all.contains("yes, no"));
}

#[test]
fn a_sheet_that_does_not_fit_changes_nothing() {
    let mut filled = filling(&json!({"form_id": "f", "version": "1", "survey": [
        {"type": "integer", "name": "a"}, {"type": "integer", "name": "b", "constraint": ". > ${a}"}
    ]}));
    let sheet = answers_from_json(filled.form(), &lists(), &json!({"b": 1, "a": 2})).unwrap();
    let errors = filled.fill(&sheet, &mut Counter(0)).unwrap_err();
    assert!(matches!(errors.as_slice(), [AnswerError::Constraint { question, .. }] if question == "b"));
    assert!(filled.stored().is_empty());
}

#[test]
fn people_type_codes_numbers_labels_commas_and_french_days() {
    let form = form(&json_form());
    let typed = |id: &str, text: &str| {
        let question = form.question(id).unwrap();
        let choices = question.list.as_deref().and_then(|list| form.choices(list)).unwrap_or(&[]);
        parse_typed(question, choices, text, "fr")
    };
    assert_eq!(typed("works", "yes"), Ok(text("yes")));
    assert_eq!(typed("works", "2"), Ok(text("no")));
    assert_eq!(typed("works", " OUI "), Ok(text("yes")));
    assert_eq!(typed("works", "yes"), typed("works", "Yes"));
    assert_eq!(typed("owns", "terre cultivee, vache"), Ok(text("land cow")));
    assert_eq!(typed("owns", "2 1"), Ok(text("land cow")));
    assert_eq!(typed("wage", "12,5"), Ok(Value::Decimal(12.5)));
    assert_eq!(typed("wage", "650 000"), Ok(Value::Decimal(650_000.0)));
    assert_eq!(typed("age", "-7"), Ok(Value::Int(-7)));
    assert_eq!(typed("day", "31/01/2026"), Ok(text("2026-01-31")));
    assert_eq!(typed("day", "2026-01-31"), Ok(text("2026-01-31")));
    assert_eq!(typed("day", ""), Ok(Value::Cleared));
    for (id, wrong) in [
        ("age", "7,5"),
        ("age", "1e3"),
        ("wage", "nan"),
        ("day", "31/02/2026"),
        ("works", "3"),
        ("owns", "1,9"),
    ] {
        assert!(typed(id, wrong).is_err(), "{id} {wrong}");
    }
    let shown = |id: &str, value: Value, language: &str| {
        let question = form.question(id).unwrap();
        let choices = question.list.as_deref().and_then(|list| form.choices(list)).unwrap_or(&[]);
        render(question, choices, &value, language)
    };
    assert_eq!(shown("owns", text("land cow"), "fr"), "Terre cultivée, Vache");
    assert_eq!(shown("wage", Value::Decimal(12.5), "fr"), "12,5");
    assert_eq!(shown("day", text("2026-01-31"), "fr"), "31/01/2026");
    assert_eq!(shown("day", text("2026-01-31"), "en"), "2026-01-31");
}

fn cells(filled: &Filling, form: &Form) -> Vec<String> {
    let tables = tables(form, &lists());
    let cells = row(filled, &tables[0].columns);
    let told = tables[0].columns.iter().zip(cells).map(|(column, cell)| match cell {
        Cell::Value(value) => format!("{}={value}", column.name),
        Cell::None(missing) => format!("{}:{}", column.name, missing.code()),
    });
    told.collect()
}

#[test]
fn a_table_keeps_its_columns_and_the_kinds_of_no_answer_apart() {
    let mut filled = filling(&json_form());
    let json = json!({"age": {"no_answer": "dont_know"}, "works": "no", "wage": 0.5,
        "child": [{"nick": "A"}, {"toy": [{"what": "balle"}, {}]}]});
    let sheet = answers_from_json(filled.form(), &lists(), &json).unwrap();
    filled.fill(&sheet, &mut Counter(0)).unwrap();
    let form = form(&json_form());
    assert_eq!(
        cells(&filled, &form),
        [
            "age:dont_know",
            "wage=0.5",
            "day:not_asked",
            "works=no",
            "owns:skipped",
            "owns/land:skipped",
            "owns/cow:skipped",
            "secret:skipped",
            "department:not_asked",
        ]
    );
    filled.set(&key("works"), text("yes")).unwrap();
    filled.set(&key("owns"), text("cow")).unwrap();
    assert_eq!(cells(&filled, &form)[4..7], ["owns=cow", "owns/land=0", "owns/cow=1"]);

    let tables = tables(&form, &lists());
    assert_eq!(tables.iter().map(|table| table.name.as_str()).collect::<Vec<_>>(), ["f", "child", "toy"]);
    let children = item_rows(&filled, &tables[1]);
    assert_eq!(
        children.iter().map(|row| row.cells[0].clone()).collect::<Vec<_>>(),
        [Cell::Value("A".into()), Cell::None(Missing::NotAsked)]
    );
    let toys = item_rows(&filled, &tables[2]);
    assert_eq!(
        toys.iter().map(|row| (row.parent, row.position)).collect::<Vec<_>>(),
        [(Some(children[1].item), 1), (Some(children[1].item), 2)]
    );
}

#[test]
fn null_takes_an_answer_back_and_says_nothing_where_there_is_none() {
    let mut filled = filling(&json_form());
    let mut fill = |json: serde_json::Value| {
        let sheet = answers_from_json(&form(&json_form()), &lists(), &json).unwrap();
        filled.fill(&sheet, &mut Counter(0)).unwrap().edits
    };
    fill(json!({"age": 30, "works": "yes", "owns": ["cow"], "child": [{"nick": "A"}]}));
    assert!(fill(json!({"day": null, "home": {"secret": null}})).is_empty());
    let edits = fill(json!({"age": null, "owns": null, "child": [{"nick": null}]}));
    assert!(edits.contains(&(key("age"), Value::Cleared)), "{edits:?}");
    assert!(edits.contains(&(key("owns").child("cow"), Value::Bool(false))), "{edits:?}");
    assert_eq!(edits.iter().filter(|(_, value)| *value == Value::Cleared).count(), 3, "{edits:?}");
}
