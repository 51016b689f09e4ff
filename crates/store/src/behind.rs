//! A replica that was put back, or has another hub than before, does not know what that hub knows. Until it has read the
//! feed to its end it sends no pack, and where it is a hub itself, it refuses nobody's work: who is in charge of a record may
//! stand in what it has not read yet. What it would refuse waits.

use rusqlite::{Connection, OptionalExtension};
use teranga_core::id::{OpeningNonce, ReplicaId};
use teranga_sync::feed::Cursor;

use crate::error::{Result, StoreError};
use crate::feed;
use crate::line;
use crate::log;
use crate::membership;
use crate::missed;
use crate::outbox;
use crate::unsaid;

/// How this replica stands to its hub's feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// It has read it to its end once, and goes on from there.
    CaughtUp,
    /// It was put back, or its hub was, or it has another hub than before: until it has read the feed to its end it sends
    /// nothing.
    Behind,
    /// It is a hub that has joined its first hub, and has not read the feed to its end yet. What it has it sends.
    New,
}

impl Reading {
    /// The code in the column.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::CaughtUp => 0,
            Self::Behind => 1,
            Self::New => 2,
        }
    }

    /// Reads the code in the column.
    pub(crate) fn read(code: u8) -> Result<Self> {
        [Self::CaughtUp, Self::Behind, Self::New]
            .into_iter()
            .find(|reading| reading.code() == code)
            .ok_or(StoreError::Inconsistent { table: "uplink", column: "behind" })
    }
}

/// How this replica stands to its hub's feed; where it has no hub there is none to read.
pub(crate) fn reading(connection: &Connection) -> Result<Reading> {
    connection
        .prepare_cached("SELECT behind FROM uplink")?
        .query_row([], |row| row.get(0))
        .optional()?
        .map_or(Ok(Reading::CaughtUp), Reading::read)
}

/// Notes that the feed must be read to its end before anything is sent.
pub(crate) fn fall_behind(connection: &Connection) -> Result<()> {
    connection.execute("UPDATE uplink SET behind = ?1", [Reading::Behind.code()])?;
    Ok(())
}

/// A child says where it stands. Where this feed never was there, the disk was put back since: this hub has forgotten rows of
/// its own hub too, and what it had said that the child may hold.
pub(crate) fn notice(connection: &Connection, child: ReplicaId, cursor: Cursor) -> Result<()> {
    if !feed::is_of_this_feed(connection, cursor)? {
        fall_behind(connection)?;
        membership::say_again(connection, child)?;
    }
    Ok(())
}

/// The feed was read to its end. What waited because of that is judged; what is missed is brought before anything else, for
/// one's own work may build on it: in another line, where packs of this one would have to come first.
pub(crate) fn caught_up(connection: &Connection, (own, nonce): (ReplicaId, OpeningNonce)) -> Result<()> {
    log::try_what_waits(connection)?;
    missed::settle(connection)?;
    let acknowledged = outbox::acknowledged(connection)?;
    if !unsaid::ask_anew(connection, (own, nonce))?
        && missed::is_owed(connection)?
        && outbox::holds_back(connection, own, acknowledged)?
    {
        line::begin_at_hub(connection, own, nonce, acknowledged)?;
    }
    Ok(())
}
