//! Files in the database, a row a chunk: what is held of one, the next of its chunks, and the moment at which the last
//! one is there and all of them together must be what the file's address says.

use rusqlite::{Connection, OptionalExtension, params};
use teranga_core::id::FileHash;
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
    pub(crate) pile: Pile,
}

/// With what a file lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pile {
    /// Files that are here, or come down.
    Files,
    /// What children bring of files.
    Arriving,
}

impl Pile {
    /// The table of its files, after which that of their chunks names them, and that one.
    const fn tables(self) -> (&'static str, &'static str) {
        match self {
            Self::Files => ("attachment", "chunk"),
            Self::Arriving => ("arriving", "arrived"),
        }
    }
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
            Ok(FileRow { row: row.get(0)?, bytes, held: row.get(2)?, pile: Pile::Files })
        })
        .optional()?)
}

/// The row of a file of so many bytes that is attached here or comes down. What came of it under another length is dropped.
pub(crate) fn begin(connection: &Connection, file: &FileHash, bytes: usize) -> Result<FileRow> {
    match find(connection, file)? {
        Some(found) if found.held || found.bytes == bytes => return Ok(found),
        Some(_) => forget(connection, file)?,
        None => {}
    }
    connection
        .prepare_cached("INSERT INTO attachment (hash, bytes, key) VALUES (?1, ?2, fresh_key())")?
        .execute(params![file.as_bytes(), integer(bytes as u64)])?;
    Ok(FileRow { row: connection.last_insert_rowid(), bytes, held: false, pile: Pile::Files })
}

/// Forgets what lies in a row, with its key.
pub(crate) fn drop_row(connection: &Connection, file: &FileRow) -> Result<()> {
    let (files, _) = file.pile.tables();
    for sql in [
        format!("{UNUSED} FROM {files} WHERE row = ?1 AND key IS NOT NULL"),
        format!("DELETE FROM {files} WHERE row = ?1"),
    ] {
        connection.prepare_cached(&sql)?.execute([file.row])?;
    }
    Ok(())
}

/// Forgets what is here of a file, with its key.
pub(crate) fn forget(connection: &Connection, file: &FileHash) -> Result<()> {
    find(connection, file)?.map_or(Ok(()), |found| drop_row(connection, &found))
}

/// Writes chunks that follow each other from this one on. Whether they fit their file; those that are held stay.
pub(crate) fn put(connection: &Connection, file: &FileRow, first: u32, bytes: &[u8]) -> Result<bool> {
    let (files, chunks) = file.pile.tables();
    let mut insert = connection.prepare_cached(&format!(
        "INSERT INTO {chunks} ({files}, n, bytes)
         SELECT ?1, ?2, seal(key, ?3) FROM {files} WHERE row = ?1 ON CONFLICT DO NOTHING"
    ))?;
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
    let found = look(connection, hash, file)?;
    if found == Finish::Whole {
        is_whole(connection, hash, file.row)?;
    }
    Ok(found)
}

/// Whether every chunk is there, and all together are what the address says; what is not is dropped.
pub(crate) fn look(connection: &Connection, hash: &FileHash, file: &FileRow) -> Result<Finish> {
    let (files, chunks) = file.pile.tables();
    let held: i64 = connection
        .prepare_cached(&format!("SELECT count(*) FROM {chunks} WHERE {files} = ?1"))?
        .query_row([file.row], |row| row.get(0))?;
    if unsigned(held) < u64::from(file.chunks()) {
        return Ok(Finish::NotYet);
    }
    if is_sound(connection, hash, file)? {
        return Ok(Finish::Whole);
    }
    connection.prepare_cached(&format!("DELETE FROM {chunks} WHERE {files} = ?1"))?.execute([file.row])?;
    Ok(Finish::Dropped)
}

/// Notes that a file is whole: it is wanted no more, and what children bring of it is dropped.
pub(crate) fn is_whole(connection: &Connection, hash: &FileHash, row: i64) -> Result<()> {
    connection.prepare_cached("UPDATE attachment SET held = 1 WHERE row = ?1")?.execute([row])?;
    for sql in [
        &format!("{UNUSED} FROM arriving WHERE hash = ?1 AND key IS NOT NULL"),
        "DELETE FROM arriving WHERE hash = ?1",
        "DELETE FROM wanted WHERE hash = ?1",
    ] {
        connection.prepare_cached(sql)?.execute([hash.as_bytes()])?;
    }
    feed::append(connection, About::Told, To::All, hash.as_bytes())?;
    Ok(())
}

/// Whether the chunks that are here are what the address says.
pub(crate) fn is_sound(connection: &Connection, hash: &FileHash, file: &FileRow) -> Result<bool> {
    let (files, chunks) = file.pile.tables();
    let mut statement = connection
        .prepare_cached(&format!("SELECT unsealed(bytes) FROM {chunks} WHERE {files} = ?1 ORDER BY n"))?;
    let mut rows = statement.query([file.row])?;
    let mut hasher = FileHasher::default();
    while let Some(row) = rows.next()? {
        hasher.take(row.get_ref(0)?.as_blob().unwrap_or_default());
    }
    Ok(hasher.finish() == *hash)
}

/// Which chunks of a file are here.
pub(crate) fn held(connection: &Connection, file: &FileRow) -> Result<Runs> {
    let (files, chunks) = file.pile.tables();
    let mut statement =
        connection.prepare_cached(&format!("SELECT n FROM {chunks} WHERE {files} = ?1 ORDER BY n"))?;
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
