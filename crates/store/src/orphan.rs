//! Assessments of erased cases that stand in no document: what waits, or is held aside, is of somebody all the same, and goes
//! with their case. Of which case it is stands in the change that opens it.

use rusqlite::Connection;
use teranga_core::class::ClassId;
use teranga_core::id::{RecordId, Salt};
use teranga_core::record::Envelope;
use teranga_document::guard::Guard;
use teranga_document::part::Part;

use crate::columns::blob;
use crate::custody;
use crate::erase;
use crate::error::Result;
use crate::log::{self, LogRow};
use crate::part::{self, OPEN};

/// Changes of one record that are looked through for its case: whoever opens a record says it first.
const LOOKED_AT_MAX: usize = 200;

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
    let open = ClassId::new(OPEN);
    let base = part::load(connection, record, &open, salt)?;
    let rows = log::of_part(connection, record, &open)?;
    Ok(rows.iter().take(LOOKED_AT_MAX).find_map(|row| said_in(guard, &base, row)))
}

/// The case that a change names which opens its record. What the guard does not let near a document says nothing.
fn said_in(guard: &Guard, base: &Part, row: &LogRow) -> Option<RecordId> {
    let opened = guard.apply(base, row.body.as_deref()?).ok()?;
    Envelope::read(&opened.view.values).ok()?.case
}
