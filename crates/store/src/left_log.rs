//! The write-ahead log that a kill left beside a database. SQLite takes from it what its checksums hold, and drops the rest
//! without a word: rightly where the power failed in the middle of a write, wrongly where a byte turned over in what had been
//! saved long before. Which of both it is can be told, for a save is on the disk before the next one begins. A damaged log is
//! kept under another name before SQLite takes what it can of it.
//!
//! The format is <https://www.sqlite.org/fileformat2.html#the_write_ahead_log>.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufReader, ErrorKind, Read};
use std::path::{Path, PathBuf};

use crate::error::{Result, StoreError};
use crate::lock::beside;

/// What a damaged log is called, behind the name of its database; with a number where there is one already.
const DAMAGED: &str = "-wal-damaged";
/// More than anybody leaves lying: the first ones say enough.
const KEPT_MAX: u32 = 100;
/// The first four bytes of a log whose sums are over words in little-endian order; one more where they are not.
const MAGIC: u32 = 0x377f_0682;
/// The largest page that SQLite knows.
const PAGE_BYTES_MAX: usize = 64 * 1024;
const HEADER_BYTES: usize = 32;
const FRAME_HEADER_BYTES: usize = 24;

/// Keeps a copy of the log beside this database where something in it is damaged that had been saved. Nobody may have the
/// database open.
pub(crate) fn keep_damaged(database: &Path) -> Result<()> {
    let log = beside(database, "-wal");
    let named = |error: &std::io::Error| StoreError::of_io(&log, error);
    let damaged = match File::open(&log) {
        Ok(file) => is_damaged(&mut BufReader::new(file)).map_err(|error| named(&error))?,
        Err(error) if error.kind() == ErrorKind::NotFound => false,
        Err(error) => return Err(named(&error)),
    };
    if !damaged {
        return Ok(());
    }
    let kept = (1..KEPT_MAX).map(|number| name(database, number)).find(|name| !name.exists());
    let Some(kept) = kept else { return Ok(()) };
    std::fs::copy(&log, &kept)
        .and_then(|_| File::open(&kept)?.sync_all())
        .map_err(|error| StoreError::of_io(&kept, &error))
}

/// The damaged logs that were kept beside this database.
pub(crate) fn kept(database: &Path) -> Vec<PathBuf> {
    let folder = database.parent().and_then(|folder| std::fs::read_dir(folder).ok());
    let there: BTreeSet<PathBuf> = folder.into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    // Somebody may have put the first of them elsewhere.
    (1..KEPT_MAX).map(|number| name(database, number)).filter(|name| there.contains(name)).collect()
}

fn name(database: &Path, number: u32) -> PathBuf {
    match number {
        1 => beside(database, DAMAGED),
        _ => beside(database, &format!("{DAMAGED}-{number}")),
    }
}

/// Whether something is damaged that had been saved: after what does not hold, and after the save in which that stands, the
/// log goes on.
fn is_damaged(log: &mut impl Read) -> std::io::Result<bool> {
    let mut header = [0; HEADER_BYTES];
    if !fill(log, &mut header)? {
        return Ok(false);
    }
    let Some(mut sums) = Sums::of_header(&header) else {
        // It is on the disk before anything follows it.
        return fill(log, &mut [0; FRAME_HEADER_BYTES]);
    };
    let salts = header.get(16..24);
    let mut frame = vec![0; FRAME_HEADER_BYTES + page_bytes(&header)];
    let (mut holds, mut save_ended) = (true, false);
    while fill(log, &mut frame)? {
        let (head, page) = frame.split_at(FRAME_HEADER_BYTES);
        let is_of_this_log = head.get(8..16) == salts;
        if holds {
            holds = is_of_this_log && sums.take(head, page);
            if holds {
                continue;
            }
        } else if !is_of_this_log {
            // What was left of an earlier round of this file.
            break;
        }
        if save_ended {
            return Ok(true);
        }
        // The last frame of a save says how large the database is after it.
        save_ended = word(head, 4) != 0;
    }
    Ok(false)
}

/// Reads so many bytes; whether there were as many.
fn fill(log: &mut impl Read, bytes: &mut [u8]) -> std::io::Result<bool> {
    match log.read_exact(bytes) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

/// The size of a page, by the header of a log whose sum holds.
fn page_bytes(header: &[u8]) -> usize {
    usize::try_from(word(header, 8)).unwrap_or_default().min(PAGE_BYTES_MAX)
}

/// The word at this place, big-endian as all but the sums are.
fn word(bytes: &[u8], at: usize) -> u32 {
    let word = bytes.get(at..at + 4).and_then(|word| word.try_into().ok());
    word.map(u32::from_be_bytes).unwrap_or_default()
}

/// The running sums of a log.
struct Sums {
    sums: [u32; 2],
    word: fn([u8; 4]) -> u32,
}

impl Sums {
    /// The sums after a header; `None` where it is not one.
    fn of_header(header: &[u8; HEADER_BYTES]) -> Option<Self> {
        let word: fn([u8; 4]) -> u32 = match word(header, 0).checked_sub(MAGIC)? {
            0 => u32::from_le_bytes,
            1 => u32::from_be_bytes,
            _ => return None,
        };
        let mut sums = Self { sums: [0; 2], word };
        sums.add(header.get(..24)?);
        sums.are(header.get(24..)?).then_some(sums)
    }

    /// Adds a frame; whether its sums hold.
    fn take(&mut self, head: &[u8], page: &[u8]) -> bool {
        self.add(head.get(..8).unwrap_or_default());
        self.add(page);
        head.get(16..).is_some_and(|given| self.are(given))
    }

    fn add(&mut self, bytes: &[u8]) {
        let (words, _) = bytes.as_chunks::<4>();
        let (pairs, _) = words.as_chunks::<2>();
        let [mut one, mut two] = self.sums;
        for [first, second] in pairs {
            one = one.wrapping_add((self.word)(*first)).wrapping_add(two);
            two = two.wrapping_add((self.word)(*second)).wrapping_add(one);
        }
        self.sums = [one, two];
    }

    fn are(&self, given: &[u8]) -> bool {
        self.sums == [word(given, 0), word(given, 4)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_logs_that_were_kept_are_listed_in_the_order_of_their_numbers_and_nothing_else_is() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let lies_there = ["r.sqlite", "r.sqlite-wal", "k.sqlite-wal-damaged", "r.sqlite-wal-damaged-old"];
        let kept_there = ["r.sqlite-wal-damaged-10", "r.sqlite-wal-damaged-2", "r.sqlite-wal-damaged"];
        for name in lies_there.into_iter().chain(kept_there) {
            std::fs::write(at(name), name).unwrap();
        }
        assert_eq!(kept(&at("r.sqlite")), kept_there.map(at).into_iter().rev().collect::<Vec<_>>());
        std::fs::remove_file(at("r.sqlite-wal-damaged")).unwrap();
        assert_eq!(kept(&at("r.sqlite")).len(), 2, "somebody may have put the first elsewhere");
        assert!(kept(&at("nowhere/r.sqlite")).is_empty());
    }
}
