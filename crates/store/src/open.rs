//! Opening a replica: a folder with the database and a lock, so that a second process is told so instead of writing
//! beside the first. The pragmas stand here and nowhere else.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use crate::error::{Result, StoreError};
use crate::migrate;

/// The database's name in the replica's folder.
pub const FILE: &str = "replica.sqlite";
const LOCK: &str = "replica.lock";
/// Marks the file as ours in its header: "TRGA".
const APPLICATION_ID: i32 = 0x5452_4741;

/// An open database with its lock; both are released together.
#[derive(Debug)]
pub(crate) struct Opened {
    /// The connection.
    pub(crate) connection: Connection,
    /// The folder.
    pub(crate) folder: PathBuf,
    _lock: File,
}

/// Makes a new database in `folder`, which is created if needed.
pub(crate) fn create(folder: &Path) -> Result<Opened> {
    std::fs::create_dir_all(folder).map_err(|error| unusable(folder, &error))?;
    let path = folder.join(FILE);
    if path.exists() {
        return Err(StoreError::Exists(folder.to_owned()));
    }
    let lock = lock(folder)?;
    let mut connection = connect(&path)?;
    connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    migrate::climb(&mut connection)?;
    Ok(Opened { connection, folder: folder.to_owned(), _lock: lock })
}

/// Opens the database in `folder`.
pub(crate) fn open(folder: &Path) -> Result<Opened> {
    let path = folder.join(FILE);
    if !path.exists() {
        return Err(StoreError::Absent(folder.to_owned()));
    }
    let lock = lock(folder)?;
    let named = |error: StoreError| {
        if matches!(error, StoreError::Foreign(_)) {
            StoreError::Foreign(path.clone())
        } else if matches!(error, StoreError::Damaged(_)) {
            StoreError::Damaged(path.clone())
        } else {
            error
        }
    };
    let mut connection = connect(&path).map_err(named)?;
    check(&connection, &path).map_err(named)?;
    migrate::climb(&mut connection).map_err(named)?;
    Ok(Opened { connection, folder: folder.to_owned(), _lock: lock })
}

fn lock(folder: &Path) -> Result<File> {
    let path = folder.join(LOCK);
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(|error| unusable(&path, &error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse(folder.to_owned())),
        Err(TryLockError::Error(error)) => Err(unusable(&path, &error)),
    }
}

fn unusable(path: &Path, error: &std::io::Error) -> StoreError {
    if error.kind() == std::io::ErrorKind::StorageFull {
        return StoreError::DiskFull;
    }
    StoreError::Folder { path: path.to_owned(), kind: error.kind() }
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that opens a database")]
fn connect(path: &Path) -> Result<Connection> {
    let connection = Connection::open(path)?;
    // WAL: readers do not wait for the writer, and a kill at any moment leaves a whole database.
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // FULL: what was acknowledged has reached the disk.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // Deleted drafts are overwritten, not merely forgotten.
    connection.pragma_update(None, "secure_delete", true)?;
    // 16 MiB of pages, in negative KiB.
    connection.pragma_update(None, "cache_size", -16 * 1024)?;
    connection.set_prepared_statement_cache_capacity(128);
    Ok(connection)
}

fn check(connection: &Connection, path: &Path) -> Result<()> {
    let application: i32 = connection.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    if application != APPLICATION_ID {
        return Err(StoreError::Foreign(path.to_owned()));
    }
    let found: u32 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if found > migrate::newest() {
        return Err(StoreError::Newer { path: path.to_owned(), found, known: migrate::newest() });
    }
    let verdict: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if verdict == "ok" { Ok(()) } else { Err(StoreError::Damaged(path.to_owned())) }
}
