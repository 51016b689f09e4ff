//! Which chunks of a file are held: runs of them, so that a file that arrived up to a cut is said in three bytes, and one
//! with holes in as many more as it has holes.

use crate::bytes::{DecodeError, Reader, Writer};
use crate::limits;

/// Runs of chunks, in their order, with gaps between them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Runs {
    /// The first chunk of each run, and the first after it.
    runs: Vec<(u32, u32)>,
}

/// How many chunks a file of so many bytes has.
pub fn chunks_of(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(limits::CHUNK_BYTES)).unwrap_or(u32::MAX)
}

/// How many bytes the chunk of this number has, in a file of so many bytes; none beyond its end.
pub fn chunk_bytes(bytes: usize, number: u32) -> usize {
    let before = (number as usize).saturating_mul(limits::CHUNK_BYTES);
    bytes.saturating_sub(before).min(limits::CHUNK_BYTES)
}

impl Runs {
    /// Nothing held.
    pub fn none() -> Self {
        Self::default()
    }

    /// The runs of these chunks, which come in their order.
    pub fn of(chunks: impl IntoIterator<Item = u32>) -> Self {
        let mut runs: Vec<(u32, u32)> = Vec::new();
        for chunk in chunks {
            match runs.last_mut() {
                Some((_, end)) if *end == chunk => *end += 1,
                _ => runs.push((chunk, chunk + 1)),
            }
        }
        Self { runs }
    }

    /// How many chunks are held.
    pub fn count(&self) -> u32 {
        self.runs.iter().map(|(start, end)| end - start).sum()
    }

    /// Whether a chunk is held.
    pub fn contains(&self, chunk: u32) -> bool {
        self.runs.iter().any(|(start, end)| (*start..*end).contains(&chunk))
    }

    /// The stretches that are missing of a file of so many chunks: the first chunk of each, and the first after it.
    pub fn missing(&self, chunks: u32) -> Vec<(u32, u32)> {
        let mut missing = Vec::new();
        let mut at = 0;
        for (start, end) in self.runs.iter().copied().chain([(chunks, chunks)]) {
            if at < start.min(chunks) {
                missing.push((at, start.min(chunks)));
            }
            at = end;
        }
        missing
    }

    /// Writes `count` runs, each the chunks left out before it and the chunks in it. Of too many the first: what is not
    /// said to be held is sent again, and no harm is done.
    pub(crate) fn write(&self, writer: &mut Writer) {
        let runs = self.runs.get(..limits::RUNS_MAX).unwrap_or(&self.runs);
        writer.count(runs.len());
        let mut at = 0;
        for (start, end) in runs {
            writer.number(u64::from(start - at)).number(u64::from(end - start));
            at = *end;
        }
    }

    /// Reads what [`Runs::write`] wrote.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let max = u64::from(chunks_of(limits::ATTACHMENT_BYTES_MAX));
        let mut runs = Vec::new();
        let mut at = 0u64;
        for number in 0..reader.count("runs", limits::RUNS_MAX)? {
            let skipped = reader.number_up_to("run", max)?;
            let length = reader.number_up_to("run", max)?;
            let (start, end) = (at + skipped, at + skipped + length);
            // One spelling for one holding: no empty run, and a gap between two.
            if length == 0 || (number > 0 && skipped == 0) || end > max {
                return Err(DecodeError::Invalid { field: "run" });
            }
            let chunk = |place: u64| u32::try_from(place).unwrap_or(u32::MAX);
            runs.push((chunk(start), chunk(end)));
            at = end;
        }
        Ok(Self { runs })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_back(runs: &Runs) -> Runs {
        let mut writer = Writer::new();
        runs.write(&mut writer);
        let bytes = writer.finish();
        let mut reader = Reader::new(&bytes);
        let read = Runs::read(&mut reader).unwrap();
        reader.finish().unwrap();
        read
    }

    #[test]
    fn what_is_held_and_what_is_missing_fill_a_file() {
        let held = Runs::of([0, 1, 2, 5, 9]);
        assert_eq!(held.missing(10), [(3, 5), (6, 9)]);
        assert_eq!(held.missing(12), [(3, 5), (6, 9), (10, 12)]);
        assert_eq!(held.missing(2), []);
        assert_eq!(Runs::none().missing(3), [(0, 3)]);
        assert_eq!((held.count(), held.contains(5), held.contains(6)), (5, true, false));
        assert_eq!(read_back(&held), held);
        assert_eq!(read_back(&Runs::none()), Runs::none());
    }

    #[test]
    fn of_too_many_runs_the_first_are_said_and_a_second_spelling_is_refused() {
        let held = Runs::of((0..1_000).map(|number| number * 2));
        assert_eq!(read_back(&held).count(), 64);
        for junk in [&[1u8, 0, 0][..], &[2, 0, 1, 0, 1], &[1, 0xff, 0xff, 0xff, 0x7f, 1], &[65]] {
            assert!(Runs::read(&mut Reader::new(junk)).is_err(), "{junk:?}");
        }
    }

    #[test]
    fn the_last_chunk_is_what_is_left() {
        let bytes = limits::CHUNK_BYTES + 1;
        assert_eq!(
            (chunks_of(bytes), chunk_bytes(bytes, 0), chunk_bytes(bytes, 1)),
            (2, limits::CHUNK_BYTES, 1)
        );
        assert_eq!((chunk_bytes(bytes, 2), chunks_of(limits::CHUNK_BYTES)), (0, 1));
    }
}
