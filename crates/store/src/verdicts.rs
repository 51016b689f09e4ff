//! Verdicts: what was not taken, here or further up, and why. They travel down to whoever holds what they speak of. Rows
//! of the feed speak of them, so none is ever deleted: one whose change is tried again, or was taken after all, is
//! withdrawn, and says nothing any more; given anew it is another one, with a place of its own in the feed.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, params};
use teranga_core::class::ClassId;
use teranga_core::id::{ChangeHash, RecordId, ReplicaId};
use teranga_core::record::Custody;
use teranga_sync::feed::VerdictRow;

use crate::columns::{self, blob, integer};
use crate::custody;
use crate::error::{Result, StoreError};
use crate::feed::{self, About, To};
use crate::judged::{self, HELD_BELOW};
use crate::retract;

/// Who gave a verdict, and so can have its change tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GivenBy {
    /// This replica.
    Us,
    /// The hub above.
    HubAbove,
}

/// Takes verdicts that came down together: what they speak of is taken out, of each record at once.
pub(crate) fn take(connection: &Connection, own: ReplicaId, given: Vec<VerdictRow>) -> Result<()> {
    let mut of_records: BTreeMap<RecordId, Vec<VerdictRow>> = BTreeMap::new();
    for verdict in given {
        // What this hub holds aside itself, the one above holds because it was told so: it is this one's to try again.
        if judged::is_of_grants(&verdict.reason) && is_own(connection, &verdict)? {
            continue;
        }
        if verdict.reason == HELD_BELOW && judged::is_ours_to_judge(connection, &verdict)? {
            note_told(connection, &verdict)?;
            continue;
        }
        if note(connection, &verdict, GivenBy::HubAbove)? {
            of_records.entry(verdict.record).or_default().push(verdict);
        }
    }
    for (record, verdicts) in of_records {
        retract::take_out(connection, (own, GivenBy::HubAbove), record, &verdicts)?;
    }
    Ok(())
}

/// Whether this replica gave a verdict on a change, and nobody above.
fn is_own(connection: &Connection, verdict: &VerdictRow) -> Result<bool> {
    stands(connection, verdict, "above = 0")
}

/// Whether a verdict on this change stands of which this holds.
fn stands(connection: &Connection, verdict: &VerdictRow, so: &'static str) -> Result<bool> {
    Ok(connection
        .prepare_cached(&format!(
            "SELECT EXISTS (SELECT 1 FROM verdict
                WHERE record = ?1 AND class = ?2 AND hash = ?3 AND withdrawn = 0 AND {so})"
        ))?
        .query_row(
            params![verdict.record.as_bytes(), verdict.class.as_str(), verdict.hash.as_bytes()],
            |row| row.get(0),
        )?)
}

/// Why the hub above did not take a change, where its verdict stands.
pub(crate) fn given_above(
    connection: &Connection,
    (record, class, hash): (RecordId, &ClassId, ChangeHash),
) -> Result<Option<String>> {
    Ok(connection
        .prepare_cached(
            "SELECT reason FROM verdict
             WHERE record = ?1 AND class = ?2 AND hash = ?3 AND withdrawn = 0 AND above = 1",
        )?
        .query_row(params![record.as_bytes(), class.as_str(), hash.as_bytes()], |row| row.get(0))
        .optional()?)
}

/// The verdict that stands on a change.
pub(crate) fn on(
    connection: &Connection,
    (record, class, hash): (RecordId, &ClassId, ChangeHash),
) -> Result<Option<VerdictRow>> {
    let mut statement = connection.prepare_cached(
        "SELECT origin, batch, record, class, hash, reason FROM verdict
         WHERE record = ?1 AND class = ?2 AND hash = ?3 AND withdrawn = 0",
    )?;
    let mut rows = statement.query(params![record.as_bytes(), class.as_str(), hash.as_bytes()])?;
    rows.next()?.map(read).transpose()
}

/// Notes a verdict and passes it down to whoever holds the change, not only to its author. Returns whether it is new.
pub(crate) fn note(connection: &Connection, verdict: &VerdictRow, by: GivenBy) -> Result<bool> {
    let above = by == GivenBy::HubAbove;
    let standing = connection
        .prepare_cached(
            "UPDATE verdict SET above = max(above, ?4)
             WHERE record = ?1 AND class = ?2 AND hash = ?3 AND withdrawn = 0",
        )?
        .execute(params![
            verdict.record.as_bytes(),
            verdict.class.as_str(),
            verdict.hash.as_bytes(),
            above
        ])?;
    if standing > 0 {
        return Ok(false);
    }
    let row = add(connection, verdict, Added::GivenBy(by))?;
    feed::append(connection, About::Verdict(row), To::All, verdict.hash.as_bytes())?;
    Ok(true)
}

/// Notes that the hub above was told of a change that it was not taken here: by a hub that was here before, or by this one before it
/// was put back. Where it is taken, that one is told so too.
fn note_told(connection: &Connection, verdict: &VerdictRow) -> Result<()> {
    let known: bool = connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM verdict
                WHERE record = ?1 AND class = ?2 AND hash = ?3 AND withdrawn = 1 AND told = 1)",
        )?
        .query_row(
            params![verdict.record.as_bytes(), verdict.class.as_str(), verdict.hash.as_bytes()],
            |row| row.get(0),
        )?;
    if known { Ok(()) } else { add(connection, verdict, Added::Withdrawn).map(|_| ()) }
}

/// How a verdict that is added stands.
#[derive(Debug, Clone, Copy)]
enum Added {
    /// It stands.
    GivenBy(GivenBy),
    /// The hub above was told of it, and it does not stand.
    Withdrawn,
}

/// Adds a verdict. Returns its row.
fn add(connection: &Connection, verdict: &VerdictRow, how: Added) -> Result<i64> {
    let (above, withdrawn) = match how {
        Added::GivenBy(by) => (by == GivenBy::HubAbove, false),
        Added::Withdrawn => (false, true),
    };
    connection
        .prepare_cached(
            "INSERT INTO verdict (origin, batch, record, class, hash, reason, above, withdrawn, told)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8)",
        )?
        .execute(params![
            verdict.origin.as_bytes(),
            integer(verdict.batch.0),
            verdict.record.as_bytes(),
            verdict.class.as_str(),
            verdict.hash.as_bytes(),
            verdict.reason,
            above,
            withdrawn,
        ])?;
    Ok(connection.last_insert_rowid())
}

/// Tells a child once more of every verdict that stands and that is for it to know.
pub(crate) fn tell_again(connection: &Connection, child: ReplicaId) -> Result<()> {
    let mut statement =
        connection.prepare_cached("SELECT row, hash FROM verdict WHERE withdrawn = 0 ORDER BY row")?;
    tell(connection, child, statement.query([])?)
}

/// Tells a child that may hold a record now of the verdicts that stand on it.
pub(crate) fn tell_of(connection: &Connection, child: ReplicaId, record: RecordId) -> Result<()> {
    let mut statement = connection
        .prepare_cached("SELECT row, hash FROM verdict WHERE withdrawn = 0 AND record = ?1 ORDER BY row")?;
    tell(connection, child, statement.query([record.as_bytes()])?)
}

fn tell(connection: &Connection, child: ReplicaId, mut rows: rusqlite::Rows<'_>) -> Result<()> {
    while let Some(row) = rows.next()? {
        let hash: ChangeHash = blob(row, 1, "verdict", "hash")?;
        feed::append(connection, About::Verdict(row.get(0)?), To::Only(child), hash.as_bytes())?;
    }
    Ok(())
}

/// Withdraws the verdict on a change, if one stands.
pub(crate) fn withdraw(
    connection: &Connection,
    record: RecordId,
    class: &ClassId,
    hash: ChangeHash,
) -> Result<bool> {
    let withdrawn = connection
        .prepare_cached(
            "UPDATE verdict SET withdrawn = 1
             WHERE record = ?1 AND class = ?2 AND hash = ?3 AND withdrawn = 0",
        )?
        .execute(params![record.as_bytes(), class.as_str(), hash.as_bytes()])?;
    Ok(withdrawn > 0)
}

/// Keeps with the verdicts on a record who was in charge of it, when they took out the envelope that says so: whoever held
/// it by that must still hear of them.
pub(crate) fn keep_custody(connection: &Connection, record: RecordId, custody: &Custody) -> Result<()> {
    let json = custody::to_json(custody, "verdict")?;
    connection
        .prepare_cached("UPDATE verdict SET custody = ?2 WHERE record = ?1 AND withdrawn = 0")?
        .execute(params![record.as_bytes(), json])?;
    Ok(())
}

/// Who was in charge of a record before verdicts that stand took its envelope out.
pub(crate) fn custody_before(connection: &Connection, record: RecordId) -> Result<Option<Custody>> {
    let json: Option<String> = connection
        .prepare_cached(
            "SELECT custody FROM verdict WHERE record = ?1 AND withdrawn = 0 AND custody IS NOT NULL LIMIT 1",
        )?
        .query_row([record.as_bytes()], |row| row.get(0))
        .optional()?;
    json.map(|json| custody::from_json(&json, "verdict")).transpose()
}

/// A verdict that stands, and who was in charge of its record where it took the envelope out.
pub(crate) struct Standing {
    pub(crate) verdict: VerdictRow,
    pub(crate) custody: Option<Custody>,
}

/// The verdict in a row of `verdict`; nothing where it was withdrawn.
pub(crate) fn standing(connection: &Connection, row: i64) -> Result<Option<Standing>> {
    let mut statement = connection.prepare_cached(
        "SELECT origin, batch, record, class, hash, reason, withdrawn, custody FROM verdict WHERE row = ?1",
    )?;
    let mut rows = statement.query([row])?;
    let row = rows.next()?.ok_or(StoreError::Inconsistent { table: "feed", column: "ref" })?;
    if row.get(6)? {
        return Ok(None);
    }
    let custody = row.get::<_, Option<String>>(7)?.map(|json| custody::from_json(&json, "verdict"));
    let custody = custody.transpose()?;
    Ok(Some(Standing { verdict: read(row)?, custody }))
}

/// Reads a row of `verdict`.
pub(crate) fn read(row: &rusqlite::Row<'_>) -> Result<VerdictRow> {
    Ok(VerdictRow {
        origin: blob(row, 0, "verdict", "origin")?,
        batch: columns::batch(row.get(1)?),
        record: blob(row, 2, "verdict", "record")?,
        class: columns::class(row, 3)?,
        hash: blob(row, 4, "verdict", "hash")?,
        reason: row.get(5)?,
    })
}

/// Whether the author of a change that was not taken has given its answers again, or let them go.
pub(crate) fn is_settled(connection: &Connection, verdict: &VerdictRow) -> Result<bool> {
    stands(connection, verdict, "settled = 1")
}
