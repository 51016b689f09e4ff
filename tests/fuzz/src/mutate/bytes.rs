//! Changes of what a protocol reads: bits, cuts, pieces twice or of another message, lengths that lie, numbers at their
//! extremes, and what stands inside a compressed block.

use teranga_sync::bytes::{Reader, Writer};

use super::Mutator;
use super::block::Block;

/// What numbers are when they are not what anybody writes.
const EXTREMES: [u64; 12] = [
    0,
    1,
    2,
    127,
    128,
    1 << 14,
    (1 << 20) - 1,
    (1 << 31) - 1,
    u32::MAX as u64,
    (1 << 53) - 1,
    (1 << 63) - 1,
    u64::MAX,
];
/// How deep blocks inside blocks are changed.
const DEPTH_MAX: usize = 2;

/// A number in LEB128, somewhere in a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wire {
    /// Where it begins.
    pub(super) at: usize,
    /// Where it ends.
    pub(super) end: usize,
    /// What it says.
    pub(super) value: u64,
}

impl Wire {
    /// The number at a place, if the bytes there are one.
    pub(super) fn at(bytes: &[u8], at: usize) -> Option<Self> {
        let rest = bytes.get(at..)?;
        let mut reader = Reader::new(rest);
        let value = reader.number("number").ok()?;
        Some(Self { at, end: at + rest.len() - reader.rest().len(), value })
    }

    /// The bytes that follow, where it is their length.
    fn run(self, bytes: &[u8]) -> Option<std::ops::Range<usize>> {
        let end = self.end.checked_add(usize::try_from(self.value).ok()?)?;
        (end <= bytes.len() && self.value > 0).then_some(self.end..end)
    }
}

/// A number as it is written.
pub(super) fn number(value: u64) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.number(value);
    writer.finish()
}

impl Mutator {
    /// Changes a message in one place.
    pub(crate) fn bend(&mut self, input: &mut Vec<u8>, others: &[Vec<u8>]) {
        self.bend_within(input, others, 0);
    }

    fn bend_within(&mut self, input: &mut Vec<u8>, others: &[Vec<u8>], depth: usize) {
        match self.below(8) {
            0 | 1 => self.bend_bits(input),
            2 | 3 => self.bend_numbers(input),
            4 => self.bend_pieces(input, others),
            5 => self.bend_run(input, others, depth),
            _ => {
                if depth < DEPTH_MAX && !self.bend_block(input, others, depth) {
                    self.bend_bits(input);
                }
            }
        }
    }

    fn one_of<T: Copy + Default>(&mut self, choice: &[T]) -> T {
        choice.get(self.below(choice.len())).copied().unwrap_or_default()
    }

    /// One bit, one byte, or the end.
    fn bend_bits(&mut self, input: &mut Vec<u8>) {
        let at = self.below(input.len());
        let random = self.next().to_le_bytes()[0];
        match (self.below(8), input.get_mut(at)) {
            (0, _) => input.truncate(at),
            (2, Some(byte)) => *byte = random,
            (3, Some(byte)) => *byte = self.one_of(&[0, 1, 0x7f, 0x80, 0xff]),
            (1, _) | (_, None) => input.push(random),
            (_, Some(byte)) => *byte ^= 1 << (random % 8),
        }
    }

    /// A number says something else, or the same in a longer spelling.
    fn bend_numbers(&mut self, input: &mut Vec<u8>) {
        let at = self.below(input.len());
        let Some(wire) = Wire::at(input, at) else { return };
        let extreme = self.one_of(&EXTREMES);
        let written = match self.below(6) {
            0 => number(wire.value.wrapping_add(1)),
            1 => number(wire.value.wrapping_sub(1)),
            2 => number(wire.value.wrapping_mul(2)),
            3 => {
                let mut longer = number(wire.value);
                for byte in &mut longer {
                    *byte |= 0x80;
                }
                longer.push(0);
                longer
            }
            _ => number(extreme),
        };
        input.splice(wire.at..wire.end, written);
    }

    /// A piece is gone, there twice, in another's place, or of another message.
    fn bend_pieces(&mut self, input: &mut Vec<u8>, others: &[Vec<u8>]) {
        let at = self.below(input.len() + 1);
        let long = self.one_of(&[1_usize, 2, 8, 16, 32, 64, 200]);
        let end = (at + long).min(input.len());
        let piece: Vec<u8> = input.get(at..end).unwrap_or_default().to_vec();
        match self.below(6) {
            0 => drop(input.drain(at..end)),
            // The same again in the place of what follows: of two names in a table, one twice.
            3 if end + piece.len() <= input.len() => drop(input.splice(end..end + piece.len(), piece)),
            1 => drop(input.splice(at..at, piece.repeat(1 + self.below(4)))),
            2 => {
                let to = self.below(input.len() + 1 - piece.len());
                input.splice(to..to + piece.len(), piece);
            }
            _ => {
                let other = others.get(self.below(others.len())).map_or(&[][..], Vec::as_slice);
                // Messages of one kind are alike: most often the same place of both.
                let from = if self.below(2) == 0 { at } else { self.below(other.len()) };
                let until = (from + long).min(other.len());
                input.splice(at..end, other.get(from..until).unwrap_or_default().iter().copied());
            }
        }
    }

    /// A run of bytes is changed, and its length with it.
    fn bend_run(&mut self, input: &mut Vec<u8>, others: &[Vec<u8>], depth: usize) {
        for _ in 0..16 {
            let at = self.below(input.len());
            let Some((wire, run)) = Wire::at(input, at).and_then(|wire| Some((wire, wire.run(input)?)))
            else {
                continue;
            };
            let mut inside: Vec<u8> = input.get(run.clone()).unwrap_or_default().to_vec();
            if depth < DEPTH_MAX {
                self.bend_within(&mut inside, others, depth + 1);
            } else {
                self.bend_bits(&mut inside);
            }
            let written = [number(inside.len() as u64), inside].concat();
            input.splice(wire.at..run.end, written);
            return;
        }
    }

    /// A compressed block is changed: what is inside, or how it is wrapped. Whether there was one.
    fn bend_block(&mut self, input: &mut Vec<u8>, others: &[Vec<u8>], depth: usize) -> bool {
        let blocks = Block::find_all(input);
        let Some(block) = blocks.get(self.below(blocks.len())) else { return false };
        let written = match (self.below(6), block.open()) {
            (0, _) => {
                let lie = self.next();
                block.lie(lie)
            }
            (1, _) => {
                let mut frame = block.frame.clone();
                let at = self.below(frame.len().min(24));
                let bit = 1 << self.below(8);
                if let Some(byte) = frame.get_mut(at) {
                    *byte ^= bit;
                }
                Block { frame, ..block.clone() }.write()
            }
            (_, None) => return false,
            (_, Some(mut inside)) => {
                self.bend_within(&mut inside, others, depth + 1);
                Block::around(&inside).write()
            }
        };
        input.splice(block.at..block.end, written);
        true
    }
}
