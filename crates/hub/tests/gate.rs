//! A hub's gate, attacked on loopback: what is beyond its bounds is refused at once, and a device that is enrolled gets
//! its answers beside it and after it. Nothing here waits for a time to pass: a request that is never finished holds its
//! slot for as long as the test wants.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a helper that cannot go on must stop the test"
)]

use std::net::SocketAddr;
use std::sync::Mutex;
use std::time::Duration;

use teranga_client::Device;
use teranga_client::invent::Seeded;
use teranga_core::problem::{Explain as _, Problem, Retry};
use teranga_hub::link::{Link, LinkError, Road};
use teranga_hub::synchronise::{Holder, Patience, synchronise};
use teranga_hub::{Bounds, HubOptions, Pace, SlotBounds, serve_within};
use teranga_store::Replica;
use teranga_store::network::Cost;
use teranga_sync::limits;
use teranga_sync::session::Session;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet};

/// A running hub and a device that is enrolled there.
struct World {
    hub: SocketAddr,
    device: Device,
    task: JoinHandle<()>,
    _folder: tempfile::TempDir,
}

impl Drop for World {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl World {
    async fn new(bounds: Bounds) -> Self {
        // As the command does; that another test was first is no matter.
        drop(rustls::crypto::ring::default_provider().install_default());
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("hub");
        let mut seed = Seeded(1);
        let mut office = teranga_examples::hub(&data, &mut seed);
        let device =
            teranga_examples::device(&folder.path().join("d"), "Awa Exemple", &mut office, &mut seed);
        drop(office);
        let options = HubOptions {
            data,
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            tls: None,
            insecure_lan: false,
            sync_at: "22:00".parse().unwrap(),
            parent_certificate: None,
            parent_network: Cost::Unmetered,
        };
        let (told, ready) = oneshot::channel();
        let task = tokio::spawn(async move {
            serve_within(options, bounds, |address| told.send(address).unwrap()).await.unwrap();
        });
        Self { hub: ready.await.unwrap(), device, task, _folder: folder }
    }

    /// A request of the device, with the next of its numbers.
    fn request(&mut self) -> Vec<u8> {
        let plan = Session::new().plan();
        let replica = self.device.replica_mut();
        let request = replica.next_request(&plan, teranga_examples::NOW).unwrap().unwrap();
        request.encode(replica.identity())
    }

    async fn exchange(&mut self) -> Result<Vec<u8>, LinkError> {
        let body = self.request();
        Link::new(&format!("http://{}", self.hub), None).unwrap().exchange(Road::Answers, body).await
    }

    /// A request that says that it has so many bytes, of which these are sent.
    async fn begin(&self, path: &str, length: usize, bytes: &[u8]) -> TcpStream {
        // A small buffer, as over a slow link: what the hub does not take is not sent.
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_send_buffer_size(4_096).unwrap();
        let mut stream = socket.connect(self.hub).await.unwrap();
        let head = format!("POST {path} HTTP/1.1\r\nhost: hub\r\ncontent-length: {length}\r\n\r\n");
        stream.write_all(&[head.as_bytes(), bytes].concat()).await.unwrap();
        stream
    }
}

/// The answer that comes on a connection, as far as it says its length or what is wrong.
async fn heard(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut all = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let count = stream.read(&mut buffer).await.unwrap_or_default();
        all.extend_from_slice(&buffer[..count]);
        let text = String::from_utf8_lossy(&all).into_owned();
        if count == 0 || text.ends_with('}') {
            return text;
        }
    }
}

fn bounds() -> Bounds {
    Bounds { requests: SlotBounds { all: 2, per_address: 2 }, ..Bounds::default() }
}

#[tokio::test]
async fn beyond_its_slots_a_hub_is_busy_at_once_and_goes_on_once_one_is_free() {
    let mut world = World::new(bounds()).await;
    let body = world.request();
    let (mut waiting, mut senders) = (JoinSet::new(), Vec::new());
    for number in 0..3 {
        let (mut receiver, sender) = world.begin("/v1/sync", 110, &body[..102]).await.into_split();
        senders.push(sender);
        waiting.spawn(async move { (number, heard(&mut receiver).await) });
    }
    // None of the three was sent whole, so the one that comes last hears something, whichever it is.
    let (turned_away, answer): (usize, String) = waiting.join_next().await.unwrap().unwrap();
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains(r#""code":"busy""#), "{answer}");
    assert!(answer.contains(&format!("retry-after: {}\r\n", limits::BUSY_SECONDS)), "{answer}");
    let busy = world.exchange().await;
    assert!(matches!(busy, Err(LinkError::Busy { after_ms: 5_000 })), "{busy:?}");
    let under_way = (0..3).find(|number| *number != turned_away).unwrap();
    senders[under_way].write_all(b"8 bytes.").await.unwrap();
    let (answered, answer) = waiting.join_next().await.unwrap().unwrap();
    assert_eq!(answered, under_way);
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    world.exchange().await.unwrap();
}

/// The device of a world, for a session of its own.
struct Held<'a>(Mutex<&'a mut Replica>);

impl Holder for Held<'_> {
    fn with<T>(&self, work: impl FnOnce(&mut Replica) -> T) -> T {
        work(&mut self.0.lock().unwrap())
    }
}

#[tokio::test]
async fn a_session_that_meets_a_busy_hub_gives_up_for_now_and_loses_nothing() {
    let one = SlotBounds { all: 1, per_address: 1 };
    let mut world = World::new(Bounds { requests: one, ..Bounds::default() }).await;
    teranga_examples::invented(&mut world.device, "profile", None, &mut Seeded(2));
    let body = world.request();
    let (mut waiting, mut senders) = (JoinSet::new(), Vec::new());
    for _ in 0..2 {
        let (mut receiver, sender) = world.begin("/v1/sync", 110, &body[..102]).await.into_split();
        senders.push(sender);
        waiting.spawn(async move { heard(&mut receiver).await });
    }
    assert!(waiting.join_next().await.unwrap().unwrap().starts_with("HTTP/1.1 503"));

    let link = Link::new(&format!("http://{}", world.hub), None).unwrap();
    let patience = Patience { failures_max: 3, pause_permille: 0 };
    let held = Held(Mutex::new(world.device.replica_mut()));
    let busy = synchronise(&held, &link, patience, |_| {}).await.unwrap_err();
    assert_eq!((busy.code(), busy.retry()), ("busy", Retry::Later));
    let unsent = held.with(|replica| replica.log_counts().unwrap().unsent);
    assert!(unsent > 0, "it is all still here");

    for sender in &mut senders {
        // The one that was turned away is gone already.
        drop(sender.write_all(b"8 bytes.").await);
    }
    assert!(waiting.join_next().await.unwrap().unwrap().starts_with("HTTP/1.1 401"));
    synchronise(&held, &link, patience, |_| {}).await.unwrap().refused.unwrap();
    assert_eq!(held.with(|replica| replica.log_counts().unwrap().unsent), 0);
}

#[tokio::test]
async fn whoever_names_a_child_takes_its_share_and_nobody_elses() {
    let bounds =
        Bounds { requests: SlotBounds { all: 8, per_address: 8 }, requests_per_child: 1, ..bounds() };
    let mut world = World::new(bounds).await;
    let body = world.request();
    let mut waiting = JoinSet::new();
    for _ in 0..2 {
        let mut stream = world.begin("/v1/sync", 1_000_000, &body[..102]).await;
        waiting.spawn(async move { heard(&mut stream).await });
    }
    let answer = waiting.join_next().await.unwrap().unwrap();
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    // Others are looked up, and told what they are: the child's share is not theirs.
    let mut of_another = body[..102].to_vec();
    of_another[30] ^= 1;
    let mut stranger = world.begin("/v1/sync", 1_000_000, &of_another).await;
    let answer = heard(&mut stranger).await;
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
}

#[tokio::test]
async fn what_may_not_come_is_refused_before_it_came() {
    let mut world = World::new(Bounds::default()).await;
    let mut large = world.begin("/v1/sync", limits::REQUEST_BYTES_MAX + 1, b"").await;
    assert!(heard(&mut large).await.starts_with("HTTP/1.1 413"));
    let mut large = world.begin("/v1/attachments", limits::LANE_BYTES_MAX + 1, b"").await;
    assert!(heard(&mut large).await.starts_with("HTTP/1.1 413"));
    let mut foreign = world.begin("/v1/sync", limits::REQUEST_BYTES_MAX, &[b'x'; 102]).await;
    assert!(heard(&mut foreign).await.starts_with("HTTP/1.1 400"));
    let mut foreign = world.begin("/v1/bundle", limits::LETTER_BYTES_MAX, &[b'x'; 102]).await;
    assert!(heard(&mut foreign).await.starts_with("HTTP/1.1 400"));
    let mut keyless = world.begin("/v1/admin", limits::LOCAL_BYTES_MAX, b"").await;
    assert!(heard(&mut keyless).await.starts_with("HTTP/1.1 401"));
    // Without a length, what is too much is known when it comes.
    let mut endless = TcpStream::connect(world.hub).await.unwrap();
    let piece = "x".repeat(limits::ENROLMENT_BYTES_MAX + 1);
    let head = "POST /v1/enrol HTTP/1.1\r\nhost: hub\r\ntransfer-encoding: chunked\r\n\r\n";
    let sent = format!("{head}{:x}\r\n{piece}\r\n", piece.len());
    endless.write_all(sent.as_bytes()).await.unwrap();
    assert!(heard(&mut endless).await.starts_with("HTTP/1.1 413"));
    world.exchange().await.unwrap();
}

#[tokio::test]
async fn a_refusal_is_heard_by_whoever_sends_everything_first() {
    let world = World::new(Bounds::default()).await;
    let junk = vec![b'x'; limits::REQUEST_BYTES_MAX];
    let mut stream = world.begin("/v1/sync", junk.len(), &junk).await;
    assert!(heard(&mut stream).await.starts_with("HTTP/1.1 400"));
    let link = Link::new(&format!("http://{}", world.hub), None).unwrap();
    let foreign = link.exchange(Road::Answers, junk).await;
    assert!(matches!(foreign, Err(LinkError::Refused { problem: Problem::Malformed })), "{foreign:?}");
}

#[tokio::test]
async fn silence_holds_neither_a_connection_nor_a_slot() {
    let short = Duration::from_millis(20);
    let world = World::new(Bounds { headers: short, ..Bounds::default() }).await;
    let mut silent = TcpStream::connect(world.hub).await.unwrap();
    assert_eq!(silent.read(&mut [0; 1]).await.unwrap(), 0, "closed without headers");
    let pace = Pace { stall: short, ..Pace::default() };
    let mut world = World::new(Bounds { pace, ..Bounds::default() }).await;
    let body = world.request();
    let mut stalled = world.begin("/v1/sync", body.len(), &body[..102]).await;
    let answer = heard(&mut stalled).await;
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
}

#[tokio::test]
async fn a_hundred_connections_that_say_nothing_keep_nobody_out() {
    let bounds = Bounds { connections: 8, connections_per_address: 4, ..Bounds::default() };
    let mut world = World::new(bounds).await;
    let mut silent = Vec::new();
    for _ in 0..100 {
        silent.push(TcpStream::connect(world.hub).await.unwrap());
    }
    world.exchange().await.unwrap();
    for stream in silent.iter_mut().take(96) {
        assert_eq!(
            stream.read(&mut [0; 1]).await.unwrap_or_default(),
            0,
            "given up for those that came later"
        );
    }
}

#[tokio::test]
async fn several_requests_of_one_device_are_answered_one_after_the_other() {
    let mut world = World::new(Bounds::default()).await;
    let link = Link::new(&format!("http://{}", world.hub), None).unwrap();
    let mut senders = JoinSet::new();
    for _ in 0..limits::REQUESTS_PER_CHILD_MAX {
        let (link, body) = (link.clone(), world.request());
        senders.spawn(async move { link.exchange(Road::Answers, body).await });
    }
    while let Some(answered) = senders.join_next().await {
        // One that comes after a later one was answered is a replay, which says so.
        match answered.unwrap() {
            Ok(_) | Err(LinkError::Refused { problem: Problem::Replayed }) => {}
            Err(error) => panic!("{error:?}"),
        }
    }
}
