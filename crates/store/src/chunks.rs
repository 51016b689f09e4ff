//! Files in the database, a row a chunk: what is held of one, the next of its chunks, and the moment at which the last
//! one is there and all of them together must be what the file's address says.

use rusqlite::{Connection, OptionalExtension, params};
use teranga_core::id::{FileHash, ReplicaId};
use teranga_sync::holding::FileHasher;
use teranga_sync::limits;
use teranga_sync::runs::{Runs, chunk_bytes, chunks_of};

use crate::columns::{integer, unsigned};
use crate::error::Result;
use crate::feed::{self, About, To};
use crate::mentions::UNUSED;

/// A file that is here, whole or in part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileRow {
    pub(crate) row: i64,
    pub(crate) bytes: usize,
    pub(crate) held: bool,
}

impl FileRow {
    pub(crate) fn chunks(&self) -> u32 {
        chunks_of(self.bytes)
    }
}

/// What the last chunk led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Finish {
    /// Chunks are missing.
    NotYet,
    /// It is whole, and what its address says.
    Whole,
    /// It was something else; nothing of it is kept.
    Dropped,
}

/// A file, if anything of it is here.
pub(crate) fn find(connection: &Connection, file: &FileHash) -> Result<Option<FileRow>> {
    Ok(connection
        .prepare_cached("SELECT row, bytes, held FROM attachment WHERE hash = ?1")?
        .query_row([file.as_bytes()], |row| {
            let bytes = usize::try_from(row.get::<_, i64>(1)?).unwrap_or_default();
            Ok(FileRow { row: row.get(0)?, bytes, held: row.get(2)? })
        })
        .optional()?)
}

/// The row of a file of so many bytes that begins to arrive. What arrived of it under another length is dropped.
pub(crate) fn begin(
    connection: &Connection,
    file: &FileHash,
    bytes: usize,
    via: Option<ReplicaId>,
) -> Result<FileRow> {
    match find(connection, file)? {
        Some(found) if found.held || found.bytes == bytes => return Ok(found),
        Some(_) => forget(connection, file)?,
        None => {}
    }
    connection
        .prepare_cached("INSERT INTO attachment (hash, bytes, via, key) VALUES (?1, ?2, ?3, fresh_key())")?
        .execute(params![file.as_bytes(), integer(bytes as u64), via.map(|child| child.0)])?;
    Ok(FileRow { row: connection.last_insert_rowid(), bytes, held: false })
}

/// Forgets what is here of a file, with its key.
pub(crate) fn forget(connection: &Connection, file: &FileHash) -> Result<()> {
    for sql in [
        &format!("{UNUSED} FROM attachment WHERE hash = ?1 AND key IS NOT NULL"),
        "DELETE FROM attachment WHERE hash = ?1",
    ] {
        connection.prepare_cached(sql)?.execute([file.as_bytes()])?;
    }
    Ok(())
}

/// Writes chunks that follow each other from this one on. Whether they fit their file; those that are held stay.
pub(crate) fn put(connection: &Connection, file: &FileRow, first: u32, bytes: &[u8]) -> Result<bool> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO chunk (attachment, n, bytes)
         SELECT ?1, ?2, seal(key, ?3) FROM attachment WHERE row = ?1 ON CONFLICT DO NOTHING",
    )?;
    for (offset, chunk) in bytes.chunks(limits::CHUNK_BYTES).enumerate() {
        let number = u32::try_from(offset).ok().and_then(|offset| first.checked_add(offset));
        let Some(number) = number.filter(|number| chunk.len() == chunk_bytes(file.bytes, *number)) else {
            return Ok(false);
        };
        insert.execute(params![file.row, number, chunk])?;
    }
    Ok(true)
}

/// Looks whether the file is whole now.
pub(crate) fn finish(connection: &Connection, hash: &FileHash, file: &FileRow) -> Result<Finish> {
    let held: i64 = connection
        .prepare_cached("SELECT count(*) FROM chunk WHERE attachment = ?1")?
        .query_row([file.row], |row| row.get(0))?;
    if unsigned(held) < u64::from(file.chunks()) {
        return Ok(Finish::NotYet);
    }
    if is_sound(connection, hash, file)? {
        connection.prepare_cached("UPDATE attachment SET held = 1 WHERE row = ?1")?.execute([file.row])?;
        connection.prepare_cached("DELETE FROM wanted WHERE hash = ?1")?.execute([hash.as_bytes()])?;
        feed::append(connection, About::Told, To::All, hash.as_bytes())?;
        return Ok(Finish::Whole);
    }
    connection.prepare_cached("DELETE FROM chunk WHERE attachment = ?1")?.execute([file.row])?;
    Ok(Finish::Dropped)
}

/// Whether the chunks that are here are what the address says.
pub(crate) fn is_sound(connection: &Connection, hash: &FileHash, file: &FileRow) -> Result<bool> {
    let mut statement =
        connection.prepare_cached("SELECT unsealed(bytes) FROM chunk WHERE attachment = ?1 ORDER BY n")?;
    let mut rows = statement.query([file.row])?;
    let mut hasher = FileHasher::default();
    while let Some(row) = rows.next()? {
        hasher.take(row.get_ref(0)?.as_blob().unwrap_or_default());
    }
    Ok(hasher.finish() == *hash)
}

/// Which chunks of a file are here.
pub(crate) fn held(connection: &Connection, file: &FileRow) -> Result<Runs> {
    let mut statement = connection.prepare_cached("SELECT n FROM chunk WHERE attachment = ?1 ORDER BY n")?;
    let chunks = statement.query_map([file.row], |row| row.get(0))?;
    Ok(Runs::of(chunks.collect::<rusqlite::Result<Vec<u32>>>()?))
}

/// Chunks that follow each other, from this one up to that; fewer where some are not here.
pub(crate) fn read(connection: &Connection, file: &FileRow, from: u32, to: u32) -> Result<Vec<u8>> {
    let mut statement = connection.prepare_cached(
        "SELECT n, unseal(bytes) FROM chunk WHERE attachment = ?1 AND n >= ?2 AND n < ?3 ORDER BY n",
    )?;
    let mut rows = statement.query(params![file.row, from, to])?;
    let mut bytes = Vec::new();
    let mut next = from;
    while let Some(row) = rows.next()? {
        if row.get::<_, u32>(0)? != next {
            break;
        }
        bytes.extend_from_slice(row.get_ref(1)?.as_blob().unwrap_or_default());
        next += 1;
    }
    Ok(bytes)
}
