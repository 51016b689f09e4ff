//! Testimonies: what only a colleague's device holds any more, because its author's disk is gone and the hub's with it. Whoever
//! has it from a hub that forgot, and is not brought it once more, brings it up in packs of its own that name the author: as
//! a witness, whose word counts as far as its own rights. What the author brings itself, now or later, takes its place.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension, params};
use teranga_core::id::{Batch, ReplicaId};
use teranga_core::problem::Problem;
use teranga_core::time::Millis;
use teranga_sync::identity::{Identity, replica_id};
use teranga_sync::introduction::Introduction;
use teranga_sync::limits;
use teranga_sync::manifest::Authorship;
use teranga_sync::pack::{Entry, Pack};
use teranga_sync::version::Version;

use crate::columns::{integer, unsigned};
use crate::cutting::{self, More, Wire};
use crate::error::Result;
use crate::feed::{self, About, To};
use crate::fork;
use crate::ingest::{self, Brought};
use crate::log::{self, Appended, FROM_FEED, LogRow, Logged, Status};
use crate::missed;
use crate::outbox;
use crate::packs;
use crate::register;
use crate::replica::Replica;
use crate::take::UNKNOWN;

impl Replica {
    /// How many changes stand here on a witness's word alone: their authors have not brought them.
    pub fn witnessed(&self) -> Result<u64> {
        let count = self.connection().query_row(
            "SELECT count(*) FROM change WHERE witness IS NOT NULL AND batch = 0",
            [],
            |row| row.get(0),
        )?;
        Ok(unsigned(count))
    }
}

/// Cuts a pack of what is missed of one author, of about so many bytes on the wire of a version; whether there was anything.
pub(crate) fn cut(
    connection: &Connection,
    identity: &Identity,
    (version, bytes_target): (Version, usize),
    now: Millis,
) -> Result<bool> {
    missed::settle(connection)?;
    let Some(author) = first_author(connection)? else { return Ok(false) };
    let origin = identity.public_key();
    let wire = Wire { connection, version, origin, author: Some(author.clone()) };
    let rows = wire.fill(bytes_target, |budget| owed_by(connection, replica_id(&author.key), budget))?;
    let by = Authorship { openings: packs::openings_of(connection, &rows)?, author: Some(author) };
    let batch = packs::sign(connection, identity, by, &rows, now)?;
    let own = identity.replica();
    let mut told = None;
    for (place, row) in (0u32..).zip(&rows) {
        name(connection, (own, batch), (place, row.save), row.seq)?;
        attribute(connection, (own, batch), row.seq)?;
        missed::came_down(connection, row.seq)?;
        if told.replace(row.save) != Some(row.save) {
            // Whoever has it from here hears by whose receipts it is safe from now on.
            feed::append(connection, About::Save(row.save, row.record), To::All, row.hash.as_bytes())?;
        }
    }
    Ok(true)
}

fn first_author(connection: &Connection) -> Result<Option<Introduction>> {
    let origin: Option<Vec<u8>> = connection
        .prepare_cached(
            "SELECT c.origin FROM missed m JOIN change c ON c.seq = m.change
             WHERE m.refused = 0 ORDER BY m.change LIMIT 1",
        )?
        .query_row([], |row| row.get(0))
        .optional()?;
    match origin.and_then(|bytes| ReplicaId::from_slice(&bytes)) {
        Some(origin) => register::introduction(connection, origin),
        None => Ok(None),
    }
}

/// Whole saves of an author of which something is missed, as far as they are here, up to so many bytes of changes, and one at
/// least.
fn owed_by(connection: &Connection, author: ReplicaId, budget: usize) -> Result<(Vec<LogRow>, More)> {
    let mut statement = connection.prepare_cached(
        "SELECT DISTINCT c.save FROM missed m JOIN change c ON c.seq = m.change
         WHERE c.origin = ?1 AND m.refused = 0 ORDER BY c.save",
    )?;
    let mut saves = statement.query([author.as_bytes()])?;
    let (mut taken, mut bytes): (Vec<LogRow>, usize) = (Vec::new(), 0);
    let mut actors = BTreeSet::new();
    while let Some(save) = saves.next()? {
        let rows: Vec<LogRow> = log::of_save(connection, save.get(0)?)?
            .into_iter()
            .filter(|row| row.body.is_some() && row.origin == author)
            .collect();
        for row in &rows {
            actors.insert(packs::actor_of(row)?);
        }
        bytes += cutting::changes_bytes(&rows);
        let full = bytes > budget
            || taken.len() + rows.len() > limits::PACK_ENTRIES_MAX / 2
            || actors.len() > limits::PACK_OPENINGS_MAX;
        if !taken.is_empty() && full {
            return Ok((taken, More::Saves));
        }
        taken.extend(rows);
    }
    Ok((taken, More::Nothing))
}

/// Takes one's own testimonies apart again, from one on to the end of its line: what they brought is missed as before.
pub(crate) fn take_apart(
    connection: &Connection,
    own: ReplicaId,
    (first, last): (Batch, Batch),
) -> Result<()> {
    let packs = params![own.as_bytes(), integer(first.0), integer(last.0)];
    connection
        .prepare_cached(
            "INSERT INTO missed (change) SELECT n.change FROM named_again n JOIN change c ON c.seq = n.change
             WHERE n.origin = ?1 AND n.batch BETWEEN ?2 AND ?3 AND c.batch = 0 ON CONFLICT DO NOTHING",
        )?
        .execute(packs)?;
    connection
        .prepare_cached("DELETE FROM named_again WHERE origin = ?1 AND batch BETWEEN ?2 AND ?3")?
        .execute(packs)?;
    Ok(())
}

/// The hub did not take a testimony of one's own, and may never: somebody may have told it something else of a record first. What
/// stands behind it must not wait for that, so it is taken apart, and tried again in another session.
pub(crate) fn refused(connection: &Connection, own: ReplicaId, batch: Batch) -> Result<()> {
    let mut statement =
        connection.prepare_cached("SELECT change FROM named_again WHERE origin = ?1 AND batch = ?2")?;
    let named = statement.query_map(params![own.as_bytes(), integer(batch.0)], |row| row.get::<_, i64>(0))?;
    let named = named.collect::<rusqlite::Result<Vec<i64>>>()?;
    outbox::take_apart_from(connection, own, batch)?;
    for change in named {
        connection.prepare_cached("UPDATE missed SET refused = 1 WHERE change = ?1")?.execute([change])?;
    }
    Ok(())
}

/// A session begins: what was refused in the last one is tried once more.
pub(crate) fn try_again(connection: &Connection) -> Result<()> {
    connection.prepare_cached("UPDATE missed SET refused = 0 WHERE refused = 1")?.execute([])?;
    Ok(())
}

/// Whether a pack of one's own is a testimony.
pub(crate) fn is_own(connection: &Connection, own: ReplicaId, batch: Batch) -> Result<bool> {
    Ok(connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM pack WHERE origin = ?1 AND batch = ?2 AND author IS NOT NULL)",
        )?
        .query_row(params![own.as_bytes(), integer(batch.0)], |row| row.get(0))?)
}

/// Logs what a testimony brings; what is here already is only named by it.
pub(crate) fn log(
    connection: &Connection,
    pack: &Pack,
    author: ReplicaId,
) -> Result<std::result::Result<Brought, Problem>> {
    let known_by = (pack.manifest.replica(), pack.manifest.batch);
    let (mut place, mut brought) = (0, Brought { something: false, names_what_is_here: true });
    for (save, entries) in (0i64..).zip(&pack.saves) {
        let mut first = None;
        for entry in entries {
            let heard = hear(connection, known_by, (author, first), entry)?;
            let Some((seq, is_new)) = heard else { return Ok(Err(Problem::Forbidden)) };
            name(connection, known_by, (place, save), seq)?;
            first.get_or_insert(seq);
            brought.something |= is_new;
            place += 1;
        }
    }
    Ok(Ok(brought))
}

/// Logs one change of a testimony: its row, and whether there is something to apply for it. `None` where it is said to be
/// somebody else's than it is, or its record has another salt.
fn hear(
    connection: &Connection,
    known_by: (ReplicaId, Batch),
    (author, save): (ReplicaId, Option<i64>),
    entry: &Entry,
) -> Result<Option<(i64, bool)>> {
    if !ingest::note_record(connection, entry)? {
        return Ok(None);
    }
    let held = log::held(connection, entry.record, &entry.class, entry.hash)?;
    let is_anothers = held.is_some_and(|held| {
        let is_claimed = held.is_only_named && entry.body.is_some();
        held.origin != author && held.origin != UNKNOWN && !is_claimed
    });
    if is_anothers {
        return Ok(None);
    }
    let (witness, batch) = known_by;
    let logged = Logged {
        record: entry.record,
        class: &entry.class,
        hash: entry.hash,
        origin: author,
        batch: Some(FROM_FEED),
        place: 0,
        save,
        status: if entry.body.is_some() { Status::Logged } else { Status::Withheld },
        body: entry.body.as_deref(),
        fed: Some(batch),
        witness: Some(witness),
    };
    let Appended { seq, is_new, .. } = match log::seq_of(connection, entry.record, &entry.class, entry.hash)?
    {
        None => log::append(connection, &logged)?,
        Some(seq) if log::give_to_its_author(connection, seq, &logged)? => {
            Appended { seq, was_here: true, is_new: true, moved: false }
        }
        Some(seq) => {
            let body = entry.body.as_ref();
            let is_new = body.map_or(Ok(false), |body| log::give_body(connection, seq, body))?;
            Appended { seq, was_here: true, is_new, moved: false }
        }
    };
    if fork::is_sent_again(connection, seq)? {
        attribute(connection, known_by, seq)?;
        let digest = entry.hash.as_bytes();
        feed::append(connection, About::Save(save.unwrap_or(seq), entry.record), To::All, digest)?;
    }
    Ok(Some((seq, is_new)))
}

/// Notes that a testimony names a change at a place, in one of its saves.
fn name(
    connection: &Connection,
    (witness, batch): (ReplicaId, Batch),
    (place, save): (u32, i64),
    seq: i64,
) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO named_again (origin, batch, place, change, save) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![witness.as_bytes(), integer(batch.0), place, seq, save])?;
    Ok(())
}

/// Notes by whose testimony a change is known, until its author brings it.
fn attribute(connection: &Connection, (witness, batch): (ReplicaId, Batch), seq: i64) -> Result<()> {
    connection
        .prepare_cached("UPDATE change SET fed = ?3, witness = ?2 WHERE seq = ?1 AND batch = 0")?
        .execute(params![seq, witness.as_bytes(), integer(batch.0)])?;
    Ok(())
}

/// Testimonies are forgotten from one on to the end of its line, for the hub above holds something else under their numbers.
/// What another testimony here names too is known by that one from now on; the rest waits for its witness to send it anew.
pub(crate) fn forget(
    connection: &Connection,
    witness: ReplicaId,
    (first, last): (Batch, Batch),
) -> Result<()> {
    let packs = params![witness.as_bytes(), integer(first.0), integer(last.0)];
    connection.execute("DELETE FROM named_again WHERE origin = ?1 AND batch BETWEEN ?2 AND ?3", packs)?;
    connection.execute(
        "UPDATE change SET (witness, fed) = (
             SELECT n.origin, n.batch FROM named_again n JOIN pack p ON p.origin = n.origin AND p.batch = n.batch
             WHERE n.change = change.seq AND p.author IS NOT NULL LIMIT 1)
         WHERE witness = ?1 AND fed BETWEEN ?2 AND ?3
             AND seq IN (SELECT n.change FROM named_again n JOIN pack p ON p.origin = n.origin AND p.batch = n.batch
                         WHERE p.author IS NOT NULL)",
        packs,
    )?;
    connection.execute(
        "INSERT INTO unbrought (change, batch) SELECT seq, fed FROM change
         WHERE witness = ?1 AND fed BETWEEN ?2 AND ?3 AND batch = 0 ON CONFLICT DO NOTHING",
        packs,
    )?;
    Ok(())
}
