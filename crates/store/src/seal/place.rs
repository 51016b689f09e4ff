//! Where a hub's keys lie: beside its database, in files of their own, so that a copy of the database alone opens
//! nothing. The wrapping key is a third file, which may be put on another medium.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension as _};
use teranga_core::id::Entropy;
use zeroize::{Zeroize as _, Zeroizing};

use super::cipher::Secret;
use crate::database::Database;
use crate::error::{Result, StoreError};
use crate::lock::{beside, owner_only};
use crate::open;
use crate::virtual_file::VirtualFile;

/// The name of the keys' database in the replica's folder.
pub const KEYS_FILE: &str = "keys.sqlite";
/// The name of the wrapping key's file in the replica's folder.
pub const WRAPPING_FILE: &str = "wrapping.key";

/// A place for keys.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Place<'a> {
    /// The folder of the replica.
    Folder(&'a Path),
    /// Beside the replica's file on a virtual file system.
    Virtual(VirtualFile<'a>),
}

impl Place<'_> {
    /// Connects to the keys' database, which is made empty where there is none.
    pub(super) fn connect(self) -> Result<Database> {
        match self {
            Self::Folder(folder) => {
                let path = folder.join(KEYS_FILE);
                let mut options = OpenOptions::new();
                options.write(true).create(true).truncate(false);
                owner_only(&mut options);
                drop(options.open(&path).map_err(|error| StoreError::of_io(&path, &error))?);
                open::connect_after_a_kill(&path).map_err(|error| error.named(&path))
            }
            Self::Virtual(file) => {
                let name = format!("{}-keys", file.name);
                open::connect_virtual(VirtualFile { name: &name, ..file })
            }
        }
    }

    /// The file of the keys, for messages.
    pub(super) fn keys_file(self) -> PathBuf {
        match self {
            Self::Folder(folder) => folder.join(KEYS_FILE),
            Self::Virtual(file) => PathBuf::from(format!("{}-keys", file.name)),
        }
    }

    /// The wrapping key; `None` where there is none. A virtual file system has no other medium: it lies with the keys.
    pub(super) fn wrapping(self, keys: &Connection) -> Result<Option<Secret>> {
        let text = match self {
            Self::Virtual(_) => keys
                .query_row("SELECT value FROM ring WHERE name = 'wrapping'", [], |row| row.get(0))
                .optional()?,
            Self::Folder(folder) => {
                let path = folder.join(WRAPPING_FILE);
                match std::fs::read_to_string(&path) {
                    Ok(text) => Some(text),
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
                    Err(error) => return Err(StoreError::of_io(&path, &error)),
                }
            }
        };
        Ok(text.map(Zeroizing::new).and_then(|text| read(&text)))
    }

    /// Keeps a wrapping key: whole on the disk before it is used.
    pub(super) fn keep_wrapping(self, keys: &mut Database, key: &Secret) -> Result<()> {
        let text = write(key);
        match self {
            Self::Virtual(_) => {
                keys.execute("INSERT OR REPLACE INTO ring (name, value) VALUES ('wrapping', ?1)", [&*text])?;
                Ok(())
            }
            Self::Folder(folder) => {
                let path = folder.join(WRAPPING_FILE);
                let unfinished = beside(&path, ".new");
                let written = write_file(&unfinished, &text);
                written
                    .and_then(|()| std::fs::rename(&unfinished, &path))
                    .and_then(|()| File::open(folder)?.sync_all())
                    .map_err(|error| StoreError::of_io(&path, &error))
            }
        }
    }
}

fn write_file(path: &Path, text: &str) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    owner_only(&mut options);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// A fresh secret.
pub(super) fn fresh(entropy: &mut dyn Entropy) -> Secret {
    let mut key = Zeroizing::new([0; 32]);
    entropy.fill(key.as_mut_slice());
    key
}

fn write(key: &Secret) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(65));
    for byte in key.iter() {
        for nibble in [byte >> 4, byte & 15] {
            text.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
        }
    }
    text.push('\n');
    text
}

fn read(text: &str) -> Option<Secret> {
    let digits: Option<Vec<u8>> =
        text.trim().chars().map(|digit| u8::try_from(digit.to_digit(16)?).ok()).collect();
    let mut digits = digits.filter(|digits| digits.len() == 64)?;
    let mut key = Zeroizing::new([0; 32]);
    for (byte, pair) in key.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = pair.iter().fold(0, |byte, digit| (byte << 4) | digit);
    }
    digits.zeroize();
    Some(key)
}
