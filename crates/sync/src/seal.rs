//! Sealing: what only one replica can open, whoever carries it. HPKE (RFC 9180) in its base mode, with the suite
//! DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20-Poly1305. The recipient's X25519 key is its Ed25519 key on the other
//! form of the same curve, so that whoever knows a replica can seal for it. A seal says nothing of who made it: what is
//! inside is signed.

use std::convert::Infallible;

use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::rand_core::{TryCryptoRng, TryRng};
use hpke::{Deserializable, Kem, OpModeR, OpModeS, Serializable};
use teranga_core::id::{Entropy, PublicKey};

use crate::identity::{Identity, exchange_key};

const INFO: &[u8] = b"teranga bundle 0\n";
const KEY_BYTES: usize = 32;

/// How much longer a sealed message is than what it holds: the one-time key before it, the tag behind it.
pub const SEAL_BYTES: usize = KEY_BYTES + 16;

type Suite = X25519HkdfSha256;

/// Seals a message for the owner of a key; `beside` is what travels beside it in the clear and must not be changed.
/// `None` for a key that is none.
pub fn seal(to: &PublicKey, beside: &[u8], message: &[u8], entropy: &mut dyn Entropy) -> Option<Vec<u8>> {
    let key = <Suite as Kem>::PublicKey::from_bytes(&exchange_key(to)?).ok()?;
    let (one_time, sealed) = hpke::single_shot_seal_with_rng::<ChaCha20Poly1305, HkdfSha256, Suite>(
        &OpModeS::Base,
        &key,
        INFO,
        message,
        beside,
        &mut Source(entropy),
    )
    .ok()?;
    Some([one_time.to_bytes().as_slice(), &sealed].concat())
}

/// Opens what was sealed for this replica. `None` where it was sealed for another, is damaged, or was put beside
/// something else.
pub fn open(identity: &Identity, beside: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    let (one_time, sealed) = sealed.split_at_checked(KEY_BYTES)?;
    let one_time = <Suite as Kem>::EncappedKey::from_bytes(one_time).ok()?;
    let key = <Suite as Kem>::PrivateKey::from_bytes(&identity.exchange_secret()).ok()?;
    hpke::single_shot_open::<ChaCha20Poly1305, HkdfSha256, Suite>(
        &OpModeR::Base,
        &key,
        &one_time,
        INFO,
        sealed,
        beside,
    )
    .ok()
}

/// The randomness that was handed in, as the library asks for it.
struct Source<'a>(&'a mut dyn Entropy);

impl TryRng for Source<'_> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.0.fill(&mut bytes);
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.0.fill(bytes);
        Ok(())
    }
}

impl TryCryptoRng for Source<'_> {}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed(u8);

    impl Entropy for Fixed {
        fn fill(&mut self, bytes: &mut [u8]) {
            bytes.fill(self.0);
        }
    }

    fn bytes(hex: &str) -> Vec<u8> {
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
    }

    #[test]
    fn only_the_recipient_opens_it_and_only_as_it_was() {
        let (awa, moussa) = (Identity::from_secret([1; 32]), Identity::from_secret([2; 32]));
        let sealed = seal(&awa.public_key(), b"head", b"message", &mut Fixed(7)).unwrap();
        assert_eq!(sealed.len(), b"message".len() + SEAL_BYTES);
        assert_eq!(open(&awa, b"head", &sealed).as_deref(), Some(&b"message"[..]));
        assert_eq!(open(&moussa, b"head", &sealed), None);
        assert_eq!(open(&awa, b"heap", &sealed), None);
        let again = seal(&awa.public_key(), b"head", b"message", &mut Fixed(8)).unwrap();
        assert_ne!(again, sealed, "another one-time key");
        for cut in 0..sealed.len() {
            assert_eq!(open(&awa, b"head", &sealed[..cut]), None, "cut at {cut}");
        }
        for at in 0..sealed.len() * 8 {
            let mut wrong = sealed.clone();
            wrong[at / 8] ^= 1 << (at % 8);
            // The topmost bit of a key on this curve means nothing, and is under the seal all the same.
            assert_eq!(open(&awa, b"head", &wrong), None, "bit {at}");
        }
        assert_eq!(
            seal(&PublicKey([0; 32]), b"", b"message", &mut Fixed(7)),
            None,
            "a weak key hides nothing"
        );
        assert_eq!(open(&awa, b"head", &[0; 64]), None);
    }

    /// The suite is the one of the standard: the RFC's own message (RFC 9180, appendix A.2.1) opens.
    #[test]
    fn a_message_of_the_standard_opens() {
        let key = <Suite as Kem>::PrivateKey::from_bytes(&bytes(
            "8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb",
        ))
        .unwrap();
        let one_time = <Suite as Kem>::EncappedKey::from_bytes(&bytes(
            "1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a",
        ))
        .unwrap();
        let sealed = bytes(
            "1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a28",
        );
        let opened = hpke::single_shot_open::<ChaCha20Poly1305, HkdfSha256, Suite>(
            &OpModeR::Base,
            &key,
            &one_time,
            &bytes("4f6465206f6e2061204772656369616e2055726e"),
            &sealed,
            b"Count-0",
        );
        assert_eq!(opened.unwrap(), b"Beauty is truth, truth beauty");
    }
}
