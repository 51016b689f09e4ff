//! The zip directory of a workbook, read by hand before anything is inflated: a small file may claim to hold
//! gigabytes. What is accepted is what spreadsheets write: one archive from the first byte to the last, stored or
//! deflated parts that lie side by side, no encryption, no 64-bit sizes. (APPNOTE.TXT 6.3, sections 4.3.7 to 4.3.16.)

use crate::finding::Flaw;
use crate::limits::{FILE_BYTES_MAX, PARTS_MAX, RATIO_FREE_BYTES, RATIO_MAX, RAW_BYTES_MAX};

const LOCAL_HEADER: [u8; 4] = *b"PK\x03\x04";
const DIRECTORY_ENTRY: [u8; 4] = *b"PK\x01\x02";
const END_OF_DIRECTORY: [u8; 4] = *b"PK\x05\x06";
const LOCAL_HEADER_BYTES: usize = 30;
const DIRECTORY_ENTRY_BYTES: usize = 46;
const END_OF_DIRECTORY_BYTES: usize = 22;

/// General purpose flags: the part is encrypted; its sizes follow it.
const ENCRYPTED: u64 = 1;
const SIZES_FOLLOW: u64 = 8;

/// One part, as the directory declares it.
struct Part {
    flags: u64,
    method: u64,
    packed: u64,
    raw: u64,
    local: usize,
    name_bytes: u64,
    /// Bytes of the directory entry itself.
    length: usize,
}

/// Refuses an archive that is damaged, unusual, or larger than a form can be.
pub(crate) fn check(bytes: &[u8]) -> Result<(), Flaw> {
    if bytes.len() > FILE_BYTES_MAX {
        return Err(Flaw::TooLarge("file"));
    }
    // A comment after the end would leave it open which of several directories is meant; spreadsheets write none.
    let end = bytes.len().checked_sub(END_OF_DIRECTORY_BYTES).ok_or_else(damaged)?;
    if !starts(bytes, end, END_OF_DIRECTORY) {
        return Err(damaged());
    }
    let count = size(bytes, end + 10, 2)?;
    let directory = size(bytes, end + 16, 4)?;
    let one_disk =
        number(bytes, end + 4, 4) == Some(0) && number(bytes, end + 8, 2) == number(bytes, end + 10, 2);
    if !one_disk || directory.checked_add(size(bytes, end + 12, 4)?) != Some(end) {
        return Err(damaged());
    }
    if count > PARTS_MAX {
        return Err(Flaw::TooLarge("parts"));
    }
    let mut at = directory;
    let mut parts = Vec::with_capacity(count);
    for _ in 0..count {
        let part = entry(bytes, at)?;
        at = at.saturating_add(part.length);
        parts.push(part);
    }
    if at != end {
        return Err(damaged());
    }
    check_sizes(&parts)?;
    check_places(bytes, &mut parts, directory)
}

fn entry(bytes: &[u8], at: usize) -> Result<Part, Flaw> {
    if !starts(bytes, at, DIRECTORY_ENTRY) {
        return Err(damaged());
    }
    let tail = [28, 30, 32].iter().try_fold(0, |sum, field| Ok(sum + size(bytes, at + field, 2)?))?;
    let field = |offset: usize, width: usize| number(bytes, at + offset, width).ok_or_else(damaged);
    Ok(Part {
        flags: field(8, 2)?,
        method: field(10, 2)?,
        packed: field(20, 4)?,
        raw: field(24, 4)?,
        local: size(bytes, at + 42, 4)?,
        name_bytes: field(28, 2)?,
        length: DIRECTORY_ENTRY_BYTES + tail,
    })
}

/// The declared sizes; 64-bit ones stand as the largest number here and are refused by that.
fn check_sizes(parts: &[Part]) -> Result<(), Flaw> {
    let total = parts.iter().fold(0u64, |total, part| total.saturating_add(part.raw));
    if total > RAW_BYTES_MAX {
        return Err(Flaw::TooLarge("contents"));
    }
    let inflated = |part: &&Part| part.raw > RATIO_FREE_BYTES && part.raw / RATIO_MAX > part.packed;
    if parts.iter().any(|part| inflated(&part)) {
        return Err(Flaw::TooLarge("compression"));
    }
    Ok(())
}

/// Each part's own header must agree with the directory, and no two parts may share bytes.
fn check_places(bytes: &[u8], parts: &mut [Part], directory: usize) -> Result<(), Flaw> {
    parts.sort_unstable_by_key(|part| part.local);
    let mut free = 0;
    for part in parts {
        let at = part.local;
        let known = matches!(part.method, 0 | 8) && part.flags & ENCRYPTED == 0;
        let same = number(bytes, at.saturating_add(8), 2) == Some(part.method)
            && number(bytes, at.saturating_add(26), 2) == Some(part.name_bytes);
        if at < free || !known || !same || !starts(bytes, at, LOCAL_HEADER) {
            return Err(damaged());
        }
        for (offset, declared) in [(18, part.packed), (22, part.raw)] {
            let said = number(bytes, at + offset, 4);
            let later = part.flags & SIZES_FOLLOW != 0 && said == Some(0);
            if said != Some(declared) && !later {
                return Err(damaged());
            }
        }
        let head = LOCAL_HEADER_BYTES + size(bytes, at + 26, 2)? + size(bytes, at + 28, 2)?;
        free = at.saturating_add(head).saturating_add(usize::try_from(part.packed).unwrap_or(usize::MAX));
    }
    if free > directory { Err(damaged()) } else { Ok(()) }
}

fn damaged() -> Flaw {
    Flaw::Unreadable("the archive is damaged".to_owned())
}

fn starts(bytes: &[u8], at: usize, signature: [u8; 4]) -> bool {
    bytes.get(at..at.saturating_add(4)) == Some(&signature)
}

/// A little-endian number.
fn number(bytes: &[u8], at: usize, width: usize) -> Option<u64> {
    let field = bytes.get(at..at.checked_add(width)?)?;
    Some(field.iter().rev().fold(0, |value, byte| (value << 8) | u64::from(*byte)))
}

fn size(bytes: &[u8], at: usize, width: usize) -> Result<usize, Flaw> {
    number(bytes, at, width).and_then(|value| usize::try_from(value).ok()).ok_or_else(damaged)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An archive of stored parts, each with its contents and the size that it declares.
    fn archive(parts: &[(&[u8], u32)]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut directory = Vec::new();
        for (contents, raw) in parts {
            let local = u32::try_from(bytes.len()).unwrap();
            let packed = u32::try_from(contents.len()).unwrap();
            let mut sizes = Vec::new();
            sizes.extend(packed.to_le_bytes());
            sizes.extend(raw.to_le_bytes());
            sizes.extend([1, 0]);
            bytes.extend(LOCAL_HEADER);
            bytes.extend([20, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
            bytes.extend(&sizes);
            bytes.extend([0, 0, b'a']);
            bytes.extend(*contents);
            directory.extend(DIRECTORY_ENTRY);
            directory.extend([20, 0, 20, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
            directory.extend(&sizes);
            directory.extend([0; 12]);
            directory.extend(local.to_le_bytes());
            directory.push(b'a');
        }
        let (start, length) = (bytes.len(), directory.len());
        bytes.extend(directory);
        bytes.extend(END_OF_DIRECTORY);
        let count = u16::try_from(parts.len()).unwrap().to_le_bytes();
        bytes.extend([0, 0, 0, 0]);
        bytes.extend(count);
        bytes.extend(count);
        bytes.extend(u32::try_from(length).unwrap().to_le_bytes());
        bytes.extend(u32::try_from(start).unwrap().to_le_bytes());
        bytes.extend([0, 0]);
        bytes
    }

    #[test]
    fn an_archive_is_accepted_whole_and_refused_wherever_it_is_cut() {
        let whole = archive(&[(b"one", 3), (b"two", 300)]);
        assert_eq!(check(&whole), Ok(()));
        for cut in 0..whole.len() {
            assert!(check(&whole[..cut]).is_err(), "{cut}");
        }
    }

    #[test]
    fn declared_sizes_are_bounded_one_by_one_and_together() {
        assert_eq!(check(&archive(&[(b"x", u32::MAX)])), Err(Flaw::TooLarge("contents")));
        assert_eq!(check(&archive(&[(b"x", 2_000_000)])), Err(Flaw::TooLarge("compression")));
        let part = vec![0; 300_000];
        let parts = vec![(part.as_slice(), 60_000_000), (part.as_slice(), 60_000_000)];
        assert_eq!(check(&archive(&parts)), Err(Flaw::TooLarge("contents")));
        let many = vec![(b"".as_slice(), 0); PARTS_MAX + 1];
        assert_eq!(check(&archive(&many)), Err(Flaw::TooLarge("parts")));
    }

    #[test]
    fn parts_that_share_bytes_or_disagree_with_the_directory_are_refused() {
        let mut overlapping = archive(&[(b"one", 3), (b"two", 3)]);
        let second = overlapping.windows(4).rposition(|window| window == DIRECTORY_ENTRY).unwrap();
        overlapping[second + 42] = 0;
        assert_eq!(check(&overlapping), Err(damaged()));
        let mut disagreeing = archive(&[(b"one", 3)]);
        disagreeing[22] = 9;
        assert_eq!(check(&disagreeing), Err(damaged()));
    }
}
