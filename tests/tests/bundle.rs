//! Work that reaches the hub without a link: on a stick, and by a colleague's phone, as people do it on the command line.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on must stop the test")]

use std::path::Path;

use serde_json::{Value as Json, json};
use teranga_client::invent::Seeded;
use teranga_tests::{Device, Hub, answers, differing_parts, held_changes, profile, replica};

fn case(device: &Device, folder: &Path, number: usize) {
    let file = answers(folder, &format!("case{number}.json"), &profile(number));
    device.done(&["case", "--answers", file.to_str().unwrap()]);
}

/// What a command says when it does not do what was asked.
fn refused(device: &Device, arguments: &[&str]) -> String {
    let output = device.field(arguments).output().unwrap();
    assert!(!output.status.success(), "{arguments:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn a_case_reaches_a_running_hub_on_a_stick_and_its_tick_comes_back_the_same_way() {
    let folder = tempfile::tempdir().unwrap();
    let mut hub = Hub::start(&folder.path().join("hq"), &[]);
    let awa = Device::new(folder.path(), "awa", &hub, "SN-KL");
    let at = |name: &str| folder.path().join(name).display().to_string();
    let (out, back) = (at("awa.bundle"), at("awa.return"));
    case(&awa, folder.path(), 1);
    let told = awa.done(&["bundle", "export", &out]);
    assert!(told.contains("1 pack(s)"), "{told}");
    assert!(refused(&awa, &["bundle", "export", &out]).contains("--overwrite"));
    awa.done(&["bundle", "export", &out, "--overwrite"]);
    let told = hub.ask(&["bundle", "import", &out, "--return", &back]);
    assert!(told.contains("1 pack(s) new, 0 held already"), "{told}");
    let told = hub.ask(&["bundle", "import", &out, "--json"]);
    let counts: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!((&counts["logged"], &counts["known"]), (&0.into(), &1.into()));
    assert!(awa.done(&["list"]).contains("on this device"));
    let told = awa.done(&["bundle", "import", &back]);
    assert!(told.contains("The hub holds more") && told.contains("safe"), "{told}");
    assert!(told.contains("not received yet: 0"), "{told}");
    assert!(refused(&awa, &["bundle", "import", &out]).contains("own bundle"));
    // A stick that was pulled out: what stands in the file up to there is taken, and the rest is said to be missing.
    case(&awa, folder.path(), 2);
    let cut = at("cut.bundle");
    awa.done(&["bundle", "export", &cut]);
    let whole = std::fs::read(&cut).unwrap();
    std::fs::write(&cut, whole.get(..whole.len() - 1).unwrap()).unwrap();
    hub.kill();
    let output = teranga_tests::command(&["--lang", "en", "hub", "bundle", "import", &cut, "--data"])
        .arg(&hub.data)
        .output()
        .unwrap();
    assert!(!output.status.success());
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("damaged on its way") && told.contains("still has everything"), "{told}");
    // A hub that does not run takes files too.
    std::fs::write(&cut, whole).unwrap();
    assert!(hub.ask(&["bundle", "import", &cut]).contains("1 pack(s) new"));
    assert_eq!(differing_parts(&replica(&awa.data), &replica(&hub.data)), 0);
}

#[test]
fn a_colleague_who_syncs_carries_a_bundle_to_the_hub_and_brings_what_it_gives_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut hub = Hub::start(&folder.path().join("hq"), &[]);
    let awa = Device::new(folder.path(), "awa", &hub, "SN-KL");
    let moussa = Device::new(folder.path(), "moussa", &hub, "SN-KL");
    for device in [&awa, &moussa] {
        assert!(device.sync(&hub.url()).status.success());
    }
    let at = |name: &str| folder.path().join(name).display().to_string();
    let (out, back) = (at("awa.bundle"), at("awa.return"));
    case(&awa, folder.path(), 1);
    awa.done(&["bundle", "export", &out]);
    assert!(moussa.done(&["bundle", "import", &out]).contains("taken along"));
    assert!(moussa.done(&["status"]).contains("carried for colleagues"));
    assert!(refused(&moussa, &["bundle", "export", &back, "--return-of", "awa"]).contains("Sync first"));
    let told = moussa.done(&["sync", "--pause-permille", "2"]);
    assert!(
        told.contains("1 message(s) handed over, 0 not wanted") && told.contains("--return-of"),
        "{told}"
    );
    moussa.done(&["bundle", "export", &back, "--return-of", "awa"]);
    let told = awa.done(&["bundle", "import", &back]);
    assert!(told.contains("safe") && told.contains("not received yet: 0"), "{told}");
    assert!(refused(&moussa, &["bundle", "import", &back]).contains("but for awa"));
    // Everything is held by both tiers, and what was shown as safe is.
    assert!(moussa.sync(&hub.url()).status.success());
    hub.kill();
    let above = replica(&hub.data);
    for device in [&awa, &moussa] {
        assert_eq!(differing_parts(&replica(&device.data), &above), 0);
        let held = held_changes(&above);
        assert!(device.saved().is_subset(&held) && device.shown_safe().is_subset(&held));
    }
}

#[test]
fn of_a_revoked_device_every_message_of_a_file_is_held_aside() {
    let folder = tempfile::tempdir().unwrap();
    let hub = Hub::start(&folder.path().join("hq"), &[]);
    let awa = Device::new(folder.path(), "awa", &hub, "SN-KL");
    let out = folder.path().join("awa.bundle").display().to_string();
    // More than one message of a file takes.
    let mut seed = Seeded(1);
    for number in 0..14 {
        let text: Vec<String> = (0..3_000).map(|_| format!("{:016x}", seed.next_number())).collect();
        let mut profile = profile(number);
        profile.as_object_mut().unwrap().insert("skills".into(), json!({ "work_before": text.concat() }));
        let file = answers(folder.path(), "long.json", &profile);
        awa.done(&["case", "--answers", file.to_str().unwrap()]);
    }
    awa.done(&["bundle", "export", &out]);
    let status: Json = serde_json::from_str(&hub.ask(&["status", "--json"])).unwrap();
    let id = status.pointer("/children/0/replica").and_then(Json::as_str).unwrap();
    hub.ask(&["revoke", id]);
    let import = ["--lang", "en", "hub", "bundle", "import", &out, "--data"];
    let output = teranga_tests::command(&import).arg(&hub.data).output().unwrap();
    assert!(!output.status.success());
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(
        told.contains("of a device that was taken out of service") && told.contains("hub held"),
        "{told}"
    );
    let status: Json = serde_json::from_str(&hub.ask(&["status", "--json"])).unwrap();
    let saved = replica(&awa.data).log_counts().unwrap().applied;
    assert_eq!(status.pointer("/changes/quarantined").and_then(Json::as_u64), Some(saved));
}
