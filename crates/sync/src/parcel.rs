//! The file in which bundles and returns travel: a head that says for whom it is and from whom, and sealed messages, each
//! with its length before it and each to be opened by itself. Of a file that was cut short, what stands before the cut
//! is as good as ever.

use teranga_core::id::{Entropy, PublicKey, ReplicaId};
use teranga_core::problem::Explain;

use crate::bundle::{BUNDLE, RETURN};
use crate::bytes::{Reader, Writer};
use crate::identity::{Identity, replica_id};
use crate::limits;
use crate::seal;

const MAGIC: [u8; 4] = *b"TRGB";
/// The version of the file, 2026-11-24. The messages in it name the version of the protocol in which they are written, so
/// that whoever carries them need not speak it.
const FILE_VERSION: u8 = 0;
/// The length of a head.
pub const HEAD_BYTES: usize = 38;

/// What a file brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParcelKind {
    /// A child's packs, for its hub.
    Bundle,
    /// What the hub gives back.
    Return,
}

impl ParcelKind {
    const fn code(self) -> u8 {
        match self {
            Self::Bundle => BUNDLE,
            Self::Return => RETURN,
        }
    }
}

/// What stands in the clear before the sealed messages, and under their seals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// What it brings.
    pub kind: ParcelKind,
    /// For whom.
    pub to: ReplicaId,
    /// From whom, as it says; what is inside is signed.
    pub from: ReplicaId,
}

/// Why a file is not opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParcelError {
    /// It is no file of this program, or the beginning of one.
    #[error("not a bundle")]
    Foreign,
    /// A later version wrote it.
    #[error("bundles of version {version} are not read here")]
    Version {
        /// The version of the file.
        version: u8,
    },
    /// It is larger than any file that is written.
    #[error("the file exceeds its limit")]
    TooLarge,
    /// It does not open with this replica's key: it was damaged on its way, or is not for this replica.
    #[error("the seal does not hold")]
    Damaged,
    /// The key that it is to be sealed for is none.
    #[error("the recipient's key is none")]
    Recipient,
}

impl Explain for ParcelError {
    fn code(&self) -> &'static str {
        match self {
            Self::Foreign => "bundle-foreign",
            Self::Version { .. } => "bundle-version",
            Self::TooLarge => "bundle-too-large",
            Self::Damaged => "bundle-damaged",
            Self::Recipient => "bundle-recipient",
        }
    }
}

impl Head {
    /// Its bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.raw(&MAGIC).byte(FILE_VERSION).byte(self.kind.code());
        writer.raw(self.to.as_bytes()).raw(self.from.as_bytes());
        writer.finish()
    }

    fn read(reader: &mut Reader<'_>) -> Option<Result<Self, ParcelError>> {
        if reader.array::<4>().ok()? != MAGIC {
            return None;
        }
        let version = reader.byte().ok()?;
        if version != FILE_VERSION {
            return Some(Err(ParcelError::Version { version }));
        }
        let kind = match reader.byte().ok()? {
            BUNDLE => ParcelKind::Bundle,
            RETURN => ParcelKind::Return,
            _ => return None,
        };
        let (to, from) = (ReplicaId(reader.array().ok()?), ReplicaId(reader.array().ok()?));
        Some(Ok(Self { kind, to, from }))
    }

    /// Opens one of its messages.
    pub fn open(&self, identity: &Identity, sealed: &[u8]) -> Result<Vec<u8>, ParcelError> {
        seal::open(identity, &self.encode(), sealed).ok_or(ParcelError::Damaged)
    }

    /// A file of this head and one sealed message.
    pub fn letter(&self, sealed: &[u8]) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.raw(&self.encode()).run(sealed);
        writer.finish()
    }
}

/// A file as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parcel<'a> {
    /// Its head.
    pub head: Head,
    /// Its messages, sealed.
    pub sealed: Vec<&'a [u8]>,
    /// Whether it breaks off in the middle of something.
    pub cut: bool,
}

impl<'a> Parcel<'a> {
    /// Reads a file. Messages are taken apart and not opened.
    pub fn read(bytes: &'a [u8]) -> Result<Self, ParcelError> {
        if bytes.len() > limits::PARCEL_BYTES_MAX {
            return Err(ParcelError::TooLarge);
        }
        let mut reader = Reader::new(bytes);
        let head = Head::read(&mut reader).ok_or(ParcelError::Foreign)??;
        let mut parcel = Self { head, sealed: Vec::new(), cut: false };
        while !reader.rest().is_empty() {
            // A length that cannot be is a damaged one: where the next message begins nobody knows.
            let Ok(sealed) = reader.run("sealed", limits::SEALED_BYTES_MAX) else {
                parcel.cut = true;
                break;
            };
            parcel.sealed.push(sealed);
        }
        parcel.cut |= parcel.sealed.is_empty();
        Ok(parcel)
    }
}

/// A file being written.
#[derive(Debug)]
pub struct ParcelWriter {
    head: Head,
    to: PublicKey,
    bytes: Vec<u8>,
}

impl ParcelWriter {
    /// A file for the owner of this key.
    pub fn new(kind: ParcelKind, to: &PublicKey, from: ReplicaId) -> Self {
        let head = Head { kind, to: replica_id(to), from };
        Self { head, to: *to, bytes: head.encode() }
    }

    /// Seals and adds a message.
    pub fn add(&mut self, message: &[u8], entropy: &mut dyn Entropy) -> Result<(), ParcelError> {
        let sealed = seal::seal(&self.to, &self.head.encode(), message, entropy);
        let sealed = sealed.ok_or(ParcelError::Recipient)?;
        let mut writer = Writer::new();
        writer.run(&sealed);
        self.bytes.extend(writer.finish());
        Ok(())
    }

    /// How long the file is so far.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether it holds no message yet.
    pub fn is_empty(&self) -> bool {
        self.bytes.len() == HEAD_BYTES
    }

    /// The file.
    pub fn finish(self) -> Vec<u8> {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed;

    impl Entropy for Fixed {
        fn fill(&mut self, bytes: &mut [u8]) {
            bytes.fill(7);
        }
    }

    fn hub() -> Identity {
        Identity::from_secret([2; 32])
    }

    fn file() -> Vec<u8> {
        let from = Identity::from_secret([1; 32]).replica();
        let mut writer = ParcelWriter::new(ParcelKind::Bundle, &hub().public_key(), from);
        assert!(writer.is_empty());
        for message in [&b"one"[..], b"two", b"three"] {
            writer.add(message, &mut Fixed).unwrap();
        }
        writer.finish()
    }

    /// The messages that open, in their order.
    fn opened(bytes: &[u8]) -> Vec<Vec<u8>> {
        let Ok(parcel) = Parcel::read(bytes) else { return Vec::new() };
        parcel.sealed.iter().filter_map(|sealed| parcel.head.open(&hub(), sealed).ok()).collect()
    }

    #[test]
    fn a_file_cut_anywhere_gives_what_stands_before_the_cut_and_nothing_else() {
        let whole = file();
        assert!(!Parcel::read(&whole).unwrap().cut);
        let ends: Vec<usize> = (1..=3)
            .map(|count| {
                HEAD_BYTES + [3, 3, 5].iter().take(count).map(|len| 1 + len + seal::SEAL_BYTES).sum::<usize>()
            })
            .collect();
        assert_eq!(ends.last(), Some(&whole.len()));
        for cut in 0..whole.len() {
            let before = ends.iter().filter(|end| **end <= cut).count();
            let found = opened(&whole[..cut]);
            assert_eq!(found, [&b"one"[..], b"two", b"three"][..before], "cut at {cut}");
            if cut >= HEAD_BYTES {
                let between = ends.contains(&cut);
                assert_eq!(Parcel::read(&whole[..cut]).unwrap().cut, !between, "cut at {cut}");
            }
        }
    }

    #[test]
    fn a_file_with_one_bit_wrong_gives_only_what_was_written() {
        let whole = file();
        for at in 0..whole.len() * 8 {
            let mut wrong = whole.clone();
            wrong[at / 8] ^= 1 << (at % 8);
            let found = opened(&wrong);
            assert!(found.len() < 3, "bit {at}");
            for message in found {
                assert!([&b"one"[..], b"two", b"three"].contains(&message.as_slice()), "bit {at}");
            }
        }
    }

    #[test]
    fn a_file_of_a_later_version_or_of_another_program_says_so() {
        let mut later = file();
        later[4] = FILE_VERSION + 1;
        assert_eq!(Parcel::read(&later), Err(ParcelError::Version { version: FILE_VERSION + 1 }));
        assert_eq!(
            Parcel::read(b"PK\x03\x04 a workbook that somebody took for it"),
            Err(ParcelError::Foreign)
        );
        assert_eq!(Parcel::read(&vec![0; limits::PARCEL_BYTES_MAX + 1]), Err(ParcelError::TooLarge));
    }
}
