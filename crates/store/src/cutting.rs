//! Cutting: how many saves go into a pack, so that it is about as large on the wire as the link takes. Answers that repeat
//! themselves compress a hundredfold, notes by half, some by nothing: a pack is measured before it is signed.

use std::collections::BTreeSet;

use rusqlite::{Connection, params};
use teranga_core::id::{Batch, ManifestHash, PublicKey, ReplicaId};
use teranga_core::time::Millis;
use teranga_sync::bytes::Writer;
use teranga_sync::compress;
use teranga_sync::introduction::Introduction;
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

/// How often changes compress in a pack, as far as is known before one is measured: answers do about threefold.
const COMPRESSION_EXPECTED: usize = 3;
/// How many times as much is tried at once where a pack turned out small.
const GROWTH_MAX: usize = 4;

impl Replica {
    /// Cuts saves that are in no pack yet into one of about `bytes_target` on the wire, and puts it into the outbox: first
    /// what this replica brings as a witness, then what it wrote. Returns whether there was anything to cut.
    pub fn cut_pack(&mut self, bytes_target: usize, now: Millis) -> Result<bool> {
        let identity = self.identity().clone();
        let version = self.spoken().toward(self.uplink()?.and_then(|uplink| uplink.newest));
        let transaction = self.database_mut().transaction()?;
        if testimony::cut(&transaction, &identity, (version, bytes_target), now)? {
            transaction.commit()?;
            return Ok(true);
        }
        drop(transaction);
        self.cut_own(bytes_target, now)
    }

    /// The same, only of what this replica wrote.
    pub(crate) fn cut_own(&mut self, bytes_target: usize, now: Millis) -> Result<bool> {
        let own = self.id();
        let identity = self.identity().clone();
        let version = self.spoken().toward(self.uplink()?.and_then(|uplink| uplink.newest));
        let transaction = self.database_mut().transaction()?;
        let wire = Wire { connection: &transaction, version, origin: identity.public_key(), author: None };
        let rows = wire.fill(bytes_target, |budget| unpacked(&transaction, own, budget))?;
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

/// Whether there are more saves than were taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum More {
    /// There are.
    Saves,
    /// All were taken.
    Nothing,
}

/// The wire that a pack is cut for.
pub(crate) struct Wire<'a> {
    /// Where the changes are.
    pub connection: &'a Connection,
    /// In which it is written.
    pub version: Version,
    /// Who signs the pack.
    pub origin: PublicKey,
    /// Who wrote its changes, where that is another.
    pub author: Option<Introduction>,
}

impl Wire<'_> {
    /// As many saves as come to no more than the target on the wire, in bytes, or one that alone does. `take` takes whole
    /// saves, one at least, up to so many bytes of changes. Where those turn out small more are tried, where they turn out
    /// large fewer, an eighth at least, until they fit.
    pub(crate) fn fill(
        &self,
        bytes_target: usize,
        mut take: impl FnMut(usize) -> Result<(Vec<LogRow>, More)>,
    ) -> Result<Vec<LogRow>> {
        let most = limits::PACK_RAW_BYTES_MAX / 2;
        let mut budget = (bytes_target * COMPRESSION_EXPECTED).min(most);
        let (mut fits, mut was_too_large) = (0, false);
        loop {
            let (rows, more) = take(budget)?;
            let is_one_save =
                rows.windows(2).all(|pair| matches!(pair, [one, next] if one.save == next.save));
            if is_one_save && (more == More::Nothing || was_too_large) {
                return Ok(rows);
            }
            let bytes = self.measure(&rows)?;
            if bytes > bytes_target && !is_one_save {
                was_too_large = true;
                let scaled = changes_bytes(&rows) * bytes_target / bytes;
                budget = (scaled - scaled / 8).max(fits);
                continue;
            }
            let times = (bytes_target / bytes.max(1)).min(GROWTH_MAX);
            if more == More::Nothing || was_too_large || times < 2 || budget >= most {
                return Ok(rows);
            }
            fits = budget;
            budget = (budget * times).min(most);
        }
    }

    /// How many bytes a pack of these rows is on the wire.
    fn measure(&self, rows: &[LogRow]) -> Result<usize> {
        let openings = openings_of(self.connection, rows)?;
        // The seeds of what another drew are not known here.
        let own = if self.author.is_none() { openings.as_slice() } else { &[] };
        let drawn = drawn::of(self.connection, own)?;
        let by = Authorship { openings, author: self.author.clone() };
        let (previous, signature) = (ManifestHash([0; 32]), [0; 64]);
        // Which do not compress, where they are not zero.
        let unknown = size_of_val(&previous) + size_of_val(&signature);
        let manifest = Manifest { origin: self.origin, batch: Batch::default(), previous, by, signature };
        let pack = Pack { manifest, saves: saves_of(self.connection, rows)? };
        let mut wire = Writer::new();
        compress::write(&mut wire, &pack.encode_drawn(self.version, &drawn));
        Ok(wire.len() + unknown)
    }
}

/// How many bytes the changes are.
pub(crate) fn changes_bytes(rows: &[LogRow]) -> usize {
    rows.iter().filter_map(|row| row.body.as_ref()).map(Vec::len).sum()
}

/// Whole saves that are in no pack yet, up to so many bytes of changes, and one at least.
fn unpacked(connection: &Connection, own: ReplicaId, budget: usize) -> Result<(Vec<LogRow>, More)> {
    let sql = format!(
        "SELECT {} FROM change INDEXED BY change_unpacked WHERE batch IS NULL AND origin = ?1 ORDER BY seq",
        log::COLUMNS
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([own.as_bytes()])?;
    let (mut taken, mut bytes): (Vec<LogRow>, usize) = (Vec::new(), 0);
    let (mut actors, mut begun) = (BTreeSet::new(), 0);
    while let Some(row) = rows.next()? {
        let row = log::read(row)?;
        let actor = actor_of(&row)?;
        if taken.last().is_some_and(|last: &LogRow| last.save != row.save) {
            // A save holds the changes of one opening, or of a few where its draft was begun before a sync.
            let opens_too_many = actors.len() + limits::PACK_CLASSES_MAX > limits::PACK_OPENINGS_MAX;
            if taken.len() >= limits::PACK_ENTRIES_MAX / 2 || opens_too_many {
                return Ok((taken, More::Saves));
            }
            begun = taken.len();
        }
        actors.insert(actor);
        bytes += row.body.as_ref().map_or(0, Vec::len);
        taken.push(row);
        if bytes > budget && begun > 0 {
            taken.truncate(begun);
            return Ok((taken, More::Saves));
        }
    }
    Ok((taken, More::Nothing))
}
