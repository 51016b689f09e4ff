//! How much memory a hub takes: it serves as it always does, in a process of its own, and fifty devices hold whole
//! sessions with it over loopback, all at once. Linux tells of a process what is resident now and what ever was at most.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};

use anyhow::Result;
use serde_json::json;
use teranga_client::Device;
use teranga_client::invent::Seeded;
use teranga_examples::invented;
use teranga_hub::link::Link;
use teranga_hub::synchronise::{Patience, synchronise};

use super::held::Held;
use super::ingest;
use super::row::Outcome;
use super::served::{self, Served};

const DEVICES: usize = 50;
const RECORDS_PER_DEVICE: usize = 20;
const IDLE_MB_MAX: f64 = 30.0;
const SYNCING_MB_MAX: f64 = 150.0;

/// What an idle hub takes, and one with which fifty devices sync.
pub(super) fn measure() -> Result<(Outcome, Outcome)> {
    if let Some(why) = served::cannot_be_told() {
        return Ok((Outcome::Skipped(why.clone()), Outcome::Skipped(why)));
    }
    ingest::install_tls();
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("hub");
    eprintln!("{DEVICES} devices save {RECORDS_PER_DEVICE} records each");
    let devices = devices(folder.path(), &data);
    let hub = Served::start(&data)?;
    let holds_nothing = hub.megabytes("VmRSS")?;
    all_sync(hub.address, devices)?;
    let (most, after) = (hub.megabytes("VmHWM")?, hub.megabytes("VmRSS")?);
    drop(hub);
    let holds_all = Served::start(&data)?.megabytes("VmRSS")?;
    let idle = json!({ "megabytes_empty": holds_nothing, "megabytes": holds_all });
    let syncing = json!({ "megabytes": most, "megabytes_after": after, "devices": DEVICES });
    let idle = Outcome::Measured(idle, holds_nothing.max(holds_all) <= IDLE_MB_MAX);
    Ok((idle, Outcome::Measured(syncing, most <= SYNCING_MB_MAX)))
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
