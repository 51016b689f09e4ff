//! Recovery shares: a hub's wrapping key is lost with its medium, and everything with it, unless somebody has a share on
//! paper. The share opens the wrapping key that is kept for it beside the keys; neither is worth anything alone.

use std::path::Path;

use sha2::{Digest as _, Sha256};
use teranga_core::id::{Entropy, ReplicaId};
use teranga_sync::code;
use zeroize::Zeroizing;

use super::cipher::{self, Secret};
use super::keyring;
use super::place::Place;
use crate::error::{Result, StoreError};
use crate::open;
use crate::replica::{self, Replica};

impl Replica {
    /// A new recovery share, to be printed and kept away from the hub: it is shown once, and opens the hub as it stands and
    /// backups made from now on. `None` on a device, which has nothing to recover.
    pub fn new_recovery_share(&mut self, entropy: &mut dyn Entropy) -> Result<Option<String>> {
        let Some(mut ring) = self.keys().ring() else { return Ok(None) };
        let share = code::new_share(entropy);
        let typed = code::normalise_share(&share).ok_or(StoreError::Unsealable)?;
        ring.share(self.id(), &secret(&typed))?;
        Ok(Some(share))
    }

    /// How many recovery shares were made; `None` on a device.
    pub fn recovery_shares(&self) -> Result<Option<u64>> {
        self.keys().shares()
    }
}

/// Puts the wrapping key of the hub in `folder` in its place again, from a share as `code::normalise_share` reads it.
/// Whether the share is one of this hub's; nothing is changed where it is not.
pub fn recover(folder: &Path, share: &str) -> Result<bool> {
    let opened = open::open(folder)?;
    let of = identity(&opened)?;
    keyring::recover(Place::Folder(folder), of, &secret(share))
}

fn identity(opened: &open::Opened) -> Result<ReplicaId> {
    Ok(replica::read_identity(&opened.database)?.replica())
}

fn secret(share: &str) -> Secret {
    let hash = Zeroizing::new(Sha256::digest(share.as_bytes()).into());
    cipher::derive(&hash, &[b"teranga recovery share 0\n"])
}
