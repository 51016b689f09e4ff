//! The shipped data against its JSON Schemas, against its own promises, and the scores against golden vectors.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on must stop the test")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value as Json;
use teranga_core::flow::{Filling, FlowContext, Opening, Shown};
use teranga_core::key::Key;
use teranga_core::score::{Fraction, score};
use teranga_core::shipped;
use teranga_core::text::Text;
use teranga_core::value::Value;

fn schemas() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas")
}

fn json(path: &Path) -> Json {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap())
        .unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn files(folder: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(schemas().join(folder)).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

#[test]
fn every_shipped_file_fits_its_schema_and_a_broken_one_does_not() {
    let kinds = [("form", files("forms")), ("list", files("lists")), ("scheme", files("schemes"))];
    let more = [("release", files("releases")), ("classes", vec![schemas().join("classes.json")])];
    for (kind, paths) in kinds.into_iter().chain(more) {
        let schema =
            jsonschema::validator_for(&json(&schemas().join(format!("{kind}.schema.json")))).unwrap();
        for path in paths {
            let whole = json(&path);
            let errors: Vec<String> = schema.iter_errors(&whole).map(|error| error.to_string()).collect();
            assert!(errors.is_empty(), "{}: {errors:?}", path.display());
            let mut broken = whole.clone();
            broken.as_object_mut().unwrap().insert("surprise".into(), Json::Bool(true));
            assert!(!schema.is_valid(&broken), "{}", path.display());
            let mut broken = whole;
            broken.as_object_mut().unwrap().remove("version");
            assert!(!schema.is_valid(&broken), "{}", path.display());
        }
    }
}

#[test]
fn every_question_is_asked_in_both_languages_and_has_a_sensitivity_of_its_own() {
    fn check(node: &Json, inherited: bool, form: &str) {
        let marked = inherited || node.get("sensitivity").is_some();
        let name = &node["name"];
        assert!(marked, "{form}: {name} has no sensitivity");
        let kind = node["type"].as_str().unwrap();
        if !matches!(kind, "calculate" | "start") {
            for language in ["fr", "en"] {
                assert!(
                    node["label"][language].as_str().is_some_and(|text| !text.is_empty()),
                    "{form}: {name}"
                );
            }
        }
        for child in node["children"].as_array().into_iter().flatten() {
            check(child, marked, form);
        }
    }
    for path in files("forms") {
        let form = json(&path);
        for node in form["survey"].as_array().unwrap() {
            check(node, false, form["form_id"].as_str().unwrap());
        }
        for choices in form["choices"].as_object().unwrap().values().filter_map(Json::as_array) {
            for choice in choices {
                let label: Text = serde_json::from_value(choice["label"].clone()).unwrap();
                assert_eq!(label.all().len(), 2, "{choice}");
            }
        }
    }
}

#[test]
fn the_survey_has_32_items_and_the_scheme_scores_codes_that_exist() {
    let catalogue = shipped::catalogue().unwrap();
    let form = catalogue.latest_form("rss").unwrap();
    let is_item = |id: &str| {
        id.len() == 3 && id.starts_with(['E', 'S', 'P']) && id[1..].bytes().all(|byte| byte.is_ascii_digit())
    };
    assert_eq!(form.questions().filter(|question| is_item(&question.id)).count(), 32);
    let lists = catalogue.lists_for(form);
    for item in &catalogue.scheme_for("rss").unwrap().items {
        let question = form.question(&item.question).unwrap();
        let choices = form.choices_of(question, &lists).unwrap();
        let known = |code: &String| {
            code == "any"
                || code == "none" && item.map.contains_key("any")
                || choices.iter().any(|c| c.name == *code)
        };
        assert!(item.map.keys().chain(&item.not_applicable).all(known), "{}", item.question);
        let covered =
            |code: &str| item.map.contains_key(code) || item.not_applicable.iter().any(|c| c == code);
        if !item.map.contains_key("any") {
            assert!(choices.iter().all(|choice| covered(&choice.name)), "{}", item.question);
        }
    }
}

#[test]
fn every_department_lies_in_a_region_and_no_code_stands_twice() {
    let catalogue = shipped::catalogue().unwrap();
    let (regions, departments) =
        (catalogue.list("sn-regions").unwrap(), catalogue.list("sn-departments").unwrap());
    assert_eq!((regions.entries.len(), departments.entries.len()), (14, 46));
    for department in &departments.entries {
        let region = &department.properties["region"];
        assert!(
            regions.entry(region).is_some() && department.code.starts_with(region.as_str()),
            "{}",
            department.code
        );
    }
    let mut codes: Vec<&str> = departments.entries.iter().map(|entry| entry.code.as_str()).collect();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), 46);
    assert_eq!(departments.meant("Ranérou-Ferlo").map(|entry| entry.code.as_str()), Some("SN-MT-113"));
}

#[test]
fn scores_are_the_golden_ones_to_the_last_digit() {
    let catalogue = shipped::catalogue().unwrap();
    let form = catalogue.latest_form("rss").unwrap();
    let scheme = catalogue.scheme_for("rss").unwrap();
    let vectors = json(&schemas().join("vectors/scores.json"));
    assert_eq!(vectors["scheme"], scheme.reference());
    for vector in vectors["vectors"].as_array().unwrap() {
        let context = FlowContext { opening: Opening::Again, ..FlowContext::default() };
        let lists = catalogue.lists_for(form);
        let mut filling = Filling::new(Arc::clone(form), &lists, BTreeMap::new(), context);
        for (question, answer) in vector["answers"].as_object().unwrap() {
            let value = match answer {
                Json::Array(codes) => {
                    Value::text(codes.iter().map(|code| code.as_str().unwrap()).collect::<Vec<_>>().join(" "))
                }
                other => Value::from_json(other).unwrap(),
            };
            filling.set(&Key::question(question), value).unwrap();
        }
        let skipped =
            |question: &str| matches!(filling.shown(&Key::question(question)), Some(Shown::Skipped));
        for score in score(scheme, filling.stored(), &skipped).unwrap() {
            let shares = score.contributions.iter().map(|given| given.share);
            let sum = shares.fold(Fraction::ZERO, |sum, share| sum.plus(share).unwrap());
            let told = score.value.is_none_or(|value| sum.rounded(scheme.places) == Ok(value));
            assert!(told, "{}: {}: shares of {sum}", vector["name"], score.name);
            let digits = score.value.map(|value| value.decimal(scheme.places));
            assert_eq!(
                digits.as_deref(),
                vector["expected"][&score.name].as_str(),
                "{}: {}",
                vector["name"],
                score.name
            );
        }
    }
}
