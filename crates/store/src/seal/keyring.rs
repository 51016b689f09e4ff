//! The keys of a hub: one for each record and each file, in a database of their own, wrapped under the wrapping key.
//! A key that was destroyed opens no copy of what it sealed any more, however old; why it was destroyed stays, the home's
//! word with it, so that a database which was put back to an older state is told.

use std::collections::{BTreeMap, VecDeque};

use rusqlite::{Connection, OptionalExtension as _, params};
use teranga_core::id::{Entropy, ReplicaId};
use teranga_core::time::Millis;
use teranga_sync::erase::Erasure;

use super::cipher::{self, Secret};
use super::place::{Place, fresh};
use crate::columns::{blob, maybe_blob, unsigned};
use crate::database::Database;
use crate::error::{Result, StoreError};
use crate::next_row::next_row;
use crate::{open, tally};

const SCHEMA: &str = include_str!("../sql/keys1.sql");
const VERSION: u32 = 1;
/// Keys made in one transaction, before they are needed. Twice as many the next time, so that who opens for a single one leaves
/// few unused, and who takes in thousands of records does not wait for the disk at every sixty-fourth.
const MADE_AT_FIRST: usize = 64;
const MADE_AT_ONCE_MAX: usize = 1_024;
/// Keys kept open in memory.
const KNOWN_MAX: usize = 4_096;
const CHECK: &[u8] = b"teranga wrapping key 0\n";

/// A key that was destroyed.
#[derive(Debug)]
pub(super) struct Destroyed {
    /// Its place in the order of destruction.
    pub(super) row: i64,
    /// Its number.
    pub(super) key: i64,
    /// The word by which a record was erased; none for a file that nothing mentions any more.
    pub(super) word: Option<Erasure>,
}

/// An open keyring.
pub(super) struct Keyring {
    database: Database,
    wrapping: Secret,
    /// What this opening makes new keys of.
    opening: Secret,
    made: u64,
    /// How many it makes the next time.
    made_next: usize,
    unused: VecDeque<i64>,
    known: BTreeMap<i64, Secret>,
}

impl std::fmt::Debug for Keyring {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Keyring").finish_non_exhaustive()
    }
}

/// What is there of the keys of a replica.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sealed {
    /// It was never sealed: its keys are made now.
    NotYet,
    /// It is sealed: its keys must be there.
    Already,
}

impl Keyring {
    /// Opens the keys of a replica, which are made where it is not sealed yet.
    pub(super) fn open(
        place: Place<'_>,
        of: ReplicaId,
        sealed: Sealed,
        entropy: &mut dyn Entropy,
    ) -> Result<Self> {
        let absent = || StoreError::KeysAbsent(place.keys_file());
        let mut database = begin(place, sealed)?;
        let wrapping = match (place.wrapping(&database)?, checked(&database)?) {
            (Some(wrapping), _) => wrapping,
            // A power cut came between the two when the keys were made.
            (None, None) if sealed == Sealed::NotYet => {
                let wrapping = fresh(entropy);
                place.keep_wrapping(&mut database, &wrapping)?;
                wrapping
            }
            (None, _) => return Err(StoreError::WrappingKeyAbsent(place.keys_file())),
        };
        match checked(&database)? {
            Some(check) if cipher::open(&wrapping, of.as_bytes(), &check).as_deref() == Some(CHECK) => {}
            Some(_) => return Err(StoreError::KeysOfAnother(place.keys_file())),
            None if sealed == Sealed::Already => return Err(absent()),
            None => {
                let check = cipher::seal(&wrapping, of.as_bytes(), CHECK).ok_or_else(absent)?;
                database.execute("INSERT INTO ring (name, value) VALUES ('check', ?1)", [check])?;
            }
        }
        let (opening, made_next) = (fresh(entropy), MADE_AT_FIRST);
        let (unused, known) = (VecDeque::new(), BTreeMap::new());
        Ok(Self { database, wrapping, opening, made: 0, made_next, unused, known })
    }

    /// The number of a key that nothing was sealed with: never one that an earlier opening handed out, whose database may
    /// have been put back since.
    pub(super) fn fresh_key(&mut self) -> Result<i64> {
        if self.unused.is_empty() {
            self.make()?;
        }
        self.unused.pop_front().ok_or(StoreError::Unsealable)
    }

    fn make(&mut self) -> Result<()> {
        let transaction = self.database.transaction()?;
        let mut made = Vec::with_capacity(self.made_next);
        for _ in 0..self.made_next {
            let key = cipher::derive(&self.opening, &[b"key", &self.made.to_be_bytes()]);
            self.made += 1;
            let number = next_row(&transaction, "key")?;
            let wrapped = cipher::seal(&self.wrapping, &number.to_be_bytes(), key.as_slice());
            transaction
                .prepare_cached("INSERT INTO key (key, wrapped) VALUES (?1, ?2)")?
                .execute(params![number, wrapped.ok_or(StoreError::Unsealable)?])?;
            made.push((number, key));
        }
        transaction.commit()?;
        self.made_next = MADE_AT_ONCE_MAX.min(self.made_next * 2);
        // Not before: a number whose key is not on the disk seals nothing.
        for (number, key) in made {
            self.unused.push_back(number);
            self.remember(number, key);
        }
        Ok(())
    }

    /// A key by its number; `None` where it was destroyed.
    fn key(&mut self, number: i64) -> Result<Option<Secret>> {
        if let Some(key) = self.known.get(&number) {
            return Ok(Some(key.clone()));
        }
        let wrapped: Option<Vec<u8>> = self
            .database
            .prepare_cached("SELECT wrapped FROM key WHERE key = ?1")?
            .query_row([number], |row| row.get(0))
            .optional()?;
        let key = wrapped
            .and_then(|wrapped| cipher::open(&self.wrapping, &number.to_be_bytes(), &wrapped))
            .and_then(|bytes| Some(Secret::new(bytes.try_into().ok()?)));
        if let Some(key) = &key {
            self.remember(number, key.clone());
        }
        Ok(key)
    }

    fn remember(&mut self, number: i64, key: Secret) {
        if self.known.len() >= KNOWN_MAX {
            self.known.clear();
        }
        self.known.insert(number, key);
    }

    /// Seals bytes with a key; what is sealed names the key.
    pub(super) fn seal(&mut self, number: i64, bytes: &[u8]) -> Result<Vec<u8>> {
        let named = number.to_be_bytes();
        let key = self.key(number)?.ok_or(StoreError::Unsealable)?;
        let sealed = cipher::seal(&key, &named, bytes).ok_or(StoreError::Unsealable)?;
        Ok([named.as_slice(), &sealed].concat())
    }

    /// Opens what was sealed; `None` where it was changed, or its key was destroyed.
    pub(super) fn open_sealed(&mut self, sealed: &[u8]) -> Result<Option<Vec<u8>>> {
        let Some((named, sealed)) = sealed.split_first_chunk::<8>() else { return Ok(None) };
        let key = self.key(i64::from_be_bytes(*named))?;
        Ok(key.and_then(|key| cipher::open(&key, named, sealed)))
    }

    /// Destroys keys, each with the word by which its record was erased. Returns the place of the last destroyed key.
    pub(super) fn destroy(&mut self, keys: &[(i64, Option<Erasure>)]) -> Result<i64> {
        let transaction = self.database.transaction()?;
        for (number, word) in keys {
            transaction.prepare_cached("DELETE FROM key WHERE key = ?1")?.execute([number])?;
            transaction
                .prepare_cached(
                    "INSERT INTO destroyed (key, record, at_ms, home, signature) VALUES (?1, ?2, ?3, ?4, ?5)
                     ON CONFLICT DO NOTHING",
                )?
                .execute(params![
                    number,
                    word.map(|word| word.record.0),
                    word.map(|word| word.at.0),
                    word.map(|word| word.home.0),
                    word.map(|word| word.signature),
                ])?;
        }
        let last =
            transaction.query_row("SELECT coalesce(max(row), 0) FROM destroyed", [], |row| row.get(0))?;
        transaction.commit()?;
        for (number, _) in keys {
            self.known.remove(number);
        }
        // The log beside the database still had them.
        self.database.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        Ok(last)
    }

    /// The keys that were destroyed after one that is known to have been, in their order.
    pub(super) fn destroyed_after(&self, row: i64) -> Result<Vec<Destroyed>> {
        let mut statement = self.database.prepare_cached(
            "SELECT row, key, record, at_ms, home, signature FROM destroyed WHERE row > ?1 ORDER BY row",
        )?;
        let mut rows = statement.query([row])?;
        let mut destroyed = Vec::new();
        while let Some(row) = rows.next()? {
            let word = maybe_blob(row, 2, "destroyed", "record")?
                .map(|record| -> Result<Erasure> {
                    Ok(Erasure {
                        record,
                        at: Millis(row.get(3)?),
                        home: blob(row, 4, "destroyed", "home")?,
                        signature: blob(row, 5, "destroyed", "signature")?,
                    })
                })
                .transpose()?;
            destroyed.push(Destroyed { row: row.get(0)?, key: row.get(1)?, word });
        }
        Ok(destroyed)
    }

    /// Keeps the wrapping key once more, for whoever knows this secret.
    pub(super) fn share(&mut self, of: ReplicaId, secret: &Secret) -> Result<()> {
        let wrapped = cipher::seal(secret, of.as_bytes(), self.wrapping.as_slice());
        self.database
            .execute("INSERT INTO share (wrapped) VALUES (?1)", [wrapped.ok_or(StoreError::Unsealable)?])?;
        Ok(())
    }

    /// Its database.
    pub(super) fn database(&self) -> &Connection {
        &self.database
    }

    /// A database as one looks that was made today, with nothing in it.
    pub(super) fn example() -> Result<Database> {
        let database = open::in_memory()?;
        database.execute_batch(SCHEMA)?;
        tally::begin(&database)?;
        Ok(database)
    }

    /// The numbers of keys that do not open.
    pub(super) fn unopened(&self) -> Result<Vec<i64>> {
        let mut statement = self.database.prepare("SELECT key, wrapped FROM key ORDER BY key")?;
        let keys = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let keys = keys.collect::<rusqlite::Result<Vec<(i64, Vec<u8>)>>>()?;
        let open = |number: i64, wrapped: &[u8]| {
            cipher::open(&self.wrapping, &number.to_be_bytes(), wrapped).is_some_and(|key| key.len() == 32)
        };
        Ok(keys.into_iter().filter(|(key, wrapped)| !open(*key, wrapped)).map(|(key, _)| key).collect())
    }

    /// How many recovery shares were made.
    pub(super) fn shares(&self) -> Result<u64> {
        Ok(unsigned(self.database.query_row("SELECT count(*) FROM share", [], |row| row.get(0))?))
    }

    /// Writes all of it into a file that is not there yet, as it stands.
    pub(super) fn copy_to(&self, path: &str) -> Result<()> {
        // SQLite makes no such copy within a transaction.
        self.database().execute("VACUUM INTO ?1", [path])?;
        Ok(())
    }
}

/// The wrapping key that somebody kept for this secret, kept in its place again. Whether there was one.
pub(super) fn recover(place: Place<'_>, of: ReplicaId, secret: &Secret) -> Result<bool> {
    let mut database = begin(place, Sealed::Already)?;
    let mut statement = database.prepare("SELECT wrapped FROM share ORDER BY row")?;
    let shares = statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<Vec<u8>>>>()?;
    drop(statement);
    let found = shares.iter().find_map(|wrapped| cipher::open(secret, of.as_bytes(), wrapped));
    match found.and_then(|bytes| Some(Secret::new(bytes.try_into().ok()?))) {
        Some(wrapping) => place.keep_wrapping(&mut database, &wrapping).map(|()| true),
        None => Ok(false),
    }
}

/// Connects, and makes the tables where they may be made.
fn begin(place: Place<'_>, sealed: Sealed) -> Result<Database> {
    if sealed == Sealed::Already
        && let Place::Folder(_) = place
        && !place.keys_file().exists()
    {
        return Err(StoreError::KeysAbsent(place.keys_file()));
    }
    let mut database = place.connect()?;
    let version: u32 = database.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    match (version, sealed) {
        (0, Sealed::NotYet) => {
            let transaction = database.transaction()?;
            transaction.execute_batch(SCHEMA)?;
            tally::begin(&transaction)?;
            transaction.pragma_update(None, "user_version", VERSION)?;
            transaction.commit()?;
        }
        (0, Sealed::Already) => return Err(StoreError::KeysAbsent(place.keys_file())),
        (VERSION, _) => {}
        (found, _) => {
            return Err(StoreError::Newer { path: place.keys_file(), found, known: VERSION });
        }
    }
    Ok(database)
}

fn checked(connection: &Connection) -> Result<Option<Vec<u8>>> {
    Ok(connection
        .query_row("SELECT value FROM ring WHERE name = 'check'", [], |row| row.get(0))
        .optional()?)
}
