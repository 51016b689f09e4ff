//! Packs in the store: signing one's own, and putting a held pack together again for the way up. What goes into one is cut in
//! `cutting.rs`. A pack is signed once and kept, so that sending it again sends the same.

use rusqlite::{Connection, OptionalExtension, params};
use teranga_core::id::{ActorId, Batch, Line, ManifestHash, OpeningNonce, ReplicaId};
use teranga_core::time::Millis;
use teranga_sync::admit::Chain;
use teranga_sync::identity::{Identity, replica_id};
use teranga_sync::introduction::Introduction;
use teranga_sync::manifest::{Authorship, Listed, Manifest};
use teranga_sync::pack::{Entry, Pack, Save, list};

use crate::columns::{self, blob, integer, maybe_blob};
use crate::contested;
use crate::error::{Result, StoreError};
use crate::line;
use crate::log::{self, LogRow};
use crate::outbox;
use crate::part;
use crate::register;
use crate::take::UNKNOWN;

/// Signs a pack of these rows as the next of one's own, and puts it into the outbox.
pub(crate) fn sign(
    connection: &Connection,
    identity: &Identity,
    by: Authorship,
    rows: &[LogRow],
    now: Millis,
) -> Result<Batch> {
    let own = identity.replica();
    let saves = saves_of(connection, rows)?;
    let chain = chain(connection, own, line::current(connection)?.beginning())?;
    let batch = chain.last.next();
    let listed: Vec<Vec<Listed>> = saves.iter().map(|save| list(save)).collect();
    let previous = match chain.last_hash {
        Some(hash) => hash,
        None => line::before(connection)?,
    };
    let manifest = Manifest::sign(identity, batch, previous, by, listed.iter().map(Vec::as_slice));
    let hash = manifest.hash(listed.iter().map(Vec::as_slice));
    insert(connection, &manifest, &hash, now, None)?;
    outbox::enqueue(connection, own, batch)?;
    Ok(batch)
}

/// The opening that wrote a change.
pub(crate) fn actor_of(row: &LogRow) -> Result<ActorId> {
    let limits = teranga_sync::scan::ChangeLimits::PROTOCOL;
    teranga_sync::scan::scan(row.body.as_deref().unwrap_or_default(), &limits)
        .map(|scanned| scanned.actor)
        .map_err(|_| StoreError::Inconsistent { table: "change", column: "body" })
}

/// Rows of the log as the saves of a pack. What is kept back goes as its hash alone.
pub(crate) fn saves_of(connection: &Connection, rows: &[LogRow]) -> Result<Vec<Save>> {
    let mut saves: Vec<Save> = Vec::new();
    let mut last = None;
    for row in rows {
        let salt = part::salt_of(connection, row.record)?
            .ok_or(StoreError::Inconsistent { table: "record", column: "salt" })?;
        let entry = Entry {
            record: row.record,
            salt,
            class: row.class.clone(),
            hash: row.hash,
            body: row.body.clone().filter(|_| !row.is_kept_back()),
        };
        match saves.last_mut() {
            Some(save) if last == Some(row.save) => save.push(entry),
            _ => saves.push(vec![entry]),
        }
        last = Some(row.save);
    }
    Ok(saves)
}

/// The openings that wrote these changes.
pub(crate) fn openings_of(connection: &Connection, rows: &[LogRow]) -> Result<Vec<OpeningNonce>> {
    let mut openings = Vec::new();
    for row in rows {
        let (_, nonce) = register::opening_of(connection, actor_of(row)?)?
            .ok_or(StoreError::Inconsistent { table: "opening", column: "actor" })?;
        if !openings.contains(&nonce) {
            openings.push(nonce);
        }
    }
    Ok(openings)
}

/// What is held of an origin's chain in the line of a batch, and what stands under that batch.
pub(crate) fn chain(connection: &Connection, origin: ReplicaId, batch: Batch) -> Result<Chain> {
    let line = batch.line();
    let mut statement = connection.prepare_cached(
        "SELECT batch, hash FROM pack WHERE origin = ?1 AND batch BETWEEN ?2 AND ?3 ORDER BY batch DESC LIMIT 1",
    )?;
    let (from, to) = (integer(line.beginning().0), integer(line.end().0));
    let mut rows = statement.query(params![origin.as_bytes(), from, to])?;
    let (last, last_hash) = match rows.next()? {
        None => (line.beginning(), None),
        Some(row) => (columns::batch(row.get(0)?), Some(blob(row, 1, "pack", "hash")?)),
    };
    Ok(Chain { last, last_hash, held: hash_of(connection, origin, batch)?, ..Chain::default() })
}

/// The hash of the manifest that is held under a number.
pub(crate) fn hash_of(
    connection: &Connection,
    origin: ReplicaId,
    batch: Batch,
) -> Result<Option<ManifestHash>> {
    let mut statement =
        connection.prepare_cached("SELECT hash FROM pack WHERE origin = ?1 AND batch = ?2")?;
    let mut rows = statement.query(params![origin.as_bytes(), integer(batch.0)])?;
    rows.next()?.map(|row| blob(row, 0, "pack", "hash")).transpose()
}

/// The child that brought a pack in an exchange, and in which line; `None` for one's own, and for what came in a bundle.
pub(crate) fn brought_by(
    connection: &Connection,
    origin: ReplicaId,
    batch: Batch,
) -> Result<Option<(ReplicaId, Line)>> {
    let mut statement =
        connection.prepare_cached("SELECT via, via_line FROM pack WHERE origin = ?1 AND batch = ?2")?;
    let mut rows = statement.query(params![origin.as_bytes(), integer(batch.0)])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let child = maybe_blob(row, 0, "pack", "via")?;
    Ok(child.zip(row.get::<_, Option<u32>>(1)?.and_then(Line::numbered)))
}

/// The child that brought a pack, in an exchange or in a file; `None` for one's own.
pub(crate) fn via(connection: &Connection, origin: ReplicaId, batch: Batch) -> Result<Option<ReplicaId>> {
    let mut statement = connection.prepare_cached("SELECT via FROM pack WHERE origin = ?1 AND batch = ?2")?;
    let mut rows = statement.query(params![origin.as_bytes(), integer(batch.0)])?;
    Ok(rows.next()?.map(|row| maybe_blob(row, 0, "pack", "via")).transpose()?.flatten())
}

/// Keeps a manifest.
pub(crate) fn insert(
    connection: &Connection,
    manifest: &Manifest,
    hash: &ManifestHash,
    now: Millis,
    via: Option<(ReplicaId, Option<Line>)>,
) -> Result<()> {
    let openings: Vec<u8> = manifest.by.openings.iter().flat_map(|nonce| nonce.0).collect();
    connection
        .prepare_cached(
            "INSERT INTO pack (origin, batch, previous, hash, openings, signature, received_ms, via, via_line, author)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )?
        .execute(params![
            manifest.replica().as_bytes(),
            integer(manifest.batch.0),
            manifest.previous.as_bytes(),
            hash.as_bytes(),
            openings,
            manifest.signature,
            now.0,
            via.map(|(child, _)| child.0),
            via.and_then(|(_, line)| line).map(Line::number),
            manifest.by.author.as_ref().map(Introduction::encode),
        ])?;
    Ok(())
}

/// A held pack, put together again.
pub(crate) fn load(connection: &Connection, origin: ReplicaId, batch: Batch) -> Result<Pack> {
    let wrong = |column| StoreError::Inconsistent { table: "pack", column };
    let key = register::introduction(connection, origin)?
        .ok_or(StoreError::Inconsistent { table: "replica", column: "id" })?
        .key;
    let manifest = connection
        .prepare_cached(
            "SELECT previous, openings, signature, author FROM pack WHERE origin = ?1 AND batch = ?2",
        )?
        .query_row(params![origin.as_bytes(), integer(batch.0)], |row| {
            let bytes = |column| row.get::<_, Vec<u8>>(column);
            Ok((bytes(0)?, bytes(1)?, bytes(2)?, row.get::<_, Option<Vec<u8>>>(3)?))
        })
        .optional()?
        .ok_or(StoreError::Inconsistent { table: "outbox", column: "batch" })?;
    let (previous, openings, signature, author) = manifest;
    let author = author.map(|bytes| Introduction::decode(&bytes).map_err(|_| wrong("author"))).transpose()?;
    let mut rows = match author {
        None => log::of_pack(connection, origin, batch)?,
        Some(_) => log::of_testimony(connection, origin, batch)?,
    };
    // What it only named, and another brought, it did not bring.
    let of = author.as_ref().map_or(origin, |author| replica_id(&author.key));
    for row in rows.iter_mut().filter(|row| row.origin != of && row.origin != UNKNOWN) {
        row.body = None;
    }
    let mut saves = saves_of(connection, &rows)?;
    contested::restore(connection, (origin, batch), &mut saves)?;
    let manifest = Manifest {
        origin: key,
        batch,
        previous: ManifestHash::from_slice(&previous).ok_or_else(|| wrong("previous"))?,
        by: Authorship {
            author,
            openings: openings.chunks_exact(16).filter_map(OpeningNonce::from_slice).collect(),
        },
        signature: signature.try_into().map_err(|_| wrong("signature"))?,
    };
    Ok(Pack { manifest, saves })
}
