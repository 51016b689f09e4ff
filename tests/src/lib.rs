//! Stories on real processes: the harness that starts hubs, runs the command as a user would, kills at seeded moments,
//! and holds replicas to what was promised.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a harness that cannot go on must stop the test"
)]

pub mod moment;
pub mod relay;

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;

use serde_json::Value as Json;
use teranga_client::invent::Seeded;
use teranga_store::{Replica, Status};

/// The program under test: the one that `TERANGA_PROGRAM` names, by whoever has built it; else built once for the test run.
pub fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        if let Some(program) = std::env::var_os("TERANGA_PROGRAM") {
            return program.into();
        }
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let built = Command::new(cargo).args(["build", "--quiet", "--package", "teranga"]).status();
        assert!(built.expect("cargo starts").success(), "the program builds");
        let mut folder = std::env::current_exe().expect("a test has a path");
        folder.pop();
        if folder.ends_with("deps") {
            folder.pop();
        }
        folder.join("teranga")
    })
}

/// A running hub.
#[derive(Debug)]
pub struct Hub {
    /// Its folder.
    pub data: PathBuf,
    /// Where it answers.
    pub address: SocketAddr,
    process: Child,
}

impl Drop for Hub {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Hub {
    /// Starts a hub; the first start makes its replica.
    pub fn start(data: &Path, more: &[&str]) -> Self {
        Self::start_at(data, "127.0.0.1:0", more)
    }

    /// Starts a hub at an address.
    pub fn start_at(data: &Path, listen: &str, more: &[&str]) -> Self {
        let mut process = command(&["--lang", "en", "hub", "--listen", listen]);
        process.arg("--data").arg(data).args(more).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = process.spawn().expect("the hub starts");
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let address = loop {
            let line = lines.next().expect("the hub says where it answers").unwrap();
            if let Some(address) = line.split_whitespace().find_map(|word| word.parse().ok()) {
                break address;
            }
        };
        std::thread::spawn(move || lines.for_each(drop));
        Self { data: data.to_owned(), address, process }
    }

    /// Its address as a URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Kills it as a power cut would.
    pub fn kill(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }

    /// Kills it and starts it again at the same address.
    pub fn restart(&mut self) {
        self.kill();
        let listen = self.address.to_string();
        *self = Self::start_at(&self.data.clone(), &listen, &[]);
    }

    /// Runs one of the hub's own commands and returns what it prints.
    pub fn ask(&self, arguments: &[&str]) -> String {
        let mut all = vec!["--lang", "en", "hub"];
        all.extend(arguments);
        let output = command(&all).args(["--data"]).arg(&self.data).output().expect("the command runs");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }
}

/// The program with these arguments.
pub fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(program());
    command.args(arguments).env_remove("TERANGA_DATA").env_remove("TERANGA_LANG").stdin(Stdio::null());
    command
}

/// Copies a replica's folder, as a disk does.
pub fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
    }
}

/// A device's folder and ledger.
#[derive(Debug, Clone)]
pub struct Device {
    /// Its folder.
    pub data: PathBuf,
    /// Its ledger.
    pub ledger: PathBuf,
}

impl Device {
    /// Makes a device, enrolled at a hub.
    pub fn new(folder: &Path, person: &str, hub: &Hub, region: &str) -> Self {
        let device = Self { data: folder.join(person), ledger: folder.join(format!("{person}.ledger")) };
        device.done(&["init", "--person", person, "--region", region]);
        let code = hub.ask(&["code", "--person", person, "--region", region]);
        device.done(&["enrol", "--hub", &hub.url(), "--code", &code]);
        device
    }

    /// `teranga field` with these arguments.
    pub fn field(&self, arguments: &[&str]) -> Command {
        let mut command = command(&["--lang", "en", "field", "--data"]);
        command.arg(&self.data).args(arguments).env("TERANGA_LEDGER", &self.ledger);
        command
    }

    /// The same device once more, as somebody has it who copied its folder.
    #[must_use]
    pub fn copied(&self, to: &Path) -> Self {
        copy_folder(&self.data, to);
        Self { data: to.to_owned(), ledger: to.with_extension("ledger") }
    }

    /// Runs it and expects success; returns what it prints.
    pub fn done(&self, arguments: &[&str]) -> String {
        let output = self.field(arguments).output().expect("the command runs");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Syncs through `address` without long pauses.
    pub fn sync(&self, address: &str) -> Output {
        let arguments = ["sync", "--hub", address, "--json", "--failures", "60", "--pause-permille", "2"];
        self.field(&arguments).output().expect("the command runs")
    }

    /// What the ledger calls saved.
    pub fn saved(&self) -> BTreeSet<String> {
        ledger(&self.ledger, "saved")
    }

    /// What the ledger says was shown as safe.
    pub fn shown_safe(&self) -> BTreeSet<String> {
        let text = std::fs::read_to_string(&self.ledger).unwrap_or_default();
        text.lines()
            .filter_map(|line| serde_json::from_str::<Json>(line).ok())
            .filter(|line| line.get("tick") == Some(&Json::from("safe")))
            .filter_map(|line| line.get("change")?.as_str().map(str::to_owned))
            .collect()
    }
}

fn ledger(path: &Path, name: &str) -> BTreeSet<String> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let lines = text.lines().filter_map(|line| serde_json::from_str::<Json>(line).ok());
    lines.filter_map(|line| line.get(name)?.as_str().map(str::to_owned)).collect()
}

/// Opens a replica whose process has ended.
pub fn replica(data: &Path) -> Replica {
    Replica::open(data, &mut Seeded(1)).unwrap_or_else(|error| panic!("{}: {error}", data.display()))
}

/// The changes that a replica holds: in its log or in quarantine, with their bodies.
pub fn held_changes(replica: &Replica) -> BTreeSet<String> {
    let census = replica.census().unwrap().into_iter();
    census.filter(|(_, status)| *status != Status::Withheld).map(|(hash, _)| hash.to_string()).collect()
}

/// How many parts of the first replica the second lacks or shows differently.
pub fn differing_parts(below: &Replica, above: &Replica) -> usize {
    let above = above.digests().unwrap();
    below.digests().unwrap().iter().filter(|part| !above.contains(part)).count()
}

/// Writes a file of answers.
pub fn answers(folder: &Path, name: &str, json: &Json) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, json.to_string()).unwrap();
    path
}

/// The answers of a plainly invented returnee.
pub fn profile(number: usize) -> Json {
    serde_json::json!({
        "identity": {
            "given_names": "Awa", "family_name": format!("Exemple {number}"), "sex": "female",
            "birth_precision": "year", "birth_date": "1994"
        },
        "place": { "region": "SN-KL", "department": "SN-KL-61" },
        "return": { "return_date": "2026-01-15", "return_country": "LY", "return_type": "voluntary_assisted" }
    })
}

/// Runs a program that reads from the terminal, with these lines typed.
pub fn typed(mut command: Command, lines: &[&str]) -> Output {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    for line in lines {
        writeln!(stdin, "{line}").unwrap();
    }
    drop(stdin);
    child.wait_with_output().unwrap()
}

/// The record that `teranga field` said it saved.
pub fn saved_record(stdout: &str) -> String {
    stdout.split_whitespace().last().unwrap_or_default().to_owned()
}
