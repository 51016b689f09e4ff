//! Typed identities: every record, repeat item, replica, opening and change is named by its own type, so that
//! one can never be passed where another is meant. Identities are made from time and randomness handed in.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::time::Millis;

/// Where randomness comes from. Shells give the operating system's; tests and the simulator a seeded one.
pub trait Entropy {
    /// Fills `bytes` with unpredictable (or, in tests, reproducible) bytes.
    fn fill(&mut self, bytes: &mut [u8]);
}

/// A text that is not an identity of the kind asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a valid identity: expected {expected}")]
pub struct IdError {
    /// What a valid text looks like.
    pub expected: &'static str,
}

const CROCKFORD: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const ULID_CHARS: usize = 26;

fn ulid_bytes(now: Millis, entropy: &mut dyn Entropy) -> [u8; 16] {
    let mut bytes = [0u8; 16];
    entropy.fill(&mut bytes);
    let stamp = now.0.clamp(0, (1 << 48) - 1).to_be_bytes();
    if let (Some(head), Some(low)) = (bytes.get_mut(..6), stamp.get(2..)) {
        head.copy_from_slice(low);
    }
    bytes
}

fn encode_ulid(bytes: [u8; 16], out: &mut fmt::Formatter<'_>) -> fmt::Result {
    let value = u128::from_be_bytes(bytes);
    for place in (0..ULID_CHARS).rev() {
        let digit = usize::try_from((value >> (place * 5)) & 31).unwrap_or(0);
        let symbol = CROCKFORD.get(digit).copied().unwrap_or(b'0');
        fmt::Write::write_char(out, char::from(symbol))?;
    }
    Ok(())
}

fn decode_ulid(text: &str) -> Option<[u8; 16]> {
    if text.len() != ULID_CHARS || text.as_bytes().first().is_none_or(|first| *first > b'7') {
        return None;
    }
    let mut value = 0u128;
    for byte in text.bytes() {
        let digit = CROCKFORD.iter().position(|symbol| *symbol == byte)?;
        value = (value << 5) | u128::try_from(digit).ok()?;
    }
    Some(value.to_be_bytes())
}

fn encode_hex(bytes: &[u8], out: &mut fmt::Formatter<'_>) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
}

fn decode_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() != N * 2 || !text.is_ascii() {
        return None;
    }
    let mut bytes = [0u8; N];
    for (slot, index) in bytes.iter_mut().zip((0..).step_by(2)) {
        *slot = u8::from_str_radix(text.get(index..index + 2)?, 16).ok()?;
    }
    Some(bytes)
}

macro_rules! identity {
    ($(#[$doc:meta])* $name:ident, $len:literal, $expected:literal, $encode:path, $decode:path) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $len]);

        impl $name {
            /// The raw bytes, as they stand on the wire and in the store.
            pub const fn as_bytes(&self) -> &[u8; $len] {
                &self.0
            }

            /// Reads the raw bytes; `None` when there are too many or too few.
            pub fn from_slice(bytes: &[u8]) -> Option<Self> {
                bytes.try_into().ok().map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let encode: fn([u8; $len], &mut fmt::Formatter<'_>) -> fmt::Result = $encode;
                encode(self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                $decode(text).map(Self).ok_or(IdError { expected: $expected })
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

macro_rules! ulid_identity {
    ($(#[$doc:meta])* $name:ident) => {
        identity!($(#[$doc])* $name, 16, "26 characters of Crockford base 32", encode_ulid, decode_ulid);

        impl $name {
            /// A fresh identity: 48 bits of time for a readable order, 80 bits of randomness.
            pub fn generate(now: Millis, entropy: &mut dyn Entropy) -> Self {
                Self(ulid_bytes(now, entropy))
            }

            /// The time at which it was made, by its maker's clock.
            pub fn made_at(self) -> Millis {
                Millis(self.0.iter().take(6).fold(0, |time, byte| time << 8 | i64::from(*byte)))
            }
        }
    };
}

fn encode_hex16(bytes: [u8; 16], out: &mut fmt::Formatter<'_>) -> fmt::Result {
    encode_hex(&bytes, out)
}

fn encode_hex32(bytes: [u8; 32], out: &mut fmt::Formatter<'_>) -> fmt::Result {
    encode_hex(&bytes, out)
}

ulid_identity!(
    /// A record: a case, an assessment, a referral.
    RecordId
);
ulid_identity!(
    /// One item of a repeat group; stable, so that two edits of one item merge.
    ItemId
);
ulid_identity!(
    /// One event in a record's envelope.
    EventId
);
identity!(
    /// A replica: SHA-256 of its public key, cut to 16 bytes.
    ReplicaId, 16, "32 hexadecimal digits", encode_hex16, decode_hex
);
identity!(
    /// The actor of one opening of one replica: SHA-256 of public key and opening nonce, cut to 16 bytes.
    ActorId, 16, "32 hexadecimal digits", encode_hex16, decode_hex
);
identity!(
    /// A replica's Ed25519 public key.
    PublicKey, 32, "64 hexadecimal digits", encode_hex32, decode_hex
);
identity!(
    /// The SHA-256 that names one Automerge change.
    ChangeHash, 32, "64 hexadecimal digits", encode_hex32, decode_hex
);

identity!(
    /// The random bytes of a record that make its parts' first changes, and so its hashes, impossible to guess.
    Salt, 16, "32 hexadecimal digits", encode_hex16, decode_hex
);
identity!(
    /// The random bytes of one opening of a store; with the public key they make the opening's actor.
    OpeningNonce, 16, "32 hexadecimal digits", encode_hex16, decode_hex
);
identity!(
    /// The SHA-256 that a manifest's signature covers; the next manifest of the same origin names it.
    ManifestHash, 32, "64 hexadecimal digits", encode_hex32, decode_hex
);

identity!(
    /// The SHA-256 of a file's bytes: the file itself is named by it, whatever anybody calls it.
    FileHash, 32, "64 hexadecimal digits", encode_hex32, decode_hex
);

/// The line in which a replica numbers its packs and its exchanges. A replica begins in line 0, and draws another when
/// its hub has seen numbers that it never gave: its disk was put back, or its folder was copied, and somebody else goes
/// on in the old line. Two of them never get in each other's way, and nobody has to know which of both is the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Line(u32);

impl Line {
    /// The line in which every replica begins.
    pub const FIRST: Self = Self(0);
    /// The largest number of a line: a batch is kept in 63 bits.
    pub const MAX: u32 = (1 << 31) - 1;

    /// The line of this number; `None` above [`Line::MAX`].
    pub const fn numbered(number: u32) -> Option<Self> {
        if number <= Self::MAX { Some(Self(number)) } else { None }
    }

    /// Draws a line that is not the first.
    pub fn draw(entropy: &mut dyn Entropy) -> Self {
        let mut bytes = [0; 4];
        entropy.fill(&mut bytes);
        Self((u32::from_le_bytes(bytes) & Self::MAX).max(1))
    }

    /// Its number.
    pub const fn number(self) -> u32 {
        self.0
    }

    /// Before the first pack of this line.
    pub const fn beginning(self) -> Batch {
        Batch((self.0 as u64) << 32)
    }

    /// After every pack of this line.
    pub const fn end(self) -> Batch {
        Batch(self.beginning().0 | u32::MAX as u64)
    }
}

/// The number of a pack among its origin's: the line in the upper half, and in the lower one the place in it, counted
/// from 1. Batches of one line compare by their places; of two lines neither comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Batch(pub u64);

impl Batch {
    /// The line.
    pub const fn line(self) -> Line {
        Line((self.0 >> 32) as u32)
    }

    /// The next one in its line.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// A position in a hub's feed, counted from 1; 0 is before the first row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct FeedPosition(pub u64);

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed(u8);
    impl Entropy for Fixed {
        fn fill(&mut self, bytes: &mut [u8]) {
            bytes.fill(self.0);
        }
    }

    #[test]
    fn a_record_id_reads_back_and_sorts_by_time() {
        let early = RecordId::generate(Millis(1_000), &mut Fixed(255));
        let late = RecordId::generate(Millis(2_000), &mut Fixed(0));
        assert!(early < late);
        assert_eq!(early.to_string().parse::<RecordId>(), Ok(early));
        assert!(early.to_string() < late.to_string());
        assert_eq!(
            RecordId::generate(Millis(1_795_521_600_123), &mut Fixed(9)).made_at().0,
            1_795_521_600_123
        );
    }

    #[test]
    fn junk_is_not_an_identity() {
        for text in
            ["", "8ZZZZZZZZZZZZZZZZZZZZZZZZZ", "01ARZ3NDEKTSV4RRFFQ69G5FAÉ", "01arz3ndektsv4rrffq69g5fav"]
        {
            assert!(text.parse::<RecordId>().is_err(), "{text}");
        }
        assert!("zz".repeat(16).parse::<ReplicaId>().is_err());
        assert!("é".repeat(16).parse::<ReplicaId>().is_err());
        assert_eq!("0f".repeat(16).parse::<ReplicaId>(), Ok(ReplicaId([15; 16])));
    }
}
