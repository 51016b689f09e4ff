//! The home's key. The home alone destroys records, and a replica is told its key when it is enrolled: so no hub
//! between them can decide in its place. A word that somebody else signed is passed over while everything beside it is
//! taken, for a hub that lies must not keep what a volunteer wrote from going up.

use rusqlite::{Connection, OptionalExtension};
use teranga_core::audience::Place;
use teranga_core::id::{PublicKey, RecordId};
use teranga_sync::feed::Row;
use teranga_sync::identity::Identity;
use teranga_sync::introduction::ReplicaKind;

use crate::columns::maybe_blob;
use crate::erase;
use crate::error::Result;
use crate::replica::{self, Replica};
use crate::uplink;

impl Replica {
    /// The key of the home: one's own at headquarters, elsewhere the one that the hub told. `None` where it told none, and
    /// at a regional hub that has not joined its parent.
    pub fn home(&self) -> Result<Option<PublicKey>> {
        home(self.connection(), self.identity())
    }
}

pub(crate) fn home(connection: &Connection, own: &Identity) -> Result<Option<PublicKey>> {
    let joined = connection
        .prepare_cached("SELECT home FROM uplink")?
        .query_row([], |row| Ok(maybe_blob(row, 0, "uplink", "home")))
        .optional()?;
    if let Some(pinned) = joined {
        return pinned;
    }
    let profile = replica::read_profile(connection)?;
    let is_home = profile.kind == ReplicaKind::Hub && profile.audience.place == Place::National;
    Ok(is_home.then(|| own.public_key()))
}

/// Whether this key is the home's, for a word that came up from a child: of whoever was told none, its hub decides.
pub(crate) fn is_home(connection: &Connection, own: &Identity, key: &PublicKey) -> Result<bool> {
    if let Some(home) = home(connection, own)? {
        return Ok(home == *key);
    }
    let above = uplink::uplink(connection)?.map(|uplink| uplink.key);
    Ok(*key == own.public_key() || above.as_ref() == Some(key))
}

/// Splits the rows of a hub: those that are taken, and the records that a word of somebody else than the home would
/// destroy. Whoever was told no home believes its hub.
pub(crate) fn believed(
    connection: &Connection,
    own: &Identity,
    rows: Vec<Row>,
) -> Result<(Vec<Row>, Vec<RecordId>)> {
    let Some(home) = home(connection, own)? else { return Ok((rows, Vec::new())) };
    let mut foreign = Vec::new();
    let mut taken = Vec::with_capacity(rows.len());
    for row in rows {
        match &row {
            Row::Erase(word) if word.home != home => foreign.push(word.record),
            Row::Save { .. }
            | Row::Replica(_)
            | Row::Opening { .. }
            | Row::Resource(_)
            | Row::Receipt(_)
            | Row::Verdict(_)
            | Row::Leave { .. }
            | Row::Erase(_)
            | Row::Fork { .. } => taken.push(row),
        }
    }
    Ok((taken, foreign))
}

/// How many of these records stand here still: of the others there is nothing to tell. A home that was set up anew passes
/// on what the one before it had decided.
pub(crate) fn stand(connection: &Connection, records: &[RecordId]) -> Result<usize> {
    let mut count = 0;
    for record in records {
        let holds: bool = connection
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM change WHERE record = ?1 AND body IS NOT NULL)")?
            .query_row([record.as_bytes()], |row| row.get(0))?;
        count += usize::from(holds && !erase::is_erased(connection, *record)?);
    }
    Ok(count)
}
