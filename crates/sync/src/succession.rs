//! Succession on the wire: the home's signed word that a key takes the place of a hub. Whoever knew that hub and pinned the
//! home goes on with the new one, and needs no new code.

use teranga_core::id::{PublicKey, ReplicaId};

use crate::bytes::{DecodeError, Reader, Writer};
use crate::identity::{Identity, SignatureBytes, replica_id, verify};
use crate::introduction::{Introduction, read_introduction, write_introduction};
use crate::limits;

const SUCCEEDS: &[u8] = b"teranga succeeds 0\n";

/// The home's word that one hub takes the place of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Succession {
    /// The hub whose place it was.
    pub old: ReplicaId,
    /// The key of the hub that takes it.
    pub key: PublicKey,
    /// The home's signature.
    pub signature: SignatureBytes,
}

impl Succession {
    /// Decides it.
    pub fn sign(home: &Identity, old: ReplicaId, key: PublicKey) -> Self {
        Self { old, key, signature: home.sign(&Self::signed(old, &key)) }
    }

    /// Whether the home with this key decided it. A hub succeeds no other hub that has its own key.
    pub fn verify(&self, home: &PublicKey) -> bool {
        self.old != replica_id(&self.key) && verify(home, &Self::signed(self.old, &self.key), &self.signature)
    }

    fn signed(old: ReplicaId, key: &PublicKey) -> Vec<u8> {
        [SUCCEEDS, old.as_bytes(), key.as_bytes()].concat()
    }

    /// Writes it.
    pub fn write(&self, writer: &mut Writer) {
        writer.raw(self.old.as_bytes()).raw(self.key.as_bytes()).raw(&self.signature);
    }

    /// Reads it.
    pub fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            old: ReplicaId(reader.array()?),
            key: PublicKey(reader.array()?),
            signature: reader.array()?,
        })
    }

    /// The bytes of one alone, as they go with a refusal.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        self.write(&mut writer);
        writer.finish()
    }

    /// Reads one alone.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let word = Self::read(&mut reader)?;
        reader.finish()?;
        Ok(word)
    }
}

/// What a hub takes over with the place of others before it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Inheritance {
    /// For each hub that had the place, the word that this one has it now.
    pub successions: Vec<Succession>,
    /// The devices that are known to have synced there.
    pub children: Vec<Introduction>,
}

impl Inheritance {
    /// Writes it.
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.count(self.successions.len());
        for word in &self.successions {
            word.write(&mut writer);
        }
        writer.count(self.children.len());
        for child in &self.children {
            write_introduction(&mut writer, child);
        }
        writer.finish()
    }

    /// Reads it.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let successions = (0..reader.count("successions", limits::SUCCESSIONS_MAX)?)
            .map(|_| Succession::read(&mut reader))
            .collect::<Result<_, _>>()?;
        let children = (0..reader.count("children", limits::HEIRS_MAX)?)
            .map(|_| read_introduction(&mut reader))
            .collect::<Result<_, _>>()?;
        reader.finish()?;
        Ok(Self { successions, children })
    }
}

#[cfg(test)]
mod tests {
    use teranga_core::audience::Audience;

    use super::*;
    use crate::introduction::ReplicaKind;

    #[test]
    fn a_word_holds_for_its_home_its_hub_and_its_heir_alone() {
        let [home, old, new] = [1, 2, 3].map(|secret| Identity::from_secret([secret; 32]));
        let word = Succession::sign(&home, old.replica(), new.public_key());
        assert!(word.verify(&home.public_key()));
        assert!(!word.verify(&old.public_key()));
        assert!(!Succession { old: home.replica(), ..word }.verify(&home.public_key()));
        assert!(!Succession { key: home.public_key(), ..word }.verify(&home.public_key()));
        let itself = Succession::sign(&home, old.replica(), old.public_key());
        assert!(!itself.verify(&home.public_key()));
        assert_eq!(Succession::from_bytes(&word.to_bytes()), Ok(word));
        assert_eq!(Succession::from_bytes(&[word.to_bytes(), vec![0]].concat()), Err(DecodeError::Trailing));
    }

    #[test]
    fn an_inheritance_reads_back_and_cut_short_is_none() {
        let [home, old, new] = [1, 2, 3].map(|secret| Identity::from_secret([secret; 32]));
        let child = Introduction {
            key: Identity::from_secret([4; 32]).public_key(),
            kind: ReplicaKind::Device,
            person: "Awa Exemple".into(),
            office: "BAOS Kaolack".into(),
            audience: Audience::of_region(Some("SN-KL")),
        };
        let successions = vec![Succession::sign(&home, old.replica(), new.public_key())];
        let whole = Inheritance { successions, children: vec![child] };
        let bytes = whole.encode();
        assert_eq!(Inheritance::decode(&bytes), Ok(whole));
        for cut in 0..bytes.len() {
            assert!(Inheritance::decode(&bytes[..cut]).is_err(), "cut at {cut}");
        }
    }
}
