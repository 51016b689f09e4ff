//! What follows once a save stands in its documents: those who sync here hear of it, its record enters and leaves what they
//! hold, and whoever brought it is told of what it has to let go.

use rusqlite::Connection;
use teranga_core::id::RecordId;

use crate::custody::{self, Facts};
use crate::erase;
use crate::error::Result;
use crate::feed::{self, About, To};
use crate::log::{self, LogRow};
use crate::membership;
use crate::packs;

/// A save that stands in its documents.
pub(crate) struct Stands<'a> {
    /// All of it.
    pub(crate) rows: &'a [LogRow],
    /// The first of its changes that stand since now.
    pub(crate) first: &'a LogRow,
    /// Whether its author may not write it today.
    pub(crate) is_late: bool,
    /// Who was in charge of its record before.
    pub(crate) before: Option<&'a Facts>,
}

/// Passes a save on, and who may hold its record. Returns the record with its case, where that case was erased.
pub(crate) fn follow(connection: &Connection, stands: &Stands<'_>) -> Result<Option<(RecordId, RecordId)>> {
    let (first, record) = (stands.first, stands.first.record);
    let pack = log::brought_in(connection, first)?;
    let child = match pack {
        Some((of, batch)) => packs::brought_by(connection, of, batch)?,
        None => None,
    };
    let to = match child {
        Some((child, line)) if !stands.rows.iter().any(LogRow::comes_again) => To::AllBut(child, line),
        Some(_) | None => To::All,
    };
    let digest: Vec<u8> = stands.rows.iter().flat_map(|row| row.hash.0).collect();
    feed::append(connection, About::Save(first.save, record), to, &digest)?;
    membership::note(connection, record, stands.before)?;
    // Whoever still writes what is no more in its charge still holds it; so does who brings what was decided on above.
    if (stands.is_late || first.came_down())
        && let Some((of, batch)) = pack
        && let Some(child) = packs::via(connection, of, batch)?
    {
        membership::leave_again(connection, child, record)?;
    }
    let case = custody::facts(connection, record)?.and_then(|facts| facts.case);
    let erased = case.map(|case| erase::is_erased(connection, case)).transpose()? == Some(true);
    Ok(case.filter(|_| erased).map(|case| (record, case)))
}
