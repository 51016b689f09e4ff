//! Erasure on the wire: the home's signed word that a record is to be destroyed, and each replica's signed word that it
//! has destroyed it. Nothing else can be said of a record that is gone, so these two are all the proof there is.

use teranga_core::id::{PublicKey, RecordId, ReplicaId};
use teranga_core::time::Millis;

use crate::bytes::{DecodeError, Reader, Writer};
use crate::identity::{Identity, SignatureBytes, verify};

const ERASE: &[u8] = b"teranga erase 0\n";
const ERASED: &[u8] = b"teranga erased 0\n";

/// The home's word that a record is to be destroyed wherever it is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Erasure {
    /// The record.
    pub record: RecordId,
    /// When it was decided, by the home's clock.
    pub at: Millis,
    /// The home's key.
    pub home: PublicKey,
    /// Its signature.
    pub signature: SignatureBytes,
}

impl Erasure {
    /// Decides it.
    pub fn sign(home: &Identity, record: RecordId, at: Millis) -> Self {
        let signature = home.sign(&Self::signed(record, at));
        Self { record, at, home: home.public_key(), signature }
    }

    /// Whether the owner of the key that it names decided it.
    pub fn verify(&self) -> bool {
        verify(&self.home, &Self::signed(self.record, self.at), &self.signature)
    }

    fn signed(record: RecordId, at: Millis) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.raw(ERASE).raw(record.as_bytes()).number(u64::try_from(at.0).unwrap_or_default());
        writer.finish()
    }

    /// Writes it.
    pub fn write(&self, writer: &mut Writer) {
        writer.raw(self.record.as_bytes()).number(u64::try_from(self.at.0).unwrap_or_default());
        writer.raw(self.home.as_bytes()).raw(&self.signature);
    }

    /// Reads it.
    pub fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            record: RecordId(reader.array()?),
            at: Millis(
                i64::try_from(reader.number("at")?).map_err(|_| DecodeError::Invalid { field: "at" })?,
            ),
            home: PublicKey(reader.array()?),
            signature: reader.array()?,
        })
    }
}

/// A replica's word that it has destroyed a record, with the word on which it did: a home that was put back to a backup
/// learns from it what it had decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Confirmation {
    /// What was decided.
    pub erasure: Erasure,
    /// Who has done it.
    pub replica: ReplicaId,
    /// Its signature.
    pub signature: SignatureBytes,
}

impl Confirmation {
    /// Gives it.
    pub fn sign(replica: &Identity, erasure: Erasure) -> Self {
        let id = replica.replica();
        Self { erasure, replica: id, signature: replica.sign(&Self::signed(erasure.record, id)) }
    }

    /// Whether the replica with this key gave it.
    pub fn verify(&self, key: &PublicKey) -> bool {
        verify(key, &Self::signed(self.erasure.record, self.replica), &self.signature)
    }

    fn signed(record: RecordId, replica: ReplicaId) -> Vec<u8> {
        [ERASED, record.as_bytes(), replica.as_bytes()].concat()
    }

    /// Writes it.
    pub fn write(&self, writer: &mut Writer) {
        self.erasure.write(writer);
        writer.raw(self.replica.as_bytes()).raw(&self.signature);
    }

    /// Reads it.
    pub fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            erasure: Erasure::read(reader)?,
            replica: ReplicaId(reader.array()?),
            signature: reader.array()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_holds_for_its_speaker_and_its_record_alone() {
        let (home, device) = (Identity::from_secret([1; 32]), Identity::from_secret([2; 32]));
        let record = RecordId([3; 16]);
        let erasure = Erasure::sign(&home, record, Millis(7));
        assert!(erasure.verify());
        assert!(!Erasure { record: RecordId([4; 16]), ..erasure }.verify());
        assert!(!Erasure { at: Millis(8), ..erasure }.verify());
        assert!(!Erasure { home: device.public_key(), ..erasure }.verify());
        let confirmed = Confirmation::sign(&device, erasure);
        assert!(confirmed.verify(&device.public_key()) && !confirmed.verify(&home.public_key()));
        let other = Erasure::sign(&home, RecordId([4; 16]), Millis(7));
        assert!(!Confirmation { erasure: other, ..confirmed }.verify(&device.public_key()));
        let mut writer = Writer::new();
        erasure.write(&mut writer);
        confirmed.write(&mut writer);
        let bytes = writer.finish();
        let mut reader = Reader::new(&bytes);
        assert_eq!(Erasure::read(&mut reader).unwrap(), erasure);
        assert_eq!(Confirmation::read(&mut reader).unwrap(), confirmed);
        reader.finish().unwrap();
    }
}
