//! A replica's own key, and what follows from a public key: the replica's identity and the actors of its openings.

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use sha2::{Digest, Sha256};
use teranga_core::id::{ActorId, Entropy, OpeningNonce, PublicKey, ReplicaId};

/// An Ed25519 signature as it stands on the wire.
pub type SignatureBytes = [u8; 64];

/// The secret half of a replica. It never leaves the store and prints as nothing.
#[derive(Clone)]
pub struct Identity {
    key: SigningKey,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Identity({})", replica_id(&self.public_key()))
    }
}

impl Identity {
    /// A fresh identity.
    pub fn generate(entropy: &mut dyn Entropy) -> Self {
        let mut secret = [0u8; 32];
        entropy.fill(&mut secret);
        Self::from_secret(secret)
    }

    /// The identity that the store kept.
    pub fn from_secret(secret: [u8; 32]) -> Self {
        Self { key: SigningKey::from_bytes(&secret) }
    }

    /// The secret, for the store alone.
    pub fn secret(&self) -> [u8; 32] {
        self.key.to_bytes()
    }

    /// The public half.
    pub fn public_key(&self) -> PublicKey {
        PublicKey(self.key.verifying_key().to_bytes())
    }

    /// The replica that this key makes.
    pub fn replica(&self) -> ReplicaId {
        replica_id(&self.public_key())
    }

    /// The secret on the curve's other form, with which the replica opens what was sealed for it.
    pub(crate) fn exchange_secret(&self) -> [u8; 32] {
        self.key.to_scalar_bytes()
    }

    /// Signs bytes that begin with their own context, so that no signature serves for anything else.
    pub fn sign(&self, message: &[u8]) -> SignatureBytes {
        self.key.sign(message).to_bytes()
    }
}

/// Whether `signature` is this key's over these bytes. Strict: weak keys and other spellings of a signature fail.
pub fn verify(key: &PublicKey, message: &[u8], signature: &SignatureBytes) -> bool {
    VerifyingKey::from_bytes(key.as_bytes())
        .is_ok_and(|key| key.verify_strict(message, &Signature::from_bytes(signature)).is_ok())
}

/// A public key on the curve's other form, X25519; `None` where it is not a key or a weak one.
pub(crate) fn exchange_key(key: &PublicKey) -> Option<[u8; 32]> {
    let key = VerifyingKey::from_bytes(key.as_bytes()).ok().filter(|key| !key.is_weak())?;
    Some(key.to_montgomery().to_bytes())
}

/// SHA-256 of the public key, cut to 16 bytes.
pub fn replica_id(key: &PublicKey) -> ReplicaId {
    ReplicaId(cut(Sha256::new().chain_update(key.as_bytes())))
}

/// The actor of one opening: SHA-256 of public key and nonce, cut to 16 bytes. A replica can only use actors that
/// follow from its own key.
pub fn actor_of(key: &PublicKey, nonce: OpeningNonce) -> ActorId {
    ActorId(cut(Sha256::new().chain_update(key.as_bytes()).chain_update(nonce.as_bytes())))
}

fn cut(hasher: Sha256) -> [u8; 16] {
    let digest: [u8; 32] = hasher.finalize().into();
    let [head @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = digest;
    head
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_serves_only_for_its_key_and_its_bytes() {
        let one = Identity::from_secret([1; 32]);
        let two = Identity::from_secret([2; 32]);
        let signature = one.sign(b"bytes");
        assert!(verify(&one.public_key(), b"bytes", &signature));
        assert!(!verify(&one.public_key(), b"other", &signature));
        assert!(!verify(&two.public_key(), b"bytes", &signature));
        assert!(!verify(&PublicKey([0; 32]), b"bytes", &signature), "a weak key verifies nothing");
        assert_ne!(
            actor_of(&one.public_key(), OpeningNonce([0; 16])),
            actor_of(&two.public_key(), OpeningNonce([0; 16]))
        );
        assert!(!format!("{one:?}").contains("0101"), "the secret is never printed");
    }
}
