//! A burst: what many devices bring at once is logged and acknowledged before any of it is applied. How fast, with
//! signatures checked and every pack committed: in one thread, while another reads the next request, which here is
//! one pack, as in a hub that serves.

use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use teranga_core::id::Line;
use teranga_examples::NOW;
use teranga_hub::world::SystemEntropy;
use teranga_store::ingest::{Arrived, Ingested};
use teranga_store::{Replica, Status};
use teranga_sync::introduction::Introduction;
use teranga_sync::message::Request;
use teranga_sync::version::Spoken;

use super::ingest::{Work, rate};

/// So many changes are a burst: what 139 devices bring that come back at once with 200 records each. Who has more to bring than
/// that is served at the pace of documents and views.
const BURST: usize = 100_000;

/// How fast changes were logged.
#[derive(Debug, Clone, Copy)]
pub(super) struct Logged {
    pub(super) changes_per_s: u64,
    pub(super) changes: usize,
}

/// What was measured: the first hundred thousand changes, or fewer where there are no more, and everything.
#[derive(Debug)]
pub(super) struct Measured {
    pub(super) burst: Logged,
    pub(super) whole: Logged,
}

/// Logs what all devices bring, three times, and takes the one in the middle: five seconds are short for a disk.
pub(super) fn measure(work: &Work) -> Result<Measured> {
    let mut passes = (0..3).map(|_| log_all(work)).collect::<Result<Vec<Measured>>>()?;
    passes.sort_by_key(|pass| pass.burst.changes_per_s);
    passes.into_iter().nth(1).context("three")
}

/// Logs it all once. On a copy of the hub: the work is still to be done there.
fn log_all(work: &Work) -> Result<Measured> {
    let folder = tempfile::tempdir()?;
    for file in std::fs::read_dir(&work.data)? {
        let file = file?;
        std::fs::copy(file.path(), folder.path().join(file.file_name()))?;
    }
    let mut hub = Replica::open(folder.path(), &mut SystemEntropy)?;
    let before = hub.census()?.len();
    let requests = work.bodies.iter().map(|body| Known::of(&hub, body)).collect::<Result<Vec<Known>>>()?;
    let spoken = hub.spoken();
    let begun = Instant::now();
    let so_far = |changes| Logged { changes_per_s: rate(changes, begun.elapsed().as_secs_f64()), changes };
    let (mut changes, mut burst) = (0, None);
    thread::scope(|scope| {
        // Without a place between them: one is read while one is logged.
        let (gives, reads) = mpsc::sync_channel(0);
        let requests = &requests;
        scope.spawn(move || {
            requests.iter().try_for_each(|known| gives.send((known, known.read(spoken))).ok())
        });
        for (Known { child, changes: brought, .. }, read) in reads {
            let (line, packs) = read?;
            for pack in &packs {
                let ingested = hub.ingest_arrived(child, line, pack, NOW)?;
                ensure!(ingested == Ingested::Logged, "a pack was not logged: {ingested:?}");
            }
            changes += brought;
            if changes >= BURST && burst.is_none() {
                burst = Some(so_far(changes));
            }
        }
        Ok(())
    })?;
    let whole = so_far(changes);
    let census = hub.census()?;
    let logged = census.iter().filter(|(_, status)| *status == Status::Logged).count();
    ensure!(logged == census.len() - before && logged == changes, "a change was applied");
    Ok(Measured { burst: burst.unwrap_or(whole), whole })
}

/// A request of a known child, and what it brings.
struct Known<'a> {
    child: Introduction,
    body: &'a [u8],
    changes: usize,
}

impl<'a> Known<'a> {
    fn of(hub: &Replica, body: &'a [u8]) -> Result<Self> {
        let child = hub.child(Request::ends(body)?.child)?.context("enrolled")?;
        let mut changes = 0;
        for push in Request::read(body, &child.key, hub.spoken())?.pushes {
            changes += push.pack()?.saves.iter().map(Vec::len).sum::<usize>();
        }
        Ok(Self { child, body, changes })
    }

    /// Reads it, and takes its packs apart.
    fn read(&self, spoken: Spoken) -> Result<(Line, Vec<Arrived>)> {
        let request = Request::read(self.body, &self.child.key, spoken)?;
        Ok((request.line, request.pushes.iter().map(Arrived::of).collect()))
    }
}
