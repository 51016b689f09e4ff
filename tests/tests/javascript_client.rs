//! A client that was written from `sync-protocol.md` alone, in JavaScript, beside devices of ours at one hub. Where Node.js or
//! its packages are absent the tests say so, past what is kept of a test's output, and pass; `scripts/javascript.sh` gets them.
//! With `TERANGA_JAVASCRIPT=required`, as `.ci/run` sets it, they fail instead.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on must stop the test")]

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use serde_json::{Value as Json, json};
use teranga_tests::relay::relay;
use teranga_tests::{Device, Hub, answers, profile, replica, saved_record};

const SOURCES: [&str; 4] = ["client.mjs", "session.mjs", "replica.mjs", "wire.mjs"];

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/javascript")
}

/// Whether the client can run here; where it cannot, says so.
fn can_run() -> bool {
    let version = Command::new("node").arg("--version").output();
    let version = version.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    let major =
        version.ok().and_then(|version| version.trim_start_matches('v').split('.').next()?.parse().ok());
    let missing = match major {
        None => "Node.js is not here",
        Some(0..20) => "Node.js is older than 20",
        Some(20_u32..) if !sources().join("node_modules").is_dir() => "its packages are not here",
        Some(20_u32..) => return true,
    };
    let told = format!(
        "SKIPPED: {missing}; scripts/javascript.sh gets what the client in examples/javascript needs\n"
    );
    let required = std::env::var("TERANGA_JAVASCRIPT").is_ok_and(|wanted| wanted == "required");
    assert!(!required, "{told}");
    std::io::stderr().write_all(told.as_bytes()).unwrap();
    false
}

/// The client with a folder of its own.
struct Client {
    data: PathBuf,
}

impl Client {
    /// Makes one, enrolled at a hub.
    fn new(folder: &Path, person: &str, hub: &Hub, url: &str) -> Self {
        let client = Self { data: folder.join(person) };
        let code = hub.ask(&["code", "--person", person, "--region", "SN-KL"]);
        client.done(&["enrol", url, &code]);
        client
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("node");
        command.arg(sources().join("client.mjs")).args(arguments).stdin(Stdio::null());
        command.env("TERANGA_DATA", &self.data).env("TERANGA_LANG", "en").env_remove("TERANGA_CODE");
        command
    }

    /// Runs it and expects success; returns what it prints.
    fn done(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn held(&self) -> Json {
        serde_json::from_slice(&std::fs::read(self.data.join("replica.json")).unwrap()).unwrap()
    }
}

/// A case of a device of ours, at its hub.
fn case(folder: &Path, hub: &Hub) -> (Device, String) {
    let device = Device::new(folder, "Awa Exemple", hub, "SN-KL");
    let file = answers(folder, "case.json", &profile(1));
    let case = saved_record(&device.done(&["case", "--answers", file.to_str().unwrap()]));
    device.done(&["sync"]);
    (device, case)
}

/// What a device of ours shows of a record once it has synced.
fn shown(device: &Device, record: &str) -> String {
    device.done(&["sync"]);
    device.done(&["show", record])
}

#[test]
fn it_stays_small() {
    let lines = SOURCES.map(|name| std::fs::read_to_string(sources().join(name)).unwrap().lines().count());
    assert!(lines.iter().sum::<usize>() <= 400, "{lines:?}");
}

#[test]
fn every_vector_reads_and_writes_the_same() {
    if !can_run() {
        return;
    }
    let output = Command::new("node").arg("--test").current_dir(sources()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn an_answer_that_it_changes_reaches_a_device_of_ours_and_comes_back_settled() {
    if !can_run() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut hub = Hub::start(&folder.path().join("hq"), &[]);
    let (awa, case) = case(folder.path(), &hub);
    let moussa = Client::new(folder.path(), "Moussa Essai", &hub, &hub.url());
    moussa.done(&["pull"]);
    assert!(moussa.done(&["show", &case]).contains("family_name: Exemple 1"));

    // Apart, and the same answer too: both values are kept until somebody settles it.
    moussa.done(&["set", &case, "family_name", "Essai"]);
    moussa.done(&["set", &case, "men", "3"]);
    let file = answers(folder.path(), "edit.json", &json!({ "family_name": "Autre", "nickname": "Awa" }));
    awa.done(&["edit", &case, "--answers", file.to_str().unwrap()]);
    moussa.done(&["push"]);
    let told = shown(&awa, &case);
    let men = told.lines().find(|line| line.contains("Men of 18 and over")).unwrap();
    assert!(men.contains(" 3 ") && told.contains("Essai —") && told.contains("Autre —"), "{told}");
    awa.done(&["settle", &case, "family_name", "Essai"]);
    awa.done(&["sync"]);
    moussa.done(&["pull"]);
    let told = moussa.done(&["show", &case]);
    assert!(told.contains("family_name: Essai\n") && told.contains("nickname: Awa\n"), "{told}");

    let refused = moussa.command(&["set", &case, "men", "many"]).output().unwrap();
    assert!(!refused.status.success() && String::from_utf8_lossy(&refused.stderr).contains("Not a number"));
    hub.kill();
    let census = replica(&hub.data).census().unwrap();
    assert!(census.iter().all(|(_, status)| *status == teranga_store::Status::Applied), "{census:?}");
}

#[test]
fn what_it_sent_before_it_died_is_sent_again_as_it_was() {
    if !can_run() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let hub = Hub::start(&folder.path().join("hq"), &[]);
    let (awa, case) = case(folder.path(), &hub);
    let link = Link::to(hub.address);
    let moussa = Client::new(folder.path(), "Moussa Essai", &hub, &link.url);
    moussa.done(&["pull"]);
    moussa.done(&["set", &case, "nickname", "Moussa"]);
    link.swallows.store(true, Ordering::SeqCst);
    let mut push = moussa.command(&["push"]).spawn().unwrap();
    link.swallowed.recv_timeout(Duration::from_mins(1)).unwrap();
    push.kill().unwrap();
    push.wait().unwrap();
    link.swallows.store(false, Ordering::SeqCst);
    let before = moussa.held();
    assert_eq!((&before["acknowledged"], before["packs"].as_array().unwrap().len()), (&json!(0), 1));
    moussa.done(&["push"]);
    let after = moussa.held();
    assert_eq!((&after["acknowledged"], &after["line"]), (&json!(1), &json!(0)));
    assert_eq!(after["packs"], before["packs"]);
    assert!(shown(&awa, &case).contains("Moussa"));
}

#[test]
fn two_copies_of_its_folder_go_on_beside_each_other() {
    if !can_run() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let hub = Hub::start(&folder.path().join("hq"), &[]);
    let (awa, case) = case(folder.path(), &hub);
    let moussa = Client::new(folder.path(), "Moussa Essai", &hub, &hub.url());
    moussa.done(&["pull"]);
    let copy = Client { data: folder.path().join("copy") };
    std::fs::create_dir(&copy.data).unwrap();
    std::fs::copy(moussa.data.join("replica.json"), copy.data.join("replica.json")).unwrap();
    for (client, key, value) in
        [(&moussa, "nickname", "Un"), (&copy, "mother_name", "Deux"), (&moussa, "father_name", "Trois")]
    {
        client.done(&["set", &case, key, value]);
        client.done(&["push"]);
    }
    copy.done(&["pull"]);
    let told = shown(&awa, &case);
    for client in [&moussa, &copy] {
        let here = client.done(&["show", &case]);
        assert!(["Un", "Deux", "Trois"].iter().all(|value| here.contains(value) && told.contains(value)));
    }
    assert_ne!(moussa.held()["line"], copy.held()["line"]);
}

/// A link to a hub that loses answers when it is told to.
struct Link {
    url: String,
    swallows: Arc<AtomicBool>,
    swallowed: Receiver<()>,
}

impl Link {
    fn to(hub: SocketAddr) -> Self {
        let swallows = Arc::new(AtomicBool::new(false));
        let (tell, swallowed) = channel();
        let flag = Arc::clone(&swallows);
        let url = relay(hub, move |above, below| answers_of(above, below, &flag, &tell));
        Self { url, swallows, swallowed }
    }
}

fn answers_of(mut above: TcpStream, mut below: TcpStream, swallows: &AtomicBool, tell: &Sender<()>) {
    let mut buffer = [0; 4096];
    while let Ok(count @ 1..) = above.read(&mut buffer) {
        let swallowed = swallows.load(Ordering::SeqCst);
        let gone = if swallowed {
            tell.send(()).is_err()
        } else {
            below.write_all(buffer.get(..count).unwrap_or_default()).is_err()
        };
        if gone {
            return;
        }
    }
}
