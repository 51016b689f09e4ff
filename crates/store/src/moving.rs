//! Moving to the hub of another place: a volunteer who works for another region for a while follows that region's hub. What
//! the other hub may not see must not reach it, and nothing may be lost on the way: so a device moves once its home's
//! backup covers everything, lets go of what it holds as if each record had left it, and is given by the other hub what that one grants.
//! Packs that speak of the place that it left stay here, and are offered again where they belong.

use rusqlite::Connection;
use teranga_core::audience::Place;
use teranga_core::id::ReplicaId;

use crate::columns::unsigned;
use crate::error::{Result, StoreError};
use crate::gone;

/// What ties a replica to its place: it cannot move before there is nothing of this.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ties {
    /// Its place.
    pub own: Place,
    /// Where it was to go.
    pub to: Place,
    /// Interviews under way.
    pub drafts: u64,
    /// Records that cannot go yet: something of them was not sent, is not in the home's backup, or waits to be given again.
    pub records: u64,
}

/// Lets go of everything that belongs to a place, and keeps its packs from the hub of another. Nothing of it has happened
/// where the replica is tied still: the caller gives its transaction up.
pub(crate) fn leave(connection: &Connection, own: ReplicaId, (from, to): (&Place, &Place)) -> Result<()> {
    let drafts = count(connection, "SELECT count(*) FROM draft")?;
    gone::note_all(connection)?;
    gone::evict(connection, own)?;
    let records = count(connection, "SELECT count(DISTINCT record) FROM gone")?;
    if drafts + records > 0 {
        return Err(StoreError::Tied(Box::new(Ties { own: from.clone(), to: to.clone(), drafts, records })));
    }
    connection.execute("UPDATE outbox SET place = ?1, number = -row WHERE place IS NULL", [from.code()])?;
    connection.execute("UPDATE outbox SET place = NULL WHERE place = ?1", [to.code()])?;
    Ok(())
}

fn count(connection: &Connection, sql: &str) -> Result<u64> {
    Ok(unsigned(connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?))
}
