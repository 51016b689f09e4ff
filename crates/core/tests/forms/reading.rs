//! Reading form documents: everything that is wrong, at once, and nothing lost of what is right.

use serde_json::{Value as Json, json};
use teranga_core::class::{ClassId, Classes};
use teranga_core::form::{Finding, Flaw, Form, FormRef, Severity, check_flow, with_joined_classes};
use teranga_core::id::ItemId;
use teranga_core::key::Key;
use teranga_core::problem::Explain;

use super::support::form;

fn findings(json: &Json) -> Vec<Finding> {
    Form::parse(json).unwrap_err().0
}

fn codes(json: &Json) -> Vec<(String, &'static str)> {
    findings(json).iter().map(|finding| (finding.place.to_string(), finding.code())).collect()
}

fn one(row: &Json) -> Json {
    json!({"form_id": "f", "version": "1", "survey": [{"type": "text", "name": "a"}, row]})
}

#[test]
fn every_finding_comes_at_once_with_its_place() {
    let found = codes(&json!({"form_id": "bad id", "version": "1", "tittle": "x", "survey": [
        {"type": "text", "name": "a", "lable": "x", "required": true},
        {"type": "text", "name": "a", "id": "_a"},
        {"type": "select_one", "name": "b", "list": "yess_no", "relevant": "${aa} = 1"},
        {"type": "integer", "name": "2x", "constraint": ". >="},
        {"type": "txt", "name": "c"},
        {"name": "d"},
        7
    ], "choices": {"yes_no": [{"name": "yes"}, {"name": "yes"}, {"name": "a b"}]}}));
    assert_eq!(
        found.iter().map(|(place, code)| format!("{place}: {code}")).collect::<Vec<_>>(),
        [
            "form · tittle: form-unknown-member",
            "/data/a · lable: form-unknown-member",
            "/data/a · required: form-wrong-shape",
            "/data/d: form-missing-member",
            "/data[7]: form-wrong-shape",
            "form · form_id: form-bad-id",
            "/data/a · id: form-bad-id",
            "/data/a: form-duplicate-name",
            "/data/2x · name: form-bad-name",
            "/data/c · type: form-unsupported-type",
            "choices/yes_no/yes: form-duplicate-choice",
            "choices/yes_no/a b: form-bad-choice",
            "/data/b · list: form-unknown-list",
            "/data/b · relevant [0..5]: form-unknown-reference",
            "/data/2x · constraint [4..4]: form-expression",
        ]
    );
}

#[test]
fn a_slip_gets_its_name() {
    let flaw = |row| findings(&one(&row)).remove(0).flaw;
    let suggestion = |flaw| {
        let (Flaw::UnknownReference { suggestion, .. } | Flaw::UnknownMember { suggestion, .. }) = flaw
        else {
            panic!("{flaw:?}");
        };
        suggestion
    };
    assert_eq!(
        suggestion(flaw(json!({"type": "text", "name": "b", "relevent": "1"}))),
        Some("relevant".into())
    );
    let reference = json!({"type": "note", "name": "bee", "label": {"fr": "${beee}"}});
    assert_eq!(suggestion(flaw(reference)), Some("bee".into()));
    let path = json!({"type": "text", "name": "b", "relevant": "/data/aa = 1"});
    assert_eq!(suggestion(flaw(path)), Some("a".into()));
    let Flaw::Expression { message } =
        flaw(json!({"type": "text", "name": "b", "relevant": "slected(., 'x')"}))
    else {
        panic!("an unknown function is a finding");
    };
    assert!(message.contains("selected"), "{message}");
}

#[test]
fn an_unknown_type_is_kept_and_told() {
    let form = form(&one(&json!({"type": "hologram", "name": "h"})));
    assert_eq!(form.warnings().len(), 1);
    assert_eq!(form.warnings()[0].severity(), Severity::Warning);
    assert!(form.question("h").is_some());
}

#[test]
fn cycles_are_refused_with_their_path_and_a_constraint_may_read_its_own_answer() {
    let cyclic = json!({"form_id": "f", "version": "1", "survey": [
        {"type": "calculate", "name": "a", "calculation": "${b} + 1"},
        {"type": "group", "name": "g", "relevant": "${c} > 1", "children": [
            {"type": "calculate", "name": "b", "calculation": "1"}
        ]},
        {"type": "calculate", "name": "c", "calculation": "${a}"}
    ]});
    let found = findings(&cyclic);
    let Flaw::Cycle { path } = &found[0].flaw else { panic!("{found:?}") };
    assert_eq!(path.join(" "), "/data/a /data/g /data/c /data/a");
    assert_eq!(
        codes(&one(&json!({"type": "text", "name": "b", "relevant": "${b} = ''"})))[0].1,
        "form-cycle"
    );
    form(&one(&json!({"type": "text", "name": "b", "constraint": "${b} != ${a} and . != 'x'"})));
}

#[test]
fn what_was_read_is_written_again() {
    let json = json!({
        "form_id": "f", "version": "1", "title": {"fr": "T", "en": "T"}, "default_language": "fr", "languages": ["fr", "en"],
        "record": "case", "sensitivity": "survey", "settings": {"instance_name": "concat('a')", "style": "pages"},
        "waves": {"anchor": "day", "windows": [{"wave": "baseline", "months": 0, "from_days": -30, "to_days": 60}]},
        "survey": [
            {"type": "group", "name": "g", "label": "G", "appearance": "field-list", "children": [
                {"type": "select_one", "list": "l", "name": "a", "or_other": true, "columns": {"media::image": "x.png", "n": 3}},
                {"type": "range", "name": "r", "parameters": "start=0 end=10 step=0.5", "guidance_hint": {"fr": "…"}}
            ]},
            {"type": "repeat", "name": "p", "repeat_count": "3", "sensitivity": "protected", "children": [
                {"type": "date", "name": "a", "id": "day", "default": "today()", "readonly": "yes"}
            ]}
        ],
        "choices": {"l": [{"name": "x", "label": {"fr": "X"}, "properties": {"region": "DK"}}], "d": {"from_list": "sn-departments"}}
    });
    let form = form(&json);
    assert_eq!(form.to_json(), json);
    assert_eq!(form.reference(), "f@1".parse::<FormRef>().unwrap());
    assert_eq!(form.lists_needed(), ["sn-departments"]);
}

#[test]
fn identities_and_classes_reach_every_kind_of_key() {
    let form = form(&json!({"form_id": "f", "version": "1", "sensitivity": "survey", "survey": [
        {"type": "group", "name": "a", "sensitivity": "protected", "children": [
            {"type": "text", "name": "why"}, {"type": "select_multiple", "list": "l", "name": "signs"}
        ]},
        {"type": "group", "name": "b", "children": [{"type": "text", "name": "why"}]},
        {"type": "repeat", "name": "trip", "children": [
            {"type": "text", "name": "from", "sensitivity": "personal"},
            {"type": "repeat", "name": "stop", "children": [{"type": "text", "name": "where"}]}
        ]}
    ], "choices": {"l": [{"name": "x"}]}}));
    let class = |key: Key| form.class_of(&key).map(|class| class.as_str().to_owned());
    let item = Key::item(None, "trip", ItemId([1; 16]));
    let stop = Key::item(Some(&item), "stop", ItemId([2; 16]));
    assert_eq!(class(Key::question("a.why")).as_deref(), Some("protected"));
    assert_eq!(class(Key::question("b.why")).as_deref(), Some("survey"));
    assert_eq!(class(Key::question("signs").child("x")).as_deref(), Some("protected"));
    assert_eq!(class(item.child("from")).as_deref(), Some("personal"));
    assert_eq!(class(item.child("_order")).as_deref(), Some("survey"));
    assert_eq!(class(stop.child("_removed")).as_deref(), Some("survey"));
    assert_eq!(class(stop.child("where")).as_deref(), Some("survey"));
    for unknown in [
        Key::question("why"),
        Key::question("_form"),
        item.child("where"),
        Key::question("from"),
        Key::question("trip").child("x").child("from"),
        Key::question("b.why").child("x"),
    ] {
        assert_eq!(class(unknown.clone()), None, "{unknown}");
    }
}

#[test]
fn a_freer_class_may_not_read_a_stricter_one() {
    let form = form(&json!({"form_id": "f", "version": "1", "sensitivity": "survey", "survey": [
        {"type": "text", "name": "name", "sensitivity": "personal"},
        {"type": "text", "name": "mood"},
        {"type": "calculate", "name": "ok", "sensitivity": "personal", "calculation": "concat(${name}, ${mood})"},
        {"type": "calculate", "name": "leak", "calculation": "string-length(${name})"},
        {"type": "note", "name": "hello", "label": {"fr": "Bonjour ${name}"}},
        {"type": "group", "name": "g", "sensitivity": "personal", "relevant": "${name} != ''", "children": [
            {"type": "text", "name": "freer", "sensitivity": "survey"}
        ]}
    ]}));
    let order = ["open", "survey", "personal"];
    let rank = |class: &str| order.iter().position(|known| *known == class);
    let found = check_flow(&form, |from, to| rank(from) <= rank(to));
    let places: Vec<String> = found.iter().map(|finding| finding.place.to_string()).collect();
    assert_eq!(places, ["/data/g · relevant", "/data/hello · label", "/data/leak · calculation"]);
}

#[test]
fn hostile_documents_are_refused_and_never_panic() {
    let mut deep = json!({"type": "text", "name": "x"});
    for _ in 0..60 {
        deep = json!({"type": "group", "name": "g", "children": [deep]});
    }
    assert!(codes(&one(&deep)).iter().any(|(_, code)| *code == "form-too-large"));
    for text in [
        "",
        "[]",
        "null",
        "{}",
        r#"{"survey":{}}"#,
        r#"{"form_id":"f","version":"1","survey":[[]],"choices":7}"#,
    ] {
        assert!(Form::read(text).is_err(), "{text}");
    }
}

#[test]
fn a_calculation_that_nobody_marked_takes_the_join_of_what_it_reads() {
    let classes: Classes = serde_json::from_value(json!({"version": "1", "classes": [
        {"class": "open", "label": "o", "flows_to": ["personal"]},
        {"class": "personal", "label": "p", "flows_to": ["protected"]},
        {"class": "protected", "label": "x"}]}))
    .unwrap();
    let form = Form::parse(&json!({"form_id": "f", "version": "1", "sensitivity": "personal", "survey": [
        {"type": "integer", "name": "a", "sensitivity": "open"},
        {"type": "integer", "name": "b", "sensitivity": "protected"},
        {"type": "calculate", "name": "late", "calculation": "${sum} + 1"},
        {"type": "calculate", "name": "sum", "calculation": "${a} + ${b}"},
        {"type": "calculate", "name": "free", "calculation": "${a} + 1"},
        {"type": "calculate", "name": "marked", "calculation": "${a}", "sensitivity": "personal"},
        {"type": "calculate", "name": "alone", "calculation": "1 + 1"}]}))
    .unwrap();
    let marked = Form::parse(&serde_json::to_value(with_joined_classes(&form, &classes)).unwrap()).unwrap();
    let class = |id: &str| marked.question(id).unwrap().class.as_str().to_owned();
    let found = ["late", "sum", "free", "marked", "alone"].map(class);
    assert_eq!(found, ["protected", "protected", "open", "personal", "personal"]);
    let flows = |from: &str, to: &str| classes.flows_to(&ClassId::new(from), &ClassId::new(to));
    assert_eq!(check_flow(&marked, flows), []);
    assert!(!check_flow(&form, flows).is_empty());
}
