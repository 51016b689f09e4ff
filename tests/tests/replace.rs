//! A regional hub that is gone with its folder, on the command line: another takes its place, and its devices only sync.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on must stop the test")]

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};

use serde_json::Value as Json;
use teranga_tests::relay::relay;
use teranga_tests::{Device, Hub, answers, profile, replica, saved_record};

/// A device with a case, which its hub holds.
fn at_work(folder: &Path, person: &str, number: usize, hub: &Hub) -> Device {
    let device = Device::new(folder, person, hub, "SN-KL");
    case(folder, &device, number);
    device.done(&["sync"]);
    device
}

fn case(folder: &Path, device: &Device, number: usize) -> String {
    let file = answers(folder, &format!("case-{number}.json"), &profile(number));
    saved_record(&device.done(&["case", "--answers", file.to_str().unwrap()]))
}

/// Headquarters and a region, in which Awa and Moussa have a case each that headquarters knows.
fn two_at_work(folder: &Path) -> (Hub, Hub, [Device; 2]) {
    let hq = Hub::start(&folder.join("hq"), &[]);
    let code = hq.ask(&["code", "--person", "BAOS Kaolack", "--region", "SN-KL", "--for-hub"]);
    let hub = region(&folder.join("kaolack"), "127.0.0.1:0", &hq, &code);
    let devices = [at_work(folder, "Awa Exemple", 1, &hub), at_work(folder, "Moussa Essai", 2, &hub)];
    hub.ask(&["sync"]);
    (hq, hub, devices)
}

/// The office burns with its hub, and another one takes its place at the same address.
fn burns(folder: &Path, hq: &Hub, old: Hub) -> Hub {
    let address = old.address.to_string();
    burns_and_moves(folder, hq, old, &address)
}

/// The same, where the other one is at an address of its own.
fn burns_and_moves(folder: &Path, hq: &Hub, mut old: Hub, address: &str) -> Hub {
    old.kill();
    std::fs::remove_dir_all(&old.data).unwrap();
    let code = hq.ask(&["code", "--replaces", "BAOS Kaolack"]);
    let new = region(&folder.join("kaolack-2"), address, hq, &code);
    new.ask(&["sync"]);
    new
}

fn region(data: &Path, listen: &str, hq: &Hub, code: &str) -> Hub {
    Hub::start_at(data, listen, &["--region", "SN-KL", "--parent", &hq.url(), "--code", code])
}

#[test]
fn a_region_that_is_gone_is_replaced_and_its_devices_only_sync() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (mut hq, old, [awa, moussa]) = two_at_work(folder);
    // One of them the hub took with it, another was never sent.
    let lost = case(folder, &awa, 3);
    awa.done(&["sync"]);
    let later = case(folder, &moussa, 4);
    let new = burns(folder, &hq, old);
    let status: Json = serde_json::from_str(&new.ask(&["status", "--json"])).unwrap();
    assert_eq!(status["office"], "BAOS Kaolack");
    let children = status["children"].as_array().unwrap();
    assert!(children.len() == 2 && children.iter().all(|child| child["taken_over"] == true), "{status}");
    assert!(new.ask(&["status"]).contains("taken over"));
    for device in [&awa, &moussa] {
        let told = device.done(&["sync"]);
        assert!(told.contains("given the place") && !told.contains("another copy"), "{told}");
        assert!(!device.done(&["sync"]).contains("given the place"));
    }
    new.ask(&["sync"]);
    assert!(awa.done(&["sync"]).contains("safe"));
    hq.kill();
    let home = replica(&hq.data);
    for record in [lost, later] {
        assert!(home.record(record.parse().unwrap()).unwrap().is_some(), "{record} is lost");
    }
    assert_eq!(home.records().unwrap().len(), 4);
}

#[test]
fn who_has_met_the_new_hub_at_its_address_finds_it_there_again() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (hq, old, [awa, _]) = two_at_work(folder);
    let new = burns_and_moves(folder, &hq, old, "127.0.0.1:0");
    let alone = awa.field(&["sync", "--failures", "1", "--pause-permille", "0"]).output().unwrap();
    assert!(!alone.status.success(), "nobody is at the old address");
    assert!(awa.done(&["sync", "--hub", &new.url()]).contains("given the place"));
    let later = case(folder, &awa, 3);
    awa.done(&["sync"]);
    assert!(new.ask(&["show", &later]).contains(&later));
}

/// What a link does that breaks once, right after a device was told who has the place of its hub.
#[derive(Clone, Copy, PartialEq)]
enum Link {
    /// Until then everything goes through.
    Whole,
    /// The next answer does not.
    Breaks,
    /// All later ones do.
    Mended,
}

fn pass_on(mut above: TcpStream, mut below: TcpStream, link: &Mutex<Link>) {
    let mut buffer = [0; 4096];
    while let Ok(count @ 1..) = above.read(&mut buffer) {
        let bytes = buffer.get(..count).unwrap_or_default();
        let mut link = link.lock().unwrap();
        // An answer begins with its status; its body may come after it.
        if *link == Link::Breaks && bytes.starts_with(b"HTTP/1.1") {
            *link = Link::Mended;
            below.shutdown(Shutdown::Both).unwrap();
            return;
        }
        if bytes.starts_with(b"HTTP/1.1 409") {
            *link = Link::Breaks;
        }
        if below.write_all(bytes).is_err() {
            return;
        }
    }
}

#[test]
fn who_has_met_the_new_hub_finds_it_there_again_where_the_session_broke() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (hq, old, [awa, _]) = two_at_work(folder);
    let new = burns_and_moves(folder, &hq, old, "127.0.0.1:0");
    let link = Arc::new(Mutex::new(Link::Whole));
    let state = Arc::clone(&link);
    let url = relay(new.address, move |above, below| pass_on(above, below, &state));
    let broken = ["sync", "--hub", &url, "--failures", "1", "--pause-permille", "0"];
    assert!(!awa.field(&broken).output().unwrap().status.success(), "its link broke");
    assert!(*link.lock().unwrap() == Link::Mended, "it broke where it was to");
    let later = case(folder, &awa, 3);
    awa.done(&["sync"]);
    assert!(new.ask(&["show", &later]).contains(&later));
}

/// What was erased leaves a gap in what its author offers to another hub, which is then cut anew: that is no copy of the device.
#[test]
fn whose_case_was_erased_before_their_hub_was_gone_is_not_told_of_a_copy() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let hq = Hub::start(&folder.join("hq"), &[]);
    let code = hq.ask(&["code", "--person", "BAOS Kaolack", "--region", "SN-KL", "--for-hub"]);
    let old = region(&folder.join("kaolack"), "127.0.0.1:0", &hq, &code);
    let awa = Device::new(folder, "Awa Exemple", &old, "SN-KL");
    let erased = case(folder, &awa, 1);
    awa.done(&["sync"]);
    old.ask(&["sync"]);
    hq.ask(&["erase", &erased, "--for-good"]);
    old.ask(&["sync"]);
    let kept = case(folder, &awa, 2);
    awa.done(&["sync"]);
    old.ask(&["sync"]);
    let new = burns(folder, &hq, old);
    let late = case(folder, &awa, 3);
    let told = awa.done(&["sync"]);
    assert!(told.contains("given the place") && !told.contains("another copy"), "{told}");
    for record in [kept, late] {
        assert!(new.ask(&["show", &record]).contains(&record));
    }
}

/// Awa's phone is stolen the night in which the office burns: what she had sent that day is on Moussa's phone alone.
#[test]
fn what_only_a_colleagues_phone_holds_comes_back_under_its_authors_name() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (mut hq, old, [awa, moussa]) = two_at_work(folder);
    let last = case(folder, &awa, 3);
    for device in [&awa, &moussa] {
        device.done(&["sync"]);
    }
    drop(awa);
    let new = burns(folder, &hq, old);
    moussa.done(&["sync"]);
    new.ask(&["sync"]);
    assert!(moussa.done(&["sync"]).contains("safe"));
    let status: Json = serde_json::from_str(&new.ask(&["status", "--json"])).unwrap();
    assert!(status["changes"]["witnessed"].as_u64().unwrap() > 0, "{status}");
    assert!(new.ask(&["status"]).contains("a colleague brought"));
    hq.kill();
    let home = replica(&hq.data);
    let part = home.parts(last.parse().unwrap()).unwrap().into_iter().next().unwrap();
    let authors: Vec<String> = home.people().unwrap().into_iter().map(|person| person.person).collect();
    assert!(!part.values.is_empty() && authors.iter().any(|person| person == "Awa Exemple"), "{authors:?}");
}
