//! How much memory a hub takes: it serves as it always does, in a process of its own, and fifty devices hold whole
//! sessions with it over loopback, all at once. Linux tells of a process what is resident now and what ever was at most.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use serde_json::json;
use teranga_client::Device;
use teranga_client::invent::Seeded;
use teranga_examples::invented;
use teranga_hub::link::Link;
use teranga_hub::synchronise::{Holder, Patience, synchronise};
use teranga_store::Replica;

use super::ingest;
use super::row::Outcome;

const DEVICES: usize = 50;
const RECORDS_PER_DEVICE: usize = 20;
const IDLE_MB_MAX: f64 = 30.0;
const SYNCING_MB_MAX: f64 = 150.0;

/// What an idle hub takes, and one with which fifty devices sync.
pub(super) fn measure() -> Result<(Outcome, Outcome)> {
    if !Path::new("/proc/self/status").exists() {
        let why =
            || Outcome::Skipped("there is no /proc here that says how much memory a process has".into());
        return Ok((why(), why()));
    }
    ingest::install_tls();
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("hub");
    eprintln!("{DEVICES} devices save {RECORDS_PER_DEVICE} records each");
    let devices = devices(folder.path(), &data);
    let hub = Hub::start(&data)?;
    let holds_nothing = hub.megabytes("VmRSS")?;
    all_sync(hub.address, devices)?;
    let (most, after) = (hub.megabytes("VmHWM")?, hub.megabytes("VmRSS")?);
    drop(hub);
    let holds_all = Hub::start(&data)?.megabytes("VmRSS")?;
    let idle = json!({ "megabytes_empty": holds_nothing, "megabytes": holds_all });
    let syncing = json!({ "megabytes": most, "megabytes_after": after, "devices": DEVICES });
    let idle = Outcome::Measured(idle, holds_nothing.max(holds_all) <= IDLE_MB_MAX);
    Ok((idle, Outcome::Measured(syncing, most <= SYNCING_MB_MAX)))
}

/// Serves until whoever started this lets go: the other end of what [`Hub::start`] starts.
pub(super) fn serve(data: &Path) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    println!("{}", ingest::serve(&runtime, data)?);
    std::io::copy(&mut std::io::stdin(), &mut std::io::sink())?;
    Ok(())
}

/// A hub in a process of its own.
struct Hub {
    process: Child,
    address: SocketAddr,
}

impl Hub {
    fn start(data: &Path) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["bench", "serve"]).arg(data).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn()?;
        let told = process.stdout.take().context("the hub's output is read")?;
        let mut line = String::new();
        BufReader::new(told).read_line(&mut line)?;
        let address = line.trim().parse().context("the hub does not start")?;
        Ok(Self { process, address })
    }

    /// What the system says of it under this name, in megabytes.
    fn megabytes(&self, name: &str) -> Result<f64> {
        let path = PathBuf::from(format!("/proc/{}/status", self.process.id()));
        in_megabytes(&std::fs::read_to_string(path)?, name).with_context(|| format!("no {name}"))
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        drop(self.process.wait());
    }
}

/// A number of kibibytes, to a tenth of a megabyte.
fn in_megabytes(status: &str, name: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    let kibibytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some((kibibytes * 1_024.0 / 100_000.0).round() / 10.0)
}

/// Devices with records that the hub does not have, of a case each.
fn devices(folder: &Path, data: &Path) -> Vec<Device> {
    let mut seed = Seeded(5);
    let mut hub = teranga_examples::hub(data, &mut seed);
    let mut devices = Vec::new();
    for number in 0..DEVICES {
        let path = folder.join(format!("device-{number}"));
        let mut device = teranga_examples::device(&path, "Awa Exemple", &mut hub, &mut seed);
        let case = invented(&mut device, "profile", None, &mut seed);
        for _ in 0..RECORDS_PER_DEVICE {
            invented(&mut device, "rss", Some(case), &mut seed);
        }
        devices.push(device);
    }
    devices
}

/// A device that whoever carries its session holds alone.
struct Held(Mutex<Device>);

impl Holder for Held {
    fn with<T>(&self, work: impl FnOnce(&mut Replica) -> T) -> T {
        work(self.0.lock().unwrap_or_else(PoisonError::into_inner).replica_mut())
    }
}

/// All of them at once, each until nothing is left.
fn all_sync(address: SocketAddr, devices: Vec<Device>) -> Result<()> {
    // A hub that is busy says so and is asked again: nobody gives up.
    let patience = Patience { failures_max: u32::MAX, pause_permille: 100 };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut sessions = tokio::task::JoinSet::new();
        for device in devices {
            let link = Link::new(&format!("http://{address}"), None)?;
            let held = Arc::new(Held(Mutex::new(device)));
            sessions.spawn(async move { synchronise(&*held, &link, patience, |_| {}).await?.refused });
        }
        while let Some(done) = sessions.join_next().await {
            done??;
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_from_what_the_system_says() {
        let status = "Name:\thub\nVmHWM:\t  150000 kB\nVmRSS:\t   29297 kB\n";
        assert_eq!(in_megabytes(status, "VmHWM"), Some(153.6));
        assert_eq!(in_megabytes(status, "VmRSS"), Some(30.0));
        assert_eq!(in_megabytes(status, "VmSwap"), None);
    }
}
