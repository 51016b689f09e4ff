//! Compression of packs and rows: zstd, with identity always accepted. The raw length stands before the bytes and is
//! checked against its limit before anything is decompressed.

use crate::bytes::{DecodeError, Reader, Writer};

const IDENTITY: u8 = 0;
const ZSTD: u8 = 1;
/// Level 9 saves a tenth over level 3 on packs of forms and costs a few milliseconds.
const LEVEL: i32 = 9;

/// Writes `encoding, raw length, run`: compressed where that is smaller.
pub fn write(writer: &mut Writer, raw: &[u8]) {
    match zstd::bulk::compress(raw, LEVEL) {
        Ok(packed) if packed.len() < raw.len() => {
            writer.byte(ZSTD).count(raw.len()).run(&packed);
        }
        _ => {
            writer.byte(IDENTITY).count(raw.len()).run(raw);
        }
    }
}

/// What a block may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlockLimits {
    /// Bytes as they travel.
    pub stored_max: usize,
    /// Bytes after decompression; it bounds both the claim and the result.
    pub raw_max: usize,
}

/// Reads what [`write`] wrote.
pub fn read(
    reader: &mut Reader<'_>,
    field: &'static str,
    limits: BlockLimits,
) -> Result<Vec<u8>, DecodeError> {
    let encoding = reader.byte()?;
    let raw_len = reader.count(field, limits.raw_max)?;
    let stored = reader.run(field, limits.stored_max)?;
    let raw = match encoding {
        IDENTITY => stored.to_vec(),
        ZSTD => zstd::bulk::decompress(stored, raw_len).map_err(|_| DecodeError::Invalid { field })?,
        _ => return Err(DecodeError::Invalid { field }),
    };
    if raw.len() == raw_len { Ok(raw) } else { Err(DecodeError::Invalid { field }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn up_to(max: usize) -> BlockLimits {
        BlockLimits { stored_max: max, raw_max: max }
    }

    fn wire(raw: &[u8]) -> Vec<u8> {
        let mut writer = Writer::new();
        write(&mut writer, raw);
        writer.finish()
    }

    #[test]
    fn both_encodings_read_back_and_a_bomb_is_refused_by_its_claim() {
        for raw in [&b"short"[..], &vec![7u8; 100_000]] {
            let bytes = wire(raw);
            let mut reader = Reader::new(&bytes);
            assert_eq!(read(&mut reader, "pack", up_to(200_000)).as_deref(), Ok(raw));
            assert_eq!(reader.finish(), Ok(()));
        }
        let bomb = wire(&vec![0u8; 10_000_000]);
        assert!(bomb.len() < 2_000);
        assert_eq!(
            read(&mut Reader::new(&bomb), "pack", up_to(1_000_000)),
            Err(DecodeError::OverLimit { field: "pack" })
        );
    }

    #[test]
    fn a_claim_that_is_not_true_is_refused() {
        let packed = zstd::bulk::compress(&[1u8; 5_000], 3).unwrap();
        for claim in [4_999usize, 5_001] {
            let mut writer = Writer::new();
            writer.byte(ZSTD).count(claim).run(&packed);
            let bytes = writer.finish();
            assert!(read(&mut Reader::new(&bytes), "pack", up_to(1_000_000)).is_err(), "{claim}");
        }
    }
}
