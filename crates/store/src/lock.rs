//! The lock of a replica's folder, and what stands in it: between openings, how the database lay when it was last
//! closed in good order. A database that still lies so has not been touched since, and need not be read through again
//! at every command; one that was killed, restored, copied or written to by anything else is.

use std::fs::{File, Metadata, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use crate::error::{Result, StoreError};

const LOCK: &str = "replica.lock";
/// Openings after which the database is read through though nothing touched it: disks forget by themselves.
const OPENINGS_UNCHECKED_MAX: u32 = 200;
/// A note is a line of numbers.
const NOTE_BYTES_MAX: u64 = 256;

/// A folder that is ours alone. Dropped after the connection, it notes how the database was left.
#[derive(Debug)]
pub(crate) struct Lock {
    file: File,
    database: PathBuf,
    /// Openings since the database was last read through; none while nobody knows that it is sound.
    unchecked: Option<u32>,
}

impl Lock {
    /// Takes the lock of a folder, for the database in it.
    pub(crate) fn take(folder: &Path, database: &Path) -> Result<Self> {
        let path = folder.join(LOCK);
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).read(true).write(true);
        owner_only(&mut options);
        let file = options.open(&path).map_err(|error| StoreError::of_io(&path, &error))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { file, database: database.to_owned(), unchecked: None }),
            Err(TryLockError::WouldBlock) => Err(StoreError::InUse(folder.to_owned())),
            Err(TryLockError::Error(error)) => Err(StoreError::of_io(&path, &error)),
        }
    }

    /// Whether the database lies as it was last closed. Asking takes the note away: what is killed from here on is
    /// read through when it is next opened.
    pub(crate) fn lies_as_closed(&mut self) -> bool {
        let mut note = String::new();
        let read = (&self.file).take(NOTE_BYTES_MAX).read_to_string(&mut note);
        let taken = self.file.set_len(0);
        if read.is_err() || taken.is_err() || beside(&self.database, "-wal").exists() {
            return false;
        }
        let Some((place, unchecked)) = note.trim_end().rsplit_once(' ') else { return false };
        let unchecked: u32 = unchecked.parse().unwrap_or(u32::MAX);
        if self.place().as_deref() != Some(place) || unchecked >= OPENINGS_UNCHECKED_MAX {
            return false;
        }
        self.unchecked = Some(unchecked + 1);
        true
    }

    /// Says that the database was read through and found sound.
    pub(crate) fn checked(&mut self) {
        self.unchecked = Some(0);
    }

    /// Size and time of the database, as one word each.
    fn place(&self) -> Option<String> {
        let metadata: Metadata = std::fs::metadata(&self.database).ok()?;
        let time = metadata.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
        Some(format!("1 {} {}", metadata.len(), time.as_nanos()))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // A note that cannot be written costs a reading through, no more.
        if let (Some(unchecked), Some(place)) = (self.unchecked, self.place()) {
            drop(self.file.rewind().and_then(|()| writeln!(self.file, "{place} {unchecked}")));
        }
        // Closing is not enough: a program that this process is just starting holds the same opened file until it runs,
        // and the lock with it.
        drop(self.file.unlock());
    }
}

/// A file that stands beside another under its name and an ending.
pub(crate) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// What is made with these options is for its owner alone: answers about people stand in it.
pub(crate) fn owner_only(options: &mut OpenOptions) {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    #[cfg(not(unix))]
    let _ = options;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(folder: &Path) -> (Lock, bool) {
        let mut lock = Lock::take(folder, &folder.join("database")).unwrap();
        let lies = lock.lies_as_closed();
        (lock, lies)
    }

    #[test]
    fn only_what_lies_as_it_was_closed_is_not_read_through_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("database");
        std::fs::write(&path, "sound").unwrap();
        let (mut lock, lies) = opened(folder.path());
        assert!(!lies, "nobody has read it yet");
        lock.checked();
        drop(lock);
        assert!(opened(folder.path()).1);
        assert!(opened(folder.path()).1, "closing an unchanged database notes it again");
        std::fs::write(&path, "longer than it was").unwrap();
        assert!(!opened(folder.path()).1, "something wrote to it");
        assert!(!opened(folder.path()).1, "and nobody has read it since");
    }

    #[test]
    fn a_lock_that_was_let_go_is_free_though_somebody_inherited_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let (lock, _) = opened(folder.path());
        let inherited = lock.file.try_clone().unwrap();
        drop(lock);
        drop(opened(folder.path()));
        drop(inherited);
    }

    #[test]
    fn what_was_killed_or_left_a_log_is_read_through() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("database");
        std::fs::write(&path, "sound").unwrap();
        let (mut lock, _) = opened(folder.path());
        lock.checked();
        drop(lock);
        let (lock, lies) = opened(folder.path());
        assert!(lies);
        // A kill runs nothing: the note that was taken away stays away.
        let note = std::fs::read(folder.path().join(LOCK)).unwrap();
        assert!(note.is_empty());
        drop(lock);
        std::fs::write(beside(&path, "-wal"), "pages").unwrap();
        assert!(!opened(folder.path()).1);
    }

    #[test]
    fn a_database_is_read_through_from_time_to_time() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("database"), "sound").unwrap();
        let (mut lock, _) = opened(folder.path());
        lock.checked();
        drop(lock);
        let sound = (0..=OPENINGS_UNCHECKED_MAX).take_while(|_| opened(folder.path()).1).count();
        assert_eq!(sound, OPENINGS_UNCHECKED_MAX as usize);
    }
}
