//! Reading and writing the protocol's bytes: fixed fields, LEB128 numbers in their shortest form, and runs of bytes
//! that say their length. The reader never allocates more than the bytes it was given.

use teranga_core::problem::Explain;

/// Why bytes could not be read. One answer for all of them: whoever sent this does not speak the protocol, or the
/// link damaged it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The bytes end before the field does.
    #[error("the bytes end too early")]
    Truncated,
    /// Bytes are left over.
    #[error("bytes are left over")]
    Trailing,
    /// A field holds what it may not hold.
    #[error("{field} is not valid")]
    Invalid {
        /// The field, by its name in `sync-protocol.md`.
        field: &'static str,
    },
    /// A field exceeds its limit.
    #[error("{field} exceeds its limit")]
    OverLimit {
        /// The field, by its name in `sync-protocol.md`.
        field: &'static str,
    },
}

impl Explain for DecodeError {
    fn code(&self) -> &'static str {
        match self {
            Self::Truncated | Self::Trailing | Self::Invalid { .. } => "malformed",
            Self::OverLimit { .. } => "too-large",
        }
    }

    fn arguments(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Truncated | Self::Trailing => Vec::new(),
            Self::Invalid { field } | Self::OverLimit { field } => vec![("field", (*field).to_owned())],
        }
    }
}

/// A cursor over bytes that arrived.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// A reader at the first byte.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The next `length` bytes.
    pub fn take(&mut self, length: usize) -> Result<&'a [u8], DecodeError> {
        let (head, rest) = self.rest.split_at_checked(length).ok_or(DecodeError::Truncated)?;
        self.rest = rest;
        Ok(head)
    }

    /// The next `N` bytes as an array.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        self.take(N)?.try_into().map_err(|_| DecodeError::Truncated)
    }

    /// The next byte.
    pub fn byte(&mut self) -> Result<u8, DecodeError> {
        self.array::<1>().map(|[byte]| byte)
    }

    /// A LEB128 number in its shortest form.
    pub fn number(&mut self, field: &'static str) -> Result<u64, DecodeError> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if (shift == 63 && bits > 1) || (shift > 0 && byte == 0) {
                return Err(DecodeError::Invalid { field });
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(DecodeError::Invalid { field })
    }

    /// A number that names something, at most `max`.
    pub fn number_up_to(&mut self, field: &'static str, max: u64) -> Result<u64, DecodeError> {
        let value = self.number(field)?;
        if value > max { Err(DecodeError::OverLimit { field }) } else { Ok(value) }
    }

    /// A number that counts or measures something, at most `max`.
    pub fn count(&mut self, field: &'static str, max: usize) -> Result<usize, DecodeError> {
        let value = usize::try_from(self.number(field)?).map_err(|_| DecodeError::OverLimit { field })?;
        if value > max { Err(DecodeError::OverLimit { field }) } else { Ok(value) }
    }

    /// A run of bytes that says its length, at most `max` long.
    pub fn run(&mut self, field: &'static str, max: usize) -> Result<&'a [u8], DecodeError> {
        let length = self.count(field, max)?;
        self.take(length)
    }

    /// A run of UTF-8 text, at most `max` bytes long.
    pub fn text(&mut self, field: &'static str, max: usize) -> Result<&'a str, DecodeError> {
        std::str::from_utf8(self.run(field, max)?).map_err(|_| DecodeError::Invalid { field })
    }

    /// What has not been read yet.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Ends the reading; bytes left over are an error, so that nothing unsigned or unread travels along.
    pub fn finish(self) -> Result<(), DecodeError> {
        if self.rest.is_empty() { Ok(()) } else { Err(DecodeError::Trailing) }
    }
}

/// Writes what [`Reader`] reads.
#[derive(Debug, Default)]
pub struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    /// An empty writer.
    pub fn new() -> Self {
        Self::default()
    }

    /// Bytes as they are; the reader knows how many.
    pub fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        self.bytes.extend_from_slice(bytes);
        self
    }

    /// One byte.
    pub fn byte(&mut self, byte: u8) -> &mut Self {
        self.bytes.push(byte);
        self
    }

    /// A LEB128 number.
    pub fn number(&mut self, mut value: u64) -> &mut Self {
        loop {
            let low = value.to_le_bytes()[0] & 0x7f;
            value >>= 7;
            if value == 0 {
                return self.byte(low);
            }
            self.byte(low | 0x80);
        }
    }

    /// A count or a length.
    pub fn count(&mut self, value: usize) -> &mut Self {
        self.number(value as u64)
    }

    /// A run of bytes with its length before it.
    pub fn run(&mut self, bytes: &[u8]) -> &mut Self {
        self.count(bytes.len()).raw(bytes)
    }

    /// A run of text.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.run(text.as_bytes())
    }

    /// How much has been written.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether nothing has been written.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The bytes so far.
    pub fn as_slice(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes.
    pub fn finish(self) -> Vec<u8> {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_back_and_longer_spellings_are_refused() {
        for value in [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX] {
            let mut writer = Writer::new();
            writer.number(value);
            let bytes = writer.finish();
            let mut reader = Reader::new(&bytes);
            assert_eq!(reader.number("n"), Ok(value));
            assert_eq!(reader.finish(), Ok(()));
        }
        for junk in [
            &[0x80u8, 0x00][..],
            &[0xff; 10],
            &[0x80],
            &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2],
        ] {
            assert!(Reader::new(junk).number("n").is_err(), "{junk:?}");
        }
    }

    #[test]
    fn a_run_that_claims_more_than_there_is_allocates_nothing() {
        let mut writer = Writer::new();
        writer.number(1 << 40);
        let bytes = writer.finish();
        assert_eq!(Reader::new(&bytes).run("r", usize::MAX), Err(DecodeError::Truncated));
        assert_eq!(Reader::new(&bytes).run("r", 10), Err(DecodeError::OverLimit { field: "r" }));
    }
}
