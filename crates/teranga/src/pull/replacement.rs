//! Replacing files together: all of a pull's files are written beside their places first and take them only when every
//! one is whole on the disk. Whatever fails before leaves the old files as they were, and nothing beside them.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::failure::{self, Failure, Outcome};

/// Files on their way into a folder.
#[derive(Debug)]
pub(super) struct Replacement {
    folder: PathBuf,
    /// Written beside their places, in the order in which they take them.
    written: Vec<String>,
    /// To be removed.
    gone: Vec<String>,
}

impl Drop for Replacement {
    fn drop(&mut self) {
        for name in &self.written {
            drop(std::fs::remove_file(self.beside(name)));
        }
    }
}

impl Replacement {
    /// Nothing yet, in this folder, which is made where it is not there.
    pub(super) fn of(folder: &Path) -> Outcome<Self> {
        std::fs::create_dir_all(folder).map_err(|error| failure::file(folder, &error))?;
        Ok(Self { folder: folder.to_owned(), written: Vec::new(), gone: Vec::new() })
    }

    /// Writes a file beside its place.
    pub(super) fn add(&mut self, name: &str, bytes: &[u8]) -> Outcome {
        if self.written.iter().any(|written| written == name) {
            return Err(Failure::new("csv", vec![("detail", format!("2 × {name}"))]));
        }
        self.written.push(name.to_owned());
        let beside = self.beside(name);
        let written = std::fs::File::create(&beside).and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        });
        written.map_err(|error| failure::file(&self.folder.join(name), &error))
    }

    /// Names files of this folder that no longer belong to it.
    pub(super) fn remove(&mut self, names: impl IntoIterator<Item = String>) {
        let plain = |name: &String| Path::new(name).file_name().is_some_and(|file| file == name.as_str());
        self.gone.extend(names.into_iter().filter(plain));
    }

    /// The names so far.
    pub(super) fn names(&self) -> BTreeSet<String> {
        self.written.iter().cloned().collect()
    }

    /// Puts every file in its place.
    pub(super) fn finish(mut self) -> Outcome {
        while let Some(name) = self.written.first() {
            let path = self.folder.join(name);
            std::fs::rename(self.beside(name), &path).map_err(|error| failure::file(&path, &error))?;
            self.written.remove(0);
        }
        for name in &self.gone {
            drop(std::fs::remove_file(self.folder.join(name)));
        }
        Ok(())
    }

    fn beside(&self, name: &str) -> PathBuf {
        self.folder.join(format!(".{name}.new"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> BTreeSet<String> {
        let entries = std::fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn what_fails_before_the_end_leaves_the_old_files_and_nothing_else() {
        let folder = std::env::temp_dir().join(format!("teranga-replacement-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("a.csv"), "old").unwrap();
        let mut files = Replacement::of(&folder).unwrap();
        files.add("a.csv", b"new").unwrap();
        assert!(files.add("missing/b.csv", b"new").is_err());
        drop(files);
        assert_eq!(names(&folder), BTreeSet::from(["a.csv".to_owned()]));
        assert_eq!(std::fs::read(folder.join("a.csv")).unwrap(), b"old");
        std::fs::remove_dir_all(folder).unwrap();
    }
}
