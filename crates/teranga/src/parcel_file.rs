//! Files of bundles and returns on a disk or a stick: read up to the size that one can have, and written beside their
//! place first, so that a stick that is pulled out leaves no half of one under its name.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use teranga_sync::limits::PARCEL_BYTES_MAX;
use teranga_sync::parcel::ParcelError;

use crate::failure::{self, Failure, Outcome};

/// Reads a file.
pub(crate) fn read(path: &Path) -> Outcome<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| {
        if file.metadata()?.is_dir() {
            return Err(std::io::ErrorKind::IsADirectory.into());
        }
        file.take(PARCEL_BYTES_MAX as u64 + 1).read_to_end(&mut bytes)
    });
    read.map_err(|error| failure::file(path, &error))?;
    if bytes.len() > PARCEL_BYTES_MAX { Err(ParcelError::TooLarge.into()) } else { Ok(bytes) }
}

/// Whether a file may be written here: nothing is there, or somebody said that it may be replaced.
pub(crate) fn check_free(path: &Path, overwrite: bool) -> Outcome {
    if !overwrite && path.symlink_metadata().is_ok() {
        return Err(Failure::new("file-exists", vec![("path", path.display().to_string())]));
    }
    Ok(())
}

/// Writes a file whole, or not at all.
pub(crate) fn write(path: &Path, bytes: &[u8], overwrite: bool) -> Outcome {
    check_free(path, overwrite)?;
    let beside = beside(path)?;
    let written = File::create(&beside).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    let placed = written.and_then(|()| std::fs::rename(&beside, path));
    placed.map_err(|error| {
        drop(std::fs::remove_file(&beside));
        failure::file(path, &error)
    })?;
    // The name lies in the folder, which has a cache of its own; not every system lets a folder be opened.
    if let Some(Ok(folder)) =
        path.parent().map(|folder| File::open(if folder == Path::new("") { Path::new(".") } else { folder }))
    {
        drop(folder.sync_all());
    }
    Ok(())
}

fn beside(path: &Path) -> Outcome<PathBuf> {
    let Some(name) = path.file_name() else {
        return Err(Failure::new("file-is-folder", vec![("path", path.display().to_string())]));
    };
    let mut beside = std::ffi::OsString::from(".");
    beside.push(name);
    beside.push(".new");
    Ok(path.with_file_name(beside))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_only_where_somebody_said_so_and_nothing_stays_beside_it() {
        let folder = std::env::temp_dir().join(format!("teranga-parcel-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("a.bundle");
        write(&path, b"one", false).unwrap();
        assert!(write(&path, b"two", false).is_err());
        assert_eq!(read(&path).unwrap(), b"one");
        write(&path, b"two", true).unwrap();
        assert_eq!(read(&path).unwrap(), b"two");
        assert!(write(&folder, b"two", true).is_err(), "a folder is no place for it");
        assert!(read(&folder).is_err() && read(&folder.join("absent")).is_err());
        let names: Vec<_> =
            std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["a.bundle"]);
        std::fs::remove_dir_all(folder).unwrap();
    }
}
