//! A replica on a virtual file system that was registered with SQLite: where a machine has no folders (a browser), or
//! where its disk is part of a simulation. Nobody else opens the file meanwhile: its file system sees to that.

use std::path::PathBuf;

use rusqlite::Connection;

use crate::database::{Database, Transaction};
use crate::error::{Result, StoreError};
use crate::migrate;
use crate::open::{APPLICATION_ID, Opened, connect_virtual};
use crate::replica;

/// A file of a virtual file system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VirtualFile<'a> {
    /// The name under which the file system was registered.
    pub vfs: &'a str,
    /// The file's name there.
    pub name: &'a str,
}

/// Makes a database with what `fill` writes into it: in one transaction with everything else, so that a power cut
/// leaves none or a whole one. Tables that were only laid out are taken as they stand.
pub(crate) fn create(file: VirtualFile<'_>, fill: impl FnOnce(&Connection) -> Result<()>) -> Result<Opened> {
    let mut database = connect_virtual(file)?;
    if schema(&database)? > 0 && replica::is_founded(&database)? {
        return Err(StoreError::Exists(PathBuf::from(file.name)));
    }
    let transaction = database.transaction()?;
    tables(&transaction)?;
    fill(&transaction)?;
    transaction.commit()?;
    Ok(opened(file, database))
}

/// Lays out the tables of a replica that nobody has founded yet. Whoever makes many replicas copies the file, and spares
/// each of them the way up the ladder.
pub fn lay_out(file: VirtualFile<'_>) -> Result<()> {
    let mut database = connect_virtual(file)?;
    let transaction = database.transaction()?;
    tables(&transaction)?;
    Ok(transaction.commit()?)
}

fn tables(transaction: &Transaction<'_>) -> Result<()> {
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    migrate::climb_within(transaction)
}

/// Opens a database that is there.
pub(crate) fn open(file: VirtualFile<'_>) -> Result<Opened> {
    let path = PathBuf::from(file.name);
    let mut database = connect_virtual(file)?;
    let found = schema(&database)?;
    if found == 0 {
        return Err(StoreError::Absent(path));
    }
    if found > migrate::newest() {
        return Err(StoreError::Newer { path, found, known: migrate::newest() });
    }
    let verdict: String = database.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if verdict != "ok" {
        return Err(StoreError::Damaged(path));
    }
    migrate::climb(&mut database)?;
    Ok(opened(file, database))
}

fn schema(connection: &Connection) -> Result<u32> {
    Ok(connection.query_row("PRAGMA user_version", [], |row| row.get(0))?)
}

fn opened(file: VirtualFile<'_>, database: Database) -> Opened {
    Opened { database, folder: PathBuf::from(file.name), _lock: None }
}
