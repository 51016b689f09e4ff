//! Which parts mention which files. Derived whenever a part is written, from every value that stands in it, also those in
//! conflict: so files follow what is seen, and whoever may hold a part may hold its files, and nobody else.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};
use teranga_core::attachment::Address;
use teranga_core::class::ClassId;
use teranga_core::grant::{Audience, may_hold, may_read};
use teranga_core::id::{FileHash, RecordId};
use teranga_sync::limits;

use crate::columns;
use crate::error::Result;
use crate::part::Shown;

/// Writes down what a part mentions.
pub(crate) fn derive(
    connection: &Connection,
    record: RecordId,
    class: &ClassId,
    shown: &Shown,
) -> Result<()> {
    let contested = shown.conflicts.iter().flat_map(|conflict| &conflict.values).map(|one| &one.value);
    let addresses = shown.values.values().chain(contested).filter_map(Address::of);
    let mut found = BTreeMap::new();
    for address in addresses {
        if found.len() < limits::MENTIONS_PER_PART_MAX {
            found.insert(address.hash, address.extension);
        }
    }
    connection
        .prepare_cached("DELETE FROM mention WHERE record = ?1 AND class = ?2")?
        .execute(params![record.as_bytes(), class.as_str()])?;
    for (hash, extension) in found {
        connection
            .prepare_cached("INSERT INTO mention (record, class, hash, extension) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![record.as_bytes(), class.as_str(), hash.as_bytes(), extension])?;
        connection
            .prepare_cached("UPDATE attachment SET loose = 0 WHERE hash = ?1 AND loose = 1")?
            .execute([hash.as_bytes()])?;
    }
    Ok(())
}

/// Whether some part that a replica of this audience may hold mentions a file.
pub(crate) fn may_hold_file(connection: &Connection, audience: &Audience, file: &FileHash) -> Result<bool> {
    any(connection, file, |region, class| may_hold(audience, region, class))
}

/// Whether some part that a token for these classes may read mentions a file.
pub(crate) fn may_read_file(connection: &Connection, classes: &[String], file: &FileHash) -> Result<bool> {
    any(connection, file, |_, class| may_read(classes, class))
}

fn any(connection: &Connection, file: &FileHash, may: impl Fn(&str, &ClassId) -> bool) -> Result<bool> {
    let mut statement = connection.prepare_cached(
        "SELECT m.class, r.region FROM mention m JOIN record r ON r.record = m.record
         WHERE m.hash = ?1 AND r.region IS NOT NULL",
    )?;
    let mut rows = statement.query([file.as_bytes()])?;
    while let Some(row) = rows.next()? {
        if may(&row.get::<_, String>(1)?, &columns::class(row, 0)?) {
            return Ok(true);
        }
    }
    Ok(false)
}
