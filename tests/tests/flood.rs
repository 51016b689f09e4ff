//! A hub that is flooded: hundreds of connections that say nothing, megabytes of junk from strangers and in the name of
//! another device, requests that never end. A device that is enrolled syncs meanwhile, from the same address.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on must stop the test")]

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};

use serde_json::Value as Json;
use teranga_tests::{Device, Hub, answers, held_changes, profile, replica};

const JUNK_BYTES: usize = 2 * 1024 * 1024;

/// Whoever floods the hub, until it is told to stop.
struct Flood {
    stop: Arc<AtomicBool>,
    refused: Arc<AtomicU64>,
    threads: Vec<JoinHandle<()>>,
}

impl Flood {
    /// One thread for each of these heads of a request, each of which posts it and junk behind it, again and again.
    fn begin(hub: SocketAddr, heads: Vec<Vec<u8>>) -> Self {
        let (stop, refused) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let threads = heads.into_iter().map(|head| {
            let (stop, refused) = (Arc::clone(&stop), Arc::clone(&refused));
            thread::spawn(move || {
                loop {
                    if post(hub, &head).is_ok_and(|answer| answer.starts_with(b"HTTP/1.1 4")) {
                        refused.fetch_add(1, Ordering::Relaxed);
                    }
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                }
            })
        });
        let threads = threads.collect();
        Self { stop, refused, threads }
    }

    /// Ends it, and says how often it was refused.
    fn end(self) -> u64 {
        self.stop.store(true, Ordering::Relaxed);
        self.threads.into_iter().for_each(|thread| thread.join().unwrap());
        self.refused.load(Ordering::Relaxed)
    }
}

fn post(hub: SocketAddr, head: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(hub)?;
    write!(stream, "POST /v1/sync HTTP/1.1\r\nhost: hub\r\ncontent-length: {JUNK_BYTES}\r\n\r\n")?;
    stream.write_all(head)?;
    stream.write_all(&vec![0; JUNK_BYTES - head.len()])?;
    let mut answer = vec![0; 64];
    let count = stream.read(&mut answer)?;
    answer.truncate(count);
    Ok(answer)
}

/// The first bytes of a request that names this child, in hexadecimal digits.
fn naming(child: &str) -> Vec<u8> {
    let digits = |at: usize| u8::from_str_radix(child.get(at..at + 2).unwrap(), 16).unwrap();
    let mut head = b"TRGA\x01\x02".to_vec();
    head.extend([0; 16]);
    head.extend((0..child.len()).step_by(2).map(digits));
    head.extend([0; 64]);
    head
}

#[test]
fn a_device_syncs_with_a_hub_that_is_flooded_from_the_same_address() {
    let folder = tempfile::tempdir().unwrap();
    let hub = Hub::start(&folder.path().join("hq"), &[]);
    let awa = Device::new(folder.path(), "Awa Exemple", &hub, "SN-KL");
    let _another = Device::new(folder.path(), "Modou Exemple", &hub, "SN-KL");
    let status: Json = serde_json::from_str(&hub.ask(&["status", "--json"])).unwrap();
    let children = status.get("children").and_then(Json::as_array).unwrap();
    let is_another = |child: &&Json| child.get("person") == Some(&Json::from("Modou Exemple"));
    let another = children.iter().find(is_another).unwrap().get("replica").unwrap().as_str().unwrap();

    let silent: Vec<_> = (0..400).map(|_| TcpStream::connect(hub.address).unwrap()).collect();
    let endless: Vec<_> = (0..8)
        .map(|_| {
            let mut stream = TcpStream::connect(hub.address).unwrap();
            write!(stream, "POST /v1/sync HTTP/1.1\r\nhost: hub\r\ncontent-length: {JUNK_BYTES}\r\n\r\n")
                .unwrap();
            stream.write_all(&naming(another)).unwrap();
            stream
        })
        .collect();
    let heads = ["00112233445566778899aabbccddeeff", another].map(naming);
    let flood = Flood::begin(hub.address, heads.into_iter().cycle().take(8).collect());
    for number in 0..5 {
        let file = answers(folder.path(), "case.json", &profile(number));
        awa.done(&["case", "--answers", file.to_str().unwrap()]);
        let synced = awa.sync(&hub.url());
        assert!(synced.status.success(), "{}", String::from_utf8_lossy(&synced.stderr));
    }
    // The hub's own people are answered too.
    hub.ask(&["status"]);
    assert!(flood.end() > 0, "junk was refused");
    drop((silent, endless));
    awa.done(&["list"]);
    assert!(!awa.saved().is_empty());
    assert!(awa.saved().is_subset(&awa.shown_safe()), "all is called safe");
    let data = hub.data.clone();
    drop(hub);
    assert!(awa.saved().is_subset(&held_changes(&replica(&data))), "and is there");
}
