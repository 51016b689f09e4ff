//! A disk that forgets like a real one. What was written and not yet synced may be gone after a power cut: each write
//! by itself, whole, or cut off at a sector. The power may fail at any write, and the disk may be full.

mod vfs;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use teranga_client::invent::Seeded;

pub use vfs::NAME as VFS;

/// What a disk writes at once or not at all.
const SECTOR_BYTES: usize = 512;

/// What a file that grows has room for at least: a log of some saves.
const GROWS_BY: usize = 256 * 1024;

/// A file: what a reader sees, and how to take back what no sync has made safe.
#[derive(Debug, Clone, Default)]
struct File {
    bytes: Vec<u8>,
    unsynced: Vec<Unsynced>,
}

/// One write that is not safe yet, with what it replaced.
#[derive(Debug, Clone)]
struct Unsynced {
    at: usize,
    /// How many bytes were written; none where the file was cut. They stand in the file, or in what a later write replaced.
    written: usize,
    /// What stood there.
    before: Vec<u8>,
    length_before: usize,
    length_after: usize,
}

/// Why a disk does not do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The power is gone.
    Dead,
    /// No room.
    Full,
}

/// The files of one machine.
#[derive(Debug, Clone, Default)]
pub(crate) struct Files {
    by_name: BTreeMap<String, File>,
    /// Writes until the power fails; none while it does not.
    fails_in: Option<u64>,
    dead: bool,
    /// Bytes that fit; none while there is room.
    room: Option<usize>,
    /// Whether it says that it has synced and has not.
    lies: bool,
    /// How often anything of it may have changed.
    stirred: u64,
}

impl Files {
    fn alive(&self) -> Result<(), Trouble> {
        if self.dead { Err(Trouble::Dead) } else { Ok(()) }
    }

    /// Counts a write; the one at which the power fails may still reach the disk in part.
    fn spend(&mut self) -> Result<(), Trouble> {
        self.alive()?;
        self.stirred += 1;
        match &mut self.fails_in {
            Some(0) => {
                self.dead = true;
                Err(Trouble::Dead)
            }
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn size(&self) -> usize {
        self.by_name.values().map(|file| file.bytes.len()).sum()
    }

    fn write(&mut self, name: &str, at: usize, written: &[u8]) -> Result<(), Trouble> {
        self.alive()?;
        let held = self.by_name.get(name).map_or(0, |file| file.bytes.len());
        let grown = (at + written.len()).saturating_sub(held);
        if self.room.is_some_and(|room| grown > 0 && self.size() + grown > room) {
            return Err(Trouble::Full);
        }
        // The last write before the dark is on its way to the disk like any other that was not synced.
        let power = self.spend();
        let file = self.by_name.entry(name.to_owned()).or_default();
        file.change(at, written, held.max(at + written.len()));
        power
    }

    fn truncate(&mut self, name: &str, length: usize) -> Result<(), Trouble> {
        self.spend()?;
        if let Some(file) = self.by_name.get_mut(name) {
            file.change(length, &[], length);
        }
        Ok(())
    }

    fn sync(&mut self, name: &str) -> Result<(), Trouble> {
        self.spend()?;
        if let Some(file) = self.by_name.get_mut(name).filter(|_| !self.lies) {
            file.unsynced.clear();
        }
        Ok(())
    }
}

impl File {
    fn change(&mut self, at: usize, written: &[u8], length_after: usize) {
        let end = at.saturating_add(written.len().max(self.bytes.len().saturating_sub(length_after)));
        let before =
            self.bytes.get(at.min(self.bytes.len())..end.min(self.bytes.len())).unwrap_or(&[]).to_vec();
        self.unsynced.push(Unsynced {
            at,
            written: written.len(),
            before,
            length_before: self.bytes.len(),
            length_after,
        });
        put(&mut self.bytes, at, written, length_after);
    }

    /// What a power cut leaves: any of what was not synced, each write whole, not at all, or as far as a sector.
    fn cut(&mut self, seed: &mut Seeded) {
        let unsynced = std::mem::take(&mut self.unsynced);
        let mut undone = Vec::new();
        for change in unsynced.iter().rev() {
            // Every later write is taken back by now: here stands what this one wrote.
            let written = self.bytes.get(change.at..change.at + change.written).unwrap_or(&[]).to_vec();
            put(&mut self.bytes, change.at, &change.before, change.length_before);
            undone.push((change, written));
        }
        for (change, written) in undone.into_iter().rev() {
            match seed.below(4) {
                0 | 1 => put(&mut self.bytes, change.at, &written, change.length_after),
                2 if written.len() > SECTOR_BYTES => {
                    let sectors = 1 + seed.below(written.len() / SECTOR_BYTES);
                    let kept = written.get(..sectors * SECTOR_BYTES).unwrap_or(&written);
                    let length = self.bytes.len().max(change.at + kept.len());
                    put(&mut self.bytes, change.at, kept, length);
                }
                _ => {}
            }
        }
    }
}

/// Writes into bytes that grow with zeros or are cut to a length.
fn put(bytes: &mut Vec<u8>, at: usize, written: &[u8], length: usize) {
    if at == bytes.len() {
        // At the end, as a log grows: no zeros first, and seldom anywhere else.
        if bytes.capacity() < at + written.len() {
            bytes.reserve(written.len().max(GROWS_BY));
        }
        bytes.extend_from_slice(written);
    } else {
        bytes.resize(bytes.len().max(at + written.len()), 0);
        if let Some(place) = bytes.get_mut(at..at + written.len()) {
            place.copy_from_slice(written);
        }
    }
    bytes.resize(length, 0);
}

/// A machine's disk, known to SQLite under a number of its own.
#[derive(Debug)]
pub struct Disk {
    number: u64,
    files: Arc<Mutex<Files>>,
}

/// Which keys a hub has after its database was put back to an older state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keys {
    /// Those that it had before: they are kept apart from backups.
    OfToday,
    /// Those of the backup: the whole machine was put back.
    OfTheBackup,
}

/// A disk's content at some moment: a backup, or the original of a copied phone.
#[derive(Debug, Clone)]
pub struct Image(BTreeMap<String, Vec<u8>>);

impl Image {
    /// Turns one bit over where these bytes stand first; whether they stand anywhere.
    pub(crate) fn turn_over(&mut self, bytes: &[u8]) -> bool {
        for file in self.0.values_mut() {
            if let Some(at) = file.windows(bytes.len()).position(|window| window == bytes)
                && let Some(byte) = file.get_mut(at)
            {
                *byte ^= 1;
                return true;
            }
        }
        false
    }
}

impl Default for Disk {
    fn default() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let files = Arc::new(Mutex::new(Files::default()));
        vfs::mount(number, &files);
        Self { number, files }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        vfs::unmount(self.number);
    }
}

impl Disk {
    fn files(&self) -> MutexGuard<'_, Files> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The name of the replica's database on this disk.
    pub fn database(&self) -> String {
        vfs::path(self.number, "replica")
    }

    /// The power will fail at a write from now.
    pub(crate) fn fail_in(&self, writes: u64) {
        self.files().fails_in = Some(writes);
    }

    /// From now on the disk only says that it syncs.
    pub(crate) fn lie(&self) {
        self.files().lies = true;
    }

    /// Whether the power failed.
    pub(crate) fn is_dead(&self) -> bool {
        self.files().dead
    }

    /// The power is gone for good.
    pub(crate) fn scrap(&self) {
        self.files().dead = true;
    }

    /// The power is cut, and comes back: what was not synced is partly gone. Nothing may be open.
    pub(crate) fn power_cut(&self, seed: &mut Seeded) {
        let mut files = self.files();
        for file in files.by_name.values_mut() {
            file.cut(seed);
        }
        files.dead = false;
        files.fails_in = None;
        files.stirred += 1;
    }

    /// How often anything on it may have changed: while this stays, so does what lies there.
    pub(crate) fn stirred(&self) -> u64 {
        self.files().stirred
    }

    /// No power failure is to come, and there is room.
    pub(crate) fn heal(&self) {
        let mut files = self.files();
        files.fails_in = None;
        files.room = None;
    }

    /// From now on only so much more fits.
    pub(crate) fn fill_up(&self, spare_bytes: usize) {
        let mut files = self.files();
        files.room = Some(files.size() + spare_bytes);
    }

    /// The disk as it stands.
    pub fn image(&self) -> Image {
        Image(self.files().by_name.iter().map(|(name, file)| (name.clone(), file.bytes.clone())).collect())
    }

    /// Puts an image in the place of everything, or of everything but a hub's keys. Nothing may be open.
    pub fn put_back(&self, image: &Image, keys: Keys) {
        let file = |(name, bytes): (&String, &Vec<u8>)| {
            (name.clone(), File { bytes: bytes.clone(), unsynced: Vec::new() })
        };
        let stays = |name: &String| keys == Keys::OfToday && name.contains("-keys");
        let mut files = self.files();
        files.stirred += 1;
        files.by_name.retain(|name, _| stays(name));
        files.by_name.extend(image.0.iter().filter(|(name, _)| !stays(name)).map(file));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_synced_stays_and_what_was_not_may_go() {
        let mut lost = 0;
        for seed in 0..50 {
            let mut files = Files::default();
            files.write("a", 0, &[1; 2_000]).unwrap();
            files.sync("a").unwrap();
            files.write("a", 500, &[2; 2_000]).unwrap();
            files.truncate("a", 100).unwrap();
            files.write("a", 50, &[3; 10]).unwrap();
            let file = files.by_name.get_mut("a").unwrap();
            file.cut(&mut Seeded(seed));
            assert_eq!(file.bytes[..50], [1; 50]);
            lost += u32::from(file.bytes.get(50) != Some(&3));
        }
        assert!((5..45).contains(&lost), "{lost} of 50");
    }

    #[test]
    fn the_power_fails_at_the_write_it_was_told_to() {
        let mut files = Files { fails_in: Some(1), ..Files::default() };
        files.write("a", 0, &[1]).unwrap();
        assert_eq!(files.write("a", 1, &[2]), Err(Trouble::Dead));
        assert_eq!(files.sync("a"), Err(Trouble::Dead));
        assert_eq!(files.by_name["a"].unsynced.len(), 2, "the last write was on its way");
    }
}
