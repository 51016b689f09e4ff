//! A link like the field's, between a replica and its hub on loopback: slow, and cut at random bytes, from a seed. For
//! demonstrations, tests and benchmarks.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Connections after which a link is down for good: many times what any sync needs, so that one that never gets forward
/// ends with an error and does not go on for ever.
const CONNECTIONS_MAX: u64 = 500;

/// How bad the link is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weather {
    /// Makes every cut; the same seed cuts at the same bytes.
    pub seed: u64,
    /// Which connections are cut.
    pub cuts: Cuts,
    /// One way, in milliseconds.
    pub delay_ms: u64,
    /// Each way, in bytes per second; 0 for no bound.
    pub bytes_per_second: u64,
}

/// Which connections are cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cuts {
    /// None.
    Never,
    /// Some: this many of a hundred, each within this many bytes.
    Some {
        /// Of a hundred connections.
        percent: u64,
        /// The cut lies before this byte, counted both ways.
        bytes_max: u64,
    },
}

/// What went over a link.
#[derive(Debug, Default)]
pub struct Traffic {
    /// Connections.
    pub connections: AtomicU64,
    /// Connections that were cut.
    pub cuts: AtomicU64,
    /// Bytes towards the hub.
    pub up: AtomicU64,
    /// Bytes from the hub.
    pub down: AtomicU64,
}

/// A running link.
#[derive(Debug)]
pub struct BadLink {
    /// Where to connect instead of the hub.
    pub address: SocketAddr,
    /// What went over it.
    pub traffic: Arc<Traffic>,
    task: JoinHandle<()>,
}

impl Drop for BadLink {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl BadLink {
    /// Starts a link to a hub.
    pub async fn start(hub: SocketAddr, weather: Weather) -> std::io::Result<Self> {
        let listener = TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let traffic = Arc::new(Traffic::default());
        let task = tokio::spawn(accept(listener, hub, weather, Arc::clone(&traffic)));
        Ok(Self { address, traffic, task })
    }
}

async fn accept(listener: TcpListener, hub: SocketAddr, weather: Weather, traffic: Arc<Traffic>) {
    let mut number = 0;
    while number < CONNECTIONS_MAX
        && let Ok((child, _)) = listener.accept().await
    {
        number += 1;
        let left = Arc::new(AtomicU64::new(cut_after(weather, number)));
        traffic.connections.fetch_add(1, Ordering::Relaxed);
        tokio::spawn(carry(child, hub, weather, left, Arc::clone(&traffic)));
    }
}

/// After how many bytes this connection is cut.
fn cut_after(weather: Weather, number: u64) -> u64 {
    let draw = mix(weather.seed ^ mix(number));
    match weather.cuts {
        Cuts::Some { percent, bytes_max } if draw % 100 < percent => mix(draw) % bytes_max.max(1),
        _ => u64::MAX,
    }
}

/// SplitMix64's last step: spreads a counter over all numbers.
fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

async fn carry(
    child: TcpStream,
    hub: SocketAddr,
    weather: Weather,
    left: Arc<AtomicU64>,
    traffic: Arc<Traffic>,
) {
    let Ok(server) = TcpStream::connect(hub).await else { return };
    let (child_in, child_out) = child.into_split();
    let (server_in, server_out) = server.into_split();
    let up = pump(child_in, server_out, weather, &left, &traffic.up);
    let down = pump(server_in, child_out, weather, &left, &traffic.down);
    // Whichever way ends first ends the connection: a cut link is cut both ways.
    tokio::select! { () = up => {}, () = down => {} }
    if left.load(Ordering::Relaxed) == 0 {
        traffic.cuts.fetch_add(1, Ordering::Relaxed);
    }
}

async fn pump(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    weather: Weather,
    left: &AtomicU64,
    carried: &AtomicU64,
) {
    let mut buffer = vec![0u8; 4096];
    let mut idle = true;
    loop {
        let Ok(count) = from.read(&mut buffer).await else { return };
        if count == 0 {
            return;
        }
        if idle && weather.delay_ms > 0 {
            tokio::time::sleep(Duration::from_millis(weather.delay_ms)).await;
        }
        idle = count < buffer.len();
        if let Some(pause_ms) = (count as u64 * 1_000).checked_div(weather.bytes_per_second) {
            tokio::time::sleep(Duration::from_millis(pause_ms)).await;
        }
        let allowed = take(left, count as u64);
        let part = buffer.get(..usize::try_from(allowed).unwrap_or(count)).unwrap_or_default();
        if to.write_all(part).await.is_err() || allowed < count as u64 {
            return;
        }
        carried.fetch_add(allowed, Ordering::Relaxed);
    }
}

/// Takes up to `wanted` bytes of what is left before the cut.
fn take(left: &AtomicU64, wanted: u64) -> u64 {
    let before = left
        .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| Some(left.saturating_sub(wanted)))
        .unwrap_or_default();
    before.min(wanted)
}
