//! Whom this hub has enrolled, as it tells the hub above: a device that never wrote anything may hold records too, and
//! headquarters must know whose word it waits for when one is erased.

use rusqlite::Connection;
use teranga_core::grant::may_introduce;
use teranga_core::id::ReplicaId;
use teranga_sync::identity::replica_id;
use teranga_sync::introduction::{Introduction, ReplicaKind};
use teranga_sync::limits;

use crate::columns::blob;
use crate::error::Result;
use crate::ingest;
use crate::part::row_number;
use crate::register;

/// Children of whom the hub above has not been told yet, or not what they are now.
pub(crate) fn untold(connection: &Connection) -> Result<Vec<Introduction>> {
    let mut statement = connection.prepare_cached(
        "SELECT id FROM replica WHERE told = 0 AND id IN (SELECT replica FROM child) ORDER BY row LIMIT ?1",
    )?;
    let mut rows = statement.query([row_number(limits::INTRODUCTIONS_MAX)])?;
    let mut untold = Vec::new();
    while let Some(row) = rows.next()? {
        let id: ReplicaId = blob(row, 0, "replica", "id")?;
        untold.extend(register::introduction(connection, id)?);
    }
    Ok(untold)
}

/// Notes that the hub above was told.
pub(crate) fn told(connection: &Connection, introductions: &[Introduction]) -> Result<()> {
    for introduction in introductions {
        let id = replica_id(&introduction.key);
        // What changed while the request was on its way is told with the next.
        if register::introduction(connection, id)?.as_ref() == Some(introduction) {
            connection
                .prepare_cached("UPDATE replica SET told = 1 WHERE id = ?1")?
                .execute([id.as_bytes()])?;
        }
    }
    Ok(())
}

/// The hub above may have forgotten whom it was told of.
pub(crate) fn tell_again(connection: &Connection) -> Result<()> {
    connection.execute("UPDATE replica SET told = 0 WHERE told = 1", [])?;
    Ok(())
}

/// Takes a hub's word of whom it has enrolled, where it may introduce them. Who a child of one's own is was said at its
/// enrolment, and nobody else says it.
pub(crate) fn take(connection: &Connection, child: &Introduction, brought: &[Introduction]) -> Result<()> {
    for introduction in brought {
        let id = replica_id(&introduction.key);
        if child.kind == ReplicaKind::Hub
            && may_introduce(&child.audience, &introduction.audience)
            && !register::was_enrolled_here(connection, id)?
        {
            ingest::introduce(connection, introduction)?;
        }
    }
    Ok(())
}
