//! Cutting: how many of one's own saves go into a pack, so that it is about as large on the wire as the link takes. Answers that
//! repeat themselves compress a hundredfold, notes by half: from version 2 on a pack is measured before it is signed.

use std::collections::BTreeSet;

use rusqlite::{Connection, params};
use teranga_core::id::{Batch, ManifestHash, PublicKey, ReplicaId};
use teranga_core::time::Millis;
use teranga_sync::bytes::Writer;
use teranga_sync::compress;
use teranga_sync::limits;
use teranga_sync::manifest::{Authorship, Manifest};
use teranga_sync::pack::Pack;
use teranga_sync::version::Version;

use crate::columns::integer;
use crate::drawn;
use crate::error::Result;
use crate::log::{self, LogRow};
use crate::packs::{actor_of, openings_of, saves_of, sign};
use crate::replica::Replica;
use crate::testimony;

/// How often changes compress in a pack, where it is not measured: answers do about threefold.
const COMPRESSION_EXPECTED: usize = 3;
/// How many times as much is tried at once where a pack turned out small.
const GROWTH_MAX: usize = 4;

impl Replica {
    /// Cuts saves that are in no pack yet into one of about `bytes_target` on the wire, and puts it into the outbox: first
    /// what this replica brings as a witness, then what it wrote. Returns whether there was anything to cut.
    pub fn cut_pack(&mut self, bytes_target: usize, now: Millis) -> Result<bool> {
        let own = self.id();
        let identity = self.identity().clone();
        let version = self.spoken().toward(self.uplink()?.and_then(|uplink| uplink.newest));
        let transaction = self.connection_mut().transaction()?;
        if testimony::cut(&transaction, &identity, bytes_target, now)? {
            transaction.commit()?;
            return Ok(true);
        }
        let rows = match version {
            Version::PacksAndFeed | Version::NamedOnce => {
                unpacked(&transaction, own, raw_bytes(bytes_target))?.0
            }
            Version::ByColumn => measured(&transaction, (own, identity.public_key()), bytes_target)?,
        };
        if rows.is_empty() {
            return Ok(false);
        }
        let by = Authorship::own(openings_of(&transaction, &rows)?);
        let batch = sign(&transaction, &identity, by, &rows, now)?;
        for (place, row) in (0u32..).zip(&rows) {
            transaction
                .prepare_cached("UPDATE change SET batch = ?2, place = ?3 WHERE seq = ?1")?
                .execute(params![row.seq, integer(batch.0), place])?;
        }
        transaction.commit()?;
        Ok(true)
    }
}

/// Bytes of changes that come to about so many on the wire.
pub(crate) fn raw_bytes(bytes_target: usize) -> usize {
    (bytes_target * COMPRESSION_EXPECTED).min(limits::PACK_RAW_BYTES_MAX / 2)
}

/// Whether there are more saves than were taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum More {
    /// There are.
    Saves,
    /// All were taken.
    Nothing,
}

/// Whole saves that are in no pack yet, as many as come to about the target on the wire.
fn measured(
    connection: &Connection,
    own: (ReplicaId, PublicKey),
    bytes_target: usize,
) -> Result<Vec<LogRow>> {
    let mut budget = raw_bytes(bytes_target);
    loop {
        let (rows, more) = unpacked(connection, own.0, budget)?;
        let most = limits::PACK_RAW_BYTES_MAX / 2;
        if more == More::Nothing || budget >= most {
            return Ok(rows);
        }
        let times = (bytes_target / on_the_wire(connection, own.1, &rows)?.max(1)).min(GROWTH_MAX);
        if times < 2 {
            return Ok(rows);
        }
        budget = (budget * times).min(most);
    }
}

/// How large a pack of these rows is on the wire.
fn on_the_wire(connection: &Connection, origin: PublicKey, rows: &[LogRow]) -> Result<usize> {
    let by = Authorship::own(openings_of(connection, rows)?);
    let drawn = drawn::of(connection, &by.openings)?;
    let previous = ManifestHash([0; 32]);
    let manifest = Manifest { origin, batch: Batch::default(), previous, by, signature: [0; 64] };
    let pack = Pack { manifest, saves: saves_of(connection, rows)? };
    let mut wire = Writer::new();
    compress::write(&mut wire, &pack.encode_drawn(Version::ByColumn, &drawn));
    Ok(wire.len())
}

/// Whole saves that are in no pack yet, up to so many bytes of changes.
fn unpacked(connection: &Connection, own: ReplicaId, budget: usize) -> Result<(Vec<LogRow>, More)> {
    let sql = format!(
        "SELECT {} FROM change INDEXED BY change_unpacked WHERE batch IS NULL AND origin = ?1 ORDER BY seq",
        log::COLUMNS
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([own.as_bytes()])?;
    let (mut taken, mut bytes): (Vec<LogRow>, usize) = (Vec::new(), 0);
    let mut actors = BTreeSet::new();
    while let Some(row) = rows.next()? {
        let row = log::read(row)?;
        let actor = actor_of(&row)?;
        let starts_a_save = taken.last().is_some_and(|last: &LogRow| last.save != row.save);
        // A save holds the changes of one opening, or of a few where its draft was begun before a sync.
        let opens_too_many = actors.len() + limits::PACK_CLASSES_MAX > limits::PACK_OPENINGS_MAX;
        let full = bytes >= budget || taken.len() >= limits::PACK_ENTRIES_MAX / 2 || opens_too_many;
        if starts_a_save && full {
            return Ok((taken, More::Saves));
        }
        actors.insert(actor);
        bytes += row.body.as_ref().map_or(0, Vec::len);
        taken.push(row);
    }
    Ok((taken, More::Nothing))
}
