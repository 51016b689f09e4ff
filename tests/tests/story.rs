//! The main job as a user does it, on the command line.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on must stop the test")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, ErrorKind, Read as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use serde_json::{Value as Json, json};
use teranga_tests::{Device, Hub, answers, command, copy_folder, profile, saved_record, typed};

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
fn the_count_is_the_last_line_and_the_hubs_end_with_the_demonstration_however_it_ends() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["--lang", "en", "demo", "--json", "--cases", "2", "--volunteers", "2", "--dir"];
    let mut demo = command(&arguments).arg(folder.path()).stdout(Stdio::piped()).spawn().unwrap();
    let mut hubs = Vec::new();
    for line in BufReader::new(demo.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        if line.starts_with('{') {
            break;
        }
        let mut urls = line.split_whitespace().filter_map(|word| word.strip_prefix("http://"));
        hubs.extend(urls.find_map(|address| address.parse::<SocketAddr>().ok()));
    }
    assert_eq!(hubs.len(), 3);
    let connections: Vec<TcpStream> = hubs.iter().map(|hub| TcpStream::connect(hub).unwrap()).collect();
    demo.kill().unwrap();
    demo.wait().unwrap();
    for mut connection in connections {
        // It ends with the process at its other end, or the test stops here.
        connection.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
        let ended = match connection.read(&mut [0; 1]) {
            Ok(count) => count == 0,
            Err(error) => error.kind() == ErrorKind::ConnectionReset,
        };
        assert!(ended, "a hub outlived the demonstration");
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

/// Headquarters, a device enrolled there, and a folder that is pulled into.
struct Office {
    folder: tempfile::TempDir,
    hub: Hub,
    device: Device,
    out: PathBuf,
}

impl Office {
    fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let hub = Hub::start(&folder.path().join("hq"), &[]);
        let device = Device::new(folder.path(), "awa", &hub, "SN-KL");
        let out = folder.path().join("out");
        Self { folder, hub, device, out }
    }

    fn case(&self, number: usize) -> String {
        let file = answers(self.folder.path(), &format!("case{number}.json"), &profile(number));
        saved_record(&self.device.done(&["case", "--answers", file.to_str().unwrap()]))
    }

    fn survey(&self, case: &str) -> String {
        let file = answers(self.folder.path(), "rss.json", &survey());
        let arguments = ["fill", "rss", "--case", case, "--answers", file.to_str().unwrap()];
        saved_record(&self.device.done(&arguments))
    }

    fn token(&self, classes: &str) -> String {
        self.hub.ask(&["token", "--name", "analyst", "--classes", classes])
    }

    /// A pull that is expected to succeed; returns what it prints.
    fn pull(&self, token: &str) -> String {
        let output = pull(&self.hub, token, &self.out);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// A pull that is expected to be refused, with nothing touched; returns what it says.
    fn refused(&self, hub: &Hub, token: &str) -> String {
        let before = files(&self.out);
        let output = pull(hub, token, &self.out);
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(files(&self.out), before);
        String::from_utf8(output.stderr).unwrap()
    }
}

fn pull(hub: &Hub, token: &str, out: &Path) -> Output {
    let arguments = ["--lang", "en", "pull", "--hub", &hub.url(), "--token", token, "--out"];
    command(&arguments).arg(out).output().unwrap()
}

/// Every file of a folder, with its text.
fn files(folder: &Path) -> BTreeMap<String, String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    entries
        .map(|path| {
            (path.file_name().unwrap().to_str().unwrap().to_owned(), std::fs::read_to_string(path).unwrap())
        })
        .collect()
}

#[test]
fn a_voided_case_leaves_every_file_and_every_form_keeps_its_file() {
    let office = Office::open();
    let (kept, voided) = (office.case(1), office.case(2));
    office.survey(&kept);
    office.survey(&voided);
    office.device.done(&["sync"]);
    let token = office.token("open,survey");
    office.pull(&token);
    assert_eq!(files(&office.out)["rss.csv"].matches(&voided).count(), 1);
    office.device.done(&["void", &voided, "--reason", "essai"]);
    office.device.done(&["sync"]);
    office.pull(&token);
    let pulled = files(&office.out);
    let csv = pulled.iter().filter(|(name, _)| !name.starts_with('.'));
    assert!(csv.clone().all(|(_, text)| !text.contains(&voided)), "{pulled:?}");
    assert_eq!(pulled["scores.csv"].lines().count(), 2);
    office.device.done(&["void", &kept, "--reason", "essai"]);
    office.device.done(&["sync"]);
    let told = office.pull(&token);
    assert!(told.contains("No score yet"), "{told}");
    let fresh = office.folder.path().join("fresh");
    assert!(pull(&office.hub, &token, &fresh).status.success());
    let (after, fresh) = (files(&office.out), files(&fresh));
    for name in ["profile.csv", "consent.csv", "rss.csv", "scores.csv", "alerts.csv"] {
        assert_eq!(after[name], fresh[name]);
        assert_eq!(after[name].lines().count(), 1, "{name}");
    }
    assert!(after.keys().eq(fresh.keys()), "{after:?}");
}

#[test]
fn a_folder_belongs_to_one_hub_and_to_what_its_first_token_may_read() {
    let office = Office::open();
    office.survey(&office.case(1));
    office.device.done(&["sync"]);
    office.pull(&office.token("survey,open"));
    let other = Hub::start(&office.folder.path().join("other"), &[]);
    let token = other.ask(&["token", "--name", "analyst"]);
    let told = office.refused(&other, &token);
    assert!(told.contains("another hub") && told.contains("another folder"), "{told}");
    let told = office.refused(&office.hub, &office.token("open"));
    assert!(told.contains("open, survey") && told.contains("another folder"), "{told}");
    let told = office.refused(&office.hub, &office.token("survey"));
    assert!(told.contains("\"open\""), "{told}");
    office.pull(&office.token("open,survey"));
}

#[test]
fn a_token_without_the_answers_gets_what_is_released_to_it() {
    let office = Office::open();
    let case = office.case(1);
    let survey = office.survey(&case);
    office.device.done(&["sync"]);
    let token = office.token("open");
    let told = office.pull(&token);
    assert!(told.contains("Alerts by region"), "{told}");
    let pulled = files(&office.out);
    let score = pulled["scores.csv"].lines().last().unwrap();
    assert!(score.contains(",25-34,0,rss-equal@1,provisional,0,"), "{score}");
    assert!(!pulled["rss.csv"].contains("fair") && pulled["rss.csv"].contains(".hidden"));
    let columns = ["rss-alert", "rss-referral-needed"]
        .map(|name| format!("_release/{name},_release/{name}/stale"))
        .join(",");
    let lines: Vec<&str> = pulled["rss.csv"].lines().collect();
    assert!(lines[0].ends_with(&columns) && lines[1].ends_with(",moderate,0,1,0"), "{lines:?}");
    let alerts: Vec<&str> = pulled["alerts.csv"].lines().skip(1).collect();
    assert!(alerts.len() == 1 && alerts[0].starts_with(&format!("{survey},{case},rss,")), "{alerts:?}");
    assert!(alerts[0].ends_with(",,moderate,0"), "how grave, and not which: {alerts:?}");

    // What a version that told less has pulled: nothing on the hub has changed, and yet everything comes again.
    let state = office.out.join(".teranga-pull.json");
    let mut held: Json = serde_json::from_str(&pulled[".teranga-pull.json"]).unwrap();
    held["source"].as_object_mut().unwrap().remove("tells");
    for record in held["records"].as_object_mut().unwrap().values_mut() {
        record.as_object_mut().unwrap().retain(|member, _| member != "releases" && member != "alerts");
    }
    std::fs::write(&state, held.to_string()).unwrap();
    let told = office.pull(&token);
    assert!(told.starts_with("2 record(s) received, 2 in all") && told.contains("another version"), "{told}");
    assert_eq!(files(&office.out), pulled);
    let told = office.pull(&token);
    assert!(
        told.starts_with("0 record(s) received, 2 in all") && !told.contains("another version"),
        "{told}"
    );
}

#[test]
fn two_interviews_of_one_case_and_wave_are_shown_and_counted_once() {
    let office = Office::open();
    let case = office.case(1);
    let (first, last) = (office.survey(&case), office.survey(&case));
    office.device.done(&["sync"]);
    let token = office.token("open,survey");
    let told = office.pull(&token);
    assert!(told.contains("1 interview(s) of one case in one wave left out"), "{told}");
    let scores = files(&office.out).remove("scores.csv").unwrap();
    let row = |record: &str| scores.lines().find(|line| line.starts_with(record)).unwrap().to_owned();
    assert!(row(&first).contains(",0,2,0,") && row(&last).contains(",0,2,1,"), "{scores}");
    office.device.done(&["void", &first, "--reason", "double"]);
    office.device.done(&["sync"]);
    let told = office.pull(&token);
    assert!(!told.contains("left out"), "{told}");
}

#[test]
fn what_a_restored_hub_has_lost_leaves_the_folder() {
    let mut office = Office::open();
    let kept = office.case(1);
    office.device.done(&["sync"]);
    let token = office.token("open,survey");
    office.hub.kill();
    let (data, backup) = (office.hub.data.clone(), office.folder.path().join("backup"));
    copy_folder(&data, &backup);
    office.hub.restart();
    let lost = office.case(2);
    office.device.done(&["sync"]);
    assert!(office.pull(&token).starts_with("2 record(s) received, 2 in all"));
    office.hub.kill();
    std::fs::remove_dir_all(&data).unwrap();
    copy_folder(&backup, &data);
    office.hub.restart();
    assert!(office.pull(&token).starts_with("1 record(s) received, 1 in all"));
    let profiles = files(&office.out).remove("profile.csv").unwrap();
    assert!(profiles.contains(&kept) && !profiles.contains(&lost), "{profiles}");
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
