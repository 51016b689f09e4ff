//! The stage of the demonstration: headquarters and two regional hubs as processes of this program, on loopback.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value as Json;
use teranga_office::admin::{Command, EnrolKind};
use teranga_office::people::Scope;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStdout, Command as Process};

use super::progress::Step;
use crate::door;
use crate::failure::{Failure, Outcome};
use crate::messages::Messages;
use crate::say::say;

/// The regions that play.
const REGIONS: [(&str, &str); 2] = [("SN-KL", "BAOS Kaolack"), ("SN-TC", "BAOS Tambacounda")];

/// Headquarters.
const HOME: &str = "DGASE";

/// One running hub.
pub(super) struct Hub {
    pub(super) name: String,
    pub(super) region: Option<String>,
    pub(super) data: PathBuf,
    pub(super) address: SocketAddr,
    process: Child,
}

/// All of them.
pub(super) struct Stage {
    folder: PathBuf,
    pub(super) home: Hub,
    pub(super) regions: Vec<Hub>,
}

impl Stage {
    /// Starts headquarters, and two regions enrolled there.
    pub(super) async fn open(folder: &Path, messages: &Messages) -> Outcome<Self> {
        let step = Step::begin(1 + REGIONS.len(), "demo-start", messages);
        let home = start(folder, HOME, None, None, messages).await?;
        step.one();
        let mut regions = Vec::new();
        for (region, name) in REGIONS {
            let code = code(&home, EnrolKind::Hub, name, Some(region)).await?;
            let parent = Parent { url: format!("http://{}", home.address), code };
            regions.push(start(folder, name, Some(region), Some(parent), messages).await?);
            step.one();
        }
        let names: Vec<&str> = std::iter::once(HOME).chain(REGIONS.map(|(_, name)| name)).collect();
        step.done("demo-started", &[("names", names.join(", "))]);
        Ok(Self { folder: folder.to_owned(), home, regions })
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn home_url(&self) -> String {
        format!("http://{}", self.home.address)
    }

    /// A token for what headquarters' analysts read: answers under the case's key, and nobody's name.
    pub(super) async fn pull_token(&self) -> Outcome<String> {
        let classes = vec!["open".to_owned(), "survey".to_owned()];
        let answer = self.home.ask(Command::Token { name: "demo".to_owned(), classes }).await?;
        Ok(text(&answer, "token"))
    }

    /// Says where the hubs are.
    pub(super) fn tell(&self, messages: &Messages) {
        say!("");
        for hub in std::iter::once(&self.home).chain(&self.regions) {
            let told = [
                ("name", hub.name.as_str()),
                ("url", &format!("http://{}", hub.address)),
                ("path", &hub.data.display().to_string()),
            ];
            say!("{}", messages.with("demo-hub", &told));
        }
        say!("{}", messages.text("demo-stop"));
    }

    /// Ends the hubs.
    pub(super) async fn close(mut self) {
        for hub in std::iter::once(&mut self.home).chain(&mut self.regions) {
            drop(hub.process.kill().await);
        }
    }
}

impl Hub {
    /// Does one thing at this hub's local door.
    pub(super) async fn ask(&self, command: Command) -> Outcome<Json> {
        door::ask(&self.data, None, command).await
    }

    /// A code for a volunteer of this hub.
    pub(super) async fn device_code(&self, person: &str) -> Outcome<String> {
        code(self, EnrolKind::Device, person, self.region.as_deref()).await
    }
}

async fn code(hub: &Hub, kind: EnrolKind, person: &str, region: Option<&str>) -> Outcome<String> {
    let command = Command::Code {
        kind,
        person: person.to_owned(),
        office: if kind == EnrolKind::Hub { person.to_owned() } else { hub.name.clone() },
        region: region.map(str::to_owned),
        scope: Scope::default(),
    };
    Ok(text(&hub.ask(command).await?, "code"))
}

fn text(answer: &Json, key: &str) -> String {
    answer.get(key).and_then(Json::as_str).unwrap_or_default().to_owned()
}

/// The hub above another, and the code with which it enrols there.
struct Parent {
    url: String,
    code: String,
}

async fn start(
    folder: &Path,
    name: &str,
    region: Option<&str>,
    parent: Option<Parent>,
    messages: &Messages,
) -> Outcome<Hub> {
    let data = folder.join(region.unwrap_or("HQ"));
    let program = std::env::current_exe().map_err(|error| crate::failure::file(folder, &error))?;
    let mut process = Process::new(program);
    process.args(["--lang", messages.language().code(), "hub", "--listen", "127.0.0.1:0", "--name", name]);
    process.arg("--until-stdin-closes").arg("--data").arg(&data).env_remove("TERANGA_CODE");
    if let Some(region) = region {
        process.args(["--region", region]);
    }
    if let Some(parent) = parent {
        // Arguments stand in every list of processes; the environment is its owner's.
        process.args(["--parent", &parent.url]).env("TERANGA_CODE", parent.code);
    }
    let spawned = process.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true).spawn();
    let mut process = spawned.map_err(|error| crate::failure::file(folder, &error))?;
    let silent = || Failure::new("demo-hub-silent", vec![("name", name.to_owned())]);
    let stdout = process.stdout.take().ok_or_else(silent)?;
    let address = answering(stdout).await.ok_or_else(silent)?;
    Ok(Hub { name: name.to_owned(), region: region.map(str::to_owned), data, address, process })
}

/// Where a hub says that it answers. What it prints later is nobody's, but its pipe must not fill.
async fn answering(stdout: ChildStdout) -> Option<SocketAddr> {
    let mut lines = BufReader::new(stdout).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let address = line.split_whitespace().find_map(|word| word.trim_end_matches('.').parse().ok());
        if address.is_some() {
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return address;
        }
    }
    None
}
