//! A tape: messages in a row, as they are played to a replica. Each says what it is and how much care is taken of it: what
//! stops a stranger at the door - a signature, a number that was used - is put right where it is asked for, so that what
//! stands behind the door is reached.

use teranga_sync::bytes::{Reader, Writer};

/// The most messages of one tape.
const MESSAGES_MAX: usize = 12;

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    /// What it is; each target has its own kinds.
    pub(crate) kind: u8,
    /// What is put right before it is played.
    pub(crate) care: u8,
    /// Its bytes, without the signature.
    pub(crate) bytes: Vec<u8>,
}

/// The message is signed by whoever may send it.
pub(crate) const SIGNED: u8 = 1;
/// What is signed inside is signed anew too.
pub(crate) const SIGNED_INSIDE: u8 = 2;
/// It has the numbers that are next, and names both ends.
pub(crate) const NUMBERED: u8 = 4;

impl Message {
    /// A message of which all care is taken.
    pub(crate) fn of(kind: u8, bytes: Vec<u8>) -> Self {
        Self { kind, care: SIGNED | SIGNED_INSIDE | NUMBERED, bytes }
    }

    /// Whether this is to be put right.
    pub(crate) fn takes(&self, care: u8) -> bool {
        self.care & care != 0
    }

    /// Which of its fields is to say something else; 0 for none. It stands above what is put right.
    pub(crate) const fn twist(&self) -> u8 {
        self.care >> 3
    }
}

/// Messages in a row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tape {
    /// The messages.
    pub(crate) messages: Vec<Message>,
}

impl Tape {
    /// Reads any bytes as a tape: what a cut leaves of a message is its bytes.
    pub(crate) fn read(bytes: &[u8]) -> Self {
        let mut reader = Reader::new(bytes);
        let mut tape = Self::default();
        while tape.messages.len() < MESSAGES_MAX {
            let Ok([kind, care]) = reader.array() else { break };
            let rest = reader.rest();
            let length = reader.array().map_or(rest.len(), |length| u32::from_le_bytes(length) as usize);
            let length = length.min(reader.rest().len());
            let bytes = reader.take(length).unwrap_or_default().to_vec();
            tape.messages.push(Message { kind, care, bytes });
        }
        tape
    }

    /// Writes it.
    pub(crate) fn write(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        for message in &self.messages {
            let length = u32::try_from(message.bytes.len()).unwrap_or(u32::MAX);
            writer.byte(message.kind).byte(message.care).raw(&length.to_le_bytes()).raw(&message.bytes);
        }
        writer.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tape_reads_back_and_a_cut_one_gives_what_is_left() {
        let messages = vec![Message::of(1, b"one".to_vec()), Message { kind: 9, care: 0, bytes: Vec::new() }];
        let tape = Tape { messages };
        let bytes = tape.write();
        assert_eq!(Tape::read(&bytes), tape);
        assert_eq!(Tape::read(&bytes[..8]).messages[0].bytes, b"on");
        for cut in 0..bytes.len() {
            let again = Tape::read(&bytes[..cut]).write();
            assert_eq!(Tape::read(&again).write(), again, "cut at {cut}");
        }
    }
}
