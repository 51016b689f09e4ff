//! A pack on its way into the log: who wrote it, its saves, and the bodies that a relay had withheld.

use std::collections::BTreeSet;

use rusqlite::Connection;
use teranga_core::id::{Line, ManifestHash, RecordId, ReplicaId, Salt};
use teranga_core::problem::Problem;
use teranga_core::time::Millis;
use teranga_sync::identity::replica_id;
use teranga_sync::introduction::Introduction;
use teranga_sync::pack::{Entry, Pack};

use super::known::in_other_packs;
use crate::contested::{self, Shape};
use crate::erase::NO_SALT;
use crate::error::Result;
use crate::feed::{self, About, To};
use crate::fork;
use crate::judged;
use crate::log::{self, Appended, Logged};
use crate::outbox;
use crate::packs;
use crate::part;
use crate::receipts;
use crate::register::{self, Noted};
use crate::testimony;
use crate::{membership, strangers};

/// A pack that may be taken, and how it came.
pub(super) struct Arrival<'a> {
    pub(super) pack: &'a Pack,
    pub(super) hash: &'a ManifestHash,
    pub(super) author: &'a Introduction,
    pub(super) via: (ReplicaId, Option<Line>),
    pub(super) now: Millis,
}

/// Logs a pack. It must be possible to put it together again as it was signed: a pack that names a change of another
/// origin is refused. What an earlier pack of the same origin brought is named once more; what comes under another salt than its
/// record has is held aside.
pub(super) fn log_pack(
    connection: &Connection,
    arrival: &Arrival<'_>,
) -> Result<std::result::Result<(), Problem>> {
    let manifest = &arrival.pack.manifest;
    // Who a child of one's own is was said at its enrolment, and nobody else says it.
    if !register::was_enrolled_here(connection, manifest.replica())? {
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
    strangers::note_known(connection, arrival.via.0, manifest.replica())?;
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
    let (mut place, mut brought, mut salts) = (0, Brought::default(), Salts::default());
    for save in &pack.saves {
        let Some(known) = in_other_packs(connection, origin, save)? else {
            return Ok(Err(Problem::Forbidden));
        };
        let logged = |entry, place, save| Logged::of(entry, (origin, batch), (place, save));
        let (mut first, mut sent_again) = (None, false);
        let entries = || (place..).zip(save).zip(&known);
        for ((place, entry), _) in entries().filter(|(_, known)| !**known) {
            let same_salt = salts.is_of_its_record(connection, entry)?;
            let appended = log::append(connection, &logged(entry, place, first))?;
            let Appended { seq, was_here, is_new, moved } = appended;
            if !same_salt {
                contested::hold_aside(connection, (origin, batch), (seq, entry))?;
            }
            let again = moved && judged::its_author_brings(connection, entry)?;
            brought.something |= is_new || again;
            first.get_or_insert(seq);
            sent_again |= was_here && fork::is_sent_again(connection, seq)?;
        }
        let (new, mut shape) = (first, Shape::of(save));
        for ((place, entry), _) in entries().filter(|(_, known)| **known) {
            if !salts.is_of_its_record(connection, entry)? {
                contested::note(connection, (origin, batch), entry)?;
            }
            // It stood in a save of another shape, perhaps: in this pack those of one save stand together.
            let seq = log::seq_of(connection, entry.record, &entry.class, entry.hash)?.unwrap_or_default();
            let together = *first.get_or_insert(seq);
            let named = logged(entry, place, Some(together));
            if !contested::take_in_this_shape(connection, (seq, &mut shape), &named)? {
                log::name_again(connection, &named)?;
            }
            brought.names_what_is_here = true;
        }
        place += row_count(save);
        if let Some((seq, entry)) = new.zip(save.first()).filter(|_| sent_again) {
            feed::append(connection, About::Save(seq, entry.record), To::All, entry.hash.as_bytes())?;
        }
    }
    Ok(Ok(brought))
}

/// The record of the change that was looked at last, with its salt: the next one is mostly of the same.
#[derive(Default)]
struct Salts {
    last: Option<(RecordId, Salt)>,
}

impl Salts {
    /// Notes that the record of a change exists; whether the salt that the change brings is the record's.
    fn is_of_its_record(&mut self, connection: &Connection, entry: &Entry) -> Result<bool> {
        let this = Some((entry.record, entry.salt));
        if self.last == this {
            return Ok(true);
        }
        let is = note_record(connection, entry)? || contested::settle(connection, entry)?;
        self.last = this.filter(|_| is);
        Ok(is)
    }
}

/// Places in a pack are counted in 32 bits, of which the limit of entries leaves most.
fn row_count(save: &[Entry]) -> u32 {
    u32::try_from(save.len()).unwrap_or(u32::MAX)
}

/// Notes that the record of a change exists; whether it has this salt, or none any more.
pub(crate) fn note_record(connection: &Connection, entry: &Entry) -> Result<bool> {
    if part::note_record(connection, entry.record, entry.salt)? {
        return Ok(true);
    }
    let salt = part::salt_of(connection, entry.record)?;
    Ok(salt == Some(entry.salt) || salt == Some(NO_SALT))
}

/// A pack that is held already may bring what a relay withheld of it the first time.
pub(super) fn take_withheld(connection: &Connection, pack: &Pack) -> Result<()> {
    for entry in pack.saves.iter().flatten() {
        let Some(body) = &entry.body else { continue };
        if let Some(seq) = log::seq_of(connection, entry.record, &entry.class, entry.hash)? {
            log::give_body(connection, seq, body)?;
        }
    }
    Ok(())
}

/// Notes who a replica is and passes it down; whether that is news. What the home has of it may have come before: nobody was told of that then.
pub(crate) fn introduce(connection: &Connection, introduction: &Introduction) -> Result<bool> {
    let Noted::New(row) = register::introduce(connection, introduction)? else { return Ok(false) };
    feed::append(connection, About::Replica(row), To::All, introduction.key.as_bytes())?;
    receipts::tell_again(connection, replica_id(&introduction.key))?;
    Ok(true)
}
