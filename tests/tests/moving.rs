//! A volunteer who works for another region for a while, on the command line: the device follows that region's hub, which
//! sees nothing of the first, and comes back to everything.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on must stop the test")]

use std::path::Path;

use teranga_tests::{Device, Hub, answers, profile, replica, saved_record};

fn region(folder: &Path, region: &str, hq: &Hub) -> Hub {
    let code = hq.ask(&["code", "--person", region, "--region", region, "--for-hub"]);
    Hub::start(&folder.join(region), &["--region", region, "--parent", &hq.url(), "--code", &code])
}

fn case(folder: &Path, device: &Device, number: usize) -> String {
    let file = answers(folder, &format!("case-{number}.json"), &profile(number));
    saved_record(&device.done(&["case", "--answers", file.to_str().unwrap()]))
}

fn held(device: &Device) -> Vec<String> {
    let records = replica(&device.data).records().unwrap().into_iter();
    records.map(|row| row.record.to_string()).collect()
}

/// Everything goes up, headquarters makes its backup, and word of it comes down.
fn settled(device: &Device, hub: &Hub, hq: &Hub, backups: &Path) {
    device.done(&["sync"]);
    hub.ask(&["sync"]);
    hq.ask(&["backup", backups.to_str().unwrap()]);
    hub.ask(&["sync"]);
    device.done(&["sync"]);
}

#[test]
fn a_volunteer_follows_another_regions_hub_for_a_while_and_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut hq = Hub::start(&folder.join("hq"), &[]);
    let (kaolack, mut kolda) = (region(folder, "SN-KL", &hq), region(folder, "SN-KD", &hq));
    let awa = Device::new(folder, "Awa Exemple", &kaolack, "SN-KL");
    let of_kaolack = case(folder, &awa, 1);

    let code = kolda.ask(&["code", "--person", "Awa Exemple"]);
    let there = ["enrol", "--hub", &kolda.url(), "--code", &code, "--anew"];
    let refused = awa.field(&there).output().unwrap();
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        !refused.status.success() && told.contains("1 record(s) are not in headquarters' backup"),
        "{told}"
    );
    assert_eq!(held(&awa), [of_kaolack.as_str()], "nothing was lost");

    settled(&awa, &kaolack, &hq, &folder.join("first"));
    let told = awa.done(&there);
    assert!(told.contains("follows SN-KD now") && held(&awa).is_empty(), "{told}");
    let of_kolda = case(folder, &awa, 2);
    settled(&awa, &kolda, &hq, &folder.join("second"));
    assert_eq!(held(&awa), [of_kolda.as_str()]);

    let code = kaolack.ask(&["code", "--person", "Awa Exemple"]);
    awa.done(&["enrol", "--hub", &kaolack.url(), "--code", &code, "--anew"]);
    settled(&awa, &kaolack, &hq, &folder.join("third"));
    assert_eq!(held(&awa), [of_kaolack.as_str()]);
    kolda.ask(&["sync"]);
    hq.kill();
    kolda.kill();
    let home = replica(&hq.data);
    assert_eq!(home.records().unwrap().len(), 2);
    let kolda = replica(&kolda.data);
    let first = of_kaolack.parse().unwrap();
    assert!(kolda.record(first).unwrap().is_none() && kolda.bodies(first).unwrap() == 0);
    assert_eq!(kolda.records().unwrap().len(), 1);
}
