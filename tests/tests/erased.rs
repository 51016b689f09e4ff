//! What comes late to something that was erased: over a link it is answered 410 and the rest of the session goes on; a device that
//! was taken out of service hears in a file what it is to destroy.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on must stop the test")]

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};

use serde_json::{Value as Json, json};
use teranga_tests::relay::relay;
use teranga_tests::{Device, Hub, answers, command, profile, replica, saved_record};

/// A link to a hub, and the statuses of the answers that came over it.
fn overheard(hub: SocketAddr) -> (String, Arc<Mutex<Vec<String>>>) {
    let statuses = Arc::default();
    let noted = Arc::clone(&statuses);
    (relay(hub, move |above, below| pass_on(above, below, &noted)), statuses)
}

/// An answer begins with its status; whoever asked asks again only once they have it.
fn pass_on(mut above: TcpStream, mut below: TcpStream, statuses: &Mutex<Vec<String>>) {
    let mut buffer = [0; 4096];
    while let Ok(count @ 1..) = above.read(&mut buffer) {
        let bytes = buffer.get(..count).unwrap_or_default();
        if let Some(status) = bytes.strip_prefix(b"HTTP/1.1 ") {
            let digits = status.get(..3).unwrap_or(status);
            statuses.lock().unwrap().push(String::from_utf8_lossy(digits).into_owned());
        }
        if below.write_all(bytes).is_err() {
            return;
        }
    }
}

/// A hub, and a device with a case that both hold.
fn with_a_case(folder: &Path) -> (Hub, Device, String) {
    let hub = Hub::start(&folder.join("hq"), &[]);
    let awa = Device::new(folder, "awa", &hub, "SN-KL");
    let record = case(folder, &awa, 1);
    awa.done(&["sync"]);
    (hub, awa, record)
}

fn case(folder: &Path, device: &Device, number: usize) -> String {
    let file = answers(folder, &format!("case{number}.json"), &profile(number));
    saved_record(&device.done(&["case", "--answers", file.to_str().unwrap()]))
}

/// One more answer about a case.
fn note(folder: &Path, device: &Device, record: &str) {
    let mut more = profile(1);
    more.as_object_mut().unwrap().insert("nickname".into(), json!("Tardif Exemple"));
    let file = answers(folder, "late.json", &more);
    device.done(&["edit", record, "--answers", file.to_str().unwrap()]);
}

#[test]
fn a_late_push_of_something_erased_is_answered_410_and_everything_else_arrives() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (hub, awa, erased) = with_a_case(folder);
    hub.ask(&["erase", &erased, "--for-good"]);
    note(folder, &awa, &erased);
    let other = case(folder, &awa, 2);
    let (link, statuses) = overheard(hub.address);
    let told = awa.done(&["sync", "--hub", &link]);
    assert!(told.contains("not received yet: 0"), "{told}");
    let statuses = statuses.lock().unwrap();
    assert_eq!(statuses.iter().filter(|status| *status == "410").count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| ["200", "410"].contains(&status.as_str())), "{statuses:?}");
    let list = awa.done(&["list"]);
    assert!(!list.contains(&erased) && list.contains(&other), "{list}");
    let held = hub.ask(&["show", &other]);
    assert!(held.contains(&other), "{held}");
    let erasures: Json = serde_json::from_str(&hub.ask(&["erasures", "--json"])).unwrap();
    let outstanding = erasures.pointer("/0/outstanding").and_then(Json::as_array);
    assert!(outstanding.is_some_and(Vec::is_empty), "{erasures}");
}

#[test]
fn a_revoked_device_hears_in_a_file_what_it_is_to_destroy_and_its_office_that_it_is_revoked() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (hub, awa, erased) = with_a_case(folder);
    let told = hub.ask(&["revoke", "awa"]);
    assert!(told.contains(&replica(&awa.data).id().to_string()), "{told}");
    hub.ask(&["erase", &erased, "--for-good"]);
    let at = |name: &str| folder.join(name).display().to_string();
    let (out, back) = (at("awa.bundle"), at("awa.return"));
    awa.done(&["bundle", "export", &out]);
    let import = ["--lang", "fr", "hub", "bundle", "import", &out, "--return", &back, "--data"];
    let output = command(&import).arg(&hub.data).output().unwrap();
    assert!(!output.status.success(), "a device that is taken for one in service");
    let (told, refused) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(told.contains("est retiré du service") && told.contains("de le détruire"), "{told}");
    assert!(told.contains(&back) && !told.contains("paquet(s) nouveau(x)"), "{told}");
    assert!(refused.contains("teranga hub readmit"), "{refused}");
    let output =
        command(&import).args([hub.data.to_str().unwrap(), "--overwrite", "--json"]).output().unwrap();
    let told: Json = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["revoked"], json!(true));
    awa.done(&["bundle", "import", &back]);
    assert!(!awa.done(&["list"]).contains(&erased));
}
