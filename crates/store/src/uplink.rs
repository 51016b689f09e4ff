//! The child's half of an exchange, the same for a device and for a regional hub: making the next request out of the
//! outbox and the cursor, and taking an answer in one transaction.

use std::collections::BTreeSet;

use rusqlite::{Connection, params};
use teranga_core::id::{FeedPosition, OpeningNonce, PublicKey, RecordId, ReplicaId};
use teranga_core::time::Millis;
use teranga_document::guard::Guard;
use teranga_sync::bytes::DecodeError;
use teranga_sync::feed::{Cursor, Row, decode};
use teranga_sync::identity::{Identity, replica_id};
use teranga_sync::limits;
use teranga_sync::message::{Answer, Asker, More, Push, Request};
use teranga_sync::session::{Left, Plan, PushPlan};
use teranga_sync::version::Version;

use crate::apply::{Applied, Applier};
use crate::aside;
use crate::attachments;
use crate::behind::{self, Reading};
use crate::checkpoints;
use crate::columns::{blob, integer, unsigned};
use crate::drawn;
use crate::erase;
use crate::error::{Result, StoreError};
use crate::gone;
use crate::home;
use crate::introduced;
pub use crate::join::Joined;
use crate::judged;
use crate::line;
use crate::log::{self};
use crate::missed;
use crate::outbox::{self, OutboxRow};
use crate::packs;
use crate::receipts;
use crate::register::{self};
use crate::replica::{self, Replica};
use crate::take;
use crate::unsaid;

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
    /// How this replica stands to its feed.
    pub reading: Reading,
    /// The newest version of the protocol that it speaks, by its number; none where it has not said yet.
    pub newest: Option<u8>,
    /// When the last exchange succeeded, by this replica's clock.
    pub last: Option<Millis>,
    /// When a session last left nothing to do, by this replica's clock.
    pub done: Option<Millis>,
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
    /// Records that a word of somebody else than the home was to destroy. They stand as they stood.
    pub foreign_words: usize,
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
    /// It orders to destroy what only the home can. That was passed over, everything else was taken.
    #[error("an erasure is not signed by the home")]
    NotTheHome,
    /// Its rows are not what the protocol says.
    #[error(transparent)]
    Rows(#[from] DecodeError),
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

    /// Notes the newest version of the protocol that the hub speaks, where it refused another one.
    pub(crate) fn note_newest(&mut self, newest: u8) -> Result<()> {
        let transaction = self.connection_mut().transaction()?;
        transaction.execute("UPDATE uplink SET newest = ?1", [newest])?;
        Ok(transaction.commit()?)
    }

    /// The next request of a session, with a fresh exchange number. Cuts a pack where none waits to be sent.
    pub fn next_request(&mut self, plan: &Plan, now: Millis) -> Result<Option<Request>> {
        let Some(uplink) = self.uplink()? else { return Ok(None) };
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
                match outbox::next(self.connection(), uplink.acknowledged)? {
                    None => Vec::new(),
                    Some(row) => vec![push(self.connection(), self.id(), row, version)?],
                }
            }
        };
        let opening = Asker::of(self.nonce());
        let introductions = introduced::untold(self.connection())?;
        // Of whom the hub above does not know it takes no confirmation.
        let all_known = introductions.len() < limits::INTRODUCTIONS_MAX;
        let confirmations = if all_known { erase::untold(self.connection())? } else { Vec::new() };
        let judgements = match uplink.reading {
            Reading::CaughtUp => judged::untold(self.connection())?,
            // What was tried again since may be forgotten here.
            Reading::Behind | Reading::New => Vec::new(),
        };
        let transaction = self.connection_mut().transaction()?;
        transaction.execute("UPDATE uplink SET exchange = exchange + 1", [])?;
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
        let (own, nonce, identity) = (self.id(), self.nonce(), self.identity().clone());
        let transaction = self.connection_mut().transaction()?;
        let mut took = take_rows(&transaction, &identity, read_rows(&answer.rows, answer.version)?)?;
        erase::told(&transaction, &request.confirmations)?;
        introduced::told(&transaction, &request.introductions)?;
        judged::told(&transaction, &request.judgements)?;
        let acknowledged = outbox::held_above(&transaction, &answer.acknowledged)?;
        outbox::taken_up_to(&transaction, acknowledged)?;
        receipts::acknowledged(&transaction, acknowledged)?;
        if request.pushes.is_empty() {
            outbox::take_apart(&transaction, own)?;
        }
        let before = uplink(&transaction)?.ok_or(TakeError::NotForUs)?;
        missed::settle(&transaction)?;
        let unpacked = !outbox::is_passed_over(&transaction, own)?
            && (unpacked(&transaction, own)? || missed::is_owed(&transaction)?);
        let untold =
            !erase::untold(&transaction)?.is_empty() || !introduced::untold(&transaction)?.is_empty();
        let caught_up = before.reading == Reading::CaughtUp || answer.more == More::Nothing;
        let untold = untold || (caught_up && !judged::untold(&transaction)?.is_empty());
        let pushes = untold || unpacked || outbox::waits(&transaction, acknowledged)?;
        let asks = pushes || unsaid::asks_anew(&transaction)?;
        let left = if asks || answer.more == More::Rows { Left::Something } else { Left::Nothing };
        let cursor = next_cursor(&transaction, own, acknowledged, (request.cursor, answer.cursor))?;
        if left == Left::Nothing {
            checkpoints::remember(&transaction, cursor)?;
        }
        transaction.execute(
            "UPDATE uplink SET position = ?1, running = ?2, acknowledged = ?3, heard = exchange, last_ms = ?4,
                 done_ms = iif(?5, ?4, done_ms), behind = behind * ?6, within = ?7, newest = ?8",
            params![
                integer(cursor.position.0),
                cursor.running,
                integer(acknowledged),
                now.0,
                left == Left::Nothing,
                answer.more == More::Rows,
                integer(cursor.within),
                answer.newest,
            ],
        )?;
        if before.reading != Reading::CaughtUp && answer.more == More::Nothing {
            took.applied += catch_up(&transaction, (own, nonce))?;
        }
        gone::let_go(&transaction, own)?;
        let profile = replica::read_profile(&transaction)?;
        transaction.commit()?;
        self.take_profile(profile);
        if took.erased {
            self.forget_destroyed()?;
        }
        let only_asked = request.pushes.is_empty() && answer.more == More::Nothing;
        let moved = only_asked || acknowledged != before.acknowledged || cursor != before.cursor;
        Ok(Taken { left, moved, applied: took.applied, foreign_words: took.foreign_words })
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

/// What taking rows did.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Took {
    /// What was applied.
    pub(crate) applied: Applied,
    /// Whether a record was erased: then what was deleted must leave the files too.
    pub(crate) erased: bool,
    /// Records that a word of somebody else than the home was to destroy, and that stand.
    pub(crate) foreign_words: usize,
}

/// Takes rows that a hub signed, and applies what they bring.
pub(crate) fn take_rows(connection: &Connection, own: &Identity, rows: Vec<Row>) -> Result<Took> {
    let (rows, foreign) = home::believed(connection, own, rows)?;
    let erased = rows.iter().any(|row| matches!(row, Row::Erase(_)));
    let of_verdicts: BTreeSet<RecordId> = rows.iter().filter_map(verdict_on).collect();
    let held_before = replica::read_profile(connection)?.audience;
    take::rows(connection, own, rows)?;
    let applied = apply_all(connection, own.replica(), &Guard::new())?;
    let may_hold = replica::read_profile(connection)?.audience;
    // Only now does every record that is here say whose it is.
    if may_hold != held_before {
        gone::beyond(connection, &may_hold)?;
    }
    of_verdicts.into_iter().try_for_each(|record| gone::out_of_charge(connection, record))?;
    let foreign_words = home::stand(connection, &foreign)?;
    Ok(Took { applied, erased, foreign_words })
}

fn verdict_on(row: &Row) -> Option<RecordId> {
    if let Row::Verdict(verdict) = row { Some(verdict.record) } else { None }
}

/// The feed was read to its end by who was behind.
pub(crate) fn catch_up(connection: &Connection, (own, nonce): (ReplicaId, OpeningNonce)) -> Result<Applied> {
    behind::caught_up(connection, (own, nonce))?;
    apply_all(connection, own, &Guard::new())
}

/// The rows of an answer or of a return, which are none where there is nothing. The word of an erasure holds for whoever
/// signed it, or nothing of them is taken.
pub(crate) fn read_rows(rows: &[u8], version: Version) -> std::result::Result<Vec<Row>, TakeError> {
    let rows = if rows.is_empty() { Vec::new() } else { decode(rows, version)? };
    if rows.iter().any(|row| matches!(row, Row::Erase(erasure) if !erasure.verify())) {
        return Err(DecodeError::Invalid { field: "erasure" }.into());
    }
    Ok(rows)
}

/// From where to ask next. A hub that does not know the place that was asked from gives an earlier one; then nothing is
/// sent before it is known what the hub still has.
pub(crate) fn next_cursor(
    connection: &Connection,
    own: ReplicaId,
    acknowledged: u64,
    (asked, given): (Cursor, Cursor),
) -> Result<Cursor> {
    if given.position >= asked.position {
        return Ok(given);
    }
    behind::fall_behind(connection)?;
    log::offer_again(connection, own)?;
    outbox::offer_again(connection, acknowledged)?;
    erase::tell_again(connection)?;
    introduced::tell_again(connection)?;
    judged::tell_again(connection)?;
    attachments::offer_again(connection)?;
    let before = checkpoints::before(connection, asked)?;
    unsaid::forget_behind(connection, before.cursor.position)?;
    gone::find_out_anew(connection, &replica::read_profile(connection)?.audience)?;
    aside::appeal(connection)?;
    missed::miss(connection, own, before.seq)?;
    Ok(before.cursor)
}

/// The hub that this replica syncs with, once it is enrolled.
pub(crate) fn uplink(connection: &Connection) -> Result<Option<Uplink>> {
    let mut statement = connection.prepare_cached(
        "SELECT key, url, name, position, running, exchange, acknowledged, last_ms, done_ms, behind, within,
             newest
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
                acknowledged: unsigned(row.get(6)?),
                reading: Reading::read(row.get(9)?)?,
                newest: row.get(11)?,
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
        total += round;
        if !round.left {
            return Ok(total);
        }
    }
}
