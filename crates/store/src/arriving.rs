//! What children bring of files, of each child apart until one of them has brought all of it: wrong chunks, and another length,
//! spoil nobody's but whose they are.

use rusqlite::{Connection, OptionalExtension, params};
use teranga_core::id::{FileHash, ReplicaId};

use crate::chunks::{self, FileRow, Finish, Pile};
use crate::columns::{integer, unsigned};
use crate::error::Result;

/// What is here of a file that this child brings.
pub(crate) fn find(connection: &Connection, file: &FileHash, child: ReplicaId) -> Result<Option<FileRow>> {
    Ok(connection
        .prepare_cached("SELECT row, bytes FROM arriving WHERE hash = ?1 AND child = ?2")?
        .query_row([file.as_bytes().as_slice(), child.as_bytes()], |row| {
            let bytes = usize::try_from(row.get::<_, i64>(1)?).unwrap_or_default();
            Ok(FileRow { row: row.get(0)?, bytes, held: false, pile: Pile::Arriving })
        })
        .optional()?)
}

/// The row of a file of so many bytes that this child begins to bring. What it brought of it under another length is dropped.
pub(crate) fn begin(
    connection: &Connection,
    (file, child): (&FileHash, ReplicaId),
    bytes: usize,
) -> Result<FileRow> {
    match find(connection, file, child)? {
        Some(found) if found.bytes == bytes => return Ok(found),
        Some(found) => chunks::drop_row(connection, &found)?,
        None => {}
    }
    connection
        .prepare_cached("INSERT INTO arriving (hash, child, bytes, key) VALUES (?1, ?2, ?3, fresh_key())")?
        .execute(params![file.as_bytes(), child.as_bytes(), integer(bytes as u64)])?;
    Ok(FileRow { row: connection.last_insert_rowid(), bytes, held: false, pile: Pile::Arriving })
}

/// Looks whether the file is whole now; then it lies with the others, and what anybody else brought of it is dropped.
pub(crate) fn finish(connection: &Connection, hash: &FileHash, brought: &FileRow) -> Result<Finish> {
    match chunks::look(connection, hash, brought)? {
        Finish::Whole => {}
        other @ (Finish::NotYet | Finish::Dropped) => return Ok(other),
    }
    chunks::forget(connection, hash)?;
    connection
        .prepare_cached(
            "INSERT INTO attachment (hash, bytes, via, key)
             SELECT hash, bytes, child, key FROM arriving WHERE row = ?1",
        )?
        .execute([brought.row])?;
    let row = connection.last_insert_rowid();
    connection
        .prepare_cached(
            "INSERT INTO chunk (attachment, n, bytes) SELECT ?2, n, bytes FROM arrived WHERE arriving = ?1",
        )?
        .execute([brought.row, row])?;
    // Its key is the file's from now on.
    connection.prepare_cached("UPDATE arriving SET key = NULL WHERE row = ?1")?.execute([brought.row])?;
    chunks::is_whole(connection, hash, row)?;
    Ok(Finish::Whole)
}

/// How many bytes a child brings of other files than this one, by the lengths that it says.
pub(crate) fn beside(connection: &Connection, file: &FileHash, child: ReplicaId) -> Result<u64> {
    Ok(connection
        .prepare_cached("SELECT coalesce(sum(bytes), 0) FROM arriving WHERE child = ?2 AND hash <> ?1")?
        .query_row([file.as_bytes().as_slice(), child.as_bytes()], |row| row.get(0).map(unsigned))?)
}

/// How much of a file has come from whoever brought most of it, in bytes.
pub(crate) fn most(connection: &Connection, file: &FileHash) -> Result<u64> {
    Ok(connection
        .prepare_cached(
            "SELECT coalesce(max(came), 0) FROM (SELECT sum(length(d.bytes)) AS came
             FROM arriving a JOIN arrived d ON d.arriving = a.row WHERE a.hash = ?1 GROUP BY a.row)",
        )?
        .query_row([file.as_bytes()], |row| row.get(0).map(unsigned))?)
}
