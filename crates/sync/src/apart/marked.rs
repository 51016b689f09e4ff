//! Strings without what follows from elsewhere: the identities that they spell, which stand once in a pack, and the time of
//! their change, which an event says once more. Two bytes that no UTF-8 has stand for them.

use teranga_core::id::ItemId;

use crate::bytes::DecodeError;
use crate::named::{CHARS, spelled};

const IDENTITY: u8 = 0xfe;
const TIME: u8 = 0xff;
/// A time of fewer digits would be found in what is none.
const TIME_DIGITS_MIN: usize = 10;

/// A string as it travels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Marked {
    pub(super) text: Vec<u8>,
    /// What its marks of identities stand for, from the front.
    pub(super) identities: Vec<[u8; 16]>,
}

impl Marked {
    /// Marks a string; `None` where a mark stands in it already.
    pub(super) fn of(string: &[u8], time: i64) -> Option<Self> {
        if string.iter().any(|byte| matches!(*byte, IDENTITY | TIME)) {
            return None;
        }
        let time = time.to_string();
        let mut marked = Self { text: Vec::with_capacity(string.len()), identities: Vec::new() };
        let mut from = 0;
        for (at, identity) in spelled(string) {
            mark_time(&mut marked.text, string.get(from..at)?, time.as_bytes());
            marked.text.push(IDENTITY);
            marked.identities.push(identity);
            from = at + CHARS;
        }
        mark_time(&mut marked.text, string.get(from..)?, time.as_bytes());
        Some(marked)
    }
}

fn mark_time(text: &mut Vec<u8>, mut string: &[u8], time: &[u8]) {
    while let Some((first, rest)) = string.split_first() {
        let behind = string.strip_prefix(time).filter(|_| time.len() >= TIME_DIGITS_MIN);
        text.push(if behind.is_some() { TIME } else { *first });
        string = behind.unwrap_or(rest);
    }
}

/// How long a marked text is once it is spelled out. A time has 20 characters at most.
pub(super) fn length_at_most(text: &[u8]) -> usize {
    let of = |byte: &u8| match *byte {
        IDENTITY => CHARS,
        TIME => 20,
        _ => 1,
    };
    text.iter().map(of).sum()
}

/// Spells a marked text out.
pub(super) fn spell_out(
    text: &[u8],
    time: i64,
    mut next: impl FnMut() -> Result<[u8; 16], DecodeError>,
) -> Result<Vec<u8>, DecodeError> {
    let mut string = Vec::with_capacity(text.len());
    for byte in text {
        match *byte {
            IDENTITY => string.extend_from_slice(ItemId(next()?).to_string().as_bytes()),
            TIME => string.extend_from_slice(time.to_string().as_bytes()),
            byte => string.push(byte),
        }
    }
    Ok(string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_marked_is_spelled_out_again() {
        let item = ItemId([0x12; 16]);
        let time = 1_772_442_000_000;
        for (string, length) in [
            (r#"{"at":1772442000000,"event":"submitted"}"#.to_owned(), 28),
            (format!("{item} and {item}1772442000000"), 8),
            ("17724420000001772442000000".to_owned(), 1),
            ("maraîchage".to_owned(), 11),
            (String::new(), 0),
        ] {
            let marked = Marked::of(string.as_bytes(), time).unwrap();
            assert_eq!(marked.text.len(), length, "{string}");
            let mut identities = marked.identities.iter();
            let next = || identities.next().copied().ok_or(DecodeError::Truncated);
            assert_eq!(spell_out(&marked.text, time, next).unwrap(), string.as_bytes());
            assert!(length_at_most(&marked.text) >= string.len());
        }
        assert_eq!(Marked::of(b"\xff", time), None);
        assert_eq!(Marked::of(b"0 1 2", 1).unwrap().text, b"0 1 2");
    }
}
