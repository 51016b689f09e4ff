//! Custody in the store: who is in charge of each record, kept beside what its envelope says. An assessment is in the
//! charge of whoever is in charge of its case, so its custody is put together when it is asked for.

use rusqlite::{Connection, OptionalExtension, params};
use teranga_core::id::RecordId;
use teranga_core::record::{Assignee, Custody, Envelope};

use crate::columns::{blob, maybe_blob};
use crate::error::{Result, StoreError};
use crate::replica::Replica;
use crate::verdicts;

/// What decides who may hold a record, by its own envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Facts {
    /// The custody that its envelope makes.
    pub(crate) own: Custody,
    /// The case of an assessment.
    pub(crate) case: Option<RecordId>,
}

impl Facts {
    /// The facts in an envelope.
    pub(crate) fn of(envelope: &Envelope) -> Self {
        Self { own: Custody::of(envelope), case: envelope.case }
    }

    /// The custody, once it is known who is in charge of the case.
    pub(crate) fn with(&self, case: Option<&Custody>) -> Custody {
        let Some(case) = case else { return self.own.clone() };
        let mut custody = self.own.clone().with_case(case);
        if case.region != custody.region {
            let region = Assignee { region: case.region.clone(), office: None, person: None };
            custody.assigned.insert(region);
        }
        custody
    }
}

/// What a record's envelope says; `None` while it has not arrived.
pub(crate) fn facts(connection: &Connection, record: RecordId) -> Result<Option<Facts>> {
    let mut statement =
        connection.prepare_cached("SELECT region, custody, kase FROM record WHERE record = ?1")?;
    let mut rows = statement.query([record.as_bytes()])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let Some(own) = in_columns(row.get(0)?, row.get(1)?)? else { return Ok(None) };
    Ok(Some(Facts { own, case: maybe_blob(row, 2, "record", "kase")? }))
}

/// How long it is in the database who is in charge of a record: who reads it reads all of it.
pub(crate) fn bytes(connection: &Connection, record: RecordId) -> Result<usize> {
    let bytes: Option<i64> = connection
        .prepare_cached("SELECT coalesce(length(custody), 0) FROM record WHERE record = ?1")?
        .query_row([record.as_bytes()], |row| row.get(0))
        .optional()?;
    Ok(bytes.and_then(|bytes| usize::try_from(bytes).ok()).unwrap_or_default())
}

/// Who is in charge of a record; `None` while its envelope has not arrived.
pub(crate) fn of(connection: &Connection, record: RecordId) -> Result<Option<Custody>> {
    let Some(facts) = facts(connection, record)? else { return Ok(None) };
    Ok(Some(under(connection, &facts)?))
}

/// The custody that follows from these facts and from what is held of the case.
pub(crate) fn under(connection: &Connection, of: &Facts) -> Result<Custody> {
    let case = of.case.map(|case| of_case_as_known(connection, case)).transpose()?.flatten();
    with_former_cases(connection, of.with(case.as_ref()))
}

/// The same with whoever was in charge of it through a case on which it was entered by mistake.
fn with_former_cases(connection: &Connection, mut custody: Custody) -> Result<Custody> {
    for case in std::mem::take(&mut custody.former_cases) {
        if let Some(case) = of_case_as_known(connection, case)? {
            custody = custody.with_former_case(&case);
        }
    }
    Ok(custody)
}

/// Whoever is in charge of a record by what is known here, or was: also before it was let go, and before verdicts took its envelope
/// out.
pub(crate) fn ever(connection: &Connection, record: RecordId) -> Result<Vec<Custody>> {
    let known =
        [of(connection, record)?, left(connection, record)?, verdicts::custody_before(connection, record)?];
    Ok(known.into_iter().flatten().map(Custody::ever).collect())
}

/// Who is in charge of a case by what is held of it; or was, before it was let go here.
fn of_case_as_known(connection: &Connection, case: RecordId) -> Result<Option<Custody>> {
    let known = facts(connection, case)?;
    known.map_or_else(|| left(connection, case), |facts| Ok(Some(facts.own)))
}

/// Who is in charge of a record among those who sync here; `None` while its envelope has not arrived.
pub(crate) fn here(connection: &Connection, record: RecordId) -> Result<Option<Custody>> {
    let Some(facts) = facts(connection, record)? else { return Ok(None) };
    Ok(Some(here_under(connection, record, &facts)?))
}

/// The same by these facts. What leaves this replica, or is of a case that does, is in nobody's charge here any more, though its
/// envelope, which is not kept up to date, still says so.
pub(crate) fn here_under(connection: &Connection, record: RecordId, of: &Facts) -> Result<Custody> {
    let mut case = of.case.map(|case| of_case_as_known(connection, case)).transpose()?.flatten();
    if let (Some(custody), Some(record)) = (&mut case, of.case)
        && is_leaving(connection, record)?
    {
        custody.relieve();
    }
    let mut custody = with_former_cases(connection, of.with(case.as_ref()))?;
    if is_leaving(connection, record)? {
        custody.relieve();
    }
    Ok(custody)
}

/// Whether a whole record may be held no more, and waits only to be let go.
pub(crate) fn is_leaving(connection: &Connection, record: RecordId) -> Result<bool> {
    Ok(connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM gone WHERE record = ?1 AND class = '')")?
        .query_row([record.as_bytes()], |row| row.get(0))?)
}

/// Who was in charge of a record when it was let go here, where it was: whoever it was is no more.
pub(crate) fn left(connection: &Connection, record: RecordId) -> Result<Option<Custody>> {
    let json: Option<String> = connection
        .prepare_cached("SELECT left_custody FROM record WHERE record = ?1 AND region IS NULL")?
        .query_row([record.as_bytes()], |row| row.get(0))
        .optional()?
        .flatten();
    let Some(json) = json else { return Ok(None) };
    let mut custody = from_json(&json, "record")?;
    custody.relieve();
    Ok(Some(custody))
}

/// Keeps who was in charge of a record that is let go: what was begun while they were may come later.
pub(crate) fn keep_left(connection: &Connection, record: RecordId, custody: &Custody) -> Result<()> {
    connection
        .prepare_cached("UPDATE record SET left_custody = ?2 WHERE record = ?1")?
        .execute(params![record.as_bytes(), to_json(custody, "record")?])?;
    Ok(())
}

/// What an envelope says of custody, in its column; null where its region is in charge.
pub(crate) fn column(envelope: &Envelope) -> Result<Option<String>> {
    let custody = Custody::of(envelope);
    let plain = custody == Custody::of_region(custody.region.as_str());
    (!plain).then(|| to_json(&custody, "record")).transpose()
}

/// The custody by an envelope, as it stands in its record's columns; `None` while the envelope has not arrived.
pub(crate) fn in_columns(region: Option<String>, custody: Option<String>) -> Result<Option<Custody>> {
    let Some(plain) = region.map(Custody::of_region) else { return Ok(None) };
    custody.map_or(Ok(plain), |json| from_json(&json, "record")).map(Some)
}

/// A custody as it stands in a column of this name, in one table or another.
pub(crate) fn to_json(custody: &Custody, table: &'static str) -> Result<String> {
    serde_json::to_string(custody).map_err(|_| StoreError::Inconsistent { table, column: "custody" })
}

/// Reads a custody back.
pub(crate) fn from_json(json: &str, table: &'static str) -> Result<Custody> {
    serde_json::from_str(json).map_err(|_| StoreError::Inconsistent { table, column: "custody" })
}

/// The assessments of a case, newest first.
pub(crate) fn of_case(connection: &Connection, case: RecordId) -> Result<Vec<RecordId>> {
    let mut statement =
        connection.prepare_cached("SELECT record FROM record WHERE kase = ?1 ORDER BY record DESC")?;
    let mut rows = statement.query([case.as_bytes()])?;
    let mut records = Vec::new();
    while let Some(row) = rows.next()? {
        records.push(blob(row, 0, "record", "record")?);
    }
    Ok(records)
}

impl Replica {
    /// Who is in charge of a record; `None` while its envelope has not arrived.
    pub fn custody(&self, record: RecordId) -> Result<Option<Custody>> {
        of(self.connection(), record)
    }
}
