//! Bad input: one clear message in the user's language, exit status 1 (2 for wrong usage), and nothing lost or half
//! written.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on must stop the test")]

use std::io::{Read as _, Write as _};
use std::process::Output;

use serde_json::json;
use teranga_tests::{Device, Hub, answers, command, held_changes, profile, replica};

fn device(folder: &std::path::Path) -> Device {
    let device = Device { data: folder.join("d"), ledger: folder.join("l") };
    device.done(&["init", "--person", "Awa Exemple", "--region", "SN-KL"]);
    device
}

fn refused(output: &Output, expected: &str) {
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains(expected), "{told}");
    assert!(!told.contains("panicked"), "{told}");
}

#[test]
fn wrong_usage_ends_with_2_and_help_is_in_french_first() {
    assert_eq!(command(&["fly"]).output().unwrap().status.code(), Some(2));
    let mut help = command(&["--help"]);
    let help = help.env("LANG", "C").env("LC_ALL", "").output().unwrap();
    assert!(String::from_utf8_lossy(&help.stdout).contains("hors ligne"));
    let help = command(&["--lang", "en", "--help"]).output().unwrap();
    assert!(String::from_utf8_lossy(&help.stdout).contains("offline first"));
}

#[test]
fn an_answers_file_with_a_wrong_name_type_or_code_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let device = device(folder.path());
    let mut wrong = profile(1);
    wrong["identity"]["given_name"] = json!("Awa");
    wrong["place"]["department"] = json!("SN-KL-99");
    wrong["household"] = json!({ "men": "three" });
    let file = answers(folder.path(), "wrong.json", &wrong);
    let output = device.field(&["case", "--answers", file.to_str().unwrap()]).output().unwrap();
    refused(&output, "nothing was saved");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    for word in ["given_name", "given_names", "department", "men"] {
        assert!(told.contains(word), "{word}: {told}");
    }
    let file = folder.path().join("junk.json");
    std::fs::write(&file, "{ not json").unwrap();
    refused(&device.field(&["case", "--answers", file.to_str().unwrap()]).output().unwrap(), "line 1");
    refused(&device.field(&["fill", "nothing", "--case", "X"]).output().unwrap(), "No record");
    assert!(replica(&device.data).drafts().unwrap().is_empty());
    assert!(held_changes(&replica(&device.data)).is_empty());
}

#[test]
fn a_damaged_or_foreign_database_is_named_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let device = device(folder.path());
    let path = device.data.join(teranga_store::FILE);
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(
        &path,
        b"this is a letter to a friend, and not a database at all ............................",
    )
    .unwrap();
    refused(&device.field(&["list"]).output().unwrap(), "not a replica");
    assert!(std::fs::read(&path).unwrap().starts_with(b"this is a letter"));
    let mut damaged = whole.clone();
    for byte in damaged.iter_mut().skip(4096).take(8192) {
        *byte = 0xAA;
    }
    std::fs::write(&path, &damaged).unwrap();
    refused(&device.field(&["list"]).output().unwrap(), "damaged");
    refused(&device.field(&["init", "--person", "X"]).output().unwrap(), "already");
    std::fs::write(&path, whole).unwrap();
    device.done(&["list"]);
}

#[test]
fn a_second_process_on_one_replica_is_told_so() {
    let folder = tempfile::tempdir().unwrap();
    let device = device(folder.path());
    let held = replica(&device.data);
    refused(&device.field(&["list"]).output().unwrap(), "Another program");
    drop(held);
    device.done(&["list"]);
}

/// A server that answers every request with these bytes.
fn answering(bytes: &'static [u8]) -> std::net::SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            drop(stream.read(&mut [0; 8_192]));
            drop(stream.write_all(bytes));
        }
    });
    address
}

#[test]
fn a_hub_that_is_down_fails_or_speaks_another_version_costs_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut hub = Hub::start(&folder.path().join("hq"), &[]);
    let device = Device::new(folder.path(), "awa", &hub, "SN-KL");
    let file = answers(folder.path(), "case.json", &profile(1));
    device.done(&["case", "--answers", file.to_str().unwrap()]);
    let once = |address: &str| {
        let arguments = ["sync", "--hub", address, "--failures", "2", "--pause-permille", "1"];
        device.field(&arguments).output().unwrap()
    };
    let failing = answering(
        b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 4\r\nconnection: close\r\n\r\noops",
    );
    refused(&once(&format!("http://{failing}")), "status 500");
    let newer = answering(
        b"HTTP/1.1 426 Upgrade Required\r\ncontent-length: 48\r\nconnection: close\r\n\r\n\
        {\"type\":\"\",\"code\":\"upgrade-needed\",\"status\":426}",
    );
    refused(&once(&format!("http://{newer}")), "another version");
    let newer = answering(
        b"HTTP/1.1 426 Upgrade Required\r\ncontent-length: 65\r\nconnection: close\r\n\r\n\
        {\"type\":\"\",\"code\":\"upgrade-needed\",\"status\":426,\"versions\":[8,9]}",
    );
    refused(&once(&format!("http://{newer}")), "another version");
    let portal = answering(
        b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 4\r\nconnection: close\r\n\r\noops",
    );
    refused(&once(&format!("http://{portal}")), "not a hub that answered");
    refused(&once("ftp://nowhere"), "not the address of a hub");
    hub.kill();
    refused(&once(&hub.url()), "does not answer");
    hub.restart();
    assert!(once(&hub.url()).status.success());
    assert!(device.done(&["list"]).contains("safe"));
}

#[test]
fn a_hub_off_loopback_needs_tls_or_a_word_that_it_does_without() {
    let folder = tempfile::tempdir().unwrap();
    let mut hub = command(&["--lang", "en", "hub", "--listen", "0.0.0.0:0", "--data"]);
    refused(&hub.arg(folder.path().join("hq")).output().unwrap(), "--insecure-lan");
}

#[test]
fn a_code_serves_once_and_a_stranger_gets_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let hub = Hub::start(&folder.path().join("hq"), &[]);
    let code = hub.ask(&["code", "--person", "Awa Exemple", "--region", "SN-KL"]);
    let first = device(folder.path());
    first.done(&["enrol", "--hub", &hub.url(), "--code", &code.to_lowercase()]);
    let second = Device { data: folder.path().join("d2"), ledger: folder.path().join("l2") };
    second.done(&["init", "--person", "Moussa Essai"]);
    let enrol = ["enrol", "--hub", &hub.url(), "--code", &code];
    refused(&second.field(&enrol).output().unwrap(), "not valid");
    refused(&second.field(&["sync"]).output().unwrap(), "not enrolled");
    let pull = command(&["--lang", "en", "pull", "--hub", &hub.url(), "--token", "guess", "--out"])
        .arg(folder.path().join("out"))
        .output()
        .unwrap();
    refused(&pull, "does not know");
}
