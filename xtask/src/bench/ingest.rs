//! From the socket to the view: requests of forty devices or more, made before the clock runs, sent over loopback to a hub that
//! serves as it always does, and answered once what they brought is in its documents and views.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::mpsc;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use teranga_client::invent::Seeded;
use teranga_examples::NOW;
use teranga_hub::link::{Link, Road};
use teranga_hub::serve::HubOptions;
use teranga_hub::world::SystemEntropy;
use teranga_store::{Replica, Status};
use teranga_sync::session::{Plan, PushPlan};

use super::work::samples;

/// Devices of a short run; eight times as many keep a hub busy for a minute.
pub(crate) const DEVICES: usize = 40;
const RECORDS_PER_DEVICE: usize = 200;
/// Devices that are at it at the same time.
const AT_ONCE: usize = 4;

/// Parts and changes a second.
pub(crate) fn run(devices: usize) -> Result<(u64, u64)> {
    // The link asks for one, TLS or not; a second installation would be refused and changes nothing.
    drop(rustls::crypto::ring::default_provider().install_default());
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("hub");
    let bodies = requests(folder.path(), &data, devices)?;
    // Outside the runtime's own threads, as every client is.
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let address = serve(&runtime, &data)?;
    let begun = Instant::now();
    runtime.block_on(send(address, bodies))?;
    let seconds = begun.elapsed().as_secs_f64();
    runtime.shutdown_timeout(std::time::Duration::from_secs(5));
    let hub = Replica::open(&data, &mut SystemEntropy)?;
    let census = hub.census()?;
    ensure!(census.iter().all(|(_, status)| *status == Status::Applied), "a change was not applied");
    let parts = hub.digests()?.len();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "rates"
    )]
    let rate = |count: usize| (count as f64 / seconds) as u64;
    Ok((rate(parts), rate(census.len())))
}

/// One request of each device, with all that it has saved.
fn requests(folder: &Path, data: &Path, devices: usize) -> Result<Vec<Vec<u8>>> {
    let mut seed = Seeded(4);
    let mut hub = teranga_examples::hub(data, &mut seed);
    let plan = Plan { push: PushPlan::Pack { bytes_target: 256 * 1024 }, pull_bytes_max: 0 };
    let mut bodies = Vec::new();
    for number in 0..devices {
        let path = folder.join(format!("device-{number}"));
        let mut device = teranga_examples::device(&path, "Awa Exemple", &mut hub, &mut seed);
        let (case, samples) = samples(&mut device, "rss", &mut seed)?;
        for _ in 0..RECORDS_PER_DEVICE {
            samples.save(&mut device, case, &mut seed)?;
        }
        let request = device.replica_mut().next_request(&plan, NOW)?.context("enrolled")?;
        bodies.push(request.encode(device.replica().identity()));
    }
    Ok(bodies)
}

fn serve(runtime: &tokio::runtime::Runtime, data: &Path) -> Result<SocketAddr> {
    let options = HubOptions {
        data: data.to_owned(),
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        tls: None,
        insecure_lan: false,
        sync_at: "22:00".parse().map_err(anyhow::Error::msg)?,
        parent_certificate: None,
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
