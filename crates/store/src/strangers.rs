//! Origins that a child knows though its place tells it nothing of them: whoever they were introduced by, it is told of their
//! receipts too.

use rusqlite::Connection;
use teranga_core::grant::may_know;
use teranga_core::id::ReplicaId;
use teranga_sync::feed::Row;
use teranga_sync::identity::replica_id;
use teranga_sync::introduction::Introduction;

use crate::error::Result;
use crate::register;

/// Remembers whom an answer introduces to a child, so that it is told of their receipts too.
pub(crate) fn note_introduced(connection: &Connection, child: &Introduction, rows: &[Row]) -> Result<()> {
    for row in rows {
        let Row::Replica(introduced) = row else { continue };
        let id = replica_id(&introduced.key);
        if !may_know(&child.audience, &introduced.audience) || register::has_wandered(connection, id)? {
            note_known(connection, replica_id(&child.key), id)?;
        }
    }
    Ok(())
}

/// Remembers that a child knows an origin, whatever its place is: it is told of its receipts.
pub(crate) fn note_known(connection: &Connection, child: ReplicaId, origin: ReplicaId) -> Result<()> {
    connection
        .prepare_cached("INSERT INTO stranger (child, origin) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?
        .execute([child.as_bytes(), origin.as_bytes()])?;
    Ok(())
}

/// Whether a child was introduced to an origin that its place tells it nothing of.
pub(crate) fn is_introduced(connection: &Connection, child: ReplicaId, origin: ReplicaId) -> Result<bool> {
    Ok(connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM stranger WHERE child = ?1 AND origin = ?2)")?
        .query_row([child.as_bytes(), origin.as_bytes()], |row| row.get(0))?)
}
