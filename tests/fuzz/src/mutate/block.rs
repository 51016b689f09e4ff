//! A compressed block in a message: `1, raw length, run`, found by the first bytes of what zstd writes, so that what is
//! inside can be changed and the wrapping still fits, or the other way round.

use super::Wire;
use super::bytes::number;

const ZSTD: u8 = 1;
const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// What a block may hold: more than any limit of the protocol.
const RAW_BYTES_MAX: usize = 16 * 1024 * 1024;
/// What a bomb unpacks to.
const BOMB_BYTES: usize = 9 * 1024 * 1024;
const LEVEL: i32 = 3;

/// A block and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Block {
    pub(super) at: usize,
    pub(super) end: usize,
    pub(super) raw_len: u64,
    pub(super) frame: Vec<u8>,
}

impl Block {
    /// Every block of a message.
    pub(super) fn find_all(bytes: &[u8]) -> Vec<Self> {
        let places = bytes.windows(MAGIC.len()).enumerate().filter(|(_, window)| *window == MAGIC);
        places.filter_map(|(at, _)| Self::before(bytes, at)).collect()
    }

    /// The block whose frame begins at this place.
    fn before(bytes: &[u8], frame: usize) -> Option<Self> {
        let run = number_before(bytes, frame)?;
        let raw = number_before(bytes, run.at)?;
        let at = raw.at.checked_sub(1)?;
        let end = frame.checked_add(usize::try_from(run.value).ok()?)?;
        let frame = bytes.get(frame..end)?.to_vec();
        (bytes.get(at) == Some(&ZSTD)).then_some(Self { at, end, raw_len: raw.value, frame })
    }

    /// A block with this in it, compressed whether that is smaller or not.
    pub(crate) fn around(inside: &[u8]) -> Self {
        let frame = zstd::bulk::compress(inside, LEVEL).unwrap_or_default();
        Self { at: 0, end: 0, raw_len: inside.len() as u64, frame }
    }

    /// What is inside.
    pub(super) fn open(&self) -> Option<Vec<u8>> {
        let raw = usize::try_from(self.raw_len).ok().filter(|raw| *raw <= RAW_BYTES_MAX)?;
        zstd::bulk::decompress(&self.frame, raw).ok()
    }

    /// As it travels.
    pub(crate) fn write(&self) -> Vec<u8> {
        let frame = number(self.frame.len() as u64);
        [&[ZSTD][..], &number(self.raw_len), &frame, &self.frame].concat()
    }

    /// The block, wrapped in one of the ways in which a wrapping lies.
    pub(super) fn lie(&self, which: u64) -> Vec<u8> {
        let mut lie = self.clone();
        match which % 8 {
            0 => lie.raw_len = lie.raw_len.wrapping_add(1),
            1 => lie.raw_len = lie.raw_len.wrapping_sub(1),
            2 => lie.raw_len = 0,
            // A frame after the frame, one that says nothing, and one that is cut.
            3 => lie.frame = lie.frame.repeat(2),
            4 => lie.frame.extend([0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 7, 7]),
            5 => lie.frame.truncate(lie.frame.len() / 2),
            // A bomb that says what it is, and one that does not.
            6 => lie = Self::around(&vec![0; BOMB_BYTES]),
            _ => lie.frame = Self::around(&vec![0; BOMB_BYTES]).frame,
        }
        lie.write()
    }
}

/// The number that ends at a place: its last byte has no high bit, those before it have.
fn number_before(bytes: &[u8], end: usize) -> Option<Wire> {
    let last = end.checked_sub(1)?;
    let more = bytes.get(..last)?.iter().rev().take(8).take_while(|byte| **byte & 0x80 != 0).count();
    Wire::at(bytes, last - more).filter(|wire| wire.end == end)
}

#[cfg(test)]
mod tests {
    use teranga_sync::bytes::Reader;
    use teranga_sync::compress::{self, BlockLimits};

    use super::*;

    #[test]
    fn a_block_is_found_opened_and_wrapped_again_as_the_protocol_reads_it() {
        let inside = b"every answer of every question ".repeat(40);
        let message = [b"before".to_vec(), Block::around(&inside).write(), b"after".to_vec()].concat();
        let found = Block::find_all(&message);
        let [block] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!((block.at, block.end), (6, message.len() - 5));
        assert_eq!(block.open().as_deref(), Some(inside.as_slice()));
        let limits = BlockLimits { stored_max: 1 << 20, raw_max: 1 << 20 };
        let read = |bytes: &[u8]| compress::read(&mut Reader::new(bytes), "block", limits);
        assert_eq!(read(&block.write()), Ok(inside));
        for which in 0..8 {
            assert!(which == 4 || read(&block.lie(which)).is_err(), "{which}");
        }
    }
}
