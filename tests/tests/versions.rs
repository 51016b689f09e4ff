//! Two versions of a form on the command line: what an earlier one asked and the present one does not stays in sight of whoever
//! answered it, on the device as at the hub.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on must stop the test")]

use serde_json::{Value as Json, json};
use teranga_tests::{Device, Hub, answers, command, profile, saved_record};

/// A visit, with what one version of its form asks.
fn visit(version: &str, survey: &Json) -> Json {
    json!({"form_id": "visit", "version": version, "title": "Visite", "sensitivity": "open", "survey": survey,
        "choices": {"needs": [
            {"name": "care", "label": {"fr": "Soins"}}, {"name": "work", "label": {"fr": "Travail"}}]}})
}

fn first() -> Json {
    visit(
        "1",
        &json!([
            {"type": "text", "name": "place", "label": {"fr": "Lieu"}},
            {"type": "select_multiple", "list": "needs", "name": "needs", "label": {"fr": "Besoins"}},
            {"type": "text", "name": "remark", "label": {"fr": "Remarque"}}]),
    )
}

/// Neither the needs nor the remark are asked any more.
fn second() -> Json {
    visit("2", &json!([{"type": "text", "name": "place", "label": {"fr": "Lieu"}}]))
}

/// What `teranga field` says in French.
fn french(device: &Device, arguments: &[&str]) -> String {
    let mut field = command(&["--lang", "fr", "field", "--data"]);
    let output = field.arg(&device.data).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// What stands beside a question in a table that is shown.
fn beside(told: &str, question: &str) -> Option<String> {
    let mut cells = told.lines().map(|line| line.trim_matches(|sign| " │|".contains(sign)));
    cells.find_map(|line| line.strip_prefix(question)).map(|rest| rest.trim().to_owned())
}

#[test]
fn a_late_answer_to_a_question_that_is_not_asked_any_more_is_shown_to_its_author_and_to_the_hub() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let hub = Hub::start(&folder.join("hq"), &[]);
    let [awa, moussa] = ["awa", "moussa"].map(|person| Device::new(folder, person, &hub, "SN-KL"));
    let file = |name: &str, json: &Json| answers(folder, name, json).display().to_string();
    hub.ask(&["publish", &file("first.json", &first())]);
    awa.done(&["sync"]);
    let case = saved_record(&awa.done(&["case", "--answers", &file("case.json", &profile(1))]));
    let begun = file("begun.json", &json!({"place": "Kaolack"}));
    let record = saved_record(&awa.done(&["fill", "visit", "--case", &case, "--answers", &begun]));
    awa.done(&["sync"]);
    assert!(!french(&awa, &["show", &record]).contains("ne demande plus"));

    hub.ask(&["publish", &file("second.json", &second())]);
    moussa.done(&["sync"]);
    let moved = file("moved.json", &json!({"place": "Kaffrine"}));
    moussa.done(&["upgrade", &record, "--yes", "--answers", &moved]);
    moussa.done(&["sync"]);
    // Awa's device has not heard of the second version yet.
    let late = file("late.json", &json!({"needs": ["care", "work"], "remark": "revenir lundi"}));
    awa.done(&["edit", &record, "--answers", &late]);
    for device in [&awa, &moussa] {
        device.done(&["sync"]);
        let told = french(device, &["show", &record]);
        let (_, aside) =
            told.split_once("Ce que le formulaire ne demande plus ; les réponses restent gardées :").unwrap();
        assert_eq!(beside(aside, "Remarque").as_deref(), Some("revenir lundi"), "{told}");
        assert_eq!(beside(aside, "Besoins").as_deref(), Some("Soins, Travail"), "{told}");
        assert_eq!(beside(&told, "Lieu").as_deref(), Some("Kaffrine"), "{told}");
    }
    let told = hub.ask(&["show", &record]);
    assert!(told.contains("remark") && told.contains("revenir lundi"), "{told}");
}

#[test]
fn a_preview_names_what_is_kept_aside_as_it_was_asked() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let hub = Hub::start(&folder.join("hq"), &[]);
    let awa = Device::new(folder, "awa", &hub, "SN-KL");
    let file = |name: &str, json: &Json| answers(folder, name, json).display().to_string();
    hub.ask(&["publish", &file("first.json", &first())]);
    awa.done(&["sync"]);
    let case = saved_record(&awa.done(&["case", "--answers", &file("case.json", &profile(1))]));
    let begun = file("begun.json", &json!({"place": "Kaolack", "remark": "revenir lundi"}));
    let record = saved_record(&awa.done(&["fill", "visit", "--case", &case, "--answers", &begun]));
    hub.ask(&["publish", &file("second.json", &second())]);
    awa.done(&["sync"]);
    let told = french(&awa, &["upgrade", &record]);
    assert!(told.contains("Remarque n'est plus demandé ; la réponse reste gardée"), "{told}");
}
