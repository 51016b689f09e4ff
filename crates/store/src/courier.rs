//! What a device carries for others: their bundles on the way to the hub, and what the hub gave back for them. Both are
//! sealed, so that whoever carries them reads nothing. They are copies of what their owners still hold: when there is no
//! room, nothing is taken, and nothing is lost.

use rusqlite::{OptionalExtension, params};
use sha2::{Digest, Sha256};
use teranga_core::id::ReplicaId;
use teranga_core::problem::Problem;
use teranga_core::time::Millis;
use teranga_sync::identity::replica_id;
use teranga_sync::limits;
use teranga_sync::parcel::{Head, Parcel, ParcelKind};

use crate::columns::{blob, unsigned};
use crate::error::Result;
use crate::part::row_number;
use crate::replica::Replica;

/// What became of a bundle that was to be carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carry {
    /// It is carried now, or was already.
    Taken,
    /// There is no room; nothing was taken.
    Full,
}

/// A sealed message for the hub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carried {
    /// Its row.
    pub row: i64,
    /// From whom, as its file said.
    pub from: ReplicaId,
    /// The message.
    pub sealed: Vec<u8>,
}

impl Carried {
    /// Whether something that came back is a return for whoever made the message. More cannot be said of it here: it is sealed.
    pub fn is_answered_by(&self, file: &[u8]) -> bool {
        Parcel::read(file).is_ok_and(|parcel| {
            parcel.head.kind == ParcelKind::Return && parcel.head.to == self.from && !parcel.cut
        })
    }
}

/// Whether a hub that refuses a message so will never take it; whoever made it still has what it holds.
pub fn is_unwanted(problem: Problem) -> bool {
    match problem {
        Problem::Malformed
        | Problem::Unauthorised
        | Problem::Forbidden
        | Problem::Revoked
        | Problem::TooLarge => true,
        Problem::BrokenChain
        | Problem::Succeeded
        | Problem::Replayed
        | Problem::Erased
        | Problem::TooManyWaiting
        | Problem::UpgradeNeeded
        | Problem::Busy
        | Problem::DiskFull
        | Problem::Internal => false,
    }
}

/// What the hub gave back for a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CarriedBack {
    /// The device.
    pub child: ReplicaId,
    /// When, by this replica's clock.
    pub at: Millis,
    /// The file.
    pub file: Vec<u8>,
}

impl Replica {
    /// Takes the messages of a bundle along: all of them, or none where there is no room.
    pub fn carry(&mut self, from: ReplicaId, sealed: &[&[u8]]) -> Result<Carry> {
        let transaction = self.database_mut().transaction()?;
        for message in sealed {
            transaction
                .prepare_cached(
                    "INSERT INTO carried (origin, hash, sealed) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
                )?
                .execute(params![from.as_bytes(), Sha256::digest(message).as_slice(), message])?;
        }
        let (count, bytes): (i64, i64) = transaction.query_row(
            "SELECT count(*), coalesce(sum(length(sealed)), 0) FROM carried",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        if count > row_number(limits::CARRIED_MESSAGES_MAX) || bytes > row_number(limits::CARRIED_BYTES_MAX) {
            return Ok(Carry::Full);
        }
        transaction.commit()?;
        Ok(Carry::Taken)
    }

    /// The first message that is carried and stands after this row, with the letter in which it is handed to the hub; nothing
    /// where no hub is known.
    pub fn next_letter(&self, after: i64) -> Result<Option<(Carried, Vec<u8>)>> {
        let (Some(uplink), Some(carried)) = (self.uplink()?, self.carried_after(after)?) else {
            return Ok(None);
        };
        let head = Head { kind: ParcelKind::Bundle, to: replica_id(&uplink.key), from: carried.from };
        let letter = head.letter(&carried.sealed);
        Ok(Some((carried, letter)))
    }

    /// The first message that is carried and stands after this row.
    pub fn carried_after(&self, row: i64) -> Result<Option<Carried>> {
        let mut statement = self
            .connection()
            .prepare_cached("SELECT row, origin, sealed FROM carried WHERE row > ?1 ORDER BY row LIMIT 1")?;
        let mut rows = statement.query([row])?;
        rows.next()?
            .map(|row| {
                Ok(Carried {
                    row: row.get(0)?,
                    from: blob(row, 1, "carried", "origin")?,
                    sealed: row.get(2)?,
                })
            })
            .transpose()
    }

    /// How many messages are carried.
    pub fn carried_count(&self) -> Result<u64> {
        Ok(unsigned(self.connection().query_row("SELECT count(*) FROM carried", [], |row| row.get(0))?))
    }

    /// Notes that the hub has a message, or does not want it; and keeps what it gave back for whoever sent it.
    pub fn handed_over(&mut self, carried: &Carried, back: Option<&[u8]>, now: Millis) -> Result<()> {
        let transaction = self.database_mut().transaction()?;
        transaction.execute("DELETE FROM carried WHERE row = ?1", [carried.row])?;
        if let Some(file) = back {
            // The last one says the most.
            transaction.execute(
                "INSERT OR REPLACE INTO carried_back (child, at_ms, file) VALUES (?1, ?2, ?3)",
                params![carried.from.as_bytes(), now.0, file],
            )?;
            transaction.execute(
                "DELETE FROM carried_back WHERE row NOT IN (
                    SELECT row FROM carried_back ORDER BY row DESC LIMIT ?1)",
                [row_number(limits::CARRIED_BACK_MAX)],
            )?;
        }
        transaction.commit()?;
        Ok(())
    }

    /// The devices for which the hub gave something back.
    pub fn carried_back_for(&self) -> Result<Vec<ReplicaId>> {
        let mut statement =
            self.connection().prepare_cached("SELECT child FROM carried_back ORDER BY row")?;
        let mut rows = statement.query([])?;
        let mut children = Vec::new();
        while let Some(row) = rows.next()? {
            children.push(blob(row, 0, "carried_back", "child")?);
        }
        Ok(children)
    }

    /// What the hub gave back for a device.
    pub fn carried_back(&self, child: ReplicaId) -> Result<Option<CarriedBack>> {
        let found = self
            .connection()
            .prepare_cached("SELECT at_ms, file FROM carried_back WHERE child = ?1")?
            .query_row([child.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        Ok(found.map(|(at, file)| CarriedBack { child, at: Millis(at), file }))
    }
}
