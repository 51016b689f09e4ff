//! Packs in the store: cutting one's own saves into signed packs, and putting a held pack together again for the way
//! up. A pack is cut once and kept, so that sending it again sends the same.

use rusqlite::{Connection, OptionalExtension, params};
use teranga_core::class::ClassId;
use teranga_core::id::{Batch, ChangeHash, ManifestHash, OpeningNonce, RecordId, ReplicaId, Salt};
use teranga_core::time::Millis;
use teranga_document::part::Part;
use teranga_sync::admit::Chain;
use teranga_sync::limits;
use teranga_sync::manifest::{Listed, Manifest};
use teranga_sync::pack::{Entry, Pack, Save, list};

use crate::columns::{self, blob, integer};
use crate::error::{Result, StoreError};
use crate::log::{self, LogRow, Status};
use crate::part;
use crate::register;
use crate::replica::Replica;

/// Answers compress about threefold in a pack; a target on the wire is that many bytes of changes.
const COMPRESSION_EXPECTED: usize = 3;

/// The hash of a part's deterministic first change.
pub(crate) fn first_hash(record: RecordId, class: &ClassId, salt: Salt) -> ChangeHash {
    Part::first_change(record, class, salt.0).hash
}

impl Replica {
    /// Cuts saves that are in no pack yet into one of about `bytes_target` on the wire, and puts it into the outbox.
    /// Returns whether there was anything to cut.
    pub fn cut_pack(&mut self, bytes_target: usize, now: Millis) -> Result<bool> {
        let own = self.id();
        let identity = self.identity().clone();
        let transaction = self.connection_mut().transaction()?;
        let rows = unpacked(&transaction, own, bytes_target)?;
        if rows.is_empty() {
            return Ok(false);
        }
        let saves = saves_of(&transaction, &rows)?;
        let chain = chain(&transaction, own, Batch(0))?;
        let batch = Batch(chain.last.0 + 1);
        let openings = openings_of(&transaction, &saves)?;
        let listed: Vec<Vec<Listed>> = saves.iter().map(|save| list(save)).collect();
        let previous = chain.last_hash.unwrap_or(ManifestHash([0; 32]));
        let manifest = Manifest::sign(&identity, batch, previous, openings, listed.iter().map(Vec::as_slice));
        let hash = manifest.hash(listed.iter().map(Vec::as_slice));
        insert(&transaction, &manifest, &hash, now, None)?;
        for (place, row) in (0u32..).zip(&rows) {
            transaction
                .prepare_cached("UPDATE change SET batch = ?2, place = ?3 WHERE seq = ?1")?
                .execute(params![row.seq, integer(batch.0), place])?;
        }
        enqueue(&transaction, own, batch)?;
        transaction.commit()?;
        Ok(true)
    }
}

/// Whole saves that are in no pack yet, up to the target.
fn unpacked(connection: &Connection, own: ReplicaId, bytes_target: usize) -> Result<Vec<LogRow>> {
    let sql = format!("SELECT {} FROM change WHERE batch IS NULL AND origin = ?1 ORDER BY seq", log::COLUMNS);
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([own.as_bytes()])?;
    let budget = (bytes_target * COMPRESSION_EXPECTED).min(limits::PACK_RAW_BYTES_MAX / 2);
    let (mut taken, mut bytes): (Vec<LogRow>, usize) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        let row = log::read(row)?;
        let starts_a_save = taken.last().is_some_and(|last: &LogRow| last.save != row.save);
        if starts_a_save && (bytes >= budget || taken.len() >= limits::PACK_ENTRIES_MAX / 2) {
            break;
        }
        bytes += row.body.as_ref().map_or(0, Vec::len);
        taken.push(row);
    }
    Ok(taken)
}

/// Rows of the log as the saves of a pack. What is quarantined or withheld goes as its hash alone.
pub(crate) fn saves_of(connection: &Connection, rows: &[LogRow]) -> Result<Vec<Save>> {
    let mut saves: Vec<Save> = Vec::new();
    let mut last = None;
    for row in rows {
        let salt = part::salt_of(connection, row.record)?
            .ok_or(StoreError::Inconsistent { table: "record", column: "salt" })?;
        let travels = !matches!(row.status, Status::Quarantined | Status::Withheld);
        let entry = Entry {
            record: row.record,
            salt,
            class: row.class.clone(),
            hash: row.hash,
            body: row.body.clone().filter(|_| travels),
        };
        match saves.last_mut() {
            Some(save) if last == Some(row.save) => save.push(entry),
            _ => saves.push(vec![entry]),
        }
        last = Some(row.save);
    }
    Ok(saves)
}

fn openings_of(connection: &Connection, saves: &[Save]) -> Result<Vec<OpeningNonce>> {
    let scan_limits = teranga_sync::scan::ChangeLimits::PROTOCOL;
    let mut openings = Vec::new();
    for entry in saves.iter().flatten() {
        let body = entry.body.as_deref().unwrap_or_default();
        let scanned = teranga_sync::scan::scan(body, &scan_limits)
            .map_err(|_| StoreError::Inconsistent { table: "change", column: "body" })?;
        let (_, nonce) = register::opening_of(connection, scanned.actor)?
            .ok_or(StoreError::Inconsistent { table: "opening", column: "actor" })?;
        if !openings.contains(&nonce) {
            openings.push(nonce);
        }
    }
    Ok(openings)
}

/// What is held of an origin's chain, and what stands under one of its numbers.
pub(crate) fn chain(connection: &Connection, origin: ReplicaId, batch: Batch) -> Result<Chain> {
    let mut statement = connection
        .prepare_cached("SELECT batch, hash FROM pack WHERE origin = ?1 ORDER BY batch DESC LIMIT 1")?;
    let mut rows = statement.query([origin.as_bytes()])?;
    let (last, last_hash) = match rows.next()? {
        None => (Batch(0), None),
        Some(row) => (columns::batch(row.get(0)?), Some(blob(row, 1, "pack", "hash")?)),
    };
    Ok(Chain { last, last_hash, held: hash_of(connection, origin, batch)? })
}

fn hash_of(connection: &Connection, origin: ReplicaId, batch: Batch) -> Result<Option<ManifestHash>> {
    let mut statement =
        connection.prepare_cached("SELECT hash FROM pack WHERE origin = ?1 AND batch = ?2")?;
    let mut rows = statement.query(params![origin.as_bytes(), integer(batch.0)])?;
    rows.next()?.map(|row| blob(row, 0, "pack", "hash")).transpose()
}

/// Keeps a manifest.
pub(crate) fn insert(
    connection: &Connection,
    manifest: &Manifest,
    hash: &ManifestHash,
    now: Millis,
    via: Option<ReplicaId>,
) -> Result<()> {
    let openings: Vec<u8> = manifest.openings.iter().flat_map(|nonce| nonce.0).collect();
    connection
        .prepare_cached(
            "INSERT INTO pack (origin, batch, previous, hash, openings, signature, received_ms, via)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            manifest.replica().as_bytes(),
            integer(manifest.batch.0),
            manifest.previous.as_bytes(),
            hash.as_bytes(),
            openings,
            manifest.signature,
            now.0,
            via.map(|via| via.0),
        ])?;
    Ok(())
}

/// Puts a pack at the end of the outbox.
pub(crate) fn enqueue(connection: &Connection, origin: ReplicaId, batch: Batch) -> Result<()> {
    connection
        .prepare_cached("INSERT INTO outbox (origin, batch) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?
        .execute(params![origin.as_bytes(), integer(batch.0)])?;
    Ok(())
}

/// One row of the outbox.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OutboxRow {
    pub(crate) number: u64,
    pub(crate) origin: ReplicaId,
    pub(crate) batch: Batch,
}

/// The first pack of the outbox after this number.
pub(crate) fn outbox_after(connection: &Connection, number: u64) -> Result<Option<OutboxRow>> {
    let mut statement = connection.prepare_cached(
        "SELECT number, origin, batch FROM outbox WHERE number > ?1 ORDER BY number LIMIT 1",
    )?;
    let mut rows = statement.query([integer(number)])?;
    rows.next()?
        .map(|row| {
            Ok(OutboxRow {
                number: columns::unsigned(row.get(0)?),
                origin: blob(row, 1, "outbox", "origin")?,
                batch: columns::batch(row.get(2)?),
            })
        })
        .transpose()
}

/// The manifest hash of the pack under an outbox number.
pub(crate) fn outbox_hash(connection: &Connection, number: u64) -> Result<Option<ManifestHash>> {
    let mut statement = connection.prepare_cached(
        "SELECT p.hash FROM outbox o JOIN pack p ON p.origin = o.origin AND p.batch = o.batch WHERE o.number = ?1",
    )?;
    let mut rows = statement.query([integer(number)])?;
    rows.next()?.map(|row| blob(row, 0, "pack", "hash")).transpose()
}

/// A held pack, put together again.
pub(crate) fn load(connection: &Connection, origin: ReplicaId, batch: Batch) -> Result<Pack> {
    let rows = log::of_pack(connection, origin, batch)?;
    let saves = saves_of(connection, &rows)?;
    let key = register::introduction(connection, origin)?
        .ok_or(StoreError::Inconsistent { table: "replica", column: "id" })?
        .key;
    let manifest = connection
        .prepare_cached("SELECT previous, openings, signature FROM pack WHERE origin = ?1 AND batch = ?2")?
        .query_row(params![origin.as_bytes(), integer(batch.0)], |row| {
            Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, Vec<u8>>(1)?, row.get::<_, Vec<u8>>(2)?))
        })
        .optional()?
        .ok_or(StoreError::Inconsistent { table: "outbox", column: "batch" })?;
    let wrong = |column| StoreError::Inconsistent { table: "pack", column };
    let (previous, openings, signature) = manifest;
    let manifest = Manifest {
        origin: key,
        batch,
        previous: ManifestHash::from_slice(&previous).ok_or_else(|| wrong("previous"))?,
        openings: openings.chunks_exact(16).filter_map(OpeningNonce::from_slice).collect(),
        signature: signature.try_into().map_err(|_| wrong("signature"))?,
    };
    Ok(Pack { manifest, saves })
}
