//! Sealing at rest: what a hub's database holds of people - changes, documents, views, values in conflict, salts, files -
//! is sealed, each record and each file with a key of its own, and the keys lie in a file of their own (`keyring`). When a
//! record is erased its key is destroyed, so that no old copy of the database gives it back. SQL seals and opens, by
//! functions that every connection has; on a device, whose disk is its owner's to encrypt as a whole, they change nothing.

mod cipher;
mod keyring;
mod place;
mod share;
mod sound;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::ValueRef;
use teranga_core::id::{Entropy, RecordId};
use teranga_sync::erase::Erasure;
use teranga_sync::identity::Identity;
use teranga_sync::introduction::ReplicaKind;

use crate::columns::maybe_blob;
use crate::database::Database;
use crate::erase;
use crate::error::{Result, StoreError, UNSEALABLE};
use crate::holders;
use crate::replica;
use keyring::{Destroyed, Keyring, Sealed};

pub(crate) use place::Place;
pub use place::{KEYS_FILE, WRAPPING_FILE};
pub use share::recover;

/// What names the last destroyed key of which the database has been told.
const SEEN: &str = "keys_destroyed";
/// What says that a database is sealed.
const SEALED: &str = "sealed";

/// The keys of a replica: a hub's ring, or none.
#[derive(Debug, Clone, Default)]
pub(crate) struct Keys(Option<Arc<Mutex<Keyring>>>);

/// Opens the keys of a replica and gives its connection the functions; a hub that was never sealed is sealed now, and one
/// that was put back to an older state is told what was destroyed since.
pub(crate) fn open(
    database: &mut Database,
    place: Place<'_>,
    (own, kind): (&Identity, ReplicaKind),
    entropy: &mut dyn Entropy,
) -> Result<Keys> {
    if kind == ReplicaKind::Device {
        let keys = Keys(None);
        keys.attach(database)?;
        return Ok(keys);
    }
    let sealed = match replica::meta(database, SEALED)? {
        None => Sealed::NotYet,
        Some(_) => Sealed::Already,
    };
    let ring = Keyring::open(place, own.replica(), sealed, entropy)?;
    let keys = Keys(Some(Arc::new(Mutex::new(ring))));
    keys.attach(database)?;
    if sealed == Sealed::NotYet {
        seal_all(database)?;
    }
    // Told first: what is destroyed next counts as the last of which the database has been told.
    keys.tell(database, own)?;
    match keys.destroy_unused(database) {
        // It stays written down, and is done when there is room: a full disk keeps nobody from opening a hub.
        Ok(()) | Err(StoreError::DiskFull) => {}
        Err(error) => return Err(error),
    }
    Ok(keys)
}

impl Keys {
    fn ring(&self) -> Option<MutexGuard<'_, Keyring>> {
        self.0.as_ref().map(|ring| ring.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Gives a connection the functions: `fresh_key()`, `seal(key, bytes)`, `unseal(bytes)`, which fails where it cannot,
    /// and `unsealed(bytes)`, which is null there.
    fn attach(&self, connection: &Connection) -> Result<()> {
        let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DIRECTONLY;
        let keys = self.clone();
        connection.create_scalar_function("fresh_key", 0, flags, move |_| {
            keys.ring().map(|mut ring| ring.fresh_key().map_err(refused)).transpose()
        })?;
        let keys = self.clone();
        connection.create_scalar_function("seal", 2, flags, move |context| {
            let bytes = bytes(context, 1)?;
            match (keys.ring(), bytes) {
                (_, None) => Ok(None),
                (None, Some(bytes)) => Ok(Some(bytes.to_vec())),
                (Some(mut ring), Some(bytes)) => ring.seal(context.get(0)?, bytes).map(Some).map_err(refused),
            }
        })?;
        let keys = self.clone();
        connection.create_scalar_function("unseal", 1, flags, move |context| {
            let sealed = bytes(context, 0)?;
            let opened = keys.open(sealed)?;
            if sealed.is_some() && opened.is_none() {
                Err(refused(StoreError::Unsealable))
            } else {
                Ok(opened)
            }
        })?;
        let keys = self.clone();
        connection
            .create_scalar_function("unsealed", 1, flags, move |context| keys.open(bytes(context, 0)?))?;
        Ok(())
    }

    fn open(&self, sealed: Option<&[u8]>) -> rusqlite::Result<Option<Vec<u8>>> {
        match (self.ring(), sealed) {
            (_, None) => Ok(None),
            (None, Some(plain)) => Ok(Some(plain.to_vec())),
            (Some(mut ring), Some(sealed)) => ring.open_sealed(sealed).map_err(refused),
        }
    }

    /// Destroys the keys of what was destroyed in the database: after that, and before anybody is told that it was.
    pub(crate) fn destroy_unused(&self, database: &mut Database) -> Result<()> {
        let Some(mut ring) = self.ring() else { return Ok(()) };
        let mut statement = database.prepare_cached(
            "SELECT key, unused_key.record, at_ms, home, signature
             FROM unused_key LEFT JOIN erased USING (record) ORDER BY key",
        )?;
        let mut rows = statement.query([])?;
        let mut unused: Vec<(i64, Option<Erasure>)> = Vec::new();
        while let Some(row) = rows.next()? {
            let record: Option<RecordId> = maybe_blob(row, 1, "unused_key", "record")?;
            let word = record.map(|_| holders::word(row, 1)).transpose()?;
            unused.push((row.get(0)?, word));
        }
        drop(rows);
        drop(statement);
        if unused.is_empty() {
            return Ok(());
        }
        let last = ring.destroy(&unused)?;
        database.write(|connection| {
            connection.execute("DELETE FROM unused_key", [])?;
            replica::put_meta(connection, SEEN, &last.to_be_bytes())
        })
    }

    /// Tells a database of the keys that were destroyed since it was last told: it may be an older copy.
    fn tell(&self, database: &mut Database, own: &Identity) -> Result<()> {
        let seen = replica::meta(database, SEEN)?.and_then(|bytes| bytes.try_into().ok());
        let seen = seen.map_or(0, i64::from_be_bytes);
        let destroyed = self.ring().map(|ring| ring.destroyed_after(seen)).transpose()?.unwrap_or_default();
        let Some(last) = destroyed.last().map(|destroyed| destroyed.row) else { return Ok(()) };
        let mut news = false;
        for one in &destroyed {
            news |= is_news(database, one)?;
        }
        if !news {
            // Nothing to write, so that a hub whose disk is full opens.
            return Ok(());
        }
        let transaction = database.transaction()?;
        for one in destroyed {
            if let Some(word) = one.word {
                erase::take(&transaction, own, &word)?;
                continue;
            }
            for sealed in ["attachment", "arriving", "thumbnail"] {
                let sql = format!("DELETE FROM {sealed} WHERE key = ?1");
                transaction.prepare_cached(&sql)?.execute([one.key])?;
            }
        }
        replica::put_meta(&transaction, SEEN, &last.to_be_bytes())?;
        Ok(transaction.commit()?)
    }

    /// Writes all of them, as they stand, into a file that is empty.
    pub(crate) fn copy_to(&self, path: &str) -> Result<()> {
        self.ring().map_or(Ok(()), |ring| ring.copy_to(path))
    }

    /// How many recovery shares were made; `None` where there is nothing to recover.
    pub(crate) fn shares(&self) -> Result<Option<u64>> {
        self.ring().map(|ring| ring.shares()).transpose()
    }
}

/// Whether something that a destroyed key sealed is still here.
fn is_news(connection: &Connection, one: &Destroyed) -> Result<bool> {
    if let Some(word) = one.word {
        return Ok(!erase::is_erased(connection, word.record)?);
    }
    Ok(connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM attachment WHERE key = ?1)
                 OR EXISTS (SELECT 1 FROM arriving WHERE key = ?1)
                 OR EXISTS (SELECT 1 FROM thumbnail WHERE key = ?1)",
        )?
        .query_row([one.key], |row| row.get(0))?)
}

/// Seals what a hub wrote before hubs were sealed. Files and thumbnails are newer than sealing.
fn seal_all(database: &mut Database) -> Result<()> {
    let transaction = database.transaction()?;
    for sql in [
        "UPDATE record SET key = fresh_key() WHERE record NOT IN (SELECT record FROM erased)",
        "UPDATE record SET salt = seal(key, salt) WHERE key IS NOT NULL",
        "UPDATE change SET body = seal((SELECT key FROM record WHERE record.record = change.record), body)
         WHERE body IS NOT NULL",
        "UPDATE part SET snapshot = seal((SELECT key FROM record WHERE record.record = part.record), snapshot),
             view = seal((SELECT key FROM record WHERE record.record = part.record), view)",
        "UPDATE conflict SET
             candidates = seal((SELECT key FROM record WHERE record.record = conflict.record), candidates)",
    ] {
        transaction.execute(sql, [])?;
    }
    replica::put_meta(&transaction, SEALED, &[1])?;
    transaction.commit()?;
    Ok(database.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?)
}

fn bytes<'a>(context: &'a Context<'_>, index: usize) -> rusqlite::Result<Option<&'a [u8]>> {
    match context.get_raw(index) {
        ValueRef::Null => Ok(None),
        ValueRef::Blob(bytes) | ValueRef::Text(bytes) => Ok(Some(bytes)),
        ValueRef::Integer(_) | ValueRef::Real(_) => Err(refused(StoreError::Unsealable)),
    }
}

/// A failure on its way through SQLite, which passes on its words.
fn refused(error: StoreError) -> rusqlite::Error {
    let of_sqlite = |code| rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None);
    if matches!(error, StoreError::DiskFull) {
        of_sqlite(rusqlite::ffi::SQLITE_FULL)
    } else if matches!(error, StoreError::DiskFails(_)) {
        of_sqlite(rusqlite::ffi::SQLITE_IOERR)
    } else if matches!(error, StoreError::Unsealable) {
        rusqlite::Error::UserFunctionError(UNSEALABLE.into())
    } else {
        rusqlite::Error::UserFunctionError(error.to_string().into())
    }
}
