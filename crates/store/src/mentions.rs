//! Which parts mention which files. Derived whenever a part is written, from every value that stands in it, also those in
//! conflict: so files follow what is seen, and whoever may hold a part may hold its files, and nobody else.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};
use teranga_core::attachment::Address;
use teranga_core::audience::Audience;
use teranga_core::class::ClassId;
use teranga_core::grant::{MayWrite, may_hold, may_read, may_write};
use teranga_core::id::{FileHash, RecordId};
use teranga_core::key::Key;
use teranga_core::record::Custody;
use teranga_core::value::Value;
use teranga_document::view::Conflict;
use teranga_sync::identity::replica_id;
use teranga_sync::introduction::Introduction;
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
    drop_part(connection, record, class)?;
    for (hash, extension) in found(&shown.values, &shown.conflicts) {
        connection
            .prepare_cached("INSERT INTO mention (record, class, hash, extension) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![record.as_bytes(), class.as_str(), hash.as_bytes(), extension])?;
        connection
            .prepare_cached("UPDATE attachment SET loose = 0 WHERE hash = ?1 AND loose = 1")?
            .execute([hash.as_bytes()])?;
    }
    Ok(())
}

/// The files that a part mentions, with what their names end in.
pub(crate) fn found(values: &BTreeMap<Key, Value>, conflicts: &[Conflict]) -> BTreeMap<FileHash, String> {
    let contested = conflicts.iter().flat_map(|conflict| &conflict.values).map(|one| &one.value);
    let mut found = BTreeMap::new();
    for address in values.values().chain(contested).filter_map(Address::of) {
        if found.len() < limits::MENTIONS_PER_PART_MAX {
            found.insert(address.hash, address.extension);
        }
    }
    found
}

/// Notes that a part mentions nothing any more; what it mentioned is remembered, to go when the record does.
pub(crate) fn drop_part(connection: &Connection, record: RecordId, class: &ClassId) -> Result<()> {
    for sql in [
        "INSERT INTO mentioned_before (record, class, hash)
         SELECT record, class, hash FROM mention WHERE record = ?1 AND class = ?2 ON CONFLICT DO NOTHING",
        "DELETE FROM mention WHERE record = ?1 AND class = ?2",
    ] {
        connection.prepare_cached(sql)?.execute(params![record.as_bytes(), class.as_str()])?;
    }
    Ok(())
}

/// Whether a child may bring a file: it is, or was, in charge of a part that mentions it or did before another took the
/// file's place, or wrote something of that part. Who is to let a record go must be rid of its files first.
pub(crate) fn may_bring_file(connection: &Connection, child: &Introduction, file: &FileHash) -> Result<bool> {
    let wrote: bool = connection
        .prepare_cached(&format!(
            "SELECT EXISTS (SELECT 1 FROM {EVER} m CROSS JOIN change c ON c.record = m.record AND c.class = m.class
                            WHERE m.hash = ?1 AND c.origin = ?2)"
        ))?
        .query_row([file.as_bytes().as_slice(), replica_id(&child.key).as_bytes()], |row| row.get(0))?;
    let in_charge =
        |custody: &Custody, class: &ClassId| may_write(&child.audience, custody, class) != MayWrite::No;
    Ok(wrote || any(connection, (EVER, file), in_charge)?)
}

/// Whether a hub may bring a file for a replica below it: that one may bring it, and the hub was itself in charge of the part,
/// for it sees what passes through it.
pub(crate) fn may_bring_through(
    connection: &Connection,
    hub: &Introduction,
    below: &Introduction,
    file: &FileHash,
) -> Result<bool> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT class, record, EXISTS (SELECT 1 FROM change c WHERE c.record = m.record AND c.class = m.class
                                       AND origin = ?2)
         FROM {EVER} m WHERE hash = ?1"
    ))?;
    let mut rows = statement.query([file.as_bytes().as_slice(), replica_id(&below.key).as_bytes()])?;
    while let Some(row) = rows.next()? {
        let class = columns::class(row, 0)?;
        let Some(custody) = custody::of(connection, columns::blob(row, 1, "mention", "record")?)? else {
            continue;
        };
        let in_charge = |who: &Introduction| may_write(&who.audience, &custody, &class) != MayWrite::No;
        if in_charge(hub) && (row.get(2)? || in_charge(below)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether some part that a replica of this audience may hold mentions a file.
pub(crate) fn may_hold_file(connection: &Connection, audience: &Audience, file: &FileHash) -> Result<bool> {
    any(connection, (NOW, file), |custody, class| may_hold(audience, custody, class))
}

/// Whether some part that a token for these classes may read mentions a file.
pub(crate) fn may_read_file(connection: &Connection, classes: &[String], file: &FileHash) -> Result<bool> {
    any(connection, (NOW, file), |_, class| may_read(classes, class))
}

/// Whether some part that mentions a file may, by who is in charge of it among those who sync here: whoever was before it left may
/// bring its files still, and is given none.
fn any(
    connection: &Connection,
    (mentions, file): (&str, &FileHash),
    may: impl Fn(&Custody, &ClassId) -> bool,
) -> Result<bool> {
    let mut statement =
        connection.prepare_cached(&format!("SELECT class, record FROM {mentions} WHERE hash = ?1"))?;
    let mut rows = statement.query([file.as_bytes()])?;
    while let Some(row) = rows.next()? {
        let record = columns::blob(row, 1, "mention", "record")?;
        let Some(custody) = custody::here(connection, record)? else { continue };
        if may(&custody, &columns::class(row, 0)?) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What the parts mention as they stand.
const NOW: &str = "mention";
/// Every mention that there is or was.
pub(crate) const EVER: &str =
    "(SELECT record, class, hash FROM mention UNION SELECT record, class, hash FROM mentioned_before)";
/// Whether an interview that is not finished has a file among its answers.
const IN_A_DRAFT: &str =
    "EXISTS (SELECT 1 FROM draft_answer WHERE instr(draft_answer.value, lower(hex(hash))) > 0)";
pub(crate) const UNUSED: &str = "INSERT INTO unused_key (key) SELECT key";

/// Where a record is erased its files are gone above, those too that another record here mentions: they are brought again.
pub(crate) fn bring_again(connection: &Connection, record: RecordId) -> Result<()> {
    let of_record = format!("(SELECT hash FROM {EVER} WHERE record = ?1)");
    for sql in [
        format!("UPDATE attachment SET at_hub = 0, covered = 0 WHERE hash IN {of_record}"),
        format!("UPDATE thumbnail SET at_hub = 0 WHERE image IN {of_record}"),
        format!("DELETE FROM covered_file WHERE hash IN {of_record}"),
    ] {
        connection.prepare_cached(&sql)?.execute([record.as_bytes()])?;
    }
    Ok(())
}

/// Forgets what a record's parts mention and once mentioned, of one class or of all where it is empty, and the files that
/// nothing else mentions or mentioned.
pub(crate) fn forget(connection: &Connection, record: RecordId, class: &str) -> Result<()> {
    let of = "record = ?1 AND (?2 = '' OR class = ?2)";
    let only_here = format!(
        "(SELECT hash FROM {EVER} WHERE {of} AND NOT {IN_A_DRAFT} EXCEPT SELECT hash FROM {EVER} WHERE NOT ({of}))"
    );
    for sql in [
        format!(
            "UPDATE attachment SET loose = 1 WHERE hash IN (SELECT hash FROM {EVER} WHERE {of} AND {IN_A_DRAFT}
                 EXCEPT SELECT hash FROM {EVER} WHERE NOT ({of}))"
        ),
        format!("{UNUSED} FROM attachment WHERE key IS NOT NULL AND hash IN {only_here}"),
        format!("{UNUSED} FROM arriving WHERE key IS NOT NULL AND hash IN {only_here}"),
        format!("{UNUSED} FROM thumbnail WHERE key IS NOT NULL AND image IN {only_here}"),
        format!("DELETE FROM attachment WHERE hash IN {only_here}"),
        format!("DELETE FROM arriving WHERE hash IN {only_here}"),
        format!("DELETE FROM thumbnail WHERE image IN {only_here}"),
        format!("DELETE FROM wanted WHERE hash IN {only_here}"),
        format!("DELETE FROM mention WHERE {of}"),
        format!("DELETE FROM mentioned_before WHERE {of}"),
    ] {
        connection.prepare_cached(&sql)?.execute(params![record.as_bytes(), class])?;
    }
    Ok(())
}

/// Drops files that were attached and that neither a part nor a draft mentions.
pub(crate) fn drop_loose(connection: &Connection) -> Result<()> {
    let files = &format!("attachment WHERE loose = 1 AND NOT {IN_A_DRAFT}");
    let thumbnails = "thumbnail WHERE image NOT IN (SELECT hash FROM attachment)
             AND image NOT IN (SELECT hash FROM mention)";
    for which in [files, thumbnails] {
        connection.prepare_cached(&format!("{UNUSED} FROM {which} AND key IS NOT NULL"))?.execute([])?;
        connection.prepare_cached(&format!("DELETE FROM {which}"))?.execute([])?;
    }
    Ok(())
}
