//! Whether a hub's keys are as they were written: each opens with the wrapping key, each word by which a record was erased is
//! as the home signed it, and their database is whole.

use std::sync::OnceLock;

use super::Keys;
use super::keyring::Keyring;
use crate::error::Result;
use crate::verify::{Expected, Whole, wrong};

impl Keys {
    /// Verifies the keys, where there are any. `told` is called with each thing that is wrong: a key by its number, a table by
    /// its name.
    pub(crate) fn verify(&self, told: &mut dyn FnMut(String)) -> Result<()> {
        let Some(ring) = self.ring() else { return Ok(()) };
        for wrong in wrong(ring.database(), expected()?) {
            let (Whole::Pages(what) | Whole::Layout(what) | Whole::Table(what)) = wrong;
            told(what);
        }
        ring.unopened()?.into_iter().for_each(|number| told(number.to_string()));
        for destroyed in ring.destroyed_after(0)? {
            if destroyed.word.is_some_and(|word| !word.verify()) {
                told(destroyed.key.to_string());
            }
        }
        Ok(())
    }
}

/// How a database of keys of this version is laid out.
fn expected() -> Result<&'static Expected> {
    static EXPECTED: OnceLock<Expected> = OnceLock::new();
    Expected::kept(&EXPECTED, Keyring::example)
}
