//! What a hub did not take of those whom it enrolled, as it tells the hub above. Only it knows what it granted them; further
//! up their place alone is known. So its judgement goes up beside their packs, and what it takes after all goes up too.

use teranga_core::class::ClassId;
use teranga_core::id::{ChangeHash, RecordId};

use crate::bytes::{DecodeError, Reader, Writer};
use crate::limits;

/// What a hub makes of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stance {
    /// Its author was not granted to write it, and it is held aside.
    NotTaken,
    /// It was tried again, and taken.
    TakenAfterAll,
}

/// What a hub makes of one change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// The record.
    pub record: RecordId,
    /// The class: with the record, the part.
    pub class: ClassId,
    /// The change.
    pub change: ChangeHash,
    /// What is made of it.
    pub stance: Stance,
}

impl Judgement {
    /// Writes it.
    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.raw(self.record.as_bytes()).text(self.class.as_str()).raw(self.change.as_bytes());
        writer.byte(match self.stance {
            Stance::NotTaken => 0,
            Stance::TakenAfterAll => 1,
        });
    }

    /// Reads what [`Judgement::write`] wrote.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            record: RecordId(reader.array()?),
            class: ClassId::new(reader.text("class", limits::NAME_BYTES_MAX)?),
            change: ChangeHash(reader.array()?),
            stance: match reader.byte()? {
                0 => Stance::NotTaken,
                1 => Stance::TakenAfterAll,
                _ => return Err(DecodeError::Invalid { field: "stance" }),
            },
        })
    }
}
