//! An answer that two volunteers gave differently is settled by hand, and only with what the form takes.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on must stop the test")]

use serde_json::{Value as Json, json};
use teranga_tests::{Device, Hub, answers, profile, saved_record};

/// Two devices that hold one case, whose family name, sex and department each corrected apart.
fn apart(folder: &std::path::Path, hub: &Hub) -> (Device, String) {
    let awa = Device::new(folder, "awa", hub, "SN-KL");
    let moussa = Device::new(folder, "moussa", hub, "SN-KL");
    let edit = |device: &Device, name: &str, case: &str, json: &Json| {
        let file = answers(folder, name, json);
        device.done(&["edit", case, "--answers", file.to_str().unwrap()]);
    };
    let file = answers(folder, "case.json", &profile(1));
    let case = saved_record(&awa.done(&["case", "--answers", file.to_str().unwrap()]));
    let other = answers(folder, "other.json", &profile(2));
    let other = saved_record(&awa.done(&["case", "--answers", other.to_str().unwrap()]));
    awa.done(&["sync"]);
    moussa.done(&["sync"]);
    edit(&awa, "a.json", &case, &json!({ "family_name": "Un", "sex": "male", "phone": "+221771234567" }));
    edit(
        &moussa,
        "m.json",
        &case,
        &json!({ "family_name": "Deux", "sex": "other", "phone": "+221770000001" }),
    );
    moussa.done(&["sync"]);
    awa.done(&["sync"]);
    (awa, format!("{case} {other}"))
}

#[test]
fn a_settlement_is_one_of_the_values_or_an_answer_that_the_form_takes() {
    let folder = tempfile::tempdir().unwrap();
    let hub = Hub::start(&folder.path().join("hq"), &[]);
    let (device, cases) = apart(folder.path(), &hub);
    let case = cases.split(' ').next().unwrap();
    let told = device.done(&["show", case]);
    assert!(told.contains("+221771234567 —"), "{told}");
    let refused = device.field(&["settle", case, "sex", "purple"]).output().unwrap();
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(1));
    assert!(told.contains("sex") && told.contains("female"), "{told}");
    device.done(&["settle", case, "sex", "female"]);
    device.done(&["settle", case, "family_name", "Deux"]);
    device.done(&["settle", case, "phone", "+221771234567"]);
    let told = device.done(&["list"]);
    assert!(!told.contains("two values"), "{told}");
    let again = device.field(&["settle", case, "sex", "male"]).output().unwrap();
    assert!(String::from_utf8_lossy(&again.stderr).contains("does not hold two values"));
}
