//! What the lane of files carries next: the files and thumbnails that wait to be sent, those of the newest records first, and
//! what is missing here.

use std::collections::BTreeMap;

use rusqlite::{Connection, Row, params};
use teranga_core::id::{FileHash, RecordId};

use crate::chunks;
use crate::columns::{blob, integer};
use crate::error::Result;

/// The place of a file among those that wait: those of the newest records come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) record: RecordId,
    pub(crate) file: FileHash,
}

/// A file that waits to be sent, or whose thumbnail does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sendable {
    pub(crate) place: Place,
    /// Its length; 0 where only its thumbnail waits.
    pub(crate) bytes: usize,
    pub(crate) thumbnail: bool,
}

/// What waits to be sent after this place, and what it must be known of whether the home's backup has it.
pub(crate) fn sendable(connection: &Connection, after: Option<Place>, max: usize) -> Result<Vec<Sendable>> {
    let mut statement = connection.prepare_cached(
        "SELECT max(m.record) AS newest, m.hash,
             coalesce((SELECT bytes FROM attachment a WHERE a.hash = m.hash AND held = 1
                       AND (at_hub = 0 OR covered = 0)), 0),
             EXISTS (SELECT 1 FROM thumbnail t WHERE t.image = m.hash AND at_hub = 0)
         FROM mention m
         WHERE m.hash IN (SELECT hash FROM attachment WHERE held = 1 AND at_hub = 0
                          UNION SELECT image FROM thumbnail WHERE at_hub = 0
                          UNION SELECT hash FROM attachment WHERE held = 1 AND covered = 0 AND asked = 1
                          UNION SELECT hash FROM gone JOIN mention USING (record) JOIN attachment USING (hash)
                              WHERE held = 1 AND covered = 0)
         GROUP BY m.hash
         HAVING ?1 IS NULL OR newest < ?1 OR (newest = ?1 AND m.hash < ?2)
         ORDER BY newest DESC, m.hash DESC LIMIT ?3",
    )?;
    let after = after.map(|place| (place.record.0, place.file.0)).unzip();
    let mut rows = statement.query(params![after.0, after.1, integer(max as u64)])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(Sendable {
            place: read_place(row)?,
            bytes: usize::try_from(row.get::<_, i64>(2)?).unwrap_or_default(),
            thumbnail: row.get(3)?,
        });
    }
    Ok(found)
}

/// Images whose thumbnails are not here, after this place: only of kinds of which thumbnails are made.
pub(crate) fn thumbnails_missing(
    connection: &Connection,
    after: Option<Place>,
    max: usize,
) -> Result<Vec<Place>> {
    let mut statement = connection.prepare_cached(
        "SELECT max(m.record) AS newest, m.hash FROM mention m
         WHERE m.extension IN ('jpg', 'png') AND m.hash NOT IN (SELECT image FROM thumbnail)
           AND m.hash NOT IN (SELECT hash FROM attachment WHERE held = 1)
         GROUP BY m.hash
         HAVING ?1 IS NULL OR newest < ?1 OR (newest = ?1 AND m.hash < ?2)
         ORDER BY newest DESC, m.hash DESC LIMIT ?3",
    )?;
    let after = after.map(|place| (place.record.0, place.file.0)).unzip();
    let mut rows = statement.query(params![after.0, after.1, integer(max as u64)])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read_place(row)?);
    }
    Ok(found)
}

fn read_place(row: &Row<'_>) -> Result<Place> {
    Ok(Place { record: blob(row, 0, "mention", "record")?, file: blob(row, 1, "mention", "hash")? })
}

/// Files that were asked for, by the records that mention them.
pub(crate) fn wanted(connection: &Connection) -> Result<BTreeMap<FileHash, Option<chunks::FileRow>>> {
    let mut statement = connection
        .prepare_cached("SELECT hash FROM wanted WHERE hash IN (SELECT hash FROM mention) ORDER BY hash")?;
    let mut rows = statement.query([])?;
    let mut found = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let hash: FileHash = blob(row, 0, "wanted", "hash")?;
        found.insert(hash, chunks::find(connection, &hash)?);
    }
    Ok(found)
}
