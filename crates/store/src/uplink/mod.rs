//! The child's half of an exchange, the same for a device and for a regional hub: the hub that it syncs with, and how it stands
//! to it. The next request is made in `asking`, an answer is taken in `answered`, and what its rows bring in `rows`.

mod answered;
mod asking;
mod rows;

use rusqlite::Connection;
use teranga_core::id::{FeedPosition, PublicKey};
use teranga_core::time::Millis;
use teranga_sync::feed::Cursor;

use crate::behind::Reading;
use crate::columns::{blob, unsigned};
use crate::error::Result;
pub use crate::join::Joined;
use crate::replica::Replica;
pub use answered::Taken;
pub(crate) use answered::next_cursor;
pub(crate) use asking::push;
pub use rows::TakeError;
pub(crate) use rows::{Took, catch_up, read_rows, take_rows};

/// The hub that this replica syncs with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uplink {
    /// The hub's key, pinned at enrolment.
    pub key: PublicKey,
    /// Where it answers.
    pub url: String,
    /// Its name.
    pub name: String,
    /// Where this replica stands in its feed.
    pub cursor: Cursor,
    /// The last exchange number used.
    pub exchange: u64,
    /// The last exchange number that had been given when the hub was last heard.
    pub heard: u64,
    /// The outbox number up to which the hub holds everything.
    pub acknowledged: u64,
    /// How this replica stands to its feed.
    pub reading: Reading,
    /// The newest version of the protocol that it speaks, by its number; none where it has not said yet.
    pub newest: Option<u8>,
    /// When the last exchange succeeded, by this replica's clock.
    pub last: Option<Millis>,
    /// When a session last left nothing to do, by this replica's clock.
    pub done: Option<Millis>,
}

impl Replica {
    /// The hub that this replica syncs with, once it is enrolled.
    pub fn uplink(&self) -> Result<Option<Uplink>> {
        uplink(self.connection())
    }

    /// Keeps an address at which the hub answers, for the sessions to come.
    pub fn keep_address(&mut self, url: &str) -> Result<()> {
        self.database_mut().execute("UPDATE uplink SET url = ?1", [url])?;
        Ok(())
    }

    /// Notes that the hub refused the last request: what it carried was not taken, and nobody has to ask.
    pub(crate) fn note_refusal(&mut self) -> Result<()> {
        self.database_mut().execute("UPDATE uplink SET heard = exchange", [])?;
        Ok(())
    }

    /// Notes the newest version of the protocol that the hub speaks, where it refused another one.
    pub(crate) fn note_newest(&mut self, newest: u8) -> Result<()> {
        let transaction = self.database_mut().transaction()?;
        transaction.execute("UPDATE uplink SET newest = ?1", [newest])?;
        Ok(transaction.commit()?)
    }
}

/// The hub that this replica syncs with, once it is enrolled.
pub(crate) fn uplink(connection: &Connection) -> Result<Option<Uplink>> {
    let mut statement = connection.prepare_cached(
        "SELECT key, url, name, position, running, exchange, acknowledged, last_ms, done_ms, behind, within,
             newest, heard
         FROM uplink",
    )?;
    let mut rows = statement.query([])?;
    rows.next()?
        .map(|row| {
            Ok(Uplink {
                key: blob(row, 0, "uplink", "key")?,
                url: row.get(1)?,
                name: row.get(2)?,
                cursor: Cursor {
                    position: FeedPosition(unsigned(row.get(3)?)),
                    running: blob(row, 4, "uplink", "running")?,
                    within: unsigned(row.get(10)?),
                },
                exchange: unsigned(row.get(5)?),
                heard: unsigned(row.get(12)?),
                acknowledged: unsigned(row.get(6)?),
                reading: Reading::read(row.get(9)?)?,
                newest: row.get(11)?,
                last: row.get::<_, Option<i64>>(7)?.map(Millis),
                done: row.get::<_, Option<i64>>(8)?.map(Millis),
            })
        })
        .transpose()
}
