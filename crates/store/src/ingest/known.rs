//! What is known here of a pack that arrived: the chain that it must follow, whether it brings what was erased or more than may
//! wait, and which of its saves came before.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Connection;
use teranga_core::class::ClassId;
use teranga_core::id::{ChangeHash, RecordId, ReplicaId};
use teranga_sync::admit::Chain;
use teranga_sync::first::first_hash;
use teranga_sync::limits;
use teranga_sync::pack::{Entry, Pack};
use teranga_sync::scan::{ChangeLimits, scan};

use crate::erase;
use crate::error::Result;
use crate::fork;
use crate::log::{self, FROM_FEED, Status};
use crate::packs;
use crate::part;
use crate::receipts;

/// Whether a pack brings something of a record that was erased. Its hashes may come: they are under its signature.
pub(super) fn brings_erased(connection: &Connection, pack: &Pack) -> Result<bool> {
    if !erase::is_anything_erased(connection)? {
        return Ok(false);
    }
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

/// Which changes of a save stand in another pack of the same origin already, one by one; nothing where somebody else's does.
/// What somebody else only named is of whoever brings it.
pub(super) fn in_other_packs(
    connection: &Connection,
    origin: ReplicaId,
    save: &[Entry],
) -> Result<Option<Vec<bool>>> {
    let mut known = Vec::new();
    let mut last = None;
    for entry in save {
        let is_new = match last {
            Some((record, is_new)) if record == entry.record => is_new,
            Some(_) | None => !part::is_record_known(connection, entry.record)?,
        };
        last = Some((entry.record, is_new));
        if is_new {
            // Most saves of a burst begin a record: of one that was never named here no change is looked up.
            known.push(false);
            continue;
        }
        match log::held(connection, entry.record, &entry.class, entry.hash)? {
            Some(held) if held.origin != origin && held.is_only_named && entry.body.is_some() => {
                known.push(false);
            }
            Some(held) if held.origin != origin => return Ok(None),
            // What came down a feed before comes in its pack now.
            None | Some(log::Held { batch: Some(FROM_FEED), .. }) => known.push(false),
            Some(_) => known.push(true),
        }
    }
    Ok(Some(known))
}

/// Whether a pack brings more to a part than may wait there: changes that build on what is not here. One whose dependencies are here
/// is taken however much waits.
pub(super) fn overfills(connection: &Connection, pack: &Pack) -> Result<bool> {
    let mut records: BTreeMap<RecordId, BTreeMap<&ClassId, Vec<&Entry>>> = BTreeMap::new();
    for entry in pack.saves.iter().flatten() {
        records.entry(entry.record).or_default().entry(&entry.class).or_default().push(entry);
    }
    for (record, parts) in records {
        let is_new = !part::is_record_known(connection, record)?;
        for (class, entries) in parts {
            let unapplied = if is_new { 0 } else { log::unapplied(connection, record, class)? };
            if unapplied + entries.len() <= limits::WAITING_PER_PART_MAX {
                continue;
            }
            let waiting = log::waiting(connection, record, class)?;
            let (logged, more) = would_wait(connection, (record, class), &entries)?;
            if more > 0 && waiting + logged + more > limits::WAITING_PER_PART_MAX {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// How many changes of one part would wait, for what nobody brought, or for what waits itself: of those that are logged, for what is
/// logged of a large part is applied later, and of these entries.
fn would_wait(
    connection: &Connection,
    (record, class): (RecordId, &ClassId),
    entries: &[&Entry],
) -> Result<(usize, usize)> {
    let Some(first) = entries.first() else { return Ok((0, 0)) };
    let logged = log::logged_of(connection, record, class)?;
    // Every part begins with a change that nobody brings.
    let beginning = first_hash(record, class, first.salt);
    let (mut waits, mut stands) = (BTreeSet::new(), BTreeSet::from([beginning]));
    let mut look_at = |hash: ChangeHash, body: Option<&Vec<u8>>| -> Result<bool> {
        let Some(Ok(scanned)) = body.map(|body| scan(body, &ChangeLimits::PROTOCOL)) else {
            return Ok(false);
        };
        let mut is_missing = false;
        for dep in scanned.deps.iter().filter(|dep| !stands.contains(*dep)) {
            let status = log::status_of(connection, record, class, *dep)?;
            is_missing |= waits.contains(dep) || status.is_none_or(|status| status == Status::Waiting);
        }
        if is_missing {
            waits.insert(hash);
        } else {
            stands.insert(hash);
        }
        Ok(is_missing)
    };
    let (mut of_logged, mut of_entries) = (0, 0);
    for row in &logged {
        of_logged += usize::from(look_at(row.hash, row.body.as_ref())?);
    }
    for entry in entries {
        let is_new = log::status_of(connection, record, class, entry.hash)?.is_none();
        of_entries += usize::from(look_at(entry.hash, entry.body.as_ref())? && is_new);
    }
    Ok((of_logged, of_entries))
}
