//! Mutation: an input of the corpus, changed in a few places by what tends to break readers. The same seed makes the
//! same inputs. How text is changed stands here; `bytes` changes what a protocol reads, `tape` whole messages.

mod block;
mod bytes;

pub(crate) use block::Block;
use bytes::Wire;

use crate::tape::Tape;

/// Inputs larger than this are cut: what breaks a reader is rarely large.
const BYTES_MAX: usize = 64 * 1024;

/// What a target feeds on.
#[derive(Debug, Clone, Copy)]
pub enum Diet {
    /// Text, in which these signs and words mean something.
    Words(&'static [&'static str]),
    /// The bytes of one message.
    Bytes,
    /// Messages in a row, as a tape.
    Messages,
}

/// Makes inputs from a corpus by a seed.
#[derive(Debug, Clone)]
pub struct Mutator {
    state: u64,
}

impl Mutator {
    /// A mutator that makes the inputs of this seed.
    pub const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// SplitMix64 (Steele, Lea and Flood 2014).
    pub(crate) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below this one, which is not 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % (end.max(1) as u64)).unwrap_or_default()
    }

    /// The next input: one of the seeds after up to eight changes.
    pub fn input(&mut self, seeds: &[Vec<u8>], diet: Diet) -> Vec<u8> {
        let at = self.below(seeds.len());
        let mut input = seeds.get(at).cloned().unwrap_or_default();
        // A sentence bears many changes; a message of the protocol is not read after a few.
        let changes = if matches!(diet, Diet::Words(_)) || self.below(4) == 0 { self.below(8) } else { 0 };
        for _ in 0..=changes {
            match diet {
                Diet::Words(words) => self.change(&mut input, seeds, words),
                Diet::Bytes => self.bend(&mut input, seeds),
                Diet::Messages => input = self.rewind(&input, seeds),
            }
        }
        input.truncate(BYTES_MAX);
        input
    }

    /// A tape with one of its messages changed, left out, told twice, told in another's place, or of another tape.
    fn rewind(&mut self, input: &[u8], seeds: &[Vec<u8>]) -> Vec<u8> {
        let mut tape = Tape::read(input);
        let others = Tape::read(seeds.get(self.below(seeds.len())).map_or(&[], Vec::as_slice));
        let at = self.below(tape.messages.len());
        let Some(message) = tape.messages.get_mut(at) else { return others.write() };
        let other = others.messages.get(self.below(others.messages.len()));
        match self.below(16) {
            0 => drop(tape.messages.remove(at)),
            1 => {
                let twice = message.clone();
                tape.messages.insert(at, twice);
            }
            2 => {
                let with = self.below(tape.messages.len());
                tape.messages.swap(at, with);
            }
            3 => tape.messages.extend(other.cloned()),
            4 => message.care ^= 1 << self.below(3),
            5 => message.kind = self.next().to_le_bytes()[0] % 8,
            // Signed, numbered, and one field of it twisted.
            6..9 => message.care = message.care & 7 | self.next().to_le_bytes()[0] & !7,
            _ => {
                let bytes = others.messages.into_iter().map(|message| message.bytes).collect::<Vec<_>>();
                self.bend(&mut message.bytes, &bytes);
            }
        }
        tape.write()
    }

    fn change(&mut self, input: &mut Vec<u8>, seeds: &[Vec<u8>], words: &[&str]) {
        let at = self.below(input.len() + 1);
        let end = (at + self.below(24)).min(input.len());
        match self.below(8) {
            0 => {
                let byte = self.next().to_le_bytes()[0];
                input.splice(at..end.min(at + 1), [byte]);
            }
            1 => drop(input.drain(at..end)),
            2 => {
                let piece: Vec<u8> = input.get(at..end).unwrap_or_default().to_vec();
                let times = self.below(40);
                input.splice(at..at, piece.repeat(times));
            }
            3 | 4 => {
                let word = words.get(self.below(words.len())).copied().unwrap_or_default();
                input.splice(at..at, word.bytes());
            }
            5 => {
                let word = words.get(self.below(words.len())).copied().unwrap_or_default();
                input.splice(at..end, word.bytes());
            }
            6 => {
                let other = seeds.get(self.below(seeds.len())).map_or(&[][..], Vec::as_slice);
                let from = self.below(other.len() + 1);
                let until = (from + self.below(200)).min(other.len());
                input.splice(at..end, other.get(from..until).unwrap_or_default().iter().copied());
            }
            _ => {
                let digits = ["0", "-1", "1e309", "99999999999999999999", "0.1", "", "2147483648"];
                let digits = digits.get(self.below(digits.len())).copied().unwrap_or_default();
                input.splice(at..end, digits.bytes());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_makes_the_same_inputs_and_another_seed_others() {
        let seeds = vec![b"one + two".to_vec(), b"count(/data/a)".to_vec()];
        let made = |seed: u64| {
            let mut mutator = Mutator::new(seed);
            (0..50).map(|_| mutator.input(&seeds, Diet::Words(&["div", "("]))).collect::<Vec<_>>()
        };
        assert_eq!(made(7), made(7));
        assert_ne!(made(7), made(8));
        assert!(made(7).iter().any(|input| !seeds.contains(input)));
    }
}
