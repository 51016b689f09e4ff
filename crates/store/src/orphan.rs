//! Assessments of erased cases that stand in no document: what waits, or is held aside, is of somebody all the same, and goes
//! with their case. Of which case it is stands in the change that opens it.

use rusqlite::Connection;
use teranga_core::class::ClassId;
use teranga_core::id::{RecordId, Salt};
use teranga_core::record::Envelope;
use teranga_document::guard::Guard;

use crate::columns::blob;
use crate::custody;
use crate::erase;
use crate::error::Result;
use crate::log::{self, LogRow};
use crate::part::{self, OPEN};

/// The erased case of a record of which something was not taken.
pub(crate) fn erased_case(
    connection: &Connection,
    guard: &Guard,
    record: RecordId,
) -> Result<Option<RecordId>> {
    let Some(case) = case_of(connection, guard, record)? else { return Ok(None) };
    Ok(erase::is_erased(connection, case)?.then_some(case))
}

/// The records of a case of which something is here and nothing stands in a document.
pub(crate) fn of_case(connection: &Connection, case: RecordId) -> Result<Vec<RecordId>> {
    let guard = Guard::new();
    let mut statement = connection.prepare(
        "SELECT DISTINCT c.record FROM change c LEFT JOIN record r ON r.record = c.record
         WHERE c.status IN (2, 3) AND c.body IS NOT NULL AND r.region IS NULL ORDER BY c.record",
    )?;
    let mut rows = statement.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let record = blob(row, 0, "change", "record")?;
        if case_of(connection, &guard, record)? == Some(case) {
            found.push(record);
        }
    }
    Ok(found)
}

/// The case of which a record is an assessment, or says to be in what was not taken of it.
fn case_of(connection: &Connection, guard: &Guard, record: RecordId) -> Result<Option<RecordId>> {
    if let Some(facts) = custody::facts(connection, record)? {
        return Ok(facts.case);
    }
    let salt = part::salt_of(connection, record)?.unwrap_or(Salt([0; 16]));
    for row in log::of_part(connection, record, &ClassId::new(OPEN))? {
        if let Some(case) = said_in(connection, guard, (&row, salt))? {
            return Ok(Some(case));
        }
    }
    Ok(None)
}

/// The case that a change names which opens its record. What the guard does not let near a document says nothing.
fn said_in(connection: &Connection, guard: &Guard, (row, salt): (&LogRow, Salt)) -> Result<Option<RecordId>> {
    let Some(body) = row.body.as_deref() else { return Ok(None) };
    let base = part::load(connection, row.record, &row.class, salt)?;
    let opened = guard.apply(&base, body).ok();
    Ok(opened.and_then(|guarded| Envelope::read(&guarded.view.values).ok()).and_then(|open| open.case))
}
