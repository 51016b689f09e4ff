//! Taking what came down a feed: each row into the log, the register or the resources, within the transaction of its
//! answer.

use rusqlite::Connection;
use teranga_core::id::{Batch, ReplicaId};
use teranga_sync::feed::Row;
use teranga_sync::identity::{Identity, replica_id};
use teranga_sync::pack::Save;

use crate::aside;
use crate::erase;
use crate::error::Result;
use crate::feed::{self, About, To};
use crate::fork;
use crate::gone;
use crate::ingest;
use crate::log::{self, Appended, FROM_FEED, Logged, Status};
use crate::missed;
use crate::part;
use crate::receipts;
use crate::register::{self, Noted};
use crate::replica::{self, Profile};
use crate::resources;
use crate::verdicts;

/// Takes rows in their order, verdicts that follow each other together: each may take the same part apart.
pub(crate) fn rows(connection: &Connection, own: &Identity, rows: Vec<Row>) -> Result<()> {
    let mut given = Vec::new();
    for one in rows {
        if let Row::Verdict(verdict) = one {
            given.push(verdict);
            continue;
        }
        verdicts::take(connection, own.replica(), std::mem::take(&mut given))?;
        row(connection, own, one)?;
    }
    verdicts::take(connection, own.replica(), given)
}

fn row(connection: &Connection, own: &Identity, row: Row) -> Result<()> {
    match row {
        Row::Save { batch, witness, save } => take_save(connection, (batch, witness), &save),
        // The hub says what this replica is: it may hold other things than before.
        Row::Replica(introduction) if introduction.key == own.public_key() => {
            replica::write_profile(connection, own, &Profile::of(introduction))
        }
        // Who a child of one's own is was said at its enrolment here.
        Row::Replica(introduction)
            if register::was_enrolled_here(connection, replica_id(&introduction.key))? =>
        {
            Ok(())
        }
        Row::Replica(introduction) => ingest::introduce(connection, &introduction).map(|_| ()),
        Row::Opening { replica, nonce } => {
            let Some(introduction) = register::introduction(connection, replica)? else { return Ok(()) };
            if let Noted::New(row) = register::note_opening(connection, &introduction.key, nonce)? {
                feed::append(connection, About::Opening(row), To::All, nonce.as_bytes())?;
            }
            Ok(())
        }
        Row::Resource(resource) => resources::note(connection, &resource).map(|_| ()),
        Row::Receipt(receipt) => receipts::note(connection, &receipt),
        Row::Verdict(verdict) => verdicts::take(connection, own.replica(), vec![verdict]),
        Row::Erase(erasure) => erase::hear(connection, own, &erasure),
        Row::Leave { record, class } => gone::note(connection, record, class.as_ref()),
        Row::Fork { origin, batch } => fork::take(connection, own.replica(), origin, batch),
    }
}

/// Stands for the author of a change whose opening was never introduced.
pub(crate) const UNKNOWN: ReplicaId = ReplicaId([0; 16]);

fn take_save(connection: &Connection, (batch, witness): (Batch, Option<ReplicaId>), of: &Save) -> Result<()> {
    let limits = teranga_sync::scan::ChangeLimits::PROTOCOL;
    let (mut first, mut known_otherwise) = (None, false);
    for entry in of {
        gone::came(connection, entry.record, &entry.class)?;
        let Some(body) = entry.body.as_deref() else { continue };
        let Ok(scanned) = teranga_sync::scan::scan(body, &limits) else { continue };
        if erase::is_erased(connection, entry.record)? {
            // A hub that was put back does not know yet.
            continue;
        }
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
            witness,
        };
        let Appended { seq, moved, .. } = log::append(connection, &logged)?;
        known_otherwise |= moved;
        fork::came_down(connection, seq)?;
        missed::came_down(connection, seq)?;
        aside::take_after_all(connection, entry.record, &entry.class, entry.hash)?;
        first.get_or_insert(seq);
    }
    if let Some((seq, entry)) = first.zip(of.first()).filter(|_| known_otherwise) {
        // Those below hear by whose receipts it is safe from now on.
        let save = log::save_of(connection, seq)?;
        feed::append(connection, About::Save(save, entry.record), To::All, entry.hash.as_bytes())?;
    }
    Ok(())
}
