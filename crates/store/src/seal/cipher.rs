//! What a key makes of bytes: ChaCha20-Poly1305 (RFC 8439) under a nonce that follows from the key and the bytes, so that
//! no randomness is asked for and the same bytes written again look the same. Each key seals one record or one file.

use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Key, Nonce};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

/// A key, wiped when it is dropped.
pub(crate) type Secret = Zeroizing<[u8; 32]>;

const NONCE_BYTES: usize = 12;
const NONCE_OF: &[u8] = b"teranga nonce 0\n";

/// Seals bytes: the nonce, then what only this key opens beside the same words.
pub(super) fn seal(key: &Secret, beside: &[u8], bytes: &[u8]) -> Option<Vec<u8>> {
    let whole = derive(key, &[NONCE_OF, beside, b"\n", bytes]);
    let nonce: [u8; NONCE_BYTES] = whole.first_chunk().copied()?;
    let payload = Payload { msg: bytes, aad: beside };
    let sealed = cipher(key).encrypt(&Nonce::from(nonce), payload).ok()?;
    Some([nonce.as_slice(), &sealed].concat())
}

/// Opens what was sealed with this key beside these words. `None` where it is anything else.
pub(super) fn open(key: &Secret, beside: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    let (nonce, sealed) = sealed.split_first_chunk::<NONCE_BYTES>()?;
    cipher(key).decrypt(&Nonce::from(*nonce), Payload { msg: sealed, aad: beside }).ok()
}

/// A key that follows from another one and from what it is for.
pub(super) fn derive(key: &Secret, of: &[&[u8]]) -> Secret {
    // A block of SHA-256, as HMAC itself pads a shorter key.
    let mut block = Zeroizing::new([0; 64]);
    block.iter_mut().zip(key.iter()).for_each(|(to, byte)| *to = *byte);
    let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new((&*block).into());
    for part in of {
        mac.update(part);
    }
    Zeroizing::new(mac.finalize().into_bytes().into())
}

fn cipher(key: &Secret) -> ChaCha20Poly1305 {
    ChaCha20Poly1305::new(&Key::from(**key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_derived_key_is_the_hmac_of_rfc_4231() {
        let key = |bytes: &[u8]| {
            let mut key = Zeroizing::new([0; 32]);
            key[..bytes.len()].copy_from_slice(bytes);
            key
        };
        let derived = derive(&key(b"Jefe"), &[b"what do ya want ", b"for nothing?"]);
        assert_eq!(derived[..8], [0x5b, 0xdc, 0xc1, 0x46, 0xbf, 0x60, 0x75, 0x4e]);
        assert_ne!(derive(&key(b"Jefa"), &[b"what do ya want for nothing?"])[..], derived[..]);
    }

    #[test]
    fn what_is_sealed_opens_with_its_key_beside_its_words_and_not_otherwise() {
        let (key, other) = (Zeroizing::new([1; 32]), Zeroizing::new([2; 32]));
        let sealed = seal(&key, b"7", b"une histoire").unwrap();
        assert_eq!(open(&key, b"7", &sealed).unwrap(), b"une histoire");
        assert_eq!(seal(&key, b"7", b"une histoire").unwrap(), sealed, "nothing random in it");
        assert_ne!(seal(&key, b"8", b"une histoire").unwrap()[..12], sealed[..12]);
        assert!(open(&other, b"7", &sealed).is_none() && open(&key, b"8", &sealed).is_none());
        for at in 0..sealed.len() {
            let mut flipped = sealed.clone();
            flipped[at] ^= 1;
            assert!(open(&key, b"7", &flipped).is_none(), "byte {at}");
        }
        assert!(open(&key, b"7", &sealed[..11]).is_none());
    }
}
