//! What an office is shown at its hub's desk of what is not settled yet: what waits for work that has not come, and who has
//! not confirmed an erasure.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on must stop the test")]

use std::path::Path;

use serde_json::json;
use teranga_tests::{Device, Hub, answers, command, copy_folder, profile, saved_record};

/// What the hub's own command says in French.
fn french(hub: &Hub, arguments: &[&str]) -> String {
    let mut ask = command(&["--lang", "fr", "hub"]);
    let output = ask.args(arguments).arg("--data").arg(&hub.data).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The cells of a table that is shown, of the line that names a record: each begins under its heading.
fn row<'a>(told: &'a str, record: &str, headings: &[&str]) -> Vec<&'a str> {
    let heads = told.lines().find(|line| line.contains(headings.first().unwrap())).unwrap();
    let line = told.lines().find(|line| line.contains(record)).unwrap_or_else(|| panic!("{told}"));
    // Letters are counted, not bytes: a heading may have accents, and a cell too.
    let at = |heading: &&str| heads.split_once(heading).map(|(before, _)| before.chars().count()).unwrap();
    let begins: Vec<usize> = headings.iter().map(at).collect();
    let byte = |letter: usize| line.char_indices().nth(letter).map_or(line.len(), |(byte, _)| byte);
    let ends = begins.iter().skip(1).copied().chain([usize::MAX]);
    let cells = begins.iter().zip(ends).map(|(begin, end)| line.get(byte(*begin)..byte(end)).unwrap());
    cells.map(|cell| cell.trim_matches(|sign: char| sign.is_whitespace() || "│┆|".contains(sign))).collect()
}

fn case(folder: &Path, device: &Device) -> String {
    let file = answers(folder, "case.json", &profile(1));
    saved_record(&device.done(&["case", "--answers", file.to_str().unwrap()]))
}

#[test]
fn an_office_sees_who_has_confirmed_an_erasure_and_who_has_not() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let hub = Hub::start(&folder.join("hq"), &["--name", "Siège Exemple"]);
    let [awa, moussa] =
        ["Awa Exemple", "Moussa Essai"].map(|person| Device::new(folder, person, &hub, "SN-KL"));
    assert!(french(&hub, &["erasures"]).contains("Rien n'a été effacé."));
    let record = case(folder, &awa);
    for device in [&awa, &moussa] {
        device.done(&["sync"]);
    }
    let told = french(&hub, &["erase", &record, "--for-good"]);
    assert!(told.contains("1 enregistrement(s) effacé(s) ici"), "{told}");
    let shown = command(&["--lang", "fr", "hub", "show", &record, "--data"]).arg(&hub.data).output().unwrap();
    let said = String::from_utf8_lossy(&shown.stderr);
    assert!(!shown.status.success() && said.contains(&format!("{record} a été effacé")), "{said}");
    let headings = ["Enregistrement", "Quand", "Confirmé par", "Pas encore"];
    let confirmed = |confirmed: &[&str], outstanding: &[&str]| {
        let told = french(&hub, &["erasures"]);
        let cells = row(&told, &record, &headings);
        for (cell, expected) in cells.iter().skip(2).zip([confirmed, outstanding]) {
            let mut names: Vec<&str> = cell.split(", ").filter(|name| !name.is_empty()).collect();
            names.sort_unstable();
            assert_eq!(names, expected, "{told}");
        }
    };
    confirmed(&["Siège Exemple"], &["Awa Exemple", "Moussa Essai"]);
    moussa.done(&["sync"]);
    confirmed(&["Moussa Essai", "Siège Exemple"], &["Awa Exemple"]);
    awa.done(&["sync"]);
    confirmed(&["Awa Exemple", "Moussa Essai", "Siège Exemple"], &[]);
}

#[test]
fn what_builds_on_work_that_a_hub_has_lost_waits_and_is_shown_to_wait() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut hub = Hub::start(&folder.join("hq"), &[]);
    let [awa, moussa] =
        ["Awa Exemple", "Moussa Essai"].map(|person| Device::new(folder, person, &hub, "SN-KL"));
    for device in [&awa, &moussa] {
        device.done(&["sync"]);
    }
    hub.kill();
    let (data, before) = (hub.data.clone(), folder.join("before"));
    copy_folder(&data, &before);
    hub.restart();
    let record = case(folder, &awa);
    for device in [&awa, &moussa] {
        device.done(&["sync"]);
    }
    // The hub is put back to what it was before the case came; what Moussa corrects in it comes on a stick, alone.
    let corrected = answers(folder, "corrected.json", &json!({"sex": "male"}));
    moussa.done(&["edit", &record, "--answers", corrected.to_str().unwrap()]);
    let out = folder.join("moussa.bundle").display().to_string();
    moussa.done(&["bundle", "export", &out]);
    hub.kill();
    std::fs::remove_dir_all(&data).unwrap();
    copy_folder(&before, &data);
    hub.restart();
    hub.ask(&["bundle", "import", &out]);
    let headings = ["Enregistrement", "Personne", "Bureau", "Sort", "Raison", "Changements", "Depuis"];
    let told = french(&hub, &["held"]);
    let cells = row(&told, &record, &headings);
    assert_eq!(cells.get(1..6).unwrap(), ["Moussa Essai", "Moussa Essai", "attend", "", "1"], "{told}");

    awa.done(&["sync"]);
    awa.done(&["sync"]);
    let told = french(&hub, &["held"]);
    assert!(told.contains("Rien n'est retenu."), "{told}");
}
