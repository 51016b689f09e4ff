//! From the socket to the view: requests of forty devices or more, made before the clock runs, sent over loopback to a hub that
//! serves as it always does, and answered once what they brought is in its documents and views.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::Value as Json;
use tempfile::TempDir;
use teranga_client::invent::Seeded;
use teranga_examples::NOW;
use teranga_hub::link::{Link, Road};
use teranga_hub::serve::{DOOR, Door, HubOptions};
use teranga_hub::world::SystemEntropy;
use teranga_office::admin::Command;
use teranga_store::network::Cost;
use teranga_store::{Replica, Status};
use teranga_sync::session::{Plan, PushPlan};

use super::work::samples;

/// Devices of a short run; ten times as many keep a hub busy for more than a minute.
pub(super) const DEVICES: usize = 40;
const RECORDS_PER_DEVICE: usize = 200;
/// Devices that are at it at the same time.
const AT_ONCE: usize = 4;

/// How often somebody looks at what is logged and not applied.
const LOOK: Duration = Duration::from_secs(10);

/// What a hub got done.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) parts_per_s: u64,
    pub(super) changes_per_s: u64,
    pub(super) seconds: f64,
    /// Changes logged and not applied, every ten seconds.
    pub(super) backlog: Vec<u64>,
}

impl Done {
    /// Whether the backlog moves by less than a second's work. Nobody saw it where the run was too short to look twice.
    pub(super) fn is_flat(&self) -> bool {
        let (least, most) = (self.backlog.iter().min(), self.backlog.iter().max());
        self.backlog.len() > 1
            && least.zip(most).is_some_and(|(least, most)| most - least < self.changes_per_s)
    }
}

/// A hub, and one request of each device with all that it has saved.
pub(super) struct Work {
    pub(super) data: PathBuf,
    pub(super) bodies: Vec<Vec<u8>>,
    _folder: TempDir,
}

impl Work {
    /// So many devices, which are gone once their requests are made.
    pub(super) fn new(devices: usize) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let data = folder.path().join("hub");
        let mut seed = Seeded(4);
        let mut hub = teranga_examples::hub(&data, &mut seed);
        let plan = Plan { push: PushPlan::Pack { bytes_target: 256 * 1024 }, pull_bytes_max: 0 };
        let mut bodies = Vec::new();
        for _ in 0..devices {
            let path = folder.path().join("device");
            let mut device = teranga_examples::device(&path, "Awa Exemple", &mut hub, &mut seed);
            let (case, samples) = samples(&mut device, "rss", &mut seed)?;
            for _ in 0..RECORDS_PER_DEVICE {
                samples.save(&mut device, case, &mut seed)?;
            }
            let request = device.replica_mut().next_request(&plan, NOW)?.context("enrolled")?;
            bodies.push(request.encode(device.replica().identity()));
            drop(device);
            std::fs::remove_dir_all(path)?;
        }
        Ok(Self { data, bodies, _folder: folder })
    }

    /// Has a serving hub take and apply it all.
    pub(super) fn ingest(self) -> Result<Done> {
        install_tls();
        // Outside the runtime's own threads, as every client is.
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let address = serve(&runtime, &self.data)?;
        let door: Door = serde_json::from_slice(&std::fs::read(self.data.join(DOOR))?)?;
        let begun = Instant::now();
        let mut backlog = Vec::new();
        runtime.block_on(async {
            tokio::select! {
                sent = send(address, self.bodies) => sent,
                // It ends only by failing.
                watched = watch(address, &door.secret, &mut backlog) => watched,
            }
        })?;
        let seconds = begun.elapsed().as_secs_f64();
        runtime.shutdown_timeout(Duration::from_secs(5));
        let hub = Replica::open(&self.data, &mut SystemEntropy)?;
        let census = hub.census()?;
        ensure!(census.iter().all(|(_, status)| *status == Status::Applied), "a change was not applied");
        let parts_per_s = rate(hub.digests()?.len(), seconds);
        Ok(Done { parts_per_s, changes_per_s: rate(census.len(), seconds), seconds, backlog })
    }
}

/// Asks the hub at its local door, as its own people do, how much is logged and not applied.
async fn watch(address: SocketAddr, secret: &str, backlog: &mut Vec<u64>) -> Result<()> {
    let link = Link::new(&format!("http://{address}"), None)?;
    let mut looks = tokio::time::interval(LOOK);
    looks.tick().await;
    loop {
        looks.tick().await;
        let status: Json = link.ask(secret, &Command::Status).await?;
        let logged = status.pointer("/changes/logged").and_then(Json::as_u64);
        backlog.push(logged.context("the hub's status says what is logged")?);
    }
}

/// The link asks for one, TLS or not; a second installation would be refused and changes nothing.
pub(super) fn install_tls() {
    drop(rustls::crypto::ring::default_provider().install_default());
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "rates"
)]
pub(super) fn rate(count: usize, seconds: f64) -> u64 {
    (count as f64 / seconds) as u64
}

/// Serves at an address of its own choice on loopback.
pub(super) fn serve(runtime: &tokio::runtime::Runtime, data: &Path) -> Result<SocketAddr> {
    let options = HubOptions {
        data: data.to_owned(),
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        tls: None,
        insecure_lan: false,
        sync_at: "22:00".parse().map_err(anyhow::Error::msg)?,
        parent_certificate: None,
        parent_network: Cost::Unmetered,
    };
    let (told, ready) = mpsc::channel();
    runtime.spawn(teranga_hub::serve(options, move |address| told.send(address).unwrap_or_default()));
    ready.recv().context("the hub does not start")
}

async fn send(address: SocketAddr, bodies: Vec<Vec<u8>>) -> Result<()> {
    let mut lanes: Vec<Vec<Vec<u8>>> = vec![Vec::new(); AT_ONCE];
    for (lane, body) in (0..AT_ONCE).cycle().zip(bodies) {
        lanes.get_mut(lane).context("a lane")?.push(body);
    }
    let mut senders = tokio::task::JoinSet::new();
    for lane in lanes {
        let link = Link::new(&format!("http://{address}"), None)?;
        senders.spawn(async move {
            for body in lane {
                link.exchange(Road::Answers, body).await?;
            }
            Ok::<_, anyhow::Error>(())
        });
    }
    while let Some(done) = senders.join_next().await {
        done??;
    }
    Ok(())
}
