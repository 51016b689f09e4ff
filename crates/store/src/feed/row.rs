//! Rows of the feed as one child receives them: only what it may hold, and with a save whose author it would not know
//! otherwise, who that is.

use std::collections::BTreeSet;

use rusqlite::Connection;
use teranga_core::audience::Audience;
use teranga_core::grant::{may_hold, may_introduce, may_know};
use teranga_core::id::{RecordId, ReplicaId};
use teranga_sync::feed::Row;
use teranga_sync::introduction::{Introduction, ReplicaKind};
use teranga_sync::receipt::{Assurance, Receipt};

use super::{About, Reader};
use crate::error::Result;
use crate::verdicts::{self, Standing};
use crate::{custody, erase, fork, log, membership, packs, receipts, register, resources, strangers};

/// What a place in the feed says to a child: nothing, one row, or a save after the rows that introduce its author.
pub(super) fn build(
    connection: &Connection,
    about: About,
    position: u64,
    reader: Reader<'_>,
) -> Result<Vec<Row>> {
    let audience = reader.audience;
    let knows = |replica: &Introduction| may_know(audience, &replica.audience);
    let row = match about {
        About::Save(save, record) => return save_rows(connection, save, record, audience),
        About::Replica(row) => {
            Some(register::introduction_row(connection, row)?).filter(knows).map(Row::Replica)
        }
        About::Opening(row) => {
            let (replica, nonce) = register::opening_row(connection, row)?;
            let known = register::introduction(connection, replica)?.is_some_and(|replica| knows(&replica));
            known.then_some(Row::Opening { replica, nonce })
        }
        About::Resource(row) => Some(Row::Resource(resources::row(connection, row)?)),
        About::Receipt(row) => match receipts::at(connection, row, position)? {
            Some(receipt) if is_told(connection, &receipt, reader)? => Some(Row::Receipt(receipt)),
            _ => None,
        },
        About::Verdict(row) => {
            let standing = verdicts::standing(connection, row)?;
            standing.map(|standing| verdict_row(connection, standing, reader)).transpose()?.flatten()
        }
        About::Leave(row) => Some(membership::leave_row(connection, row)?),
        About::Erase(row) => Some(erase::erase_row(connection, row)?),
        About::Fork(row) => Some(fork::row(connection, row)?),
        About::Enter(_) | About::Told => None,
    };
    Ok(row.into_iter().collect())
}

/// A verdict is told to its author or the hub that may be bringing its work since, to the witness who brought the change, and to
/// whoever may hold the part, or might until it took the envelope out.
fn verdict_row(connection: &Connection, standing: Standing, reader: Reader<'_>) -> Result<Option<Row>> {
    let Standing { verdict, custody } = standing;
    let brings = register::child_of(connection, verdict.origin)? == Some(reader.child);
    let author = brings || verdict.origin == reader.child;
    let change = log::held(connection, verdict.record, &verdict.class, verdict.hash)?;
    let witness = change.is_some_and(|change| change.witness() == Some(reader.child));
    let custody = custody::of(connection, verdict.record)?.or(custody).unwrap_or_default();
    let told = author
        || witness
        || may_hold(reader.audience, &custody, &verdict.class)
        || is_hub_of(connection, reader, verdict.origin)?;
    Ok(told.then_some(Row::Verdict(verdict)))
}

/// Whether whoever reads is a hub that may bring what an author wrote: another than brought it first, perhaps, which is gone.
fn is_hub_of(connection: &Connection, reader: Reader<'_>, author: ReplicaId) -> Result<bool> {
    let is_hub = register::introduction(connection, reader.child)?
        .is_some_and(|reader| reader.kind == ReplicaKind::Hub);
    let author = register::introduction(connection, author)?;
    Ok(is_hub && author.is_some_and(|author| may_introduce(reader.audience, &author.audience)))
}

/// A receipt is told to whoever may know the origin, and to whoever was introduced to it with a save.
fn is_told(connection: &Connection, receipt: &Receipt, reader: Reader<'_>) -> Result<bool> {
    let Some(origin) = register::introduction(connection, receipt.origin)? else { return Ok(false) };
    Ok(may_know(reader.audience, &origin.audience)
        || strangers::is_introduced(connection, reader.child, receipt.origin)?)
}

/// The parts of a save that the audience may hold; nothing where it may hold none.
fn save_rows(connection: &Connection, save: i64, record: RecordId, audience: &Audience) -> Result<Vec<Row>> {
    let Some(custody) = custody::here(connection, record)? else { return Ok(Vec::new()) };
    let held: Vec<log::LogRow> = log::of_save(connection, save)?
        .into_iter()
        .filter(|row| row.status == log::Status::Applied && may_hold(audience, &custody, &row.class))
        .collect();
    let Some(first) = held.first() else { return Ok(Vec::new()) };
    let Some((of, batch)) = first.pack() else { return Ok(Vec::new()) };
    let witness = (of != first.origin).then_some(of);
    let mut rows = strangers(connection, first.origin, &held, audience)?;
    if let Some(witness) = witness {
        // Nothing of the save is the witness's own, but it is its receipt that will speak of it.
        let known = strangers(connection, witness, &held, audience)?;
        rows.extend(known.into_iter().filter(|row| !rows.contains(row)).collect::<Vec<_>>());
    }
    let saves = packs::saves_of(connection, &held)?;
    rows.extend(saves.into_iter().next().map(|save| Row::Save { batch, witness, save }));
    Ok(rows)
}

/// Who wrote a save that comes from a place of which the audience is told nothing else: the replica, its openings, and
/// how far its home has what it wrote.
fn strangers(
    connection: &Connection,
    origin: ReplicaId,
    held: &[log::LogRow],
    audience: &Audience,
) -> Result<Vec<Row>> {
    let Some(introduction) = register::introduction(connection, origin)? else { return Ok(Vec::new()) };
    if may_know(audience, &introduction.audience) && !register::has_wandered(connection, origin)? {
        return Ok(Vec::new());
    }
    let mut rows = vec![Row::Replica(introduction)];
    let mut openings = BTreeSet::new();
    for row in held {
        let opening = register::opening_of(connection, packs::actor_of(row)?)?;
        openings.extend(opening.filter(|(replica, _)| *replica == origin));
    }
    rows.extend(openings.into_iter().map(|(replica, nonce)| Row::Opening { replica, nonce }));
    if let Some(batch) = held.first().and_then(log::LogRow::left_in) {
        for assurance in Assurance::ALL {
            let receipt = receipts::of(connection, (origin, batch.line()), assurance)?;
            rows.extend(receipt.map(Row::Receipt));
        }
    }
    Ok(rows)
}
