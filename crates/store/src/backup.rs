//! Backups of a hub: its database as it stands, read through once more before it has its name, and beside it the keys as
//! they stand now. Each backup is a file of its own; of the keys there is one file, the newest, so that what was erased
//! since stays closed in every backup, however old. What a backup of the home covers may go from where it may be held no more.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};

use teranga_core::time::Millis;

use crate::covered;
use crate::create::make_folder;
use crate::error::{Result, StoreError};
use crate::lock::{beside, owner_only};
use crate::open;
use crate::receipts::{self, Tier};
use crate::replica::{Replica, meta, put_meta};
use crate::seal::KEYS_FILE;

/// The name of the fact when the last backup was made.
const BACKED_UP: &str = "backed_up";
/// The name of the fact how many recovery shares its keys had.
const SHARES_BACKED_UP: &str = "shares_backed_up";

impl Replica {
    /// Writes a backup into `folder`, which is made if needed, and returns its file. It opens with the keys beside it and
    /// with the wrapping key, which is not copied: keep that one elsewhere, or a recovery share of it.
    pub fn back_up(&mut self, folder: &Path, at: Millis) -> Result<PathBuf> {
        make_folder(folder)?;
        let moment: String = at.to_rfc3339().chars().filter(char::is_ascii_alphanumeric).collect();
        let file = folder.join(format!("replica-{moment}.sqlite"));
        if file.exists() {
            return Err(StoreError::BackupExists(file));
        }
        write(&file, |path| Ok(self.connection().execute("VACUUM INTO ?1", [path]).map(|_| ())?))?;
        // After the database: they open everything that is in it.
        write(&folder.join(KEYS_FILE), |path| self.keys().copy_to(path))?;
        self.note_backup(at)?;
        Ok(file)
    }

    /// Notes that a backup of this replica as it stands was made, and read through: its keys included. At the home everything
    /// that it holds is covered from now on, and whoever may hold a part of it no more is told.
    pub fn note_backup(&mut self, at: Millis) -> Result<()> {
        let shares = self.recovery_shares()?.unwrap_or_default();
        let transaction = self.database_mut().transaction()?;
        put_meta(&transaction, BACKED_UP, &at.0.to_be_bytes())?;
        put_meta(&transaction, SHARES_BACKED_UP, &shares.to_be_bytes())?;
        if Tier::of(&transaction)? == Tier::Home {
            receipts::note_backed_up(&transaction)?;
            covered::cover_all(&transaction)?;
        }
        Ok(transaction.commit()?)
    }

    /// When the last backup was made, as far as this database knows: one that was put back does not know of itself.
    pub fn backed_up(&self) -> Result<Option<Millis>> {
        let Some(bytes) = meta(self.connection(), BACKED_UP)? else { return Ok(None) };
        let inconsistent = StoreError::Inconsistent { table: "meta", column: BACKED_UP };
        let ms = bytes.try_into().map_err(|_| inconsistent)?;
        Ok(Some(Millis(i64::from_be_bytes(ms))))
    }

    /// How many recovery shares were made after the last backup, whose keys they do not open: all of them where there is none.
    pub fn shares_since_backup(&self) -> Result<u64> {
        let backed_up = match meta(self.connection(), SHARES_BACKED_UP)? {
            None => 0,
            Some(bytes) => u64::from_be_bytes(
                bytes
                    .try_into()
                    .map_err(|_| StoreError::Inconsistent { table: "meta", column: SHARES_BACKED_UP })?,
            ),
        };
        Ok(self.recovery_shares()?.unwrap_or_default().saturating_sub(backed_up))
    }
}

/// Writes a database under another name, reads it through, and gives it its name once it is whole on the disk.
fn write(file: &Path, copy: impl FnOnce(&str) -> Result<()>) -> Result<()> {
    let unfinished = beside(file, ".new");
    let named = |error: &std::io::Error| StoreError::of_io(&unfinished, error);
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    owner_only(&mut options);
    drop(options.open(&unfinished).map_err(|error| named(&error))?);
    let path = unfinished.to_str().ok_or_else(|| StoreError::Unopenable(unfinished.clone()))?;
    copy(path).map_err(|error| error.named(&unfinished))?;
    check(&unfinished)?;
    let folder = file.parent().unwrap_or(Path::new("."));
    File::open(&unfinished)
        .and_then(|whole| whole.sync_all())
        .and_then(|()| std::fs::rename(&unfinished, file))
        .and_then(|()| File::open(folder)?.sync_all())
        .map_err(|error| named(&error))
}

fn check(file: &Path) -> Result<()> {
    let copy = open::connect_plain(file)?;
    let verdict: String = copy.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if verdict == "ok" { Ok(()) } else { Err(StoreError::Damaged(file.to_owned())) }
}
