//! Forms on their way out and back: a workbook must import as the same form, an XForm must show what the form says.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on must stop the test")]

use std::path::{Path, PathBuf};

use serde_json::json;
use teranga_core::form::{Form, FormDocument, Lists};
use teranga_core::shipped;
use teranga_xforms::{
    ExportError, Flaw, Note, export_markdown, export_remarks, export_xform, export_xlsx, import_markdown,
    import_xlsx,
};

fn folder(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

/// The forms of the house with their code lists, and those of other people where they are at hand.
fn forms() -> Vec<(String, Form, Lists)> {
    let catalogue = shipped::catalogue().unwrap();
    let mut forms = Vec::new();
    for entry in std::fs::read_dir(folder("schemas/forms")).unwrap() {
        let path = entry.unwrap().path();
        let form = Form::read(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let lists = catalogue.lists_for(&form);
        forms.push((path.display().to_string(), form, lists));
    }
    for name in ["socio-economic-survey", "who-verbal-autopsy", "all-question-types"] {
        let Ok(bytes) = std::fs::read(folder("../shared/forms").join(format!("{name}.xlsx"))) else {
            println!("skipped: {name} is not here");
            continue;
        };
        let imported = import_xlsx(&bytes, name).unwrap();
        forms.push((name.to_owned(), Form::parse(&imported.form).unwrap(), Lists::new()));
    }
    forms
}

#[test]
fn every_form_comes_back_from_its_workbook_as_it_was() {
    for (name, form, lists) in forms() {
        let workbook = export_xlsx(&form, &lists).unwrap_or_else(|error| panic!("{name}: {error}"));
        let imported = import_xlsx(&workbook, "form.xlsx").unwrap();
        let document: FormDocument = serde_json::from_value(imported.form).unwrap();
        assert_eq!(&document, form.document(), "{name}");
    }
}

fn form(document: &serde_json::Value) -> Form {
    Form::parse(document).unwrap()
}

/// A form with all that XLSForm has no place for.
fn rich() -> serde_json::Value {
    json!({
        "form_id": "rich", "version": "7", "title": {"fr": "Riche", "wo": "Borom alal"},
        "default_language": "wo", "languages": ["fr", "wo"], "language_names": {"fr": "Français (fr)"},
        "record": "case", "sensitivity": "survey",
        "waves": {"anchor": "day", "windows": [{"wave": "m3", "months": 3, "from_days": -9, "to_days": 9}]},
        "settings": {"style": "pages", "limit": 5, "instance_name": "concat('a',  'b')"},
        "survey": [
            {"type": "repeat", "name": "r", "id": "items", "label": "R", "repeat_count": "2", "children": [
                {"type": "select_one", "list": "places", "name": "place", "label": {"fr": "Où\u{a0}?", "wo": "Fan"},
                 "required": "yes", "sensitivity": "personal",
                 "columns": {"alert": {"who": ["nurse"]}, "image::Français (fr)": "a.png", "no_answer": "refused"}},
            ]},
            {"type": "date", "name": "day", "label": "|Day|", "constraint": ". != '\u{2019}'"},
            {"type": "calculate", "name": "age", "calculation": "1 + 1", "columns": {"type": "integer"}},
        ],
        "choices": {
            "places": {"from_list": "places-of-the-house"},
            "own": [{"name": "a", "label": "A", "properties": {"weight": 3, "value": "v", "colour": "red"}}],
        },
    })
}

#[test]
fn what_xlsform_has_no_place_for_comes_back_too() {
    let form = form(&rich());
    let missing = ExportError::NoList { list: "places-of-the-house".to_owned() };
    assert_eq!(export_xlsx(&form, &Lists::new()), Err(missing));
    let mut lists = Lists::new();
    lists.insert(
        "places-of-the-house",
        serde_json::from_value(json!([{"name": "dkr", "label": "Dakar"}])).unwrap(),
    );
    let imported = import_xlsx(&export_xlsx(&form, &lists).unwrap(), "other.xlsx").unwrap();
    let document: FormDocument = serde_json::from_value(imported.form).unwrap();
    assert_eq!(&document, form.document());
    let markdown = export_markdown(&form, &lists).unwrap();
    assert!(markdown.contains("\\|Day\\|"), "{markdown}");
    let imported = import_markdown(&markdown, "other.md").unwrap();
    assert_eq!(serde_json::from_value::<FormDocument>(imported.form).unwrap(), *form.document());
}

#[test]
fn a_cell_of_ours_that_was_spoilt_is_told_with_its_place() {
    let survey = "| survey |\n| | type | name | label | teranga_columns |\n| | text | a | A | {\"x\": |\n";
    let findings = import_markdown(survey, "spoilt").unwrap_err();
    let places: Vec<(usize, &str)> =
        findings.iter().map(|finding| (finding.row, finding.column.as_str())).collect();
    assert_eq!(places, [(2, "teranga_columns")]);
    assert!(matches!(findings[0].flaw, Flaw::NotJson(_)));
}

fn xform(document: &serde_json::Value) -> String {
    export_xform(&form(document), &Lists::new()).unwrap()
}

/// The lines of an XForm that begin with a tag.
fn lines<'a>(xml: &'a str, tag: &str) -> Vec<&'a str> {
    xml.lines().map(str::trim).filter(|line| line.starts_with(&format!("<{tag} "))).collect()
}

#[test]
fn logic_texts_and_defaults_stand_where_an_xform_has_them() {
    let xml = xform(&json!({
        "form_id": "f", "version": "2", "title": "F", "languages": ["fr", "en"],
        "survey": [
            {"type": "integer", "name": "age", "label": {"fr": "Âge", "en": "Age"}, "required": "yes",
             "constraint": ". < 150", "constraint_message": "Trop <vieux>"},
            {"type": "repeat", "name": "child", "label": "C", "repeat_count": "${age} div 20", "children": [
                {"type": "text", "name": "name", "label": "Child of ${age}", "default": "uuid()"},
                {"type": "select_one", "list": "l", "name": "pick", "label": "P", "choice_filter": "k = ${name}"},
            ]},
        ],
        "choices": {"l": [{"name": "a", "label": "A", "properties": {"k": "1"}}]},
    }));
    let expected = [
        r#"<bind type="int" required="true()" constraint=". &lt; 150" jr:constraintMsg="Trop &lt;vieux&gt;" nodeset="/data/age"/>"#,
        r#"<bind type="string" readonly="true()" calculate=" /data/age  div 20" nodeset="/data/child_count"/>"#,
        r#"<bind type="string" nodeset="/data/child/name"/>"#,
        r#"<bind type="string" nodeset="/data/child/pick"/>"#,
        r#"<bind type="string" readonly="true()" jr:preload="uid" nodeset="/data/meta/instanceID"/>"#,
    ];
    assert_eq!(lines(&xml, "bind"), expected);
    let actions = [
        r#"<setvalue ref="/data/child/name" event="odk-instance-first-load" value="uuid()"/>"#,
        r#"<setvalue ref="/data/child/name" event="odk-new-repeat" value="uuid()"/>"#,
    ];
    assert_eq!(lines(&xml, "setvalue"), actions);
    assert_eq!(lines(&xml, "repeat"), [r#"<repeat nodeset="/data/child" jr:count=" /data/child_count ">"#]);
    let itemset = r#"<itemset nodeset="instance('l')/root/item[k =  current()/../name ]">"#;
    assert_eq!(lines(&xml, "itemset"), [itemset]);
    assert!(xml.contains(r#"<label>Child of <output value=" /data/age "/></label>"#), "{xml}");
    assert_eq!(lines(&xml, "translation"), [r#"<translation lang="fr">"#, r#"<translation lang="en">"#]);
}

#[test]
fn an_entity_is_kept_in_the_repeat_that_saves_to_it() {
    let document = |save_to: &str| {
        json!({
            "form_id": "f", "version": "1",
            "settings": {"entities": [{"list_name": "trees", "label": "${kind}"}]},
            "survey": [
                {"type": "text", "name": "site", "label": "S", "columns": {"save_to": save_to}},
                {"type": "repeat", "name": "tree", "label": "T", "children": [
                    {"type": "text", "name": "kind", "label": "K", "columns": {"save_to": "kind"}},
                ]},
            ],
        })
    };
    let mut apart = document("site");
    let failed = ExportError::Entity { number: 0, path: Some("/data/site".to_owned()) };
    assert_eq!(export_xform(&form(&apart), &Lists::new()), Err(failed));
    apart["survey"][0]["columns"] = json!({});
    let xml = xform(&apart);
    assert!(xml.contains(r#"entities:entities-version="2025.1.0""#));
    let label = r#"<bind nodeset="/data/tree/meta/entity/label" calculate=" ../../../kind " readonly="true()" type="string"/>"#;
    assert!(lines(&xml, "bind").contains(&label), "{xml}");
}

#[test]
fn days_of_validity_stand_beside_their_codes_and_it_is_said_that_others_do_not_ask_them() {
    let form = form(&json!({
        "form_id": "f", "version": "1",
        "survey": [
            {"type": "select_one", "list": "agencies", "name": "a", "label": "A"},
            {"type": "select_one", "list": "own", "name": "b", "label": "B"},
        ],
        "choices": {
            "agencies": {"from_list": "agencies"},
            "own": [{"name": "x", "label": "X", "properties": {"valid_from": "2020-01-01"}}],
        },
    }));
    let lists = shipped::catalogue().unwrap().lists_for(&form);
    let noted: Vec<Note> = export_remarks(&form, &lists).into_iter().map(|remark| remark.note).collect();
    assert_eq!(noted, [Note::ValidityNotAsked("agencies".to_owned())]);
    assert!(export_markdown(&form, &lists).unwrap().contains("| valid_from |"));
    assert!(export_xform(&form, &lists).unwrap().contains("<valid_from>2021-12-01</valid_from>"));
}
