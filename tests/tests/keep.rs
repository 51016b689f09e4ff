//! Keeping a hub on the command line: a backup while it runs, what the backup holds, and a wrapping key that was lost.

use std::path::Path;
use std::process::Output;

use serde_json::Value as Json;
use teranga_tests::{Device, Hub, answers, command, profile, saved_record, typed};

fn recover(data: &Path, share: &str) -> Output {
    let mut recover = command(&["--lang", "en", "hub", "recover", "--data"]);
    recover.arg(data);
    typed(recover, &[share])
}

#[test]
fn a_hub_is_put_back_from_its_backup_and_a_printed_share() {
    let folder = tempfile::tempdir().unwrap();
    let mut hub = Hub::start(&folder.path().join("hq"), &[]);
    let awa = Device::new(folder.path(), "awa", &hub, "SN-KL");
    let file = answers(folder.path(), "case.json", &profile(1));
    let made = awa.done(&["case", "--answers", file.to_str().unwrap()]);
    let record = saved_record(&made);
    awa.sync(&hub.url());
    assert!(hub.ask(&["status"]).contains("No recovery share"));
    let share = hub.ask(&["share"]);
    assert!(!hub.ask(&["status"]).contains("No recovery share"));
    let last = |hub: &Hub| -> Json {
        let status: Json = serde_json::from_str(&hub.ask(&["status", "--json"])).unwrap();
        status["backed_up"].clone()
    };
    assert!(hub.ask(&["status"]).contains("has never been backed up") && last(&hub).is_null());
    let backups = folder.path().join("backups");
    let told = hub.ask(&["backup", backups.to_str().unwrap()]);
    assert!(told.contains("Backup written") && told.contains("wrapping.key is not"), "{told}");
    assert!(hub.ask(&["status"]).contains("Last verified backup: 2") && last(&hub).is_string());
    assert!(!hub.ask(&["status"]).contains("does not open the last backup"));
    // A share that is printed now opens no backup that is there.
    hub.ask(&["share"]);
    assert!(hub.ask(&["status"]).contains("does not open the last backup"));

    // The machine is gone. What is left is the folder of backups, and a paper.
    hub.kill();
    let data = folder.path().join("another");
    std::fs::create_dir(&data).unwrap();
    let names: Vec<String> = std::fs::read_dir(&backups)
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    let database = names.iter().find(|name| name.starts_with("replica-")).unwrap();
    assert_eq!(names.len(), 2, "{names:?}");
    std::fs::copy(backups.join(database), data.join("replica.sqlite")).unwrap();
    std::fs::copy(backups.join("keys.sqlite"), data.join("keys.sqlite")).unwrap();
    let show = || {
        let mut show = command(&["--lang", "en", "hub", "show", &record, "--data"]);
        show.arg(&data).output().unwrap()
    };
    let refused = String::from_utf8(show().stderr).unwrap();
    assert!(refused.contains("wrapping.key") && refused.contains("hub recover"), "{refused}");
    let misread = share.trim().replacen(|sign: char| sign != '-', "7", 3).replacen('7', "8", 1);
    let refused = String::from_utf8(recover(&data, &misread).stderr).unwrap();
    assert!(refused.contains("mistake"), "{refused}");
    let told = recover(&data, &share.to_lowercase());
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    assert!(!String::from_utf8_lossy(&told.stdout).contains(share.trim()));
    let shown = show();
    assert!(shown.status.success(), "{}", String::from_utf8_lossy(&shown.stderr));
    assert!(String::from_utf8(shown.stdout).unwrap().contains("Awa"));
}
