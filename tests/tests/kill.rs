//! Killed at any moment: the client during saves and during sync, the hub during ingest and during relay. Nothing that
//! was reported as saved is lost, every replica opens again, and all end with equal heads and views.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on must stop the test")]

use std::process::{Command, Stdio};

use teranga_client::invent::Seeded;
use teranga_hub::bad_link::{BadLink, Cuts, Weather};
use teranga_tests::{Device, Hub, answers, changes, command, differing_parts, kill_within, profile, replica};

struct Site {
    folder: tempfile::TempDir,
    home: Hub,
    region: Hub,
    awa: Device,
}

fn site() -> Site {
    let folder = tempfile::tempdir().unwrap();
    let home = Hub::start(&folder.path().join("hq"), &[]);
    let code = home.ask(&["code", "--person", "BAOS Kaolack", "--region", "SN-KL", "--for-hub"]);
    let joined = ["--region", "SN-KL", "--parent", &home.url(), "--code", &code];
    let region = Hub::start(&folder.path().join("kl"), &joined);
    let awa = Device::new(folder.path(), "awa", &region, "SN-KL");
    Site { folder, home, region, awa }
}

impl Site {
    fn case(&self, number: usize) -> Command {
        let file = answers(self.folder.path(), &format!("{number}.json"), &profile(number));
        let mut command = self.awa.field(&["case", "--answers"]);
        command.arg(file).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    /// A case with 8 KB of text that compress by half only.
    fn long_case(&self, number: usize) -> Command {
        let mut seed = Seeded(number as u64);
        let text: Vec<String> = (0..500).map(|_| format!("{:016x}", seed.next_number())).collect();
        let mut profile = profile(number);
        let skills = serde_json::json!({ "work_before": text.concat() });
        profile.as_object_mut().unwrap().insert("skills".into(), skills);
        let file = answers(self.folder.path(), &format!("{number}.json"), &profile);
        let mut command = self.awa.field(&["case", "--answers"]);
        command.arg(file).stdout(Stdio::null());
        command
    }

    fn sync(&self) {
        let output = self.awa.sync(&self.region.url());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// Everything up and down, and then the promise: what the ledger calls saved is at home, and all show the same.
    fn settle_and_check(mut self) {
        self.settle();
        assert_eq!(self.faults(), Vec::<String>::new());
    }

    fn settle(&mut self) {
        self.sync();
        self.region.ask(&["sync"]);
        self.sync();
        self.awa.done(&["status"]);
        self.region.kill();
        self.home.kill();
    }

    /// Every way in which the promise does not hold.
    fn faults(&self) -> Vec<String> {
        let (home, region, awa) =
            (replica(&self.home.data), replica(&self.region.data), replica(&self.awa.data));
        let held = changes(&home);
        let mut faults = Vec::new();
        for (what, promised) in [("saved", self.awa.saved()), ("safe", self.awa.shown_safe())] {
            if promised.is_empty() {
                faults.push(format!("nothing was {what}"));
            }
            let missing = promised.difference(&held).count();
            if missing > 0 {
                faults.push(format!("{missing} changes that were {what} are not at home"));
            }
        }
        for (name, below, above) in [
            ("device and region", &awa, &region),
            ("region and home", &region, &home),
            ("home and device", &home, &awa),
        ] {
            let differing = differing_parts(below, above);
            if differing > 0 {
                faults.push(format!("{name} show {differing} parts differently"));
            }
        }
        faults
    }
}

/// How many moments a test kills at: its own number, or what `TERANGA_MOMENTS` says.
fn moments(own: usize) -> usize {
    std::env::var("TERANGA_MOMENTS").ok().and_then(|moments| moments.parse().ok()).unwrap_or(own)
}

#[test]
fn the_check_finds_a_loss_and_a_divergence_that_are_planted() {
    let mut site = site();
    assert!(site.case(1).status().unwrap().success());
    assert!(site.case(2).status().unwrap().success());
    site.settle();
    assert_eq!(site.faults(), Vec::<String>::new());
    plant(&site.home.data, "DELETE FROM change WHERE seq = (SELECT max(seq) FROM change)");
    assert!(site.faults().iter().any(|fault| fault.contains("not at home")), "{:?}", site.faults());
    plant(&site.region.data, "UPDATE part SET view = replace(view, 'Awa', 'Ewa') WHERE class = 'personal'");
    assert!(site.faults().iter().any(|fault| fault.contains("differently")), "{:?}", site.faults());
}

#[expect(clippy::disallowed_methods, reason = "this breaks a replica on purpose")]
fn plant(data: &std::path::Path, sql: &str) {
    let connection = rusqlite::Connection::open(data.join(teranga_store::FILE)).unwrap();
    assert!(connection.execute(sql, []).unwrap() > 0);
}

#[test]
fn a_client_killed_during_saves_loses_nothing_that_it_reported() {
    let site = site();
    let mut seed = Seeded(11);
    let mut killed = 0;
    for moment in 0..moments(20) {
        let mut child = site.case(moment).spawn().unwrap();
        killed += usize::from(kill_within(&mut child, seed.next_number() % 60_000));
        drop(replica(&site.awa.data));
    }
    println!("{killed} were killed in time");
    assert!(site.case(9_999).status().unwrap().success());
    site.settle_and_check();
}

#[test]
fn a_client_killed_during_sync_goes_on_where_it_stopped() {
    let site = site();
    let mut seed = Seeded(12);
    for moment in 0..moments(12) {
        assert!(site.case(moment).status().unwrap().success());
        let mut child = site.awa.field(&["sync", "--json"]);
        let mut child = child.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        kill_within(&mut child, seed.next_number() % 60_000);
    }
    site.settle_and_check();
}

#[test]
fn a_hub_killed_during_ingest_has_what_it_acknowledged() {
    let mut site = site();
    let mut seed = Seeded(13);
    for moment in 0..moments(12) {
        assert!(site.case(moment).status().unwrap().success());
        let mut sync = site.awa.field(&["sync", "--json", "--failures", "1"]);
        let mut sync = sync.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // The hub dies while the client is at it, or just after.
        kill_hub_within(&mut site.region, &mut sync, seed.next_number() % 50_000);
        drop(sync.wait());
        site.region.restart();
    }
    site.settle_and_check();
}

#[test]
fn a_hub_killed_during_relay_relays_the_rest_later() {
    let mut site = site();
    let mut seed = Seeded(14);
    for moment in 0..moments(8) {
        assert!(site.case(moment).status().unwrap().success());
        site.sync();
        let mut relay = command(&["hub", "sync", "--data"]);
        let relay = relay.arg(&site.region.data).stdout(Stdio::null()).stderr(Stdio::null());
        let mut relay = relay.spawn().unwrap();
        let hub = if moment % 2 == 0 { &mut site.region } else { &mut site.home };
        kill_hub_within(hub, &mut relay, seed.next_number() % 50_000);
        drop(relay.wait());
        hub.restart();
    }
    site.settle_and_check();
}

fn kill_hub_within(hub: &mut Hub, other: &mut std::process::Child, micros: u64) {
    let until = std::time::Instant::now() + std::time::Duration::from_micros(micros);
    while std::time::Instant::now() < until && other.try_wait().unwrap().is_none() {
        std::thread::yield_now();
    }
    hub.kill();
}

#[test]
fn a_link_that_cuts_every_connection_sends_at_most_one_pack_again_per_cut() {
    let site = site();
    for number in 0..24 {
        assert!(site.long_case(number).status().unwrap().success());
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let cuts = Cuts::Some { percent: 80, bytes_max: 30_000 };
    let weather = Weather { seed: 15, cuts, delay_ms: 0, bytes_per_second: 0 };
    let link = runtime.block_on(BadLink::start(site.region.address, weather)).unwrap();
    let output = site.awa.sync(&format!("http://{}", link.address));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let count = |name: &str| summary[name].as_u64().unwrap();
    assert!(count("failures") > 2, "the link hardly cut: {summary}");
    assert!(count("bytes_up") > 80_000, "too little to send: {summary}");
    assert!(count("packs_again") <= count("failures"), "{summary}");
    site.settle_and_check();
}
