//! What others signed or what follows from their keys: identities and openings, the hub's key, erasures and who confirmed them,
//! thumbnails.

use teranga_core::id::{ActorId, FileHash, OpeningNonce, PublicKey, ReplicaId};
use teranga_sync::erase::Confirmation;
use teranga_sync::identity::{actor_of, replica_id};

use super::{Flaw, Told};
use crate::columns::{blob, maybe_blob};
use crate::error::{Result, StoreError};
use crate::replica::Replica;
use crate::{holders, register, thumbnails};

/// Every identity follows from its key, and every opening from its replica's. Of what an introduction says besides, nothing is
/// signed: that is in the tally.
pub(super) fn identities(replica: &Replica, told: Told<'_>) -> Result<()> {
    let connection = replica.connection();
    let mut statement = connection.prepare(
        "SELECT r.id, r.key, o.actor, o.nonce FROM replica r LEFT JOIN opening o ON o.replica = r.id ORDER BY r.row",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let id: ReplicaId = blob(row, 0, "replica", "id")?;
        let key: PublicKey = blob(row, 1, "replica", "key")?;
        let actor: Option<ActorId> = maybe_blob(row, 2, "opening", "actor")?;
        let nonce: Option<OpeningNonce> = maybe_blob(row, 3, "opening", "nonce")?;
        if replica_id(&key) != id || nonce.map(|nonce| actor_of(&key, nonce)) != actor {
            told(Flaw::Identity(id));
        }
    }
    let mut statement = connection.prepare("SELECT hub, key FROM uplink")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (hub, key): (ReplicaId, PublicKey) =
            (blob(row, 0, "uplink", "hub")?, blob(row, 1, "uplink", "key")?);
        if replica_id(&key) != hub {
            told(Flaw::Hub);
        }
    }
    Ok(())
}

/// Every erasure is as the home signed it, and every confirmation as whoever gave it did.
pub(super) fn erasures(replica: &Replica, told: Told<'_>) -> Result<()> {
    let connection = replica.connection();
    let mut statement = connection.prepare(
        "SELECT w.record, w.at_ms, w.home, w.signature, c.replica, c.signature FROM erased w
         LEFT JOIN erasure c ON c.record = w.record AND c.signature IS NOT NULL ORDER BY w.row",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let erasure = holders::word(row, 0)?;
        if !erasure.verify() {
            told(Flaw::Erasure(erasure.record));
            continue;
        }
        let Some(by) = maybe_blob(row, 4, "erasure", "replica")? else { continue };
        let confirmation =
            Confirmation { erasure, replica: by, signature: blob(row, 5, "erasure", "signature")? };
        // Whose key is not known here said so to somebody else.
        let known = register::introduction(connection, by)?;
        if known.is_some_and(|known| !confirmation.verify(&known.key)) {
            told(Flaw::Confirmation { record: erasure.record, replica: by });
        }
    }
    Ok(())
}

/// Every thumbnail is as its maker signed it, for its image.
pub(super) fn thumbnails(replica: &Replica, told: Told<'_>) -> Result<()> {
    let connection = replica.connection();
    let mut statement = connection.prepare("SELECT image FROM thumbnail ORDER BY row")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let image: FileHash = blob(row, 0, "thumbnail", "image")?;
        let found = match thumbnails::find(connection, &image) {
            Ok(found) => found,
            Err(StoreError::Inconsistent { .. } | StoreError::Unsealable) => None,
            Err(error) => return Err(error),
        };
        if !found.is_some_and(|thumbnail| thumbnail.verify()) {
            told(Flaw::Thumbnail(image));
        }
    }
    Ok(())
}
