//! Every file of `schemas/` ships, and every text is there in French and in English.

use serde_json::Value as Json;
use teranga_core::shipped::SHIPPED;

use super::support::{files, forms, json, root};

#[test]
fn every_file_is_shipped_once() {
    let schemas = root().join("schemas");
    let folders = ["lists", "forms", "schemes", "alerts", "releases"];
    let paths = folders.iter().flat_map(|folder| files(&schemas.join(folder)));
    let mut on_disk: Vec<String> = paths.map(|path| std::fs::read_to_string(path).unwrap()).collect();
    on_disk.push(std::fs::read_to_string(schemas.join("classes.json")).unwrap());
    let mut shipped: Vec<String> = SHIPPED.iter().map(|(_, json)| (*json).to_owned()).collect();
    on_disk.sort();
    shipped.sort();
    assert!(on_disk == shipped, "{} files, {} shipped", on_disk.len(), shipped.len());
}

#[test]
fn every_alert_fits_its_schema_and_a_broken_one_does_not() {
    let schemas = root().join("schemas");
    let schema = jsonschema::validator_for(&json(&schemas.join("alert.schema.json"))).unwrap();
    for path in files(&schemas.join("alerts")) {
        let whole = json(&path);
        let errors: Vec<String> = schema.iter_errors(&whole).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{}: {errors:?}", path.display());
        for member in ["when", "now", "tell", "severity"] {
            let mut broken = whole.clone();
            broken.as_object_mut().unwrap().remove(member);
            assert!(!schema.is_valid(&broken), "{}: without {member}", path.display());
        }
    }
}

/// Every object of languages in a document, with where it stands.
fn texts<'a>(json: &'a Json, place: &str, found: &mut Vec<(String, &'a Json)>) {
    match json {
        Json::Object(members) if members.contains_key("fr") || members.contains_key("en") => {
            found.push((place.to_owned(), json));
        }
        Json::Object(members) => {
            let name = members.get("name").or_else(|| members.get("code")).and_then(Json::as_str);
            let place = name.map_or_else(|| place.to_owned(), |name| format!("{place}/{name}"));
            members.iter().for_each(|(member, json)| texts(json, &format!("{place}.{member}"), found));
        }
        Json::Array(items) => items.iter().for_each(|item| texts(item, place, found)),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
    }
}

#[test]
fn every_text_is_there_in_french_and_in_english() {
    let schemas = root().join("schemas");
    for folder in ["forms", "lists", "alerts", "schemes"] {
        for path in files(&schemas.join(folder)) {
            let document = json(&path);
            let mut found = Vec::new();
            texts(&document, &path.display().to_string(), &mut found);
            assert!(found.len() > 1, "{}", path.display());
            for (place, text) in found {
                let languages = ["fr", "en"].map(|language| text[language].as_str().unwrap_or("").trim());
                assert!(languages.iter().all(|text| !text.is_empty()), "{place}: {text}");
                assert_eq!(text.as_object().unwrap().len(), 2, "{place}");
            }
        }
    }
}

#[test]
fn every_constraint_says_what_it_wants_and_no_form_warns() {
    fn check(node: &Json, form: &str) {
        let has = |member: &str| node.get(member).is_some();
        assert!(!has("constraint") || has("constraint_message"), "{form}: {}", node["name"]);
        for child in node["children"].as_array().into_iter().flatten() {
            check(child, form);
        }
    }
    for (id, form) in forms() {
        assert!(form.warnings().is_empty(), "{id}: {:?}", form.warnings());
        for node in form.to_json()["survey"].as_array().unwrap() {
            check(node, &id);
        }
    }
}

#[test]
fn identity_papers_are_never_required() {
    fn find<'a>(node: &'a Json, name: &str) -> Option<&'a Json> {
        let inner = node["children"].as_array().or_else(|| node["survey"].as_array()).into_iter().flatten();
        if node["name"] == name { Some(node) } else { inner.into_iter().find_map(|node| find(node, name)) }
    }
    let forms = forms();
    let papers =
        [("arrival", "documents_held"), ("profile", "documents_held"), ("profile", "national_number")];
    for (form, question) in papers {
        let document = forms[form].to_json();
        assert!(find(&document, question).unwrap().get("required").is_none(), "{form}: {question}");
    }
}
