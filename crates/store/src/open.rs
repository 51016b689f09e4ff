//! Opening a replica: a folder with the database and a lock, so that a second process is told so instead of writing
//! beside the first. The pragmas stand here and nowhere else. A file that is not ours is recognised by its first bytes,
//! before a lock is made or SQLite is asked: it is not touched.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::database::Database;
use crate::error::{Result, StoreError};
use crate::left_log;
use crate::lock::Lock;
use crate::migrate;
use crate::virtual_file::VirtualFile;

/// The database's name in the replica's folder.
pub const FILE: &str = "replica.sqlite";
/// Marks the file as ours in its header: "TRGA".
pub(crate) const APPLICATION_ID: i32 = 0x5452_4741;
/// What every SQLite database begins with.
const MAGIC: &[u8] = b"SQLite format 3\0";
/// Where `application_id` stands in SQLite's header, big-endian.
const APPLICATION_ID_AT: usize = 68;
const HEADER_BYTES: usize = 100;

/// An open database with its lock; the connection is closed before the lock is released.
#[derive(Debug)]
pub(crate) struct Opened {
    /// The database.
    pub(crate) database: Database,
    /// The folder; the database's name where it lies in none.
    pub(crate) folder: PathBuf,
    /// None where the virtual file system keeps others out.
    pub(crate) _lock: Option<Lock>,
}

/// Opens the database in `folder`.
pub(crate) fn open(folder: &Path) -> Result<Opened> {
    let path = folder.join(FILE);
    if !is_ours(folder, &path)? {
        return Err(StoreError::Foreign(path));
    }
    let lock = Lock::take(folder, &path)?;
    open_locked(folder, &path, lock).map_err(|error| error.named(&path))
}

fn open_locked(folder: &Path, path: &Path, mut lock: Lock) -> Result<Opened> {
    // Asked before SQLite opens the file and, with it, whatever log lies beside it.
    let lies_as_closed = lock.lies_as_closed();
    let mut database = connect_after_a_kill(path)?;
    let found: u32 = database.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if found > migrate::newest() {
        return Err(StoreError::Newer { path: path.to_owned(), found, known: migrate::newest() });
    }
    if !lies_as_closed {
        let verdict: String = database.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        if verdict != "ok" {
            return Err(StoreError::Damaged(path.to_owned()));
        }
        lock.checked();
    }
    migrate::climb(&mut database)?;
    Ok(Opened { database, folder: folder.to_owned(), _lock: Some(lock) })
}

/// Whether the file is a database of ours, by its header alone. A database of ours carries its mark from the moment it
/// has its name.
pub(crate) fn is_ours(folder: &Path, path: &Path) -> Result<bool> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(StoreError::Absent(folder.to_owned()));
        }
        Err(error) => return Err(StoreError::of_io(path, &error)),
    };
    let mut header = Vec::with_capacity(HEADER_BYTES);
    file.take(HEADER_BYTES as u64)
        .read_to_end(&mut header)
        .map_err(|error| StoreError::of_io(path, &error))?;
    let mark = header.get(APPLICATION_ID_AT..APPLICATION_ID_AT + 4);
    Ok(header.starts_with(MAGIC) && mark == Some(APPLICATION_ID.to_be_bytes().as_slice()))
}

/// Connects to a database that is there, in the mode in which replicas are used.
pub(crate) fn connect(path: &Path) -> Result<Database> {
    let database = connect_plain(path)?;
    // SQLite opens what may not be written for reading only, and would say so at the first save.
    if database.is_readonly(rusqlite::MAIN_DB)? {
        return Err(StoreError::ReadOnly(path.to_owned()));
    }
    used(&database)?;
    Ok(database)
}

/// The same, of one that may have been killed when it was used last: what is damaged of the log that was left is kept, and the
/// log begins anew, so that nothing stands behind its end.
pub(crate) fn connect_after_a_kill(path: &Path) -> Result<Database> {
    left_log::keep_damaged(path)?;
    let database = connect(path)?;
    database.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    Ok(database)
}

/// Connects to a database on a virtual file system, made if it is not there.
pub(crate) fn connect_virtual(file: VirtualFile<'_>) -> Result<Database> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags_and_vfs(file.name, flags, file.vfs)?;
    // One connection alone: then the log needs no memory shared between processes.
    connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    let database = safe(connection)?;
    used(&database)?;
    Ok(database)
}

/// How replicas are used.
fn used(connection: &Connection) -> Result<()> {
    // WAL: readers do not wait for the writer, and a kill at any moment leaves a whole database.
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // 16 MiB of pages, in negative KiB.
    connection.pragma_update(None, "cache_size", -16 * 1024)?;
    // A plan does not depend on what is bound to it. Else SQLite, for the sake of indexes over a part of a table, plans
    // many a statement anew at each use, which was a sixth of all that a small sync does.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    // More than there are.
    connection.set_prepared_statement_cache_capacity(512);
    Ok(())
}

/// How a replica is used that takes in the work of many: what their packs touch is written to its place every 32 MiB, and not
/// after each of them, for it is the same pages again.
pub(crate) fn used_by_many(connection: &Connection) -> Result<()> {
    Ok(connection.pragma_update(None, "wal_autocheckpoint", 8 * 1024)?)
}

/// Connects to a file that is there, with what must hold in every mode.
pub(crate) fn connect_plain(path: &Path) -> Result<Database> {
    // Not `Connection::open`, which would make a file where none is.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    safe(Connection::open_with_flags(path, flags)?)
}

/// Connects to a database of its own, which is gone with the connection.
pub(crate) fn in_memory() -> Result<Database> {
    safe(Connection::open_in_memory()?)
}

/// A database over a connection, with what must hold in every mode.
fn safe(connection: Connection) -> Result<Database> {
    // FULL: what was acknowledged has reached the disk.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // The tally hears of a row that another one replaces, too.
    connection.pragma_update(None, "recursive_triggers", true)?;
    // What a statement with triggers has changed so far is kept where it is cheap to take back, and nowhere on the disk.
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    // Deleted drafts are overwritten, not merely forgotten.
    connection.pragma_update(None, "secure_delete", true)?;
    Database::over(connection)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_not_ours_is_not_touched() {
        let other = tempfile::tempdir().unwrap();
        let foreign = other.path().join(FILE);
        std::fs::write(&foreign, "").unwrap();
        let connection = connect_plain(&foreign).unwrap();
        connection
            .execute_batch("CREATE TABLE letter (text TEXT); INSERT INTO letter VALUES ('hello')")
            .unwrap();
        connection.close().unwrap();
        let letter = b"this is a letter to a friend, and not a database at all".to_vec();
        for bytes in [Vec::new(), letter, std::fs::read(&foreign).unwrap()] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join(FILE);
            std::fs::write(&path, &bytes).unwrap();
            assert!(matches!(open(folder.path()), Err(StoreError::Foreign(at)) if at == path));
            assert_eq!(std::fs::read(&path).unwrap(), bytes);
            assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing lies beside it");
        }
    }
}
