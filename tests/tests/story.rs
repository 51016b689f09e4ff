//! The main job as a user does it, on the command line.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on must stop the test")]

use serde_json::{Value as Json, json};
use teranga_tests::{Device, Hub, answers, command, profile, saved_record, typed};

#[test]
fn the_demonstration_loses_nothing_and_ends_equal_everywhere() {
    for seed in ["1", "2"] {
        let folder = tempfile::tempdir().unwrap();
        let output = command(&["demo", "--once", "--json", "--cases", "12", "--seed", seed, "--dir"])
            .arg(folder.path())
            .output()
            .unwrap();
        let stdout = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{stdout}{}", String::from_utf8_lossy(&output.stderr));
        let last: Json = serde_json::from_str(stdout.lines().last().unwrap()).unwrap();
        assert_eq!(
            (&last["lost"], &last["diverged"], &last["false_ticks"]),
            (&json!(0), &json!(0), &json!(0))
        );
        assert_eq!(last["cases"], json!(12));
        assert_eq!(last["assessments"], json!(24));
        assert!(last["conflicts"].as_u64().unwrap() > 0, "{last}");
    }
}

#[test]
fn an_interview_typed_in_the_terminal_survives_being_left_and_is_resumed() {
    let folder = tempfile::tempdir().unwrap();
    let device = Device { data: folder.path().join("d"), ledger: folder.path().join("l") };
    device.done(&["init", "--person", "Awa Exemple", "--region", "SN-KL"]);
    let case = answers(folder.path(), "case.json", &profile(1));
    let case = saved_record(&device.done(&["case", "--answers", case.to_str().unwrap()]));
    let first =
        typed(device.field(&["fill", "rss", "--case", &case]), &["2026-02-01", "1", "wrong code", "2"]);
    assert!(first.status.success());
    let told = String::from_utf8_lossy(&first.stdout).into_owned();
    assert!(told.contains("Draft kept"), "{told}");
    let list = device.done(&["list"]);
    assert!(list.contains("draft"), "{list}");
    let second = typed(device.field(&["resume"]), &["1"; 60]);
    let told = String::from_utf8_lossy(&second.stdout).into_owned();
    assert!(second.status.success(), "{told}{}", String::from_utf8_lossy(&second.stderr));
    assert!(told.contains("Saved on this device"), "{told}");
    assert!(!device.done(&["list"]).contains("draft"));
}

#[test]
fn a_survey_on_the_wrong_case_is_moved_a_test_is_voided_and_the_pull_counts_neither_twice() {
    let folder = tempfile::tempdir().unwrap();
    let hub = Hub::start(&folder.path().join("hq"), &[]);
    let device = Device::new(folder.path(), "awa", &hub, "SN-KL");
    let mut cases = Vec::new();
    for number in 0..3 {
        let file = answers(folder.path(), &format!("case{number}.json"), &profile(number));
        cases.push(saved_record(&device.done(&["case", "--answers", file.to_str().unwrap()])));
    }
    let survey = answers(folder.path(), "rss.json", &survey());
    let survey = survey.to_str().unwrap();
    let moved = saved_record(&device.done(&["fill", "rss", "--case", &cases[0], "--answers", survey]));
    let voided = saved_record(&device.done(&["fill", "rss", "--case", &cases[2], "--answers", survey]));
    device.done(&["move", &moved, "--to", &cases[1]]);
    device.done(&["void", &voided, "--reason", "essai"]);
    let told = device.done(&["sync"]);
    assert!(told.contains("safe"), "{told}");
    let token = hub.ask(&["token", "--name", "analyst"]);
    let out = folder.path().join("out");
    let pull = || {
        let output = command(&["--lang", "en", "pull", "--hub", &hub.url(), "--token", &token, "--out"])
            .arg(&out)
            .output();
        let output = output.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let first = pull();
    assert!(first.starts_with("5 record(s) received, 5 in all"), "{first}");
    let scores = std::fs::read_to_string(out.join("scores.csv")).unwrap();
    assert_eq!(scores.lines().count(), 2, "{scores}");
    assert!(scores.contains(&cases[1]) && scores.contains("rss-equal@1,provisional"), "{scores}");
    let profiles = std::fs::read_to_string(out.join("profile.csv")).unwrap();
    assert!(!profiles.contains("Exemple"), "a name left the hub: {profiles}");
    assert!(profiles.contains(".hidden"), "{profiles}");
    assert!(pull().starts_with("0 record(s) received, 5 in all"));
}

/// A whole survey: the middle of every scale.
fn survey() -> Json {
    let of = |names: &[&str], code: &str| -> serde_json::Map<String, Json> {
        names.iter().map(|name| ((*name).to_owned(), json!(code))).collect()
    };
    let mut all = of(&["S01", "S02", "S03", "S05", "S07", "S08", "S09", "S10", "S11", "E06"], "fair");
    all.extend(of(&["E02", "E04", "P01", "P05", "P06"], "sometimes"));
    all.extend(of(&["E03", "E07", "S06", "P08", "P09"], "yes"));
    all.extend(of(&["interpreter", "E09"], "no"));
    all.extend(json!({
        "interview_date": "2026-02-01", "mode": "in_person", "interview_language": "wo",
        "E01": "ok", "E05": "spending_larger", "E08": ["land"], "S04": "some", "P02": "fair", "P03": "neutral",
        "P04": "fair", "P07": { "no_answer": "declined" }
    }).as_object().unwrap().clone());
    Json::Object(all)
}
