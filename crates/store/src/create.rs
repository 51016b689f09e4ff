//! Making a replica's database: under another name, with everything that it needs in it, and renamed when it is whole
//! on the disk. A full disk or a kill leaves no database, or one that works; never something between.

use std::fs::{DirBuilder, File, OpenOptions};
use std::path::Path;

use rusqlite::Connection;

use crate::error::{Result, StoreError};
use crate::lock::{Lock, beside, owner_only};
use crate::migrate;
use crate::open::{self, APPLICATION_ID, FILE, Opened};

/// The name under which a database is made.
const UNFINISHED: &str = "replica.sqlite.new";

/// Makes a new database in `folder`, which is created if needed, with what `fill` writes into it.
pub(crate) fn create(folder: &Path, fill: impl FnOnce(&Connection) -> Result<()>) -> Result<Opened> {
    make_folder(folder)?;
    let path = folder.join(FILE);
    refuse_another(folder, &path)?;
    let mut lock = Lock::take(folder, &path)?;
    // Another process may have made one before the lock was ours.
    refuse_another(folder, &path)?;
    let unfinished = folder.join(UNFINISHED);
    let made = make(&unfinished, fill).and_then(|()| put_in_place(&unfinished, folder));
    made.map_err(|error| error.named(&unfinished)).inspect_err(|_| drop(clear(&unfinished)))?;
    let database = open::connect(&path).map_err(|error| error.named(&path))?;
    lock.checked();
    Ok(Opened { database, folder: folder.to_owned(), _lock: Some(lock) })
}

/// What has the name already stays as it is, a replica or not.
fn refuse_another(folder: &Path, path: &Path) -> Result<()> {
    match open::is_ours(folder, path) {
        Err(StoreError::Absent(_)) => Ok(()),
        Ok(true) => Err(StoreError::Exists(folder.to_owned())),
        Ok(false) => Err(StoreError::Foreign(path.to_owned())),
        Err(error) => Err(error),
    }
}

/// Makes a folder that only its owner reads, where there is none.
pub(crate) fn make_folder(folder: &Path) -> Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|error| StoreError::of_io(folder, &error))
}

/// Takes away what an attempt that was interrupted has left.
fn clear(unfinished: &Path) -> Result<()> {
    for ending in ["", "-journal", "-wal", "-shm"] {
        let path = beside(unfinished, ending);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(StoreError::of_io(&path, &error));
            }
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}

fn make(unfinished: &Path, fill: impl FnOnce(&Connection) -> Result<()>) -> Result<()> {
    clear(unfinished)?;
    let mut options = OpenOptions::new();
    options.create_new(true).write(true);
    owner_only(&mut options);
    drop(options.open(unfinished).map_err(|error| StoreError::of_io(unfinished, &error))?);
    // No log beside it yet: what is committed is in this one file.
    let mut database = open::connect_plain(unfinished)?;
    database.pragma_update(None, "application_id", APPLICATION_ID)?;
    migrate::climb(&mut database)?;
    database.write(fill)?;
    database.close()
}

fn put_in_place(unfinished: &Path, folder: &Path) -> Result<()> {
    let named = |error: std::io::Error| StoreError::of_io(unfinished, &error);
    File::open(unfinished).and_then(|file| file.sync_all()).map_err(named)?;
    std::fs::rename(unfinished, folder.join(FILE)).map_err(named)?;
    // The name is on the disk when the folder is. Not every file system can be asked for that.
    if let Ok(folder) = File::open(folder) {
        drop(folder.sync_all());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meta(connection: &Connection) -> Result<()> {
        Ok(connection.execute_batch("INSERT INTO meta (name, value) VALUES ('kind', x'01')")?)
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn what_fails_midway_leaves_nothing_and_can_be_tried_again() {
        let folder = tempfile::tempdir().unwrap();
        let full = create(folder.path(), |connection| {
            let pages: i64 = connection.query_row("PRAGMA page_count", [], |row| row.get(0))?;
            connection.pragma_update(None, "max_page_count", pages)?;
            Ok(connection.execute_batch("INSERT INTO meta (name, value) VALUES ('x', zeroblob(100000))")?)
        });
        assert!(matches!(full, Err(StoreError::DiskFull)), "{full:?}");
        assert_eq!(names(folder.path()), ["replica.lock"]);
        drop(create(folder.path(), meta).unwrap());
        assert_eq!(names(folder.path()), ["replica.lock", "replica.sqlite"]);
        assert!(matches!(create(folder.path(), meta), Err(StoreError::Exists(_))));
    }

    #[test]
    fn what_a_kill_left_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        for name in [UNFINISHED, "replica.sqlite.new-journal", "replica.sqlite.new-wal"] {
            std::fs::write(folder.path().join(name), b"half of something").unwrap();
        }
        assert!(matches!(open::open(folder.path()), Err(StoreError::Absent(_))));
        drop(create(folder.path(), meta).unwrap());
        assert_eq!(names(folder.path()), ["replica.lock", "replica.sqlite"]);
        drop(open::open(folder.path()).unwrap());
    }

    #[cfg(unix)]
    #[test]
    fn what_is_made_is_for_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let above = tempfile::tempdir().unwrap();
        let folder = above.path().join("replica");
        let opened = create(&folder, meta).unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&folder), 0o700);
        for name in names(&folder) {
            assert_eq!(mode(&folder.join(&name)), 0o600, "{name}");
        }
        drop(opened);
    }
}
