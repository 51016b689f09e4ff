//! Ingest: a pack that arrived becomes rows of the log in one transaction, without Automerge being called. Only then
//! is it acknowledged.

use std::collections::BTreeSet;

use rusqlite::{Connection, params};
use teranga_core::grant::may_introduce;
use teranga_core::id::{Line, ManifestHash, RecordId, ReplicaId};
use teranga_core::problem::Problem;
use teranga_core::time::Millis;
use teranga_sync::admit::{Admission, Chain, admit};
use teranga_sync::identity::replica_id;
use teranga_sync::introduction::{Introduction, ReplicaKind};
use teranga_sync::message::{Acknowledged, Push};
use teranga_sync::pack::{Entry, Pack};

use crate::columns::{integer, maybe_blob, unsigned};
use crate::erase::{self, NO_SALT};
use crate::error::Result;
use crate::feed::{self, About, To};
use crate::fork;
use crate::judged;
use crate::log::{self, Appended, FROM_FEED, Logged, Status};
use crate::membership;
use crate::outbox;
use crate::packs;
use crate::part;
use crate::receipts;
use crate::register::{self, Noted};
use crate::replica::Replica;
use crate::testimony;

/// What became of a pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ingested {
    /// It is in the log now.
    Logged,
    /// It was there already.
    Known,
    /// Packs before it are missing here; nothing was taken, and the acknowledgement says from where to send again.
    Gap,
    /// It must not be taken.
    Refused(Problem),
}

/// How a pack came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// In an exchange: the acknowledgement ends at the last pack that came.
    Exchange,
    /// In a bundle, which may be an old one, or one of several: it never takes an acknowledgement back, and what it brings
    /// is left out for nobody, for the child may have a copy whose bundle this is.
    Bundle,
}

impl Replica {
    /// Takes one pack from a child, in one of its lines.
    pub fn ingest(&mut self, child: &Introduction, line: Line, push: &Push, now: Millis) -> Result<Ingested> {
        self.take_pack(Way::Exchange, child, (line, push), now)
    }

    /// Takes one pack of a child's bundle.
    pub fn ingest_bundled(
        &mut self,
        child: &Introduction,
        line: Line,
        push: &Push,
        now: Millis,
    ) -> Result<Ingested> {
        self.take_pack(Way::Bundle, child, (line, push), now)
    }

    fn take_pack(
        &mut self,
        way: Way,
        child: &Introduction,
        (line, push): (Line, &Push),
        now: Millis,
    ) -> Result<Ingested> {
        let Ok(pack) = push.pack() else {
            return Ok(Ingested::Refused(Problem::Malformed));
        };
        if !may_bring(child, push, &pack) {
            return Ok(Ingested::Refused(Problem::Forbidden));
        }
        let via = (replica_id(&child.key), line);
        let transaction = self.connection_mut().transaction()?;
        let next = received(&transaction, via)?.number + 1;
        if way == Way::Exchange && push.number > next {
            return Ok(Ingested::Gap);
        }
        let chain = chain(&transaction, &pack)?;
        if brings_erased(&transaction, &pack)? {
            return Ok(Ingested::Refused(Problem::Erased));
        }
        let (outcome, hash) = match admit(&pack, &chain) {
            Admission::Accept(hash) => {
                let author = push.introduction.as_ref().unwrap_or(child);
                let via = (via.0, (way == Way::Exchange).then_some(line));
                let arrival = Arrival { pack: &pack, hash: &hash, author, via, now };
                if let Err(problem) = log_pack(&transaction, &arrival)? {
                    return Ok(Ingested::Refused(problem));
                }
                judged::another_brings(&transaction, via.0, &pack)?;
                (Ingested::Logged, hash)
            }
            Admission::Duplicate => {
                take_withheld(&transaction, &pack)?;
                judged::another_brings(&transaction, via.0, &pack)?;
                (Ingested::Known, pack.hash())
            }
            Admission::Gap => return Ok(Ingested::Gap),
            Admission::Refuse(problem) => return Ok(Ingested::Refused(problem)),
        };
        if way == Way::Bundle && push.number != next {
            transaction.commit()?;
            return Ok(outcome);
        }
        transaction
            .prepare_cached(
                "UPDATE child SET received = ?3, received_hash = ?4, last_ms = ?5 WHERE replica = ?1 AND line = ?2",
            )?
            .execute(params![
                via.0.as_bytes(),
                line.number(),
                integer(push.number),
                hash.as_bytes(),
                now.0
            ])?;
        transaction.commit()?;
        Ok(outcome)
    }

    /// How far a child's outbox of one line is held here.
    pub fn received(&self, child: ReplicaId, line: Line) -> Result<Acknowledged> {
        received(self.connection(), (child, line))
    }
}

/// A device brings its own packs; a hub also those of replicas that it introduces, and may introduce.
fn may_bring(child: &Introduction, push: &Push, pack: &Pack) -> bool {
    match &push.introduction {
        None => child.key == pack.manifest.origin,
        Some(author) => {
            child.kind == ReplicaKind::Hub
                && author.key == pack.manifest.origin
                && author.key != child.key
                && may_introduce(&child.audience, &author.audience)
        }
    }
}

fn received(connection: &Connection, (child, line): (ReplicaId, Line)) -> Result<Acknowledged> {
    let mut statement = connection
        .prepare_cached("SELECT received, received_hash FROM child WHERE replica = ?1 AND line = ?2")?;
    let mut rows = statement.query(params![child.as_bytes(), line.number()])?;
    let Some(row) = rows.next()? else { return Ok(Acknowledged::default()) };
    let number = unsigned(row.get(0)?);
    let hash: Option<ManifestHash> = maybe_blob(row, 1, "child", "received_hash")?;
    Ok(hash.map_or_else(Acknowledged::default, |hash| Acknowledged::at(number, &hash)))
}

struct Arrival<'a> {
    pack: &'a Pack,
    hash: &'a ManifestHash,
    author: &'a Introduction,
    via: (ReplicaId, Option<Line>),
    now: Millis,
}

/// Logs a pack. It must be possible to put it together again as it was signed: a pack that names a change of another
/// origin, or a record with another salt, is refused. A save that an earlier pack of the same origin brought is named
/// once more and nothing else; a mixture of both is refused.
fn log_pack(connection: &Connection, arrival: &Arrival<'_>) -> Result<std::result::Result<(), Problem>> {
    let manifest = &arrival.pack.manifest;
    // Who a child of one's own is was said at its enrolment, and nobody else says it.
    if !register::is_child(connection, manifest.replica())? {
        introduce(connection, arrival.author)?;
    }
    if let Some(author) = &manifest.by.author
        && register::introduction(connection, replica_id(&author.key))?.is_none()
    {
        // A witness says who somebody is whom nobody here knows, and of nobody else.
        introduce(connection, author)?;
    }
    for nonce in &manifest.by.openings {
        if let Noted::New(row) = register::note_opening(connection, manifest.author_key(), *nonce)? {
            feed::append(connection, About::Opening(row), To::All, nonce.as_bytes())?;
        }
    }
    packs::insert(connection, manifest, arrival.hash, arrival.now, Some(arrival.via))?;
    // Its author may work elsewhere by the time the home has it: whoever brought it is told all the same.
    membership::note_known(connection, arrival.via.0, manifest.replica())?;
    let logged = match &manifest.by.author {
        Some(author) => testimony::log(connection, arrival.pack, replica_id(&author.key))?,
        None => log_saves(connection, arrival.pack)?,
    };
    let brought = match logged {
        Ok(brought) => brought,
        Err(problem) => return Ok(Err(problem)),
    };
    if brought.names_what_is_here
        && packs::load(connection, manifest.replica(), manifest.batch)?.hash() != *arrival.hash
    {
        return Ok(Err(Problem::Forbidden));
    }
    outbox::enqueue(connection, manifest.replica(), manifest.batch)?;
    if brought.names_what_is_here {
        let records: BTreeSet<RecordId> =
            arrival.pack.saves.iter().flatten().map(|entry| entry.record).collect();
        let mut records = records.into_iter();
        records.try_for_each(|record| membership::leave_if_out(connection, arrival.via.0, record))?;
    }
    if !brought.something {
        // Nothing will be applied for it that would say so later.
        receipts::note_at_home(connection, manifest.replica(), manifest.batch)?;
    }
    Ok(Ok(()))
}

/// What logging a pack's saves came to.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Brought {
    /// Something is to be applied.
    pub(crate) something: bool,
    /// Something was here, and had to fit with it.
    pub(crate) names_what_is_here: bool,
}

fn log_saves(connection: &Connection, pack: &Pack) -> Result<std::result::Result<Brought, Problem>> {
    let (origin, batch) = (pack.manifest.replica(), pack.manifest.batch);
    let (mut place, mut brought) = (0, Brought::default());
    for save in &pack.saves {
        let (mut first, mut sent_again) = (None, false);
        let named_again = match named_again(connection, origin, save)? {
            Again::No => false,
            Again::Whole => true,
            Again::Partly => return Ok(Err(Problem::Forbidden)),
        };
        brought.names_what_is_here |= named_again;
        for entry in save {
            if !note_record(connection, entry)? {
                return Ok(Err(Problem::Forbidden));
            }
            let logged = Logged {
                record: entry.record,
                class: &entry.class,
                hash: entry.hash,
                origin,
                batch: Some(batch),
                place,
                save: first,
                status: if entry.body.is_some() { Status::Logged } else { Status::Withheld },
                body: entry.body.as_deref(),
                fed: None,
                witness: None,
            };
            if named_again {
                log::name_again(connection, &logged)?;
            } else {
                let Appended { seq, is_new, moved } = log::append(connection, &logged)?;
                let again = moved && judged::its_author_brings(connection, entry)?;
                brought.something |= is_new || again;
                first.get_or_insert(seq);
                sent_again |= fork::is_sent_again(connection, seq)?;
            }
            place += 1;
        }
        if let Some((seq, entry)) = first.zip(save.first()).filter(|_| sent_again) {
            feed::append(connection, About::Save(seq, entry.record), To::All, entry.hash.as_bytes())?;
        }
    }
    Ok(Ok(brought))
}

/// Notes that the record of a change exists; whether it has this salt, or none any more.
pub(crate) fn note_record(connection: &Connection, entry: &Entry) -> Result<bool> {
    part::note_record(connection, entry.record, entry.salt)?;
    let salt = part::salt_of(connection, entry.record)?;
    Ok(salt == Some(entry.salt) || salt == Some(NO_SALT))
}

/// Whether a pack brings something of a record that was erased. Its hashes may come: they are under its signature.
fn brings_erased(connection: &Connection, pack: &Pack) -> Result<bool> {
    for entry in pack.saves.iter().flatten() {
        if entry.body.is_some() && erase::is_erased(connection, entry.record)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What is known of the chain in which a pack stands, here and above.
fn chain(connection: &Connection, pack: &Pack) -> Result<Chain> {
    let (origin, batch) = (pack.manifest.replica(), pack.manifest.batch);
    let home = receipts::furthest(connection, origin, batch.line())?;
    Ok(Chain {
        fork: fork::of_line(connection, origin, batch.line())?,
        home: home.map(|receipt| (receipt.batch, receipt.mark)),
        came_down: home.is_some_and(|receipt| receipt.batch > batch) && came_down(connection, pack)?,
        ..packs::chain(connection, origin, batch)?
    })
}

/// Whether all that a pack brings came down from the hub above, as of the same batch.
fn came_down(connection: &Connection, pack: &Pack) -> Result<bool> {
    let (origin, batch) = (pack.manifest.replica(), pack.manifest.batch);
    for entry in pack.saves.iter().flatten() {
        let held = log::held(connection, entry.record, &entry.class, entry.hash)?;
        if held.is_none_or(|held| held.fed() != Some((origin, batch))) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether a save stands in another pack of the same origin already.
enum Again {
    No,
    Whole,
    Partly,
}

fn named_again(connection: &Connection, origin: ReplicaId, save: &[Entry]) -> Result<Again> {
    let mut held = 0;
    for entry in save {
        match log::held(connection, entry.record, &entry.class, entry.hash)? {
            Some(held) if held.origin != origin => return Ok(Again::Partly),
            // What came down a feed before comes in its pack now.
            None | Some(log::Held { batch: Some(FROM_FEED), .. }) => {}
            Some(_) => held += 1,
        }
    }
    Ok(match held {
        0 => Again::No,
        _ if held == save.len() => Again::Whole,
        _ => Again::Partly,
    })
}

/// A pack that is held already may bring what a relay withheld of it the first time.
fn take_withheld(connection: &Connection, pack: &Pack) -> Result<()> {
    for entry in pack.saves.iter().flatten() {
        let Some(body) = &entry.body else { continue };
        if let Some(seq) = log::seq_of(connection, entry.record, &entry.class, entry.hash)? {
            log::give_body(connection, seq, body)?;
        }
    }
    Ok(())
}

/// Notes who a replica is and passes it down. What the home has of it may have come before: nobody was told of that then.
pub(crate) fn introduce(connection: &Connection, introduction: &Introduction) -> Result<()> {
    if let Noted::New(row) = register::introduce(connection, introduction)? {
        feed::append(connection, About::Replica(row), To::All, introduction.key.as_bytes())?;
        receipts::tell_again(connection, replica_id(&introduction.key))?;
    }
    Ok(())
}
