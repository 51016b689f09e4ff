//! Every form filled along its main path by plainly invented people: nothing stands in the way of handing in, and what
//! is computed is what the file says.

use teranga_core::alert::raised;
use teranga_core::flow::Filling;
use teranga_core::key::Key;
use teranga_core::value::Value;

use super::support::{catalogue, files, filled, golden, json, opened, value};

#[test]
fn every_form_is_filled_to_its_end() {
    let catalogue = catalogue();
    let folder = golden("answers");
    assert_eq!(files(&folder).len(), catalogue.forms().len());
    for path in files(&folder) {
        let form = path.file_stem().unwrap().to_str().unwrap();
        let case = json(&path);
        let filling = filled(&catalogue, form, &case["answers"]);
        let findings: Vec<String> = filling.validate().iter().map(ToString::to_string).collect();
        assert!(findings.is_empty(), "{form}: {findings:#?}");
        assert!(filling.faults().is_empty(), "{form}: {:?}", filling.faults());
        for (question, expected) in case["computed"].as_object().unwrap() {
            assert_eq!(value(&filling, question), *expected, "{form}: {question}");
        }
        let watches = catalogue.watches(filling.form());
        let alerts: Vec<&str> =
            raised(&filling, &watches).into_iter().map(|alert| alert.alert_id.as_str()).collect();
        let expected: Vec<&str> =
            case["alerts"].as_array().unwrap().iter().map(|alert| alert.as_str().unwrap()).collect();
        assert_eq!(alerts, expected, "{form}");
    }
}

#[test]
fn an_empty_form_asks_for_something() {
    let catalogue = catalogue();
    for form in catalogue.forms() {
        assert!(!opened(&catalogue, form.form_id()).validate().is_empty(), "{}", form.form_id());
    }
}

/// The texts under the keys of this question in all items.
fn in_items(filling: &Filling, question: &str) -> Vec<String> {
    let end = format!("/{question}");
    let answers = filling.answers();
    let found = answers.iter().filter(|(key, _)| key.as_str().ends_with(&end));
    found.map(|(_, value)| value.to_json().as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn an_activity_keeps_the_mark_that_deliveries_name() {
    let catalogue = catalogue();
    let mut plan = filled(&catalogue, "plan", &json(&golden("answers/plan.json"))["answers"]);
    let marks = in_items(&plan, "activity_code");
    assert_eq!(marks.len(), 3);
    let is_mark = |mark: &String| {
        let signs = mark.strip_prefix('A').unwrap_or_default();
        signs.len() == 4 && signs.bytes().all(|sign| sign.is_ascii_digit() || (b'a'..=b'f').contains(&sign))
    };
    assert!(marks.iter().all(is_mark) && marks[0] != marks[1], "{marks:?}");
    plan.set(&Key::question("plan_agency"), Value::text("iom")).unwrap();
    assert_eq!(in_items(&plan, "activity_code"), marks);
}

#[test]
fn only_help_that_was_received_is_rated_and_by_its_name() {
    let catalogue = catalogue();
    let whole = filled(&catalogue, "satisfaction", &json(&golden("answers/satisfaction.json"))["answers"]);
    let mut rated = in_items(&whole, "rated_label");
    rated.sort();
    assert_eq!(rated, ["Aide pour travailler ou pour l'entreprise", "Conseil"]);
    let none = filled(&catalogue, "satisfaction", &serde_json::json!({"assistance_received": ["none"]}));
    assert!(in_items(&none, "rated").is_empty());
}
