//! Manifests: what a replica says, under its signature, that one of its packs holds: which openings wrote, which
//! changes of which parts in which saves, and which manifest came before. Relays pass a manifest on unchanged, so
//! that headquarters verifies the origin of every change and not only the office that handed it over.

use sha2::{Digest, Sha256};
use teranga_core::class::ClassId;
use teranga_core::id::{
    ActorId, Batch, ChangeHash, ManifestHash, OpeningNonce, PublicKey, RecordId, ReplicaId,
};

use crate::bytes::Writer;
use crate::identity::{Identity, SignatureBytes, actor_of, replica_id, verify};

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

/// A signed manifest, without the list of changes, which the pack spells out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// Who wrote the changes.
    pub origin: PublicKey,
    /// The number of this pack in the origin's chain, from 1.
    pub batch: Batch,
    /// The manifest before this one; zeros before the first.
    pub previous: ManifestHash,
    /// The openings that wrote these changes.
    pub openings: Vec<OpeningNonce>,
    /// The origin's signature over [`Manifest::hash`].
    pub signature: SignatureBytes,
}

impl Manifest {
    /// Makes and signs the manifest of a pack that holds these saves.
    pub fn sign<'a>(
        identity: &Identity,
        batch: Batch,
        previous: ManifestHash,
        openings: Vec<OpeningNonce>,
        saves: impl IntoIterator<Item = &'a [Listed]>,
    ) -> Self {
        let mut manifest =
            Self { origin: identity.public_key(), batch, previous, openings, signature: [0; 64] };
        manifest.signature = identity.sign(&signed_bytes(&manifest.hash(saves)));
        manifest
    }

    /// What the signature covers, and what the next manifest names.
    pub fn hash<'a>(&self, saves: impl IntoIterator<Item = &'a [Listed]>) -> ManifestHash {
        let mut head = Writer::new();
        head.raw(CONTEXT).raw(self.origin.as_bytes()).number(self.batch.0).raw(self.previous.as_bytes());
        head.count(self.openings.len());
        for nonce in &self.openings {
            head.raw(nonce.as_bytes());
        }
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

    /// The replica that wrote the changes.
    pub fn replica(&self) -> ReplicaId {
        replica_id(&self.origin)
    }

    /// The actors that may have written them.
    pub fn actors(&self) -> Vec<ActorId> {
        self.openings.iter().map(|nonce| actor_of(&self.origin, *nonce)).collect()
    }
}

fn signed_bytes(hash: &ManifestHash) -> Vec<u8> {
    [CONTEXT, hash.as_bytes()].concat()
}
