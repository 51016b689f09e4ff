//! Packs: the unit of transfer, of transaction and of acknowledgement. A pack holds whole saves; a save holds its
//! changes over several parts. What the receiver can work out is left out: a change's magic and checksum, and its
//! single dependency when that is the change before it in the same part, or the part's deterministic first change.

use std::collections::BTreeMap;

use teranga_core::class::ClassId;
use teranga_core::id::{Batch, ChangeHash, ManifestHash, PublicKey, RecordId, Salt};

use crate::apart;
use crate::bytes::{DecodeError, Reader, Writer};
use crate::drawn::Drawn;
use crate::first::first_hash;
use crate::limits;
use crate::manifest::{Authorship, Listed, Manifest};
use crate::parts::{PartTable, TableReader};
use crate::version::Version;

/// One change in a pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The record.
    pub record: RecordId,
    /// The record's salt.
    pub salt: Salt,
    /// The class: with the record, the part.
    pub class: ClassId,
    /// The change.
    pub hash: ChangeHash,
    /// The change's bytes; none where a relay withholds them, because they were quarantined or erased there.
    pub body: Option<Vec<u8>>,
}

/// What one save did: shown whole or not at all.
pub type Save = Vec<Entry>;

/// A manifest with its changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pack {
    /// The signed manifest.
    pub manifest: Manifest,
    /// The saves, in the order in which they were made.
    pub saves: Vec<Save>,
}

impl Pack {
    /// The manifest's hash over what this pack holds.
    pub fn hash(&self) -> ManifestHash {
        let listed: Vec<Vec<Listed>> = self.saves.iter().map(|save| list(save)).collect();
        self.manifest.hash(listed.iter().map(Vec::as_slice))
    }

    /// The pack's bytes in a version of the protocol, not compressed.
    pub fn encode(&self, version: Version) -> Vec<u8> {
        self.encode_drawn(version, &[])
    }

    /// The same, where the receiver may know what was drawn: of one's own packs, for one's own hub.
    pub fn encode_drawn(&self, version: Version, drawn: &[Drawn]) -> Vec<u8> {
        let mut writer = Writer::new();
        let manifest = &self.manifest;
        writer.raw(manifest.origin.as_bytes()).number(manifest.batch.0).raw(manifest.previous.as_bytes());
        manifest.by.write(&mut writer);
        match version {
            Version::PacksAndFeed | Version::NamedOnce => self.write_saves(&mut writer, version),
            Version::ByColumn => apart::write(&mut writer, &self.saves, &manifest.actors(), drawn),
        }
        writer.raw(&manifest.signature);
        writer.finish()
    }

    /// Writes the saves one after another.
    fn write_saves(&self, writer: &mut Writer, version: Version) {
        let mut table = PartTable::of(self.saves.iter().flatten(), version);
        let mut saves = Writer::new();
        let mut bases = Bases::default();
        for save in &self.saves {
            saves.count(save.len());
            for entry in save {
                let base = bases.next(entry.record, &entry.class, entry.salt, entry.hash);
                table.write_change(&mut saves, entry, base);
            }
        }
        table.write(writer);
        writer.count(self.saves.len()).raw(saves.as_slice());
    }

    /// Reads a pack that was written in a version. Hashes are computed, not believed; the signature is not checked yet.
    pub fn decode(bytes: &[u8], version: Version) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let origin = PublicKey(reader.array()?);
        let batch = Batch(reader.number_up_to("batch", limits::BATCH_MAX)?);
        let previous = ManifestHash(reader.array()?);
        let by = Authorship::read(&mut reader)?;
        let mut manifest = Manifest { origin, batch, previous, by, signature: [0; 64] };
        let saves = match version {
            Version::PacksAndFeed | Version::NamedOnce => read_saves(&mut reader, version)?,
            Version::ByColumn => apart::read(&mut reader, manifest.actors())?,
        };
        manifest.signature = reader.array()?;
        reader.finish()?;
        Ok(Self { manifest, saves })
    }
}

/// Reads saves that stand one after another.
fn read_saves(reader: &mut Reader<'_>, version: Version) -> Result<Vec<Save>, DecodeError> {
    let mut table = TableReader::read(reader, version, limits::PACK_RAW_BYTES_MAX)?;
    let mut bases = Bases::default();
    let mut entries_left = limits::PACK_ENTRIES_MAX;
    (0..reader.count("saves", limits::PACK_ENTRIES_MAX)?)
        .map(|_| {
            let count = reader.count("entries", entries_left)?;
            entries_left -= count;
            (0..count).map(|_| table.read_change(reader, &mut bases)).collect()
        })
        .collect()
}

/// The changes of a save as its manifest names them.
pub fn list(save: &[Entry]) -> Vec<Listed> {
    save.iter()
        .map(|entry| Listed { record: entry.record, class: entry.class.clone(), hash: entry.hash })
        .collect()
}

/// For each part, the change that the next one most likely depends on.
#[derive(Debug, Default)]
pub struct Bases {
    last: BTreeMap<(RecordId, ClassId), ChangeHash>,
}

impl Bases {
    /// The base of the next change of a part, before that change itself is known.
    pub fn base(&self, record: RecordId, class: &ClassId, salt: Salt) -> ChangeHash {
        self.last.get(&(record, class.clone())).copied().unwrap_or_else(|| first_hash(record, class, salt))
    }

    /// Notes that this change passed.
    pub fn passed(&mut self, record: RecordId, class: &ClassId, hash: ChangeHash) {
        self.last.insert((record, class.clone()), hash);
    }

    /// The base of this change, and notes that it passed.
    pub(crate) fn next(
        &mut self,
        record: RecordId,
        class: &ClassId,
        salt: Salt,
        hash: ChangeHash,
    ) -> ChangeHash {
        let base = self.base(record, class, salt);
        self.passed(record, class, hash);
        base
    }
}
