//! Taking an answer, in one transaction: rows are logged and applied, and the acknowledgement and the cursor move on.

use rusqlite::{Connection, params};
use teranga_core::id::ReplicaId;
use teranga_core::time::Millis;
use teranga_sync::feed::Cursor;
use teranga_sync::message::{Answer, More, Request};
use teranga_sync::session::Left;

use super::rows::{TakeError, Took, catch_up, read_rows, take_rows};
use super::uplink;
use crate::apply::Applied;
use crate::aside;
use crate::attachments;
use crate::behind::{self, Reading};
use crate::checkpoints;
use crate::columns::integer;
use crate::erase::Destroyed;
use crate::error::Result;
use crate::gone;
use crate::holders;
use crate::introduced;
use crate::judged;
use crate::line;
use crate::log;
use crate::missed;
use crate::outbox;
use crate::receipts;
use crate::replica::{self, Replica};
use crate::unsaid;
/// What taking one answer did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// Whether there is more to push or to pull.
    pub left: Left,
    /// Whether this exchange brought anything on: the acknowledgement or the cursor moved, something was erased, or it only asked.
    pub moved: bool,
    /// Whether the hub does not know the place that was asked from: it was put back, or this replica was.
    pub set_back: bool,
    /// What was applied.
    pub applied: Applied,
    /// What was erased here.
    pub destroyed: Destroyed,
    /// Records that a word of somebody else than the home was to destroy. They stand as they stood.
    pub foreign_words: usize,
}

impl Replica {
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
        if tells_of_somebody_else(self.connection(), answer)? {
            return Err(TakeError::SomebodyElse);
        }
        let (own, nonce, identity) = (self.id(), self.nonce(), self.identity().clone());
        let transaction = self.database_mut().transaction()?;
        let mut took = take_rows(&transaction, &identity, read_rows(&answer.rows, answer.version)?)?;
        holders::told(&transaction, &request.confirmations)?;
        introduced::told(&transaction, &request.introductions)?;
        judged::told(&transaction, &request.judgements)?;
        let acknowledged = outbox::held_above(&transaction, &answer.acknowledged)?;
        outbox::taken_up_to(&transaction, acknowledged)?;
        receipts::acknowledged(&transaction, acknowledged)?;
        if request.pushes.is_empty() {
            outbox::take_apart(&transaction, own)?;
        }
        let before = uplink(&transaction)?.ok_or(TakeError::NotForUs)?;
        if acknowledged < before.acknowledged {
            aside::appeal_unacknowledged(&transaction, own, acknowledged)?;
        }
        missed::settle(&transaction)?;
        let unpacked = !outbox::is_passed_over(&transaction, own)?
            && (unpacked(&transaction, own)? || missed::is_owed(&transaction)?);
        let untold = !holders::untold(&transaction)?.is_empty()
            || !introduced::untold(&transaction)?.introductions.is_empty();
        let caught_up = before.reading == Reading::CaughtUp || answer.more == More::Nothing;
        let untold = untold || (caught_up && !judged::untold(&transaction)?.is_empty());
        let pushes = untold || unpacked || outbox::waits(&transaction, acknowledged)?;
        let asks = pushes || unsaid::asks_anew(&transaction)?;
        let left = if asks || answer.more == More::Rows { Left::Something } else { Left::Nothing };
        let cursor = next_cursor(&transaction, own, acknowledged, (request.cursor, answer.cursor))?;
        if left == Left::Nothing {
            checkpoints::remember(&transaction, cursor)?;
        }
        let mut note = transaction.prepare_cached(
            "UPDATE uplink SET position = ?1, running = ?2, acknowledged = ?3, heard = exchange, last_ms = ?4,
                 done_ms = iif(?5, ?4, done_ms), behind = behind * ?6, within = ?7, newest = ?8",
        )?;
        note.execute(params![
            integer(cursor.position.0),
            cursor.running,
            integer(acknowledged),
            now.0,
            left == Left::Nothing,
            answer.more == More::Rows,
            integer(cursor.within),
            answer.newest,
        ])?;
        drop(note);
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
        let Took { applied, destroyed, foreign_words, .. } = took;
        // Who was revoked is given the home's word beside the feed: its cursor stands.
        let moved = only_asked
            || acknowledged != before.acknowledged
            || cursor != before.cursor
            || destroyed.words > 0;
        let set_back = cursor.position < request.cursor.position;
        Ok(Taken { left, moved, set_back, applied, destroyed, foreign_words })
    }
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
    holders::tell_again(connection)?;
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

/// Whether somebody else with this replica's key asked before, or brought a pack in its line.
fn tells_of_somebody_else(connection: &Connection, answer: &Answer) -> Result<bool> {
    Ok(!line::is_ours(connection, answer.before)?
        || outbox::is_somebody_elses(connection, &answer.acknowledged)?)
}

/// Whether something that this replica wrote is in no pack yet.
pub(super) fn unpacked(connection: &Connection, own: ReplicaId) -> Result<bool> {
    Ok(connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM change WHERE batch IS NULL AND origin = ?1)")?
        .query_row([own.as_bytes()], |row| row.get(0))?)
}
