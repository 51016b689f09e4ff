//! The identities that a pack spells, each once: of items, events and cases. Their times stand where they are first named, for
//! there it is known when that was: an event is drawn at the time of its change, items follow each other.

use super::spread::Columns;
use crate::bytes::{DecodeError, Reader, Writer};
use crate::limits;
use crate::named::{Names, RANDOM_BYTES, TIME_BITS, identity_of, time, turned, unturned};

/// When a change was made, and when what it last named for the first time was drawn.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    pub(super) change: i64,
    last: u64,
}

impl Clock {
    /// Of a change of this record, whose own identity was drawn before all that it names.
    pub(super) fn of(change: i64, record: &[u8; 16]) -> Self {
        Self { change, last: time(record) }
    }

    /// Writes the time of an identity: 0 where it is the change's, else 1 and what it is beyond the one before.
    fn write(&mut self, times: &mut Writer, identity: &[u8; 16]) {
        let time = time(identity);
        let number = 1 + turned(time.wrapping_sub(self.last));
        times.number(if i64::try_from(time) == Ok(self.change) { 0 } else { number });
        self.last = time;
    }

    fn read(&mut self, times: &mut Reader<'_>) -> Result<u64, DecodeError> {
        let time = match times.number("time")?.checked_sub(1) {
            None => self.change.cast_unsigned(),
            Some(beyond) => self.last.wrapping_add(unturned(beyond)),
        };
        if time >> TIME_BITS != 0 {
            return Err(DecodeError::Invalid { field: "time" });
        }
        self.last = time;
        Ok(time)
    }
}

/// Names an identity in the columns.
pub(super) fn name(columns: &mut Columns, names: &mut Names, clock: &mut Clock, identity: [u8; 16]) {
    let back = names.back(identity);
    columns.identities.count(back);
    if back == 0 {
        clock.write(&mut columns.times, &identity);
    }
}

/// The identities of what is read.
#[derive(Debug)]
pub(super) struct NamesRead {
    random: Vec<[u8; RANDOM_BYTES]>,
    named: Vec<[u8; 16]>,
}

impl NamesRead {
    /// Of identities with these random bytes.
    pub(super) const fn of(random: Vec<[u8; RANDOM_BYTES]>) -> Self {
        Self { random, named: Vec::new() }
    }

    /// The next one that is named, counted back from the first that nothing has named yet.
    pub(super) fn next(
        &mut self,
        [identities, times]: [&mut Reader<'_>; 2],
        clock: &mut Clock,
    ) -> Result<[u8; 16], DecodeError> {
        let invalid = DecodeError::Invalid { field: "name" };
        let back = identities.count("name", limits::PACK_NAMES_MAX)?;
        if back == 0 {
            let random = *self.random.get(self.named.len()).ok_or(invalid)?;
            self.named.push(identity_of(clock.read(times)?, random));
            return self.named.last().copied().ok_or(invalid);
        }
        let number = self.named.len().checked_sub(back).ok_or(invalid)?;
        self.named.get(number).copied().ok_or(invalid)
    }

    /// Ends the reading: nothing stands there that nothing names.
    pub(super) fn finish(&self) -> Result<(), DecodeError> {
        if self.named.len() == self.random.len() {
            Ok(())
        } else {
            Err(DecodeError::Invalid { field: "names" })
        }
    }
}
