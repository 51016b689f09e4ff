//! What a hub said and has forgotten, because it was put back to a backup. What it said leaves since then may stay, or it says so once
//! more. What this replica has let go since, it asks for again where it may hold it after all: the hub does not know that it
//! went, and leaves out what it believes to be here.

use rusqlite::{Connection, OptionalExtension, params};
use teranga_core::id::{FeedPosition, OpeningNonce, RecordId, ReplicaId};

use crate::columns::{blob, integer};
use crate::error::Result;
use crate::gone;
use crate::line;
use crate::membership;
use crate::outbox;

/// Notes that something was let go, where this replica stands in the feed.
pub(crate) fn note_let_go(connection: &Connection) -> Result<()> {
    connection.prepare_cached("UPDATE uplink SET let_go = position")?.execute([])?;
    Ok(())
}

/// The hub knows nothing of what it said behind this place.
pub(crate) fn forget_behind(connection: &Connection, place: FeedPosition) -> Result<()> {
    connection.execute("UPDATE uplink SET asks_anew = 1 WHERE let_go >= ?1", [integer(place.0)])?;
    let mut statement = connection
        .prepare("DELETE FROM gone WHERE said < ?1 AND place >= ?2 AND class = '' RETURNING record")?;
    let mut rows = statement.query(params![gone::BY_WHAT_IT_MAY_HOLD, integer(place.0)])?;
    let mut stays: Vec<RecordId> = Vec::new();
    while let Some(row) = rows.next()? {
        stays.push(blob(row, 0, "gone", "record")?);
    }
    stays.into_iter().try_for_each(|record| membership::enter_below(connection, record))
}

/// Whether everything is to be asked for once more.
pub(crate) fn asks_anew(connection: &Connection) -> Result<bool> {
    let asks = connection
        .prepare_cached("SELECT asks_anew FROM uplink")?
        .query_row([], |row| row.get(0))
        .optional()?;
    Ok(asks.unwrap_or(false))
}

/// Asks for everything once more, in another line, where something was let go of which the hub does not know. Whether it does.
pub(crate) fn ask_anew(connection: &Connection, (own, nonce): (ReplicaId, OpeningNonce)) -> Result<bool> {
    let asks = connection.execute(
        "UPDATE uplink SET asks_anew = 0, let_go = NULL, position = 0, running = zeroblob(32), within = 0
         WHERE asks_anew = 1",
        [],
    )?;
    if asks == 0 {
        return Ok(false);
    }
    let acknowledged = outbox::acknowledged(connection)?;
    line::begin_at_hub(connection, own, nonce, acknowledged)?;
    Ok(true)
}
