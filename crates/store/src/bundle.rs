//! The child's half of what travels in files: making a bundle of everything that its hub has not acknowledged, and taking
//! what came back for one. Bundles may be lost, come late or twice: each holds everything that was open when it was made.
//! A return says what the hub held when it made it, which may be long ago: only one that was asked for after the hub was
//! last heard may take an acknowledgement back.

use rusqlite::{Connection, params};
use teranga_core::id::{Entropy, Line, OpeningNonce, ReplicaId};
use teranga_core::problem::Problem;
use teranga_core::time::Millis;
use teranga_sync::bundle::{Bundle, Return};
use teranga_sync::erase::Confirmation;
use teranga_sync::feed::Row;
use teranga_sync::identity::{Identity, replica_id};
use teranga_sync::limits;
use teranga_sync::message::{Asker, More, Push};
use teranga_sync::parcel::{ParcelKind, ParcelWriter};
use teranga_sync::version::Version;

use crate::apply::Applied;
use crate::behind::{self, Reading};
use crate::checkpoints;
use crate::columns::integer;
use crate::database::Transaction;
use crate::erase::Destroyed;
use crate::error::{Result, StoreError};
use crate::gone;
use crate::holders;
use crate::introduced;
use crate::line;
use crate::outbox::{self, OutboxRow};
use crate::receipts;
use crate::replica::{self, Replica};
use crate::uplink::{self, TakeError, Took, Uplink};

/// A bundle that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundled {
    /// The file.
    pub file: Vec<u8>,
    /// The packs in it.
    pub packs: u64,
    /// Packs that found no room in it and go with a later one.
    pub left_out: u64,
    /// Whether nothing is sent before the hub's feed has been read to its end: then the bundle only asks for it.
    pub only_asks: bool,
}

/// What taking one return did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReturnTaken {
    /// The outbox number up to which the hub is known to hold everything.
    pub acknowledged: u64,
    /// Whether it moved.
    pub moved: bool,
    /// How many packs the hub refused.
    pub refused: usize,
    /// What was applied.
    pub applied: Applied,
    /// Whether the hub has more rows than the return holds.
    pub more: More,
    /// Whether a line was begun: the hub had met somebody else with this replica's key.
    pub began_a_line: bool,
    /// What was erased here.
    pub destroyed: Destroyed,
    /// Records that a word of somebody else than the home was to destroy. They stand as they stood.
    pub foreign_words: usize,
}

impl Replica {
    /// Makes a bundle of everything that the hub has not acknowledged; `None` where this replica is enrolled nowhere.
    pub fn bundle(&mut self, entropy: &mut dyn Entropy, now: Millis) -> Result<Option<Bundled>> {
        let Some(uplink) = self.uplink()? else { return Ok(None) };
        self.finish_destroying()?;
        // Packs of a file are never cut anew, so they must get through a bad link too.
        let only_asks = uplink.reading == Reading::Behind;
        while !only_asks && self.cut_pack(limits::PACK_BYTES_START, now)? {}
        let (identity, opening) = (self.identity().clone(), Asker::of(self.nonce()));
        let spoken = self.spoken();
        let line = self.line()?;
        let transaction = self.database_mut().transaction()?;
        transaction.execute("UPDATE uplink SET exchange = exchange + 1", [])?;
        line::note_asker(&transaction, opening)?;
        let waiting =
            if only_asks { Vec::new() } else { outbox::unacknowledged(&transaction, uplink.acknowledged)? };
        let version = spoken.toward(uplink.newest);
        let mut file = Filling::new((&identity, version), &uplink, line, opening);
        file.message.confirmations = confirmations(&transaction, identity.replica())?;
        holders::put_in_file(&transaction, &file.message.confirmations, file.message.exchange)?;
        let mut packs = 0;
        for (at, row) in &waiting {
            let row = OutboxRow { number: outbox::give_out(&transaction, *at)?, ..*row };
            let push = uplink::push(&transaction, identity.replica(), row, version)?;
            if !file.has_room_for(&push) {
                break;
            }
            file.add(push, entropy)?;
            packs += 1;
        }
        let left_out = waiting.len() as u64 - packs;
        let file = file.finish(entropy)?;
        transaction.commit()?;
        Ok(Some(Bundled { file, packs, left_out, only_asks }))
    }

    /// Takes what came back for a bundle: rows are logged and applied, receipts noted, and the acknowledgement and the
    /// cursor moved on where they follow, all in one transaction.
    pub fn take_return(&mut self, back: &Return) -> std::result::Result<ReturnTaken, TakeError> {
        if back.replica != self.id() {
            return Err(TakeError::NotForUs);
        }
        if !line::is_ours(self.connection(), back.opening)? {
            return Err(TakeError::SomebodyElse);
        }
        let (own, nonce, identity) = (self.id(), self.nonce(), self.identity().clone());
        let transaction = self.database_mut().transaction()?;
        let before = uplink::uplink(&transaction)?.ok_or(TakeError::NotForUs)?;
        let of_this_line = line::current(&transaction)? == back.line;
        let speaks_last = of_this_line && back.exchange > before.heard;
        let began_a_line = speaks_last && knows_another_one(&transaction, own, back)?;
        if began_a_line {
            line::begin_at_hub(&transaction, own, nonce, before.acknowledged)?;
        }
        let in_order = back.from == before.cursor;
        let mut rows = uplink::read_rows(&back.rows, back.version)?;
        rows.retain(|row| in_order || holds_always(row, own));
        // Before its rows, of which one may be a word that the hub says once more.
        holders::told_in_file(&transaction, back.exchange)?;
        let mut took = uplink::take_rows(&transaction, &identity, rows)?;
        let acknowledged = if of_this_line && !began_a_line {
            acknowledge(&transaction, own, &before, (back, speaks_last))?
        } else {
            uplink::uplink(&transaction)?.map_or(0, |uplink| uplink.acknowledged)
        };
        if in_order {
            took.applied += move_on(&transaction, (own, nonce), back)?;
        }
        gone::let_go(&transaction, own)?;
        let profile = replica::read_profile(&transaction)?;
        transaction.commit()?;
        self.take_profile(profile);
        if took.erased {
            self.forget_destroyed()?;
        }
        let Took { applied, destroyed, foreign_words, .. } = took;
        let moved = acknowledged > before.acknowledged;
        let refused = back.refused.len();
        Ok(ReturnTaken {
            acknowledged,
            moved,
            refused,
            applied,
            more: back.more,
            began_a_line,
            destroyed,
            foreign_words,
        })
    }
}

/// Confirmations for a file, as many as it may hold. Introductions go in no file: until the hub above knows of all below, nothing
/// is said for them, and for this replica only once none of them is waited for, of whom the hub above may not know.
fn confirmations(connection: &Connection, own: ReplicaId) -> Result<Vec<Confirmation>> {
    let untold = holders::untold(connection)?;
    if introduced::untold(connection)?.introductions.is_empty() {
        return Ok(untold);
    }
    let mut confirmations = Vec::new();
    for confirmation in untold.into_iter().filter(|confirmation| confirmation.replica == own) {
        if !introduced::is_untold_holder(connection, confirmation.erasure.record)? {
            confirmations.push(confirmation);
        }
    }
    Ok(confirmations)
}

/// Whether a row holds whenever it was written. What enters, leaves, is taken out, or is granted to this replica itself
/// says how things stood then: out of its place it would undo what came since, and in its place it comes again.
fn holds_always(row: &Row, own: ReplicaId) -> bool {
    match row {
        Row::Opening { .. } | Row::Resource(_) | Row::Receipt(_) | Row::Erase(_) | Row::Fork { .. } => true,
        Row::Replica(introduction) => replica_id(&introduction.key) != own,
        Row::Save { .. } | Row::Verdict(_) | Row::Leave { .. } => false,
    }
}

/// Whether somebody else with this replica's key brought something in its line: the hub holds another pack under a number
/// than this replica, or in the place of one's own.
fn knows_another_one(connection: &Connection, own: ReplicaId, back: &Return) -> Result<bool> {
    let held = back.acknowledged;
    if held.number > 0 && outbox::under_mark(connection, held.number, held.mark)?.is_none() {
        return Ok(true);
    }
    for refused in back.refused.iter().filter(|refused| refused.problem == Problem::BrokenChain) {
        let refused = outbox::under_mark(connection, refused.number, refused.mark)?;
        if refused.is_some_and(|row| row.origin == own) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Takes what a return says of the outbox, and says how far it is held.
fn acknowledge(
    transaction: &Transaction<'_>,
    own: ReplicaId,
    before: &Uplink,
    (back, speaks_last): (&Return, bool),
) -> Result<u64> {
    let held = outbox::held_above(transaction, &back.acknowledged)?;
    let acknowledged = if speaks_last { held } else { held.max(before.acknowledged) };
    outbox::taken_up_to(transaction, acknowledged)?;
    receipts::acknowledged(transaction, acknowledged)?;
    transaction.execute(
        "UPDATE uplink SET acknowledged = ?1, heard = max(heard, ?2)",
        [integer(acknowledged), integer(back.exchange)],
    )?;
    if speaks_last {
        let mut refused = Vec::new();
        for pack in &back.refused {
            if outbox::under_mark(transaction, pack.number, pack.mark)?.is_some() {
                refused.push((pack.number, pack.problem));
            }
        }
        outbox::pass_over(transaction, own, &refused)?;
    }
    Ok(acknowledged)
}

/// Moves the cursor over the rows of a return that begin where it stands.
fn move_on(
    transaction: &Transaction<'_>,
    (own, nonce): (ReplicaId, OpeningNonce),
    back: &Return,
) -> Result<Applied> {
    let reading = behind::reading(transaction)?;
    let acknowledged = outbox::acknowledged(transaction)?;
    let cursor = uplink::next_cursor(transaction, own, acknowledged, (back.from, back.cursor))?;
    if back.more == More::Nothing {
        checkpoints::remember(transaction, cursor)?;
    }
    transaction.execute(
        "UPDATE uplink SET position = ?1, running = ?2, within = ?3, behind = behind * ?4, newest = ?5",
        params![
            integer(cursor.position.0),
            cursor.running,
            integer(cursor.within),
            back.more == More::Rows,
            back.newest
        ],
    )?;
    if reading != Reading::CaughtUp && back.more == More::Nothing {
        return uplink::catch_up(transaction, (own, nonce));
    }
    Ok(Applied::default())
}

/// A file that is being filled with packs, some to a message.
struct Filling<'a> {
    identity: &'a Identity,
    /// The message under way; its packs are in `raw` bytes.
    message: Bundle,
    raw: usize,
    file: ParcelWriter,
}

/// What stands around a pack in a message and around a message in a file is less than this.
const AROUND_BYTES: usize = 2 * 1024;

impl<'a> Filling<'a> {
    fn new(
        (identity, version): (&'a Identity, Version),
        uplink: &Uplink,
        line: Line,
        opening: Asker,
    ) -> Self {
        let message = Bundle {
            version,
            hub: replica_id(&uplink.key),
            replica: identity.replica(),
            line,
            opening,
            exchange: uplink.exchange + 1,
            cursor: uplink.cursor,
            continues: false,
            confirmations: Vec::new(),
            pushes: Vec::new(),
        };
        let file = ParcelWriter::new(ParcelKind::Bundle, &uplink.key, identity.replica());
        Self { identity, message, raw: 0, file }
    }

    fn has_room_for(&self, push: &Push) -> bool {
        let around = AROUND_BYTES * (self.message.pushes.len() + 2);
        self.file.len() + self.raw + push.bytes.len() + around <= limits::PARCEL_BYTES_MAX
    }

    fn add(&mut self, push: Push, entropy: &mut dyn Entropy) -> Result<()> {
        let full = self.raw + push.bytes.len() > limits::BUNDLE_CUT_BYTES
            || self.message.pushes.len() >= limits::PUSHES_MAX;
        if full && !self.message.pushes.is_empty() {
            self.message.continues = true;
            self.seal(entropy)?;
            self.message.pushes.clear();
            self.raw = 0;
        }
        self.raw += push.bytes.len();
        self.message.pushes.push(push);
        Ok(())
    }

    fn seal(&mut self, entropy: &mut dyn Entropy) -> Result<()> {
        let added = self.file.add(&self.message.encode(self.identity), entropy);
        added.map_err(|_| StoreError::Inconsistent { table: "uplink", column: "key" })
    }

    fn finish(mut self, entropy: &mut dyn Entropy) -> Result<Vec<u8>> {
        self.message.continues = false;
        self.seal(entropy)?;
        Ok(self.file.finish())
    }
}
