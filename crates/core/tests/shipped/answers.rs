//! Every form filled along its main path by plainly invented people: nothing stands in the way of handing in, and what
//! is computed is what the file says.

use teranga_core::alert::raised;

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
