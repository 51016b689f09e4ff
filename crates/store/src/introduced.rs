//! Whom this hub has enrolled, as it tells the hub above: a device that never wrote anything may hold records too, and
//! headquarters must know whose word it waits for when one is erased.

use std::collections::BTreeSet;

use rusqlite::Connection;
use teranga_core::grant::may_introduce;
use teranga_core::id::{PublicKey, RecordId, ReplicaId};
use teranga_sync::identity::replica_id;
use teranga_sync::introduction::{Introduction, ReplicaKind};
use teranga_sync::limits;

use crate::columns::blob;
use crate::error::Result;
use crate::granted_before;
use crate::holders;
use crate::ingest;
use crate::register;

/// What the hub above has not been told of the children here.
#[derive(Debug, Default)]
pub(crate) struct Untold {
    /// Those of whom it does not know, or not what they are now, each after what it was granted before.
    pub(crate) introductions: Vec<Introduction>,
    /// Whether there are others, for whom one request has no room.
    pub(crate) more: bool,
}

/// Children of whom the hub above has not been told yet, or not what they are now; as many as one request may hold.
pub(crate) fn untold(connection: &Connection) -> Result<Untold> {
    let mut statement = connection.prepare_cached(
        "SELECT id FROM replica WHERE told = 0 AND id IN (SELECT replica FROM child) ORDER BY row",
    )?;
    let mut rows = statement.query([])?;
    let mut untold = Untold::default();
    while let Some(row) = rows.next()? {
        let id: ReplicaId = blob(row, 0, "replica", "id")?;
        let Some(now) = register::introduction(connection, id)? else { continue };
        let before = granted_before::untold(connection, &now)?;
        if untold.introductions.len() + before.len() >= limits::INTRODUCTIONS_MAX {
            untold.more = true;
            break;
        }
        untold.introductions.extend(before.into_iter().chain([now]));
    }
    Ok(untold)
}

/// Notes that the hub above was told.
pub(crate) fn told(connection: &Connection, introductions: &[Introduction]) -> Result<()> {
    for introduction in introductions {
        let id = replica_id(&introduction.key);
        granted_before::told(connection, id, introduction)?;
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
    granted_before::tell_again(connection)
}

/// Who may hold a record that was erased is told once more to the hub above: since it heard of them last they may have been put in
/// charge of it, and of that it hears no more. It is told before what this replica confirms.
pub(crate) fn tell_of_holders(connection: &Connection, own: ReplicaId, record: RecordId) -> Result<()> {
    connection
        .prepare_cached(
            "UPDATE replica SET told = 0 WHERE told = 1 AND id <> ?2
                AND id IN (SELECT replica FROM erasure WHERE record = ?1 AND signature IS NULL)",
        )?
        .execute([record.as_bytes(), own.as_bytes()])?;
    Ok(())
}

/// Whether a record that was erased may still be held by somebody of whom the hub above has yet to be told that.
pub(crate) fn is_untold_holder(connection: &Connection, record: RecordId) -> Result<bool> {
    Ok(connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM erasure e JOIN replica r ON r.id = e.replica
             WHERE e.record = ?1 AND e.signature IS NULL AND r.told = 0 AND r.id IN (SELECT replica FROM child))",
        )?
        .query_row([record.as_bytes()], |row| row.get(0))?)
}

/// Takes a hub's word of whom it has enrolled, where it may introduce them. Who a child of one's own is was said at its
/// enrolment, and nobody else says it. The last that it says of somebody is what they are; before that it says what they
/// were granted once.
pub(crate) fn take(connection: &Connection, child: &Introduction, brought: &[Introduction]) -> Result<()> {
    let mut now: BTreeSet<PublicKey> = BTreeSet::new();
    for introduction in brought.iter().rev() {
        let id = replica_id(&introduction.key);
        if child.kind != ReplicaKind::Hub || !may_introduce(&child.audience, &introduction.audience) {
            continue;
        }
        // A child that works under another hub by now: what that one grants it, it may hold beside.
        if !register::was_enrolled_here(connection, id)? && now.insert(introduction.key) {
            ingest::introduce(connection, introduction)?;
        } else {
            granted_before::note(connection, introduction)?;
        }
        holders::note_news(connection, replica_id(&child.key), id)?;
    }
    Ok(())
}
