//! Files that pass through a hub which knows of nothing that mentions them: of a case that has left its region before they
//! were brought, or that a hub which is gone had. The hub above knows whether it wants one from whoever here has it; then
//! its chunks are taken for that hub, brought up, and let go once the home's backup has the file.

use rusqlite::{Connection, params};
use teranga_core::id::{FileHash, RecordId, ReplicaId};
use teranga_sync::attachment::{Held, Offer, State};
use teranga_sync::introduction::ReplicaKind;
use teranga_sync::limits;

use crate::columns::{blob, integer};
use crate::error::Result;
use crate::file_queue::{Place, Sendable};
use crate::mentions::{EVER, UNUSED};
use crate::register;

/// What the hub above said of a file that it was asked about, as it stands in the column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    /// It wants the file from whoever has it here.
    Wanted,
    /// The home's backup has it.
    Covered,
}

impl Said {
    const fn code(self) -> u8 {
        match self {
            Self::Wanted => 1,
            Self::Covered => 2,
        }
    }
}

/// Files that wait to go on lie after those of every record.
const LAST: RecordId = RecordId([0; 16]);

/// A child has to know of a file of which nothing is known here: whether it may go where it is, or is wanted. `replica` has the
/// file: the child itself, or one below it.
pub(crate) fn ask(
    connection: &Connection,
    file: &FileHash,
    replica: ReplicaId,
    child: ReplicaId,
) -> Result<()> {
    let known = connection
        .prepare_cached("UPDATE passing SET due = 1, age = 0, child = ?3 WHERE hash = ?1 AND replica = ?2")?
        .execute(params![file.as_bytes(), replica.as_bytes(), child.as_bytes()])?;
    if known == 0 && has_room(connection, child)? {
        connection
            .prepare_cached(
                "INSERT INTO passing (hash, replica, child) SELECT ?1, ?2, ?3 WHERE EXISTS (SELECT 1 FROM uplink)",
            )?
            .execute(params![file.as_bytes(), replica.as_bytes(), child.as_bytes()])?;
    }
    Ok(())
}

/// Whether one more question of a child is kept. One device's are few of all, or the others would ask in vain for as long as it
/// likes; what is not kept is asked again by whoever has the file.
fn has_room(connection: &Connection, child: ReplicaId) -> Result<bool> {
    let (all, of_child): (i64, i64) = connection
        .prepare_cached("SELECT count(*), coalesce(sum(child = ?1), 0) FROM passing")?
        .query_row([child.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let is_hub =
        register::introduction(connection, child)?.is_some_and(|known| known.kind == ReplicaKind::Hub);
    Ok(all < limits::QUESTIONS_MAX && (is_hub || of_child < limits::QUESTIONS_PER_DEVICE_MAX))
}

/// Whether the hub above wants a file that this child has, or one below it.
pub(crate) fn is_wanted(connection: &Connection, file: &FileHash, child: ReplicaId) -> Result<bool> {
    Ok(connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM passing WHERE hash = ?1 AND said = ?3 AND (child = ?2 OR replica = ?2))",
        )?
        .query_row(params![file.as_bytes(), child.as_bytes(), Said::Wanted.code()], |row| row.get(0))?)
}

/// What is to be asked of the hub above. Of a file that is here whole it is asked when that is offered.
pub(crate) fn questions(connection: &Connection, max: usize) -> Result<Vec<Offer>> {
    let mut statement = connection.prepare_cached(
        "SELECT hash, replica FROM passing WHERE due = 1 AND said < ?1
             AND NOT (said = ?2 AND hash IN (SELECT hash FROM attachment WHERE held = 1))
         ORDER BY hash, replica LIMIT ?3",
    )?;
    let mut rows =
        statement.query(params![Said::Covered.code(), Said::Wanted.code(), integer(max as u64)])?;
    let mut questions = Vec::new();
    while let Some(row) = rows.next()? {
        questions
            .push(Offer::question(blob(row, 0, "passing", "hash")?, blob(row, 1, "passing", "replica")?));
    }
    Ok(questions)
}

/// What the hub above says of a question; whether it is news that it wants the file. What it neither wants nor has in a
/// backup is forgotten, and asked again when the child asks again.
pub(crate) fn answered(
    connection: &Connection,
    file: &FileHash,
    replica: ReplicaId,
    state: &State,
) -> Result<bool> {
    if state.covered {
        covered(connection, file)?;
        return Ok(false);
    }
    let of = params![file.as_bytes(), replica.as_bytes()];
    if matches!(state.held, Held::Some(_)) {
        let sql = "UPDATE passing SET due = 0 WHERE hash = ?1 AND replica = ?2";
        connection.prepare_cached(sql)?.execute(of)?;
        let news = connection
            .prepare_cached("UPDATE passing SET said = ?3 WHERE hash = ?1 AND replica = ?2 AND said < ?3")?
            .execute(params![file.as_bytes(), replica.as_bytes(), Said::Wanted.code()])?;
        return Ok(news == 1);
    }
    connection.prepare_cached("DELETE FROM passing WHERE hash = ?1 AND replica = ?2")?.execute(of)?;
    drop_unless_awaited(connection, file)?;
    Ok(false)
}

/// What the hub above says of a file that was offered for it: what the home's backup has may go, and so may what it does not
/// want any more, for it may have been erased.
pub(crate) fn heard(connection: &Connection, file: &FileHash, state: &State) -> Result<()> {
    if state.covered {
        return covered(connection, file);
    }
    if state.held == Held::Unknown {
        connection.prepare_cached("DELETE FROM passing WHERE hash = ?1")?.execute([file.as_bytes()])?;
        drop_unless_awaited(connection, file)?;
    }
    Ok(())
}

fn covered(connection: &Connection, file: &FileHash) -> Result<()> {
    let known = connection
        .prepare_cached("UPDATE passing SET said = ?2, due = 0 WHERE hash = ?1")?
        .execute(params![file.as_bytes(), Said::Covered.code()])?;
    if known > 0 { drop_unless_awaited(connection, file) } else { Ok(()) }
}

/// Whether the hub above said that the home's backup has a file that is not known here.
pub(crate) fn is_covered(connection: &Connection, file: &FileHash) -> Result<bool> {
    Ok(connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM passing WHERE hash = ?1 AND said = ?2)")?
        .query_row(params![file.as_bytes(), Said::Covered.code()], |row| row.get(0))?)
}

/// A child was told that the home's backup has a file; if it did not hear, it asks again.
pub(crate) fn told(connection: &Connection, file: &FileHash, replica: ReplicaId) -> Result<()> {
    connection
        .prepare_cached("DELETE FROM passing WHERE hash = ?1 AND replica = ?2 AND said = ?3")?
        .execute(params![file.as_bytes(), replica.as_bytes(), Said::Covered.code()])?;
    Ok(())
}

/// What waits to go on after this place, once no record's files do; and what it must be known of whether the home's backup
/// has it.
pub(crate) fn sendable(connection: &Connection, after: Option<Place>, max: usize) -> Result<Vec<Sendable>> {
    let mut statement = connection.prepare_cached(
        "SELECT hash, coalesce((SELECT bytes FROM attachment a WHERE a.hash = p.hash AND held = 1 AND covered = 0), 0)
                 AS waiting, EXISTS (SELECT 1 FROM thumbnail t WHERE t.image = p.hash AND at_hub = 0) AS thumbnail
         FROM (SELECT DISTINCT hash FROM passing WHERE said = ?1) p
         WHERE hash NOT IN (SELECT hash FROM mention) AND (?2 IS NULL OR hash < ?2) AND (waiting > 0 OR thumbnail)
         ORDER BY hash DESC LIMIT ?3",
    )?;
    let after = after.filter(|place| place.record == LAST).map(|place| place.file.0);
    let mut rows = statement.query(params![Said::Wanted.code(), after, integer(max as u64)])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(Sendable {
            place: Place { record: LAST, file: blob(row, 0, "passing", "hash")? },
            bytes: usize::try_from(row.get::<_, i64>(1)?).unwrap_or_default(),
            thumbnail: row.get(2)?,
        });
    }
    Ok(found)
}

/// A run of the lane begins. What no child has asked for in so many of them is forgotten.
pub(crate) fn grow_old(connection: &Connection) -> Result<()> {
    connection.prepare_cached("UPDATE passing SET age = age + 1")?.execute([])?;
    forget(connection, "age > ?1", limits::QUESTION_RUNS_MAX)
}

/// Forgets everything that passes through, its bytes too. Of which record a file is, is not known here: where one is erased it
/// may be that one's, and whoever still has to be rid of another brings it again.
pub(crate) fn forget_all(connection: &Connection) -> Result<()> {
    forget(connection, "age > ?1", -1)
}

fn forget(connection: &Connection, which: &str, value: i64) -> Result<()> {
    let mut statement =
        connection.prepare_cached(&format!("DELETE FROM passing WHERE {which} RETURNING hash"))?;
    let mut rows = statement.query([value])?;
    let mut files: Vec<FileHash> = Vec::new();
    while let Some(row) = rows.next()? {
        files.push(blob(row, 0, "passing", "hash")?);
    }
    files.iter().try_for_each(|file| drop_unless_awaited(connection, file))
}

/// Drops what is here of a file, if the hub above does not wait for it and no part here mentions it.
fn drop_unless_awaited(connection: &Connection, file: &FileHash) -> Result<()> {
    let here = format!(
        "hash = ?1 AND NOT EXISTS (SELECT 1 FROM passing WHERE hash = ?1 AND said = ?2)
             AND NOT EXISTS (SELECT 1 FROM {EVER} WHERE hash = ?1)"
    );
    for sql in [
        format!("{UNUSED} FROM attachment WHERE key IS NOT NULL AND loose = 0 AND {here}"),
        format!("{UNUSED} FROM arriving WHERE key IS NOT NULL AND {here}"),
        format!("{UNUSED} FROM (SELECT image AS hash, key FROM thumbnail) WHERE key IS NOT NULL AND {here}"),
        format!("DELETE FROM attachment WHERE loose = 0 AND {here}"),
        format!("DELETE FROM arriving WHERE {here}"),
        format!("DELETE FROM thumbnail WHERE image = ?1 AND EXISTS (SELECT ?1 AS hash WHERE {here})"),
    ] {
        connection.prepare_cached(&sql)?.execute(params![file.as_bytes(), Said::Wanted.code()])?;
    }
    Ok(())
}
