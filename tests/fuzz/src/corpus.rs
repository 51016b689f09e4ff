//! The inputs that mutation begins with, and those that once crashed.

use std::io;
use std::path::{Path, PathBuf};

use crate::target::Target;

/// The kept inputs of a target.
#[derive(Debug, Clone, Default)]
pub struct Corpus {
    /// What mutation begins with.
    pub seeds: Vec<Vec<u8>>,
    /// What once crashed.
    pub crashers: Vec<Vec<u8>>,
}

fn folder(kind: &str, target: Target) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(kind).join(target.name())
}

impl Corpus {
    /// Reads the inputs of a target, in the order of their names, and makes those that are made in code.
    pub fn of(target: Target) -> io::Result<Self> {
        let mut seeds = read(&folder("corpus", target))?;
        seeds.extend(target.made());
        Ok(Self { seeds, crashers: read(&folder("crashers", target))? })
    }
}

fn read(folder: &Path) -> io::Result<Vec<Vec<u8>>> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let entries = std::fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path()));
    let mut paths: Vec<PathBuf> = entries.collect::<io::Result<_>>()?;
    paths.sort();
    paths.into_iter().map(std::fs::read).collect()
}

/// Keeps an input that crashed, under a name that its bytes give.
pub fn keep_crasher(target: Target, input: &[u8]) -> io::Result<PathBuf> {
    // FNV-1a: only to name a file.
    let name = input.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let path = folder("crashers", target).join(format!("{name:016x}"));
    std::fs::create_dir_all(folder("crashers", target))?;
    std::fs::write(&path, input)?;
    Ok(path)
}
