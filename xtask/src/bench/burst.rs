//! A burst: what many devices bring at once is logged and acknowledged before any of it is applied. How fast, with
//! signatures checked and every pack committed, in one thread.

use std::time::Instant;

use anyhow::{Context, Result, ensure};
use teranga_examples::NOW;
use teranga_hub::world::SystemEntropy;
use teranga_store::ingest::Ingested;
use teranga_store::{Replica, Status};
use teranga_sync::message::Request;

use super::ingest::{Work, rate};

/// Changes a second, and how many there were. On a copy of the hub: the work is still to be done there.
pub(super) fn measure(work: &Work) -> Result<(u64, usize)> {
    let folder = tempfile::tempdir()?;
    for file in std::fs::read_dir(&work.data)? {
        let file = file?;
        std::fs::copy(file.path(), folder.path().join(file.file_name()))?;
    }
    let mut hub = Replica::open(folder.path(), &mut SystemEntropy)?;
    let before = hub.census()?.len();
    let begun = Instant::now();
    for body in &work.bodies {
        let child = hub.child(Request::ends(body)?.child)?.context("enrolled")?;
        let request = Request::read(body, &child.key, hub.spoken())?;
        for push in &request.pushes {
            let ingested = hub.ingest(&child, request.line, push, NOW)?;
            ensure!(ingested == Ingested::Logged, "a pack was not logged: {ingested:?}");
        }
    }
    let seconds = begun.elapsed().as_secs_f64();
    let census = hub.census()?;
    let logged = census.iter().filter(|(_, status)| *status == Status::Logged).count();
    ensure!(logged == census.len() - before, "a change was applied");
    Ok((rate(logged, seconds), logged))
}
