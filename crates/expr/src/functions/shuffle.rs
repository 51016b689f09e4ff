//! The shuffle of `randomize`, the same on every engine for the same seed, as the ODK XForms specification says:
//! Fisher and Yates's, inside out, with the numbers of Park and Miller's generator.

use sha2::{Digest, Sha256};

const MODULUS: f64 = 2_147_483_647.0;
const MULTIPLIER: f64 = 16_807.0;

/// The seed that a number gives.
#[expect(clippy::cast_possible_truncation, reason = "beyond the range the nearest whole number is meant")]
pub(super) fn seed_of(number: f64) -> i64 {
    number as i64
}

/// The seed that a text gives which is no number: the first eight bytes of its SHA-256.
pub(super) fn seed_of_text(text: &str) -> i64 {
    if text.is_empty() {
        return 0;
    }
    let hash = Sha256::digest(text.as_bytes());
    hash.iter().take(8).fold(0i64, |seed, byte| (seed << 8) | i64::from(*byte))
}

/// The items in the order that the seed decides.
pub(super) fn shuffled<T: Copy>(items: Vec<T>, seed: i64) -> Vec<T> {
    #[expect(clippy::cast_precision_loss, reason = "the other engines seed with a double too")]
    let mut state = seed as f64 % MODULUS;
    if state <= 0.0 {
        state += MODULUS - 1.0;
    }
    let mut shuffled: Vec<T> = Vec::with_capacity(items.len());
    for (place, item) in items.into_iter().enumerate() {
        state = state * MULTIPLIER % MODULUS;
        let share = (state - 1.0) / (MODULUS - 1.0);
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of a count of nodes"
        )]
        let chosen = (share * (place + 1) as f64) as usize;
        shuffled.push(item);
        shuffled.swap(chosen.min(place), place);
    }
    shuffled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_one_order() {
        let items: Vec<u8> = (0..10).collect();
        let order = shuffled(items.clone(), 42);
        assert_eq!(order, shuffled(items.clone(), 42));
        assert_ne!(order, shuffled(items.clone(), 43));
        let mut sorted = order;
        sorted.sort_unstable();
        assert_eq!(sorted, items);
    }

    #[test]
    fn a_text_is_a_seed() {
        assert_eq!(seed_of_text(""), 0);
        // SHA-256 of "abc" begins ba7816bf8f01cfea.
        assert_eq!(seed_of_text("abc").to_be_bytes(), [0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea]);
    }
}
