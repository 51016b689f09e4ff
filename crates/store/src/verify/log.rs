//! The log against the names of its changes, and the packs against their origins' signatures and each other.

use teranga_core::id::{Batch, ChangeHash, ManifestHash};
use teranga_sync::scan::{ChangeLimits, scan};

use super::{Flaw, Told};
use crate::columns::{self, blob};
use crate::error::{Result, StoreError};
use crate::packs;
use crate::replica::Replica;

/// Every change that is here with its body is the one that its name says. Returns how many there are.
pub(super) fn changes(replica: &Replica, told: Told<'_>) -> Result<u64> {
    let mut statement = replica.connection().prepare(
        "SELECT record, class, hash, unsealed(body) FROM change WHERE body IS NOT NULL ORDER BY seq",
    )?;
    let mut rows = statement.query([])?;
    let mut count = 0;
    while let Some(row) = rows.next()? {
        let hash: ChangeHash = blob(row, 2, "change", "hash")?;
        let body: Vec<u8> = row.get::<_, Option<_>>(3)?.unwrap_or_default();
        if scan(&body, &ChangeLimits::PROTOCOL).map(|scanned| scanned.hash) != Ok(hash) {
            let (record, class) = (blob(row, 0, "change", "record")?, columns::class(row, 1)?);
            told(Flaw::Change { record, class, hash });
        }
        count += 1;
    }
    Ok(count)
}

/// Every pack can be put together as its origin signed it, and follows the one before. Returns how many there are.
pub(super) fn packs(replica: &Replica, told: Told<'_>) -> Result<u64> {
    let mut statement = replica
        .connection()
        .prepare("SELECT origin, batch, hash, previous FROM pack ORDER BY origin, batch")?;
    let mut rows = statement.query([])?;
    let mut count = 0;
    while let Some(row) = rows.next()? {
        let (origin, batch) = (blob(row, 0, "pack", "origin")?, columns::batch(row.get(1)?));
        let hash: ManifestHash = blob(row, 2, "pack", "hash")?;
        let holds = match packs::load(replica.connection(), origin, batch) {
            Ok(pack) => pack.hash() == hash && pack.manifest.verify(&hash),
            Err(StoreError::Inconsistent { .. } | StoreError::Unsealable) => false,
            Err(error) => return Err(error),
        };
        if !holds {
            told(Flaw::Pack { origin, batch });
        }
        let before = Batch(batch.0.saturating_sub(1));
        let previous: ManifestHash = blob(row, 3, "pack", "previous")?;
        let begins = before == batch.line().beginning();
        if !begins && packs::hash_of(replica.connection(), origin, before)? != Some(previous) {
            told(Flaw::Chain { origin, batch });
        }
        count += 1;
    }
    Ok(count)
}
