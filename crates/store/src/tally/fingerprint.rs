//! The fingerprint of a row: a number that is another one where a byte of the row is another one. It is no protection against
//! whoever means to deceive.

use rusqlite::types::ValueRef;

/// What a row's fingerprint begins with, so that an empty one counts.
const BEGIN: u64 = 0xcbf2_9ce4_8422_2325;
/// Odd: to multiply by it loses nothing.
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

/// A fingerprint as far as it was taken. Each step can be undone, so that two rows that differ in one byte never have the same.
pub(super) struct Fingerprint(u64);

impl Fingerprint {
    /// That of a row of no columns.
    pub(super) fn begin() -> Self {
        Self(BEGIN)
    }

    /// Goes on with the next column.
    pub(super) fn take(&mut self, value: ValueRef<'_>) {
        match value {
            ValueRef::Null => self.word(0),
            ValueRef::Integer(number) => self.word(1).word(number.cast_unsigned()),
            ValueRef::Real(number) => self.word(2).word(number.to_bits()),
            ValueRef::Text(bytes) => self.word(3).bytes(bytes),
            ValueRef::Blob(bytes) => self.word(4).bytes(bytes),
        };
    }

    /// As SQLite keeps numbers.
    pub(super) fn number(&self) -> i64 {
        self.0.cast_signed()
    }

    fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.word(bytes.len() as u64);
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.word(u64::from_le_bytes(*word));
        }
        self.word(rest.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)))
    }

    fn word(&mut self, word: u64) -> &mut Self {
        self.0 = (self.0 ^ word).wrapping_mul(FACTOR);
        self.0 ^= self.0 >> 29;
        self
    }
}
