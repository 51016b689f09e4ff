//! The next request of a session, out of the outbox and the cursor.

use rusqlite::Connection;
use teranga_core::id::ReplicaId;
use teranga_core::time::Millis;
use teranga_sync::identity::replica_id;
use teranga_sync::message::{Asker, Push, Request};
use teranga_sync::session::{Plan, PushPlan};
use teranga_sync::version::Version;

use crate::behind::Reading;
use crate::drawn;
use crate::error::Result;
use crate::holders;
use crate::introduced::{self, Untold};
use crate::judged;
use crate::line;
use crate::missed;
use crate::outbox::{self, OutboxRow};
use crate::packs;
use crate::register;
use crate::replica::Replica;
use crate::uplink::answered::unpacked;

impl Replica {
    /// The next request of a session, with a fresh exchange number. Cuts a pack where none waits to be sent.
    pub fn next_request(&mut self, plan: &Plan, now: Millis) -> Result<Option<Request>> {
        let Some(uplink) = self.uplink()? else { return Ok(None) };
        self.finish_destroying()?;
        let version = self.spoken().toward(uplink.newest);
        let pushes = match plan.push {
            PushPlan::Ask => Vec::new(),
            PushPlan::Pack { .. } if uplink.reading == Reading::Behind => Vec::new(),
            PushPlan::Pack { bytes_target } => {
                let own_waits = !outbox::is_passed_over(self.connection(), self.id())?;
                let owed = missed::is_owed(self.connection())?;
                if own_waits && (owed || !outbox::waits(self.connection(), uplink.acknowledged)?) {
                    self.cut_pack(bytes_target, now)?;
                }
                self.next_push(uplink.acknowledged, version)?
            }
            PushPlan::Unread { bytes_target } => {
                let own_waits = !outbox::is_passed_over(self.connection(), self.id())?;
                if own_waits && !outbox::waits(self.connection(), uplink.acknowledged)? {
                    self.cut_own(bytes_target, now)?;
                }
                self.next_push(uplink.acknowledged, version)?
            }
        };
        let opening = Asker::of(self.nonce());
        let Untold { introductions, more } = introduced::untold(self.connection())?;
        // Of whom the hub above does not know it takes no confirmation.
        let confirmations = if more { Vec::new() } else { holders::untold(self.connection())? };
        let judgements = match uplink.reading {
            Reading::CaughtUp => judged::untold(self.connection())?,
            // What was tried again since may be forgotten here.
            Reading::Behind | Reading::New => Vec::new(),
        };
        let transaction = self.database_mut().transaction()?;
        transaction.prepare_cached("UPDATE uplink SET exchange = exchange + 1")?.execute([])?;
        line::note_asker(&transaction, opening)?;
        transaction.commit()?;
        Ok(Some(Request {
            version,
            hub: replica_id(&uplink.key),
            replica: self.id(),
            line: self.line()?,
            opening,
            exchange: uplink.exchange + 1,
            cursor: uplink.cursor,
            pull_bytes_max: plan.pull_bytes_max,
            introductions,
            confirmations,
            judgements,
            pushes,
        }))
    }
}

impl Replica {
    /// Whether there is anything that the hub has not acknowledged and that may be offered, one's own or carried.
    pub(crate) fn has_something_to_bring(&self) -> Result<bool> {
        let Some(uplink) = self.uplink()? else { return Ok(false) };
        let own_waits = !outbox::is_passed_over(self.connection(), self.id())?;
        Ok((own_waits && unpacked(self.connection(), self.id())?)
            || outbox::waits(self.connection(), uplink.acknowledged)?)
    }

    /// The next pack of the outbox, where there is one, under a number that is on the disk.
    fn next_push(&mut self, acknowledged: u64, version: Version) -> Result<Vec<Push>> {
        let own = self.id();
        let transaction = self.database_mut().transaction()?;
        let next = outbox::next(&transaction, acknowledged)?;
        let pushes =
            next.map(|row| push(&transaction, own, row, version)).into_iter().collect::<Result<_>>()?;
        transaction.commit()?;
        Ok(pushes)
    }
}

/// A pack of the outbox on its way up, with its author where that is another.
pub(crate) fn push(
    connection: &Connection,
    own: ReplicaId,
    row: OutboxRow,
    version: Version,
) -> Result<Push> {
    let introduction = if row.origin == own { None } else { register::introduction(connection, row.origin)? };
    let pack = packs::load(connection, row.origin, row.batch)?;
    // Only the hub of whoever drew it may know what is drawn, and of a testimony the witness drew nothing.
    if row.origin == own && pack.manifest.by.author.is_none() {
        let drawn = drawn::of(connection, &pack.manifest.by.openings)?;
        return Ok(Push::drawn(row.number, &pack, version, &drawn));
    }
    Ok(Push::of(row.number, introduction, &pack, version))
}
