//! A telephone or a hub that was copied, on the command line: both go on, each is told when it meets what the other brought, by a
//! link or in a file, the office sees whose it is, and nothing that either brought is lost.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on must stop the test")]

use std::path::Path;

use teranga_tests::{Device, Hub, answers, copy_folder, profile, replica, saved_record};

const TO_THE_DEVICE: &str = "The office has met another copy of this device";
const TO_THE_HUB: &str = "The parent hub has met another copy of this hub";
const TO_THE_OFFICE: &str = "): this device has begun anew here.";

fn case(folder: &Path, device: &Device, number: usize) -> String {
    let file = answers(folder, &format!("case-{number}.json"), &profile(number));
    saved_record(&device.done(&["case", "--answers", file.to_str().unwrap()]))
}

#[test]
fn a_copied_telephone_is_told_of_to_both_its_user_and_the_office_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut hub = Hub::start(&folder.join("hub"), &["--region", "SN-KL"]);
    let awa = Device::new(folder, "Awa Exemple", &hub, "SN-KL");
    let mut cases = vec![case(folder, &awa, 1)];
    assert!(!awa.done(&["sync"]).contains(TO_THE_DEVICE));

    let copy = awa.copied(&folder.join("copy"));
    cases.extend([case(folder, &awa, 2), case(folder, &copy, 3)]);
    assert!(!awa.done(&["sync"]).contains(TO_THE_DEVICE), "it is the first that comes");
    assert!(!hub.ask(&["status"]).contains(TO_THE_OFFICE));
    let told = copy.done(&["sync"]);
    assert!(told.contains(TO_THE_DEVICE), "{told}");
    let told = hub.ask(&["status"]);
    assert!(told.contains(TO_THE_OFFICE), "{told}");

    cases.push(case(folder, &awa, 4));
    awa.done(&["sync"]);
    copy.done(&["sync"]);
    cases.sort();
    for device in [&awa, &copy] {
        let records = replica(&device.data).records().unwrap().into_iter();
        let mut held: Vec<String> = records.map(|row| row.record.to_string()).collect();
        held.sort();
        assert_eq!(held, cases);
    }
    hub.kill();
    assert_eq!(replica(&hub.data).records().unwrap().len(), 4);
}

#[test]
fn a_copy_whose_file_comes_second_is_told_of_the_other_by_what_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let hub = Hub::start(&folder.join("hub"), &["--region", "SN-KL"]);
    let awa = Device::new(folder, "Awa Exemple", &hub, "SN-KL");
    case(folder, &awa, 1);
    let copy = awa.copied(&folder.join("copy"));
    let cases = [case(folder, &awa, 2), case(folder, &copy, 3)];
    let brought = |device: &Device, name: &str| {
        let [out, back] =
            ["bundle", "return"].map(|kind| folder.join(format!("{name}.{kind}")).display().to_string());
        device.done(&["bundle", "export", &out]);
        hub.ask(&["bundle", "import", &out, "--return", &back]);
        device.done(&["bundle", "import", &back])
    };
    let told = brought(&awa, "awa");
    assert!(!told.contains(TO_THE_DEVICE), "it is the first that comes: {told}");
    let told = brought(&copy, "copy");
    assert!(told.contains(TO_THE_DEVICE), "{told}");
    // What it had brought under the other's numbers it brings once more in its own line.
    let told = brought(&copy, "again");
    assert!(!told.contains(TO_THE_DEVICE), "{told}");
    for case in cases {
        assert!(hub.ask(&["show", &case]).contains(&case));
    }
}

#[test]
fn a_region_that_was_put_back_from_a_copy_is_told_of_the_other_by_what_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let hq = Hub::start(&folder.join("hq"), &[]);
    let code = hq.ask(&["code", "--person", "BAOS Essai", "--region", "SN-KL", "--for-hub"]);
    let more = ["--region", "SN-KL", "--parent", &hq.url(), "--code", &code];
    let mut region = Hub::start(&folder.join("region"), &more);
    let awa = Device::new(folder, "Awa Exemple", &region, "SN-KL");
    region.kill();
    let copy = folder.join("copy");
    copy_folder(&region.data, &copy);
    region.restart();
    case(folder, &awa, 1);
    awa.done(&["sync"]);
    let brought = |region: &Hub, name: &str| {
        let file = |kind: &str| folder.join(format!("{name}.{kind}")).display().to_string();
        let (out, back) = (file("bundle"), file("return"));
        region.ask(&["bundle", "export", &out]);
        hq.ask(&["bundle", "import", &out, "--return", &back]);
        region.ask(&["bundle", "import", &back])
    };
    let told = brought(&region, "region");
    assert!(!told.contains(TO_THE_HUB), "it is the first that comes: {told}");
    region.kill();
    let copy = Hub::start(&copy, &[]);
    let told = brought(&copy, "copy");
    assert!(told.contains(TO_THE_HUB), "{told}");
    let told = brought(&copy, "again");
    assert!(!told.contains(TO_THE_HUB), "{told}");
}
