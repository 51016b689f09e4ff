//! XForm XML read as forms: what binds, controls, texts and instances become, what is told, and that no file makes the
//! reader fail otherwise than by saying so.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use proptest::prelude::*;
use serde_json::{Value as Json, json};
use teranga_core::form::Form;
use teranga_xforms::{Flaw, Note, import_xform};

/// A form of ODK's namespaces around a model and a body.
fn xform(model: &str, body: &str) -> String {
    format!(
        "<h:html xmlns=\"http://www.w3.org/2002/xforms\" xmlns:h=\"http://www.w3.org/1999/xhtml\" \
         xmlns:jr=\"http://openrosa.org/javarosa\" xmlns:odk=\"http://www.opendatakit.org/xforms\" \
         xmlns:orx=\"http://openrosa.org/xforms\"><h:head><h:title>Visit</h:title><model>{model}</model></h:head>\
         <h:body>{body}</h:body></h:html>"
    )
}

fn read(model: &str, body: &str) -> Json {
    let imported = import_xform(xform(model, body).as_bytes(), "visit.xml").unwrap_or_else(|findings| {
        panic!("{}", findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    });
    Form::parse(&imported.form).unwrap();
    imported.form
}

const VISIT: &str = r#"
    <itext>
      <translation lang="English (en)" default="true()"><text id="age"><value>Age of <output value=" /visit/name "/></value>
        <value form="image">jr://images/age.png</value></text>
        <text id="h"><value>In years</value><value form="guidance">Ask twice</value></text></translation>
      <translation lang="Français (fr)"><text id="age"><value>Âge de <output value="../name"/></value></text></translation>
    </itext>
    <instance><visit id="visit one" orx:version="7">
      <name/><age>4.5</age><consent/><computed/><begun/><hidden>x</hidden>
      <town/><region/>
      <child jr:template=""><toy>kite</toy></child>
      <child><toy/></child>
      <meta><instanceID/><instanceName/></meta></visit></instance>
    <instance id="towns"><root><item><name>dk</name><label>Dakar</label><region>w</region></item>
      <item><name>th</name><label>Thiès</label><region>w</region></item></root></instance>
    <instance id="odd"><root><item code="1"><part>a</part><part>b</part></item></root></instance>
    <instance id="clinics" src="jr://file-csv/list-of-clinics.csv"/>
    <bind nodeset="/visit/name" type="string" required="true()" jr:requiredMsg="Needed"/>
    <bind nodeset="/visit/age" type="int" constraint=". &lt; 150" relevant="/visit/name != ''" odk:strange="1"/>
    <bind nodeset="/visit/computed" type="decimal" calculate="/visit/age div 2"/>
    <bind nodeset="/visit/begun" type="dateTime" jr:preload="timestamp" jr:preloadParams="start"/>
    <bind nodeset="/visit/consent" readonly="true()"/>
    <bind nodeset="/visit/nowhere" relevant="false()"/>
    <bind nodeset="/visit/meta/instanceID" jr:preload="uid"/>
    <bind nodeset="/visit/meta/instanceName" calculate="/visit/name"/>
    <setvalue event="odk-instance-first-load" ref="/visit/region" value="concat('w', '')"/>"#;

const BODY: &str = r#"
    <input ref="/visit/name"><label>Name</label>
      <setvalue event="xforms-value-changed" ref="/visit/child/toy">ball</setvalue></input>
    <group appearance="field-list"><label>Screen</label>
      <input ref="/visit/age"><label ref="jr:itext('age')"/><hint ref="jr:itext('h')"/></input></group>
    <input ref="/visit/consent"><label>Thank you</label></input>
    <select1 ref="/visit/town" appearance="minimal"><label>Town</label>
      <itemset nodeset="instance('towns')/root/item[region = current()/../region]"><value ref="name"/><label ref="label"/></itemset></select1>
    <select ref="/visit/region"><label>Region</label><item><label>West</label><value>w</value></item></select>
    <group ref="/visit/child"><label>Child</label><repeat nodeset="/visit/child" jr:count="../age">
      <input ref="toy"><label>Toy</label></input></repeat></group>"#;

#[test]
fn rows_follow_the_instance_and_binds_and_controls_say_what_they_are() {
    let form = read(VISIT, BODY);
    let row = |name: &str| {
        form["survey"].as_array().unwrap().iter().find(|row| row["name"] == name).unwrap().clone()
    };
    let types: Vec<&str> =
        form["survey"].as_array().unwrap().iter().map(|row| row["type"].as_str().unwrap()).collect();
    assert_eq!(
        types,
        [
            "text",
            "integer",
            "note",
            "calculate",
            "start",
            "hidden",
            "select_one",
            "select_multiple",
            "repeat"
        ]
    );
    assert_eq!((&form["form_id"], &form["version"]), (&json!("visit_one"), &json!("7")));
    assert_eq!(form["settings"]["name"], "visit");
    assert_eq!(form["settings"]["instance_name"], "/visit/name");
    assert_eq!((&form["default_language"], &form["languages"]), (&json!("en"), &json!(["en", "fr"])));
    let age = row("age");
    assert_eq!(age["label"], json!({"en": "Age of ${name}", "fr": "Âge de ${name}"}));
    assert_eq!(
        (&age["hint"], &age["guidance_hint"]),
        (&json!({"en": "In years"}), &json!({"en": "Ask twice"}))
    );
    assert_eq!(age["columns"]["media::image::en"], "age.png");
    assert_eq!(age["columns"]["bind::odk:strange"], "1");
    assert_eq!(age["columns"]["body::group"], json!({"label": "Screen", "appearance": "field-list"}));
    assert_eq!((&age["default"], &age["constraint"]), (&json!("4.5"), &json!(". < 150")));
    assert_eq!(
        (&row("name")["required"], &row("name")["required_message"]),
        (&json!("true()"), &json!("Needed"))
    );
    assert_eq!(row("computed")["columns"]["bind::type"], "decimal");
    assert_eq!(row("region")["default"], "concat('w', '')");
    let child = row("child");
    assert_eq!((&child["repeat_count"], &child["label"]), (&json!("age"), &json!("Child")));
    assert_eq!(
        (&child["instances"], &child["children"][0]["default"]),
        (&json!([{"toy": ""}]), &json!("kite"))
    );
    assert_eq!(
        row("name")["actions"],
        json!([{"events": ["xforms-value-changed"], "target": "/visit/child/toy", "value": "'ball'"}])
    );
}

#[test]
fn instances_become_lists_files_and_tables() {
    let form = read(VISIT, BODY);
    let town = form["survey"].as_array().unwrap().iter().find(|row| row["name"] == "town").unwrap();
    assert_eq!(
        (&town["list"], &town["choice_filter"]),
        (&json!("towns"), &json!("region = current()/../region"))
    );
    assert_eq!(form["choices"]["towns"][1]["properties"]["region"], "w");
    assert_eq!(form["choices"]["odd"], json!({"rows": [{"@code": "1", "part": ["a", "b"]}]}));
    assert_eq!(form["choices"]["clinics"], json!({"from_list": "list-of-clinics.csv"}));
    assert_eq!(form["choices"]["region"], json!([{"name": "w", "label": "West"}]));
}

#[test]
fn shuffled_lists_are_lists_with_parameters() {
    let model = "<instance><data id=\"f\"><s/></data></instance><instance id=\"l\"><root><item><name>a</name>\
        <label>A</label></item></root></instance>";
    let select = |nodeset: &str| {
        format!(
            "<select1 ref=\"/data/s\"><itemset nodeset=\"{nodeset}\"><value ref=\"name\"/></itemset></select1>"
        )
    };
    let row = |nodeset: &str| read(model, &select(nodeset))["survey"][0].clone();
    let shuffled = row("randomize(instance('l')/root/item, 7)");
    assert_eq!((&shuffled["list"], &shuffled["parameters"]), (&json!("l"), &json!("randomize=true seed=7")));
    let by_answer = row("randomize(instance('l')/root/item, /data/s)");
    assert_eq!(by_answer["itemset"]["nodeset"], "randomize(instance('l')/root/item, /data/s)");
}

#[test]
fn what_is_not_carried_is_told_with_its_line() {
    let source = xform(VISIT, BODY);
    let imported = import_xform(source.as_bytes(), "visit.xml").unwrap();
    let line = |wanted: &str| source.lines().position(|line| line.contains(wanted)).unwrap() + 1;
    let told =
        |note: &Note| imported.remarks.iter().find(|remark| remark.note == *note).map(|remark| remark.row);
    assert_eq!(told(&Note::NoNode("/visit/nowhere".into())), Some(line("/visit/nowhere")));
    assert_eq!(told(&Note::Kept("bind::odk:strange".into())), Some(line("odk:strange")));
    assert_eq!(told(&Note::Kept("body::group".into())), Some(line("field-list")));
    assert_eq!(told(&Note::FormRenamed("visit_one".into())), Some(line("visit one")));
}

#[test]
fn what_is_wrong_is_told_with_its_line_and_everything_at_once() {
    let model = "<instance><data id=\"f\"><a/><b/></data></instance>\n<bind nodeset=\"/data/a\" relevant=\"/data/b &gt;\"/>";
    let source = xform(model, "\n<input ref=\"/data/c\"/>\n<input ref=\"/data/b\"/>");
    let findings = import_xform(source.as_bytes(), "f.xml").unwrap_err();
    assert!(
        matches!(&findings[0], finding if finding.row == 3 && finding.flaw == Flaw::NoNode("/data/c".into()))
    );
    assert!(findings[1].column.starts_with("/data/a · relevant"), "{findings:?}");
    for broken in ["", "<a>", "<html/>", "<!DOCTYPE x [<!ENTITY a \"b\">]><html>&a;</html>"] {
        let findings = import_xform(broken.as_bytes(), "f.xml").unwrap_err();
        assert!(matches!(findings[0].flaw, Flaw::NoXform(_)), "{broken}: {findings:?}");
    }
    let deep = format!("{}{}", "<a>".repeat(100), "</a>".repeat(100));
    assert!(matches!(import_xform(deep.as_bytes(), "f").unwrap_err()[0].flaw, Flaw::XformTooLarge(_)));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_the_reader_fail(edits in prop::collection::vec((any::<u16>(), any::<u8>(), 0..4_usize), 1..6)) {
        let mut bytes = xform(VISIT, BODY).into_bytes();
        for (at, byte, kind) in edits {
            let at = usize::from(at) % bytes.len();
            match kind {
                0 => bytes[at] = byte,
                1 => { bytes.remove(at); }
                2 => bytes.insert(at, byte),
                _ => { let tail = bytes[at..].to_vec(); bytes.truncate(at); bytes.extend(tail.iter().skip(usize::from(byte))); }
            }
        }
        if let Ok(imported) = import_xform(&bytes, "f.xml") {
            prop_assert!(Form::parse(&imported.form).is_ok());
        }
    }
}
