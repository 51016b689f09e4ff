//! Manifests: what a replica says, under its signature, that one of its packs holds: which openings wrote, which
//! changes of which parts in which saves, and which manifest came before. Relays pass a manifest on unchanged, so
//! that headquarters verifies the origin of every change and not only the office that handed it over.
//!
//! A replica may also bring what another wrote and cannot bring itself any more, because its disk is gone and the hub's with
//! it. Such a pack is a *testimony*: its origin signs as a witness, and names the author.

use sha2::{Digest, Sha256};
use teranga_core::class::ClassId;
use teranga_core::id::{
    ActorId, Batch, ChangeHash, ManifestHash, OpeningNonce, PublicKey, RecordId, ReplicaId,
};

use crate::bytes::{DecodeError, Reader, Writer};
use crate::identity::{Identity, SignatureBytes, actor_of, replica_id, verify};
use crate::introduction::{Introduction, read_introduction, write_introduction};
use crate::limits;

const CONTEXT: &[u8] = b"teranga manifest 0\n";

/// The first bytes of a manifest's hash: enough to tell a replica's own pack from another under the same number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Mark(pub [u8; 8]);

impl Mark {
    /// The mark of the pack whose manifest has this hash.
    pub fn of(hash: &ManifestHash) -> Self {
        let [a, b, c, d, e, f, g, h, ..] = hash.0;
        Self([a, b, c, d, e, f, g, h])
    }

    /// Reads the bytes of a mark; `None` where there are not eight.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

/// One change as a manifest names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The record.
    pub record: RecordId,
    /// The class: with the record, the part.
    pub class: ClassId,
    /// The change.
    pub hash: ChangeHash,
}

/// Who wrote the changes of a pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorship {
    /// Whom the origin speaks for, as it was introduced to the origin; `None` where the origin wrote them itself.
    pub author: Option<Introduction>,
    /// The openings that wrote them.
    pub openings: Vec<OpeningNonce>,
}

impl Authorship {
    /// Of what the origin wrote itself.
    pub fn own(openings: Vec<OpeningNonce>) -> Self {
        Self { author: None, openings }
    }

    /// Writes it, as a manifest's hash has it and a pack.
    pub(crate) fn write(&self, writer: &mut Writer) {
        match &self.author {
            None => {
                writer.byte(0);
            }
            Some(author) => {
                writer.byte(1);
                write_introduction(writer, author);
            }
        }
        writer.count(self.openings.len());
        for nonce in &self.openings {
            writer.raw(nonce.as_bytes());
        }
    }

    /// Reads what [`Authorship::write`] wrote.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let author = match reader.byte()? {
            0 => None,
            1 => Some(read_introduction(reader)?),
            _ => return Err(DecodeError::Invalid { field: "author" }),
        };
        let openings = (0..reader.count("openings", limits::PACK_OPENINGS_MAX)?)
            .map(|_| reader.array().map(OpeningNonce))
            .collect::<Result<_, _>>()?;
        Ok(Self { author, openings })
    }
}

/// A signed manifest, without the list of changes, which the pack spells out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// Whose pack it is, and who signs it.
    pub origin: PublicKey,
    /// The number of this pack in the origin's chain, from 1.
    pub batch: Batch,
    /// The manifest before this one; zeros before the first.
    pub previous: ManifestHash,
    /// Who wrote these changes.
    pub by: Authorship,
    /// The origin's signature over [`Manifest::hash`].
    pub signature: SignatureBytes,
}

impl Manifest {
    /// Makes and signs the manifest of a pack that holds these saves.
    pub fn sign<'a>(
        identity: &Identity,
        batch: Batch,
        previous: ManifestHash,
        by: Authorship,
        saves: impl IntoIterator<Item = &'a [Listed]>,
    ) -> Self {
        let mut manifest = Self { origin: identity.public_key(), batch, previous, by, signature: [0; 64] };
        manifest.signature = identity.sign(&signed_bytes(&manifest.hash(saves)));
        manifest
    }

    /// What the signature covers, and what the next manifest names.
    pub fn hash<'a>(&self, saves: impl IntoIterator<Item = &'a [Listed]>) -> ManifestHash {
        let mut head = Writer::new();
        head.raw(CONTEXT).raw(self.origin.as_bytes()).number(self.batch.0).raw(self.previous.as_bytes());
        self.by.write(&mut head);
        let mut hasher = Sha256::new().chain_update(head.as_slice());
        for save in saves {
            let mut body = Writer::new();
            body.count(save.len());
            for listed in save {
                body.raw(listed.record.as_bytes()).text(listed.class.as_str()).raw(listed.hash.as_bytes());
            }
            hasher.update(body.as_slice());
        }
        ManifestHash(hasher.finalize().into())
    }

    /// Whether the origin signed this hash.
    pub fn verify(&self, hash: &ManifestHash) -> bool {
        verify(&self.origin, &signed_bytes(hash), &self.signature)
    }

    /// The replica whose pack it is.
    pub fn replica(&self) -> ReplicaId {
        replica_id(&self.origin)
    }

    /// The key of whoever wrote the changes.
    pub fn author_key(&self) -> &PublicKey {
        self.by.author.as_ref().map_or(&self.origin, |author| &author.key)
    }

    /// The actors that may have written them.
    pub fn actors(&self) -> Vec<ActorId> {
        self.by.openings.iter().map(|nonce| actor_of(self.author_key(), *nonce)).collect()
    }
}

fn signed_bytes(hash: &ManifestHash) -> Vec<u8> {
    [CONTEXT, hash.as_bytes()].concat()
}
