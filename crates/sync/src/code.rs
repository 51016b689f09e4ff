//! Secrets that people carry: one-use enrolment codes, read aloud or typed from paper, and pull tokens. A code ends
//! in the first letters of the hub's key, so that a device knows that it reached the hub that printed it.

use sha2::{Digest, Sha256};
use teranga_core::id::{Entropy, PublicKey};

/// 32 symbols without I, L, O and U, which are misread.
const SYMBOLS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// 16 symbols are 80 bits.
const SECRET_SYMBOLS: usize = 16;
/// 8 symbols are 40 bits.
const MARK_SYMBOLS: usize = 8;
const TOKEN_SYMBOLS: usize = 32;
/// 28 symbols are 140 bits.
const SHARE_SYMBOLS: usize = 28;
/// What tells a misread share from one of another hub.
const SHARE_CHECK_SYMBOLS: usize = 4;

/// A fresh enrolment code of the hub with this key: `XXXX-XXXX-XXXX-XXXX-MMMM-MMMM`.
pub fn new_code(hub: &PublicKey, entropy: &mut dyn Entropy) -> String {
    grouped(&(random(SECRET_SYMBOLS, entropy) + &mark(hub)))
}

/// A fresh recovery share: eight groups of four, the first a check of the others.
pub fn new_share(entropy: &mut dyn Entropy) -> String {
    let secret = random(SHARE_SYMBOLS, entropy);
    grouped(&(share_check(&secret) + &secret))
}

/// A fresh pull token.
pub fn new_token(entropy: &mut dyn Entropy) -> String {
    random(TOKEN_SYMBOLS, entropy)
}

/// A code as it is kept and compared, whatever way it was typed: capitals, no separators, misread letters put right.
/// `None` when it cannot be a code.
pub fn normalise(typed: &str) -> Option<String> {
    Some(read(typed)).filter(|code| code.len() == SECRET_SYMBOLS + MARK_SYMBOLS && is_spelt(code))
}

/// A recovery share as it is compared, whatever way it was typed. `None` where it was misread.
pub fn normalise_share(typed: &str) -> Option<String> {
    let share = read(typed);
    let (check, secret) = share.split_at_checked(SHARE_CHECK_SYMBOLS)?;
    let whole = secret.len() == SHARE_SYMBOLS && is_spelt(&share) && share_check(secret) == check;
    whole.then_some(share)
}

fn grouped(text: &str) -> String {
    text.as_bytes().chunks(4).map(String::from_utf8_lossy).collect::<Vec<_>>().join("-")
}

fn share_check(secret: &str) -> String {
    spell(&Sha256::digest(secret.as_bytes()), SHARE_CHECK_SYMBOLS)
}

fn is_spelt(text: &str) -> bool {
    text.bytes().all(|byte| SYMBOLS.contains(&byte))
}

/// What was typed: capitals, no separators, misread letters put right.
fn read(typed: &str) -> String {
    typed
        .chars()
        .filter(|symbol| !symbol.is_whitespace() && *symbol != '-')
        .map(|symbol| match symbol.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        })
        .collect()
}

/// Whether a normalised code was printed by the hub with this key.
pub fn belongs_to(code: &str, hub: &PublicKey) -> bool {
    code.ends_with(&mark(hub))
}

fn mark(hub: &PublicKey) -> String {
    spell(&Sha256::digest(hub.as_bytes()), MARK_SYMBOLS)
}

fn random(symbols: usize, entropy: &mut dyn Entropy) -> String {
    let mut bytes = vec![0u8; symbols];
    entropy.fill(&mut bytes);
    spell(&bytes, symbols)
}

fn spell(bytes: &[u8], symbols: usize) -> String {
    bytes
        .iter()
        .take(symbols)
        .filter_map(|byte| SYMBOLS.get(usize::from(byte % 32)))
        .map(|symbol| char::from(*symbol))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Counting(u8);
    impl Entropy for Counting {
        fn fill(&mut self, bytes: &mut [u8]) {
            for byte in bytes {
                self.0 = self.0.wrapping_add(37);
                *byte = self.0;
            }
        }
    }

    #[test]
    fn a_code_typed_carelessly_is_the_same_code_and_names_its_hub() {
        let hub = PublicKey([7; 32]);
        let code = new_code(&hub, &mut Counting(1));
        let careless = code.to_lowercase().replace('-', " ").replace('0', "o").replace('1', "l");
        let normal = normalise(&careless).unwrap();
        assert_eq!(Some(&normal), normalise(&code).as_ref());
        assert!(belongs_to(&normal, &hub));
        assert!(!belongs_to(&normal, &PublicKey([8; 32])));
        for wrong in ["", "ABCD", "UUUU-UUUU-UUUU-UUUU-UUUU-UUUU"] {
            assert_eq!(normalise(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_share_that_was_misread_in_one_place_is_none() {
        let share = new_share(&mut Counting(1));
        let whole = normalise_share(&share.to_lowercase()).unwrap();
        assert_eq!((share.len(), whole.len()), (39, 32));
        for at in 0..whole.len() {
            let mut misread = whole.clone().into_bytes();
            misread[at] = if misread[at] == b'7' { b'8' } else { b'7' };
            assert_eq!(normalise_share(&String::from_utf8(misread).unwrap()), None, "symbol {at}");
        }
        assert_eq!(normalise_share(""), None);
    }
}
