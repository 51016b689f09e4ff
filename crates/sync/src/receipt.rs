//! A receipt: what the home says of an origin's packs, and how strongly. That it holds them lets a tick say *safe*; that its
//! backup covers them lets what may be held no more go from elsewhere.

use teranga_core::id::{Batch, ReplicaId};

use crate::bytes::{DecodeError, Reader, Writer};
use crate::limits;
use crate::manifest::Mark;

/// How well the home keeps what a receipt speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Assurance {
    /// The home holds it.
    Held,
    /// The home's last verified backup covers it too.
    BackedUp,
}

impl Assurance {
    /// Every strength, the weaker first.
    pub const ALL: [Self; 2] = [Self::Held, Self::BackedUp];

    /// The byte that stands for it.
    pub const fn code(self) -> u8 {
        match self {
            Self::Held => 0,
            Self::BackedUp => 1,
        }
    }

    /// What a byte stands for.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|assurance| assurance.code() == code)
    }
}

/// That the home has an origin's packs. The number alone would lie to an origin that was restored from a backup and
/// numbers other packs, so it goes with the mark of the pack it ends at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt {
    /// Whose packs.
    pub origin: ReplicaId,
    /// Up to which.
    pub batch: Batch,
    /// That pack's mark.
    pub mark: Mark,
    /// How well they are kept.
    pub assurance: Assurance,
}

impl Receipt {
    pub(crate) fn write(&self, writer: &mut Writer) {
        let Self { origin, batch, mark, assurance } = self;
        writer.raw(origin.as_bytes()).number(batch.0).raw(&mark.0).byte(assurance.code());
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            origin: ReplicaId(reader.array()?),
            batch: Batch(reader.number_up_to("batch", limits::BATCH_MAX)?),
            mark: Mark(reader.array()?),
            assurance: Assurance::from_code(reader.byte()?)
                .ok_or(DecodeError::Invalid { field: "assurance" })?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receipt_of_another_strength_is_malformed() {
        let origin = ReplicaId([7; 16]);
        for assurance in Assurance::ALL {
            let receipt = Receipt { origin, batch: Batch(3), mark: Mark([1; 8]), assurance };
            let mut writer = Writer::new();
            receipt.write(&mut writer);
            let mut bytes = writer.finish();
            assert_eq!(Receipt::read(&mut Reader::new(&bytes)), Ok(receipt));
            *bytes.last_mut().unwrap() = 2;
            let refused = Err(DecodeError::Invalid { field: "assurance" });
            assert_eq!(Receipt::read(&mut Reader::new(&bytes)), refused);
        }
    }
}
