//! Which parts mention which files. Derived whenever a part is written, from every value that stands in it, also those in
//! conflict: so files follow what is seen, and whoever may hold a part may hold its files, and nobody else.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};
use teranga_core::attachment::Address;
use teranga_core::audience::Audience;
use teranga_core::class::ClassId;
use teranga_core::grant::{may_hold, may_read};
use teranga_core::id::{FileHash, RecordId};
use teranga_core::record::Custody;
use teranga_sync::limits;

use crate::columns;
use crate::custody;
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
    any(connection, file, |custody, class| may_hold(audience, custody, class))
}

/// Whether some part that a token for these classes may read mentions a file.
pub(crate) fn may_read_file(connection: &Connection, classes: &[String], file: &FileHash) -> Result<bool> {
    any(connection, file, |_, class| may_read(classes, class))
}

fn any(connection: &Connection, file: &FileHash, may: impl Fn(&Custody, &ClassId) -> bool) -> Result<bool> {
    let mut statement = connection.prepare_cached("SELECT class, record FROM mention WHERE hash = ?1")?;
    let mut rows = statement.query([file.as_bytes()])?;
    while let Some(row) = rows.next()? {
        let record = columns::blob(row, 1, "mention", "record")?;
        let Some(custody) = custody::of(connection, record)? else { continue };
        if may(&custody, &columns::class(row, 0)?) {
            return Ok(true);
        }
    }
    Ok(false)
}

const UNUSED: &str = "INSERT INTO unused_key (key) SELECT key";

/// Forgets what a record's parts mention, of one class or of all where it is empty, and the files that nothing mentions
/// any more.
pub(crate) fn forget(connection: &Connection, record: RecordId, class: &str) -> Result<()> {
    let of = "record = ?1 AND (?2 = '' OR class = ?2)";
    let only_here = format!(
        "(SELECT hash FROM mention WHERE {of}
          EXCEPT SELECT hash FROM mention WHERE NOT (record = ?1 AND (?2 = '' OR class = ?2)))"
    );
    for sql in [
        format!("{UNUSED} FROM attachment WHERE key IS NOT NULL AND hash IN {only_here}"),
        format!("{UNUSED} FROM thumbnail WHERE key IS NOT NULL AND image IN {only_here}"),
        format!("DELETE FROM attachment WHERE hash IN {only_here}"),
        format!("DELETE FROM thumbnail WHERE image IN {only_here}"),
        format!("DELETE FROM wanted WHERE hash IN {only_here}"),
        format!("DELETE FROM mention WHERE {of}"),
    ] {
        connection.prepare_cached(&sql)?.execute(params![record.as_bytes(), class])?;
    }
    Ok(())
}
