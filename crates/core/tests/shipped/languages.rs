//! A national language is added by adding its texts: no code knows the languages there are.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value as Json, json};
use teranga_core::catalogue::ResourceKind;
use teranga_core::flow::{Filling, FlowContext};
use teranga_core::form::Form;

use super::support::{catalogue, forms};

#[test]
fn a_form_speaks_wolof_once_its_texts_do() {
    let mut document = forms()["rss"].to_json();
    document["languages"].as_array_mut().unwrap().push(json!("wo"));
    document["version"] = json!("wo-test");
    let row = &mut document["survey"][1]["children"][0];
    assert_eq!(row["name"], "E01");
    row["label"]["wo"] = json!("Laaj ci wolof");
    document["choices"]["sat5"][0]["label"]["wo"] = json!("Tontu ci wolof");
    let mut catalogue = catalogue();
    catalogue.add(ResourceKind::Form, &document.to_string()).unwrap();
    let form = catalogue.latest_form("rss").unwrap();
    assert_eq!(form.languages(), ["fr", "en", "wo"]);
    let question = form.question("E01").unwrap();
    assert_eq!(question.label.get("wo", form.default_language()), "Laaj ci wolof");
    // What nobody translated yet is asked in French.
    let next = form.question("E02").unwrap();
    assert_eq!(next.label.get("wo", form.default_language()), next.label.get("fr", "fr"));
    let context = FlowContext { language: "wo".into(), ..FlowContext::default() };
    let filling = Filling::new(Arc::clone(form), &catalogue.lists_for(form), BTreeMap::new(), context);
    assert_eq!(filling.language(), "wo");
    let choices = form.choices("sat5").unwrap();
    assert_eq!(choices[0].label.as_ref().unwrap().get("wo", "fr"), "Tontu ci wolof");
}

#[test]
fn every_form_reads_back_as_it_was_written() {
    for (id, form) in forms() {
        let again: Json = Form::parse(&form.to_json()).unwrap().to_json();
        assert_eq!(again, form.to_json(), "{id}");
    }
}
