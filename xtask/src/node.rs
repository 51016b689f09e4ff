//! Programs of other people that run in Node.js: copied below `target`, their packages installed there once. Whoever
//! lacks Node.js or a registry is told so, and goes on without.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::oracle::validate::answers;

/// The oldest Node.js in which they run.
const NODE_LEAST: u32 = 20;

/// A folder of the project with a `package.json` and programs.
pub(crate) struct Programs<'a> {
    /// The folder, from the project's root.
    pub(crate) folder: &'a str,
    /// Where it is copied to and installed.
    pub(crate) into: &'a str,
    /// Its files.
    pub(crate) files: &'a [&'a str],
    /// A package that is there once it is installed.
    pub(crate) package: &'a str,
    /// What it brings, as a sentence names it.
    pub(crate) brings: &'a str,
}

impl Programs<'_> {
    /// Copies and installs them, and returns the folder; nothing where that cannot be, which is said.
    pub(crate) fn prepare(&self, root: &Path) -> Result<Option<PathBuf>> {
        let folder = root.join(self.into);
        std::fs::create_dir_all(&folder)?;
        for file in self.files {
            std::fs::copy(root.join(self.folder).join(file), folder.join(file))
                .with_context(|| (*file).to_owned())?;
        }
        if version().is_none_or(|version| version < NODE_LEAST) {
            println!("skipped: there is no Node.js {NODE_LEAST} here");
            return Ok(None);
        }
        let mut install = Command::new("npm");
        install.args(["install", "--silent", "--no-audit", "--no-fund"]).current_dir(&folder);
        if !folder.join("node_modules").join(self.package).is_dir() && !answers(&mut install) {
            println!("skipped: {} could not be fetched", self.brings);
            return Ok(None);
        }
        Ok(Some(folder))
    }
}

/// The Node.js that is here, by its first number.
pub(crate) fn version() -> Option<u32> {
    let output = Command::new("node").arg("--version").output().ok()?;
    String::from_utf8_lossy(&output.stdout).trim().strip_prefix('v')?.split('.').next()?.parse().ok()
}
