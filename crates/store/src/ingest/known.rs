//! What is known here of a pack that arrived: the chain that it must follow, whether it brings what was erased, and which of its
//! saves came before.

use rusqlite::Connection;
use teranga_core::id::ReplicaId;
use teranga_sync::admit::Chain;
use teranga_sync::pack::{Entry, Pack};

use crate::erase;
use crate::error::Result;
use crate::fork;
use crate::log::{self, FROM_FEED};
use crate::packs;
use crate::receipts;

/// Whether a pack brings something of a record that was erased. Its hashes may come: they are under its signature.
pub(super) fn brings_erased(connection: &Connection, pack: &Pack) -> Result<bool> {
    for entry in pack.saves.iter().flatten() {
        if entry.body.is_some() && erase::is_erased(connection, entry.record)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What is known of the chain in which a pack stands, here and above.
pub(super) fn chain(connection: &Connection, pack: &Pack) -> Result<Chain> {
    let (origin, batch) = (pack.manifest.replica(), pack.manifest.batch);
    let home = receipts::furthest(connection, origin, batch.line())?;
    Ok(Chain {
        fork: fork::of_line(connection, origin, batch.line())?,
        home: home.map(|receipt| (receipt.batch, receipt.mark)),
        came_down: home.is_some_and(|receipt| receipt.batch > batch) && came_down(connection, pack)?,
        ..packs::chain(connection, origin, batch)?
    })
}

/// Whether all that a pack brings came down from the hub above, as of the same batch.
fn came_down(connection: &Connection, pack: &Pack) -> Result<bool> {
    let (origin, batch) = (pack.manifest.replica(), pack.manifest.batch);
    for entry in pack.saves.iter().flatten() {
        let held = log::held(connection, entry.record, &entry.class, entry.hash)?;
        if held.is_none_or(|held| held.fed() != Some((origin, batch))) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether a save stands in another pack of the same origin already.
pub(super) enum Again {
    No,
    Whole,
    Partly,
}

pub(super) fn named_again(connection: &Connection, origin: ReplicaId, save: &[Entry]) -> Result<Again> {
    let mut held = 0;
    for entry in save {
        match log::held(connection, entry.record, &entry.class, entry.hash)? {
            Some(held) if held.origin != origin => return Ok(Again::Partly),
            // What came down a feed before comes in its pack now.
            None | Some(log::Held { batch: Some(FROM_FEED), .. }) => {}
            Some(_) => held += 1,
        }
    }
    Ok(match held {
        0 => Again::No,
        _ if held == save.len() => Again::Whole,
        _ => Again::Partly,
    })
}
