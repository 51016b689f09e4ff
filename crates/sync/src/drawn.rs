//! What a device draws for its records: identities and salts, random to everybody who does not know the secret seed that they
//! follow from. A device tells its hub the seed, in its own packs and nowhere else, and then says of an identity only the
//! how-manieth draw it is: eighty random bits compress to nothing. Whoever passes a pack on spells them out.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sha2::{Digest, Sha256};
use teranga_core::id::Entropy;

use crate::bytes::Writer;

const DRAWN: &[u8] = b"teranga drawn 0\n";
const SEED: &[u8] = b"teranga seed 0\n";
const AFTER: &[u8] = b"teranga seed after 0\n";

/// A secret from which draws follow. It prints as nothing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Seed(pub [u8; 32]);

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed")
    }
}

impl Seed {
    /// What follows from this one alone, and says nothing about it.
    fn then(&self, what: &[u8]) -> Self {
        Self(Sha256::new().chain_update(what).chain_update(self.0).finalize().into())
    }

    /// The draw of this number, counted from 0.
    pub(crate) fn draw(&self, number: u64) -> [u8; 32] {
        let mut place = Writer::new();
        place.number(number);
        Sha256::new()
            .chain_update(DRAWN)
            .chain_update(self.0)
            .chain_update(place.as_slice())
            .finalize()
            .into()
    }
}

/// How far a seed was drawn from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drawn {
    /// The seed.
    pub seed: Seed,
    /// How many draws were made.
    pub count: u64,
}

/// The source of what one opening draws. Its clones draw from the same.
#[derive(Debug, Clone)]
pub struct Drawing {
    at: Arc<Mutex<At>>,
}

/// Where a source stands. Nobody is told the root: from a seed that was told no other follows, and from a root none before it.
#[derive(Debug, Clone, Copy)]
struct At {
    root: Seed,
    drawn: Drawn,
}

impl At {
    fn of(root: Seed) -> Self {
        Self { root, drawn: Drawn { seed: root.then(SEED), count: 0 } }
    }
}

impl Drawing {
    /// A source with a fresh seed.
    pub fn begin(entropy: &mut dyn Entropy) -> Self {
        let mut root = [0; 32];
        entropy.fill(&mut root);
        Self { at: Arc::new(Mutex::new(At::of(Seed(root)))) }
    }

    /// What was drawn until now.
    pub fn drawn(&self) -> Drawn {
        self.lock().drawn
    }

    /// Goes on with another seed, because of this one nothing may be left: a salt that was destroyed follows from it, or
    /// another hub knows it.
    pub fn renew(&self) {
        let mut at = self.lock();
        *at = At::of(at.root.then(AFTER));
    }

    fn lock(&self) -> MutexGuard<'_, At> {
        // Nothing that holds it can panic between two writes.
        self.at.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entropy for Drawing {
    fn fill(&mut self, bytes: &mut [u8]) {
        let mut at = self.lock();
        for chunk in bytes.chunks_mut(32) {
            let draw = at.drawn.seed.draw(at.drawn.count);
            at.drawn.count += 1;
            for (byte, random) in chunk.iter_mut().zip(draw) {
                *byte = random;
            }
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Another source, from a number.
    pub(crate) struct Elsewhere(pub(crate) u8);

    impl Entropy for Elsewhere {
        fn fill(&mut self, bytes: &mut [u8]) {
            bytes.fill_with(|| {
                self.0 = self.0.wrapping_mul(29).wrapping_add(7);
                self.0
            });
        }
    }

    #[test]
    fn after_a_seed_is_forgotten_nothing_follows_from_it() {
        let mut drawing = Drawing::begin(&mut Elsewhere(1));
        let clone = drawing.clone();
        let before = drawing.drawn();
        clone.renew();
        assert_ne!(drawing.drawn().seed, before.seed);
        assert_ne!(
            drawing.drawn().seed,
            before.seed.then(AFTER).then(SEED),
            "who was told the one knows no other"
        );
        let mut bytes = [0; 40];
        drawing.fill(&mut bytes);
        assert_eq!(clone.drawn().count, 2, "two draws of at most 32 bytes");
        assert_ne!(bytes[..32], before.seed.draw(0));
        assert_eq!(format!("{:?}", before.seed), "Seed");
    }
}
