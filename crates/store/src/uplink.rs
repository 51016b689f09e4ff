//! The child's half of an exchange, the same for a device and for a regional hub: making the next request out of the
//! outbox and the cursor, and taking an answer in one transaction.

use rusqlite::{Connection, params};
use teranga_core::id::{Batch, FeedPosition, PublicKey, ReplicaId};
use teranga_core::time::Millis;
use teranga_document::guard::Guard;
use teranga_sync::feed::{Cursor, Row, decode};
use teranga_sync::identity::replica_id;
use teranga_sync::message::{Answer, Asker, More, Push, Request};
use teranga_sync::pack::Save;
use teranga_sync::session::{Left, Plan, PushPlan};

use crate::apply::{Applied, Applier};
use crate::attachments;
use crate::checkpoints;
use crate::columns::{blob, integer, unsigned};
use crate::error::{Result, StoreError};
use crate::feed::{self, About, To};
use crate::ingest;
use crate::line;
use crate::log::{self, FROM_FEED, Logged, Status};
use crate::outbox::{self, OutboxRow};
use crate::packs;
use crate::part;
use crate::receipts;
use crate::register::{self, Noted};
use crate::replica::{self, Profile, Replica};
use crate::resources;

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
    /// The outbox number up to which the hub holds everything.
    pub acknowledged: u64,
    /// Whether a line was begun and the feed has not been read to its end since.
    pub behind: bool,
    /// When the last exchange succeeded, by this replica's clock.
    pub last: Option<Millis>,
    /// When a session last left nothing to do, by this replica's clock.
    pub done: Option<Millis>,
}

/// The hub that a replica joins.
#[derive(Debug, Clone, Copy)]
pub struct Joined<'a> {
    /// Its key.
    pub key: &'a PublicKey,
    /// Where it answers.
    pub url: &'a str,
    /// Its name.
    pub name: &'a str,
}

/// What taking one answer did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// Whether there is more to push or to pull.
    pub left: Left,
    /// Whether this exchange brought anything on: the acknowledgement or the cursor moved, or it only asked.
    pub moved: bool,
    /// What was applied.
    pub applied: Applied,
}

/// Why an answer was not taken.
#[derive(Debug, thiserror::Error)]
pub enum TakeError {
    /// It is not an answer to the request that was sent.
    #[error("the answer is not for this exchange")]
    NotForUs,
    /// Somebody else with this replica's key has asked in its line before: rows that they brought would be passed over.
    #[error("somebody else with this replica's key has asked before")]
    SomebodyElse,
    /// Its rows are not what the protocol says.
    #[error(transparent)]
    Rows(#[from] teranga_sync::bytes::DecodeError),
    /// The replica failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<rusqlite::Error> for TakeError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error.into())
    }
}

impl Replica {
    /// The hub that this replica syncs with, once it is enrolled.
    pub fn uplink(&self) -> Result<Option<Uplink>> {
        uplink(self.connection())
    }

    /// Keeps the hub that enrolled this replica, and what it says of it. At another hub than before everything is
    /// offered and asked for from the start.
    pub fn join(&mut self, hub: &Joined<'_>, profile: Profile) -> Result<()> {
        let (own, nonce) = (self.identity().clone(), self.nonce());
        let before = self.uplink()?;
        let transaction = self.connection_mut().transaction()?;
        if before.as_ref().is_none_or(|before| before.key != *hub.key) {
            if let Some(before) = &before {
                line::begin(&transaction, own.replica(), nonce, before.acknowledged)?;
                log::offer_again(&transaction, own.replica())?;
            }
            transaction.execute("DELETE FROM uplink", [])?;
            transaction.execute("DELETE FROM checkpoint", [])?;
            attachments::offer_again(&transaction)?;
            transaction.execute(
                "UPDATE outbox SET fixed = fixed OR number IS NOT NULL, number = NULL, refused = NULL, passed = 0",
                [],
            )?;
        }
        transaction.execute(
            "INSERT INTO uplink (only_one, hub, key, url, name, running, behind)
             VALUES (1, ?1, ?2, ?3, ?4, zeroblob(32), ?5)
             ON CONFLICT (only_one) DO UPDATE SET url = excluded.url, name = excluded.name",
            params![replica_id(hub.key).as_bytes(), hub.key.as_bytes(), hub.url, hub.name, before.is_some()],
        )?;
        replica::write_profile(&transaction, &own, &profile)?;
        transaction.commit()?;
        self.take_profile(profile);
        Ok(())
    }

    /// The next request of a session, with a fresh exchange number. Cuts a pack where none waits to be sent.
    pub fn next_request(&mut self, plan: &Plan, now: Millis) -> Result<Option<Request>> {
        let Some(uplink) = self.uplink()? else { return Ok(None) };
        let pushes = match plan.push {
            PushPlan::Ask => Vec::new(),
            PushPlan::Pack { .. } if uplink.behind => Vec::new(),
            PushPlan::Pack { bytes_target } => {
                let own_waits = !outbox::is_passed_over(self.connection(), self.id())?;
                if own_waits && !outbox::waits(self.connection(), uplink.acknowledged)? {
                    self.cut_pack(bytes_target, now)?;
                }
                match outbox::next(self.connection(), uplink.acknowledged)? {
                    None => Vec::new(),
                    Some(row) => vec![self.push(row)?],
                }
            }
        };
        let opening = Asker::of(self.nonce());
        let transaction = self.connection_mut().transaction()?;
        transaction.execute("UPDATE uplink SET exchange = exchange + 1", [])?;
        line::note_asker(&transaction, opening)?;
        transaction.commit()?;
        Ok(Some(Request {
            hub: replica_id(&uplink.key),
            replica: self.id(),
            line: self.line()?,
            opening,
            exchange: uplink.exchange + 1,
            cursor: uplink.cursor,
            pull_bytes_max: plan.pull_bytes_max,
            pushes,
        }))
    }

    fn push(&self, row: OutboxRow) -> Result<Push> {
        let introduction = if row.origin == self.id() {
            None
        } else {
            register::introduction(self.connection(), row.origin)?
        };
        let pack = packs::load(self.connection(), row.origin, row.batch)?.encode();
        Ok(Push { number: row.number, introduction, pack })
    }

    /// Takes a verified answer: rows are logged and applied, receipts noted, the acknowledgement and the cursor moved
    /// on, all in one transaction.
    pub fn take_answer(
        &mut self,
        request: &Request,
        answer: &Answer,
        now: Millis,
    ) -> std::result::Result<Taken, TakeError> {
        if (answer.replica, answer.line, answer.exchange) != (request.replica, request.line, request.exchange)
        {
            return Err(TakeError::NotForUs);
        }
        if !line::is_ours(self.connection(), answer.before)? {
            return Err(TakeError::SomebodyElse);
        }
        let rows = if answer.rows.is_empty() { Vec::new() } else { decode(&answer.rows)? };
        let own = self.id();
        let guard = Guard::new();
        let transaction = self.connection_mut().transaction()?;
        for row in rows {
            take_row(&transaction, own, row)?;
        }
        let applied = apply_all(&transaction, own, &guard)?;
        let acknowledged = outbox::held_above(&transaction, &answer.acknowledged)?;
        outbox::taken_up_to(&transaction, acknowledged)?;
        if request.pushes.is_empty() {
            outbox::take_apart(&transaction, own)?;
        }
        let before = uplink(&transaction)?.ok_or(TakeError::NotForUs)?;
        let unpacked = !outbox::is_passed_over(&transaction, own)? && unpacked(&transaction, own)?;
        let pushes = unpacked || outbox::waits(&transaction, acknowledged)?;
        let left = if pushes || answer.more == More::Rows { Left::Something } else { Left::Nothing };
        let forgot = answer.cursor.position < request.cursor.position;
        let cursor = if forgot {
            // Nothing is sent before it is known what the hub still has.
            transaction.execute("UPDATE uplink SET behind = 1", [])?;
            log::offer_again(&transaction, own)?;
            attachments::offer_again(&transaction)?;
            checkpoints::before(&transaction, request.cursor)?
        } else {
            answer.cursor
        };
        if left == Left::Nothing {
            checkpoints::remember(&transaction, cursor)?;
        }
        transaction.execute(
            "UPDATE uplink SET position = ?1, running = ?2, acknowledged = ?3, last_ms = ?4,
                 done_ms = iif(?5, ?4, done_ms), behind = behind AND ?6",
            params![
                integer(cursor.position.0),
                cursor.running,
                integer(acknowledged),
                now.0,
                left == Left::Nothing,
                answer.more == More::Rows
            ],
        )?;
        transaction.commit()?;
        let only_asked = request.pushes.is_empty() && answer.more == More::Nothing;
        let moved = only_asked || acknowledged != before.acknowledged || cursor != before.cursor;
        Ok(Taken { left, moved, applied })
    }
}

fn uplink(connection: &Connection) -> Result<Option<Uplink>> {
    let mut statement = connection.prepare_cached(
        "SELECT key, url, name, position, running, exchange, acknowledged, last_ms, done_ms, behind FROM uplink",
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
                },
                exchange: unsigned(row.get(5)?),
                acknowledged: unsigned(row.get(6)?),
                behind: row.get(9)?,
                last: row.get::<_, Option<i64>>(7)?.map(Millis),
                done: row.get::<_, Option<i64>>(8)?.map(Millis),
            })
        })
        .transpose()
}

fn unpacked(connection: &Connection, own: ReplicaId) -> Result<bool> {
    Ok(connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM change WHERE batch IS NULL AND origin = ?1)")?
        .query_row([own.as_bytes()], |row| row.get(0))?)
}

fn apply_all(connection: &Connection, own: ReplicaId, guard: &Guard) -> Result<Applied> {
    let mut total = Applied::default();
    loop {
        let round = Applier::new(connection, own, guard).run()?;
        total.changes += round.changes;
        total.quarantined += round.quarantined;
        if !round.left {
            return Ok(total);
        }
    }
}

fn take_row(connection: &Connection, own: ReplicaId, row: Row) -> Result<()> {
    match row {
        Row::Save { batch, save } => take_save(connection, batch, &save),
        // Who a child of one's own is was said at its enrolment here.
        Row::Replica(introduction) if register::is_child(connection, replica_id(&introduction.key))? => {
            Ok(())
        }
        Row::Replica(introduction) => ingest::introduce(connection, &introduction),
        Row::Opening { replica, nonce } => {
            let Some(introduction) = register::introduction(connection, replica)? else { return Ok(()) };
            if let Noted::New(row) = register::note_opening(connection, &introduction.key, nonce)? {
                feed::append(connection, About::Opening(row), To::All, nonce.as_bytes())?;
            }
            Ok(())
        }
        Row::Resource(resource) => resources::note(connection, &resource).map(|_| ()),
        Row::Receipt(receipt) => receipts::note(connection, &receipt),
        Row::Verdict(verdict) => receipts::note_verdict(connection, own, &verdict),
    }
}

/// Stands for the author of a change whose opening was never introduced.
const UNKNOWN: ReplicaId = ReplicaId([0; 16]);

fn take_save(connection: &Connection, batch: Batch, save: &Save) -> Result<()> {
    let limits = teranga_sync::scan::ChangeLimits::PROTOCOL;
    let mut first = None;
    for entry in save {
        let Some(body) = entry.body.as_deref() else { continue };
        let Ok(scanned) = teranga_sync::scan::scan(body, &limits) else { continue };
        let origin = register::opening_of(connection, scanned.actor)?.map_or(UNKNOWN, |(replica, _)| replica);
        part::note_record(connection, entry.record, entry.salt)?;
        let logged = Logged {
            record: entry.record,
            class: &entry.class,
            hash: entry.hash,
            origin,
            batch: Some(FROM_FEED),
            place: 0,
            save: first,
            status: Status::Logged,
            body: Some(body),
            fed: Some(batch),
        };
        let seq = log::append(connection, &logged)?;
        first.get_or_insert(seq);
    }
    Ok(())
}
