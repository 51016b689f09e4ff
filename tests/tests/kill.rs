//! Killed at any moment: the client during saves and during sync, the hub during ingest and during relay. Nothing that
//! was reported as saved is lost, every replica opens again, and all end with equal heads and views.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on must stop the test")]

use std::process::{Command, Stdio};
use std::sync::atomic::Ordering;

use teranga_client::invent::Seeded;
use teranga_hub::bad_link::{BadLink, Cuts, Weather};
use teranga_tests::moment::{Moments, kill_hub_within, kill_within};
use teranga_tests::{Device, Hub, answers, command, differing_parts, held_changes, profile, replica};

struct Site {
    folder: tempfile::TempDir,
    home: Hub,
    region: Hub,
    awa: Device,
    moussa: Device,
}

fn site() -> Site {
    let folder = tempfile::tempdir().unwrap();
    let home = Hub::start(&folder.path().join("hq"), &[]);
    let code = home.ask(&["code", "--person", "BAOS Kaolack", "--region", "SN-KL", "--for-hub"]);
    let joined = ["--region", "SN-KL", "--parent", &home.url(), "--code", &code];
    let region = Hub::start(&folder.path().join("kl"), &joined);
    let awa = Device::new(folder.path(), "awa", &region, "SN-KL");
    let moussa = Device::new(folder.path(), "moussa", &region, "SN-KL");
    Site { folder, home, region, awa, moussa }
}

impl Site {
    fn case_of(&self, device: &Device, number: usize) -> Command {
        let file = answers(self.folder.path(), &format!("{number}.json"), &profile(number));
        let mut command = device.field(&["case", "--answers"]);
        command.arg(file).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    fn case(&self, number: usize) -> Command {
        self.case_of(&self.awa, number)
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

    /// A sync of Awa's that gives up at its first failure, and prints nothing.
    fn one_sync(&self) -> Command {
        let mut sync = self.awa.field(&["sync", "--json", "--failures", "1"]);
        sync.stdout(Stdio::null()).stderr(Stdio::null());
        sync
    }

    /// A relay of the region's, which prints nothing.
    fn one_relay(&self) -> Command {
        let mut relay = command(&["hub", "sync", "--data"]);
        relay.arg(&self.region.data).stdout(Stdio::null()).stderr(Stdio::null());
        relay
    }

    fn sync(&self) {
        for device in [&self.awa, &self.moussa] {
            let output = device.sync(&self.region.url());
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
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
        for device in [&self.awa, &self.moussa] {
            device.done(&["status"]);
        }
        self.region.kill();
        self.home.kill();
    }

    /// Every way in which the promise does not hold.
    fn faults(&self) -> Vec<String> {
        let home = replica(&self.home.data);
        let held = held_changes(&home);
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
        for (name, data) in [
            ("home", &self.home.data),
            ("region", &self.region.data),
            ("awa", &self.awa.data),
            ("moussa", &self.moussa.data),
        ] {
            let here = if name == "home" { None } else { Some(replica(data)) };
            let here = here.as_ref().unwrap_or(&home);
            let unsound = here.unsound_parts().unwrap();
            if !unsound.is_empty() {
                faults.push(format!("{name} has unsound parts: {unsound:?}"));
            }
            let differing = differing_parts(here, &home) + differing_parts(&home, here);
            if differing > 0 {
                faults.push(format!("{name} and home show {differing} parts differently"));
            }
        }
        faults
    }
}

#[test]
fn the_check_finds_a_loss_a_divergence_and_an_unsound_part_that_are_planted() {
    let mut site = site();
    assert!(site.case(1).status().unwrap().success());
    assert!(site.case(2).status().unwrap().success());
    site.settle();
    assert_eq!(site.faults(), Vec::<String>::new());
    plant(&site.moussa.data, "DELETE FROM part WHERE rowid = (SELECT max(rowid) FROM part)");
    assert!(site.faults().iter().any(|fault| fault.contains("moussa and home")), "{:?}", site.faults());
    plant(
        &site.home.data,
        "UPDATE change SET body = NULL, status = 4 WHERE seq = (SELECT max(seq) FROM change)",
    );
    assert!(site.faults().iter().any(|fault| fault.contains("not at home")), "{:?}", site.faults());
    // On a device, whose views lie open: those of a hub are sealed.
    plant(
        &site.awa.data,
        "UPDATE part SET view = CAST(replace(CAST(view AS TEXT), 'Awa', 'Ewa') AS BLOB) WHERE class = 'personal'",
    );
    assert!(site.faults().iter().any(|fault| fault.contains("awa has unsound")), "{:?}", site.faults());
    assert!(site.faults().iter().any(|fault| fault.contains("awa and home")), "{:?}", site.faults());
}

#[expect(clippy::disallowed_methods, reason = "this breaks a replica on purpose")]
fn plant(data: &std::path::Path, sql: &str) {
    let connection = rusqlite::Connection::open(data.join(teranga_store::FILE)).unwrap();
    connection.set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false).unwrap();
    assert!(connection.execute(sql, []).unwrap() > 0);
}

#[test]
fn a_client_killed_during_saves_loses_nothing_that_it_reported() {
    let site = site();
    let mut moments = Moments::of(11, 20, || site.case(9_999));
    while let Some((number, micros)) = moments.draw() {
        let mut child = site.case(number).spawn().unwrap();
        moments.note(kill_within(&mut child, micros));
        drop(replica(&site.awa.data));
    }
    site.settle_and_check();
}

#[test]
fn a_client_killed_during_sync_goes_on_where_it_stopped() {
    let site = site();
    assert!(site.case(9_999).status().unwrap().success());
    let mut moments = Moments::of(12, 12, || site.one_sync());
    while let Some((number, micros)) = moments.draw() {
        // Something to bring and something to take.
        assert!(site.case(number).status().unwrap().success());
        assert!(site.case_of(&site.moussa, 1_000 + number).status().unwrap().success());
        assert!(site.moussa.sync(&site.region.url()).status.success());
        let mut child = site.one_sync().spawn().unwrap();
        moments.note(kill_within(&mut child, micros));
        drop(replica(&site.awa.data));
    }
    site.settle_and_check();
}

#[test]
fn a_hub_killed_during_ingest_has_what_it_acknowledged() {
    let mut site = site();
    assert!(site.case(9_999).status().unwrap().success());
    let mut moments = Moments::of(13, 12, || site.one_sync());
    while let Some((number, micros)) = moments.draw() {
        assert!(site.case(number).status().unwrap().success());
        let mut sync = site.one_sync().spawn().unwrap();
        moments.note(kill_hub_within(&mut site.region, &mut sync, micros));
        drop(sync.wait());
        site.region.restart();
    }
    site.settle_and_check();
}

#[test]
fn a_hub_killed_during_relay_relays_the_rest_later() {
    let mut site = site();
    assert!(site.case(9_999).status().unwrap().success());
    site.sync();
    let mut moments = Moments::of(14, 10, || site.one_relay());
    while let Some((number, micros)) = moments.draw() {
        assert!(site.case(number).status().unwrap().success());
        site.sync();
        let mut relay = site.one_relay().spawn().unwrap();
        let hub = if number % 2 == 0 { &mut site.region } else { &mut site.home };
        moments.note(kill_hub_within(hub, &mut relay, micros));
        drop(relay.wait());
        hub.restart();
    }
    site.settle_and_check();
}

#[test]
fn a_link_that_cuts_every_connection_sends_at_most_one_pack_again_per_cut() {
    let site = site();
    for number in 0..24 {
        assert!(site.long_case(number).status().unwrap().success());
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let cuts = Cuts::Some { percent: 100, bytes_max: 30_000 };
    let weather = Weather { seed: 15, cuts, delay_ms: 0, bytes_per_second: 0 };
    let link = runtime.block_on(BadLink::start(site.region.address, weather)).unwrap();
    let output = site.awa.sync(&format!("http://{}", link.address));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let count = |name: &str| summary[name].as_u64().unwrap();
    let cuts = link.traffic.cuts.load(Ordering::Relaxed);
    assert!(cuts > 2, "the link hardly cut: {summary}");
    assert!(count("bytes_up") > 80_000, "too little to send: {summary}");
    assert!(count("packs_again") <= cuts, "{cuts} cuts: {summary}");
    site.settle_and_check();
}
