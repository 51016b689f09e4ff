//! What a hub does not take of those whom it enrolled, because it was not theirs to write, as it tells the hub above, and
//! as that one takes it. Only the hub that enrolled somebody knows what they were granted: where it holds something aside, so
//! do those above, and where its people have it tried again and take it, those above take it too.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, params};
use teranga_core::class::ClassId;
use teranga_core::grant::may_introduce;
use teranga_core::id::{Batch, ChangeHash, RecordId, ReplicaId};
use teranga_document::guard::Reason;
use teranga_sync::feed::VerdictRow;
use teranga_sync::identity::replica_id;
use teranga_sync::introduction::{Introduction, ReplicaKind};
use teranga_sync::judgement::{Judgement, Stance};
use teranga_sync::limits;
use teranga_sync::pack::{Entry, Pack};

use crate::apply::BUILDS_ON_HELD;
use crate::columns::{self, blob};
use crate::error::Result;
use crate::log::{self, AGAIN, FROM_FEED};
use crate::packs;
use crate::part::row_number;
use crate::register;
use crate::replica;
use crate::retract;
use crate::verdicts::{self, GivenBy};

/// The reason of what its author may not write.
pub(crate) const NOT_GRANTED: &str = "not-granted";
/// The reason of what was brought by whoever was revoked before.
pub(crate) const REVOKED: &str = "revoked";
/// The reason of what a hub below did not take.
pub(crate) const HELD_BELOW: &str = "held-below";

/// Whether a verdict for this reason is a judgement of somebody's grants, or follows from one.
pub(crate) fn is_of_grants(reason: &str) -> bool {
    [NOT_GRANTED, REVOKED, HELD_BELOW, BUILDS_ON_HELD].contains(&reason)
}

/// Judgements that the hub above has not been told yet.
pub(crate) fn untold(connection: &Connection) -> Result<Vec<Judgement>> {
    let mut statement = connection.prepare_cached(
        "SELECT v.record, v.class, v.hash, v.withdrawn FROM verdict v JOIN change c USING (record, class, hash)
         WHERE v.above = 0 AND v.told < 2 AND v.reason IN (?1, ?2, ?3, ?4)
           AND ((v.withdrawn = 0 AND v.told = 0) OR (v.withdrawn = 1 AND v.told = 1 AND c.status = 1))
         ORDER BY v.row LIMIT ?5",
    )?;
    let limit = row_number(limits::JUDGEMENTS_MAX);
    let mut rows = statement.query(params![NOT_GRANTED, REVOKED, HELD_BELOW, BUILDS_ON_HELD, limit])?;
    let mut untold = Vec::new();
    while let Some(row) = rows.next()? {
        let stance = if row.get(3)? { Stance::TakenAfterAll } else { Stance::NotTaken };
        let (record, change) = (blob(row, 0, "verdict", "record")?, blob(row, 2, "verdict", "hash")?);
        untold.push(Judgement { record, class: columns::class(row, 1)?, change, stance });
    }
    // Nobody asks a device.
    if !untold.is_empty() && replica::read_profile(connection)?.kind == ReplicaKind::Device {
        untold.clear();
    }
    Ok(untold)
}

/// Notes that the hub above was told.
pub(crate) fn told(connection: &Connection, judgements: &[Judgement]) -> Result<()> {
    for judgement in judgements {
        let (told, withdrawn) = match judgement.stance {
            Stance::NotTaken => (1, false),
            Stance::TakenAfterAll => (2, true),
        };
        connection
            .prepare_cached(
                "UPDATE verdict SET told = ?4 WHERE record = ?1 AND class = ?2 AND hash = ?3 AND above = 0
                     AND told = ?4 - 1 AND (withdrawn = ?5 OR ?4 = 1)",
            )?
            .execute(params![
                judgement.record.as_bytes(),
                judgement.class.as_str(),
                judgement.change.as_bytes(),
                told,
                withdrawn
            ])?;
    }
    Ok(())
}

/// The hub above may have forgotten what it was told, the last of it included.
pub(crate) fn tell_again(connection: &Connection) -> Result<()> {
    connection.execute("UPDATE verdict SET told = iif(withdrawn, 1, 0) WHERE told > 0", [])?;
    Ok(())
}

/// Whether a change that the hub above holds because a hub below it did not take it is for this one to decide on: its author is
/// a child here, and it came from below or has not come yet. A hub that was here before said so, or this one before it was put back.
pub(crate) fn is_ours_to_judge(connection: &Connection, verdict: &VerdictRow) -> Result<bool> {
    if !register::was_enrolled_here(connection, verdict.origin)? {
        return Ok(false);
    }
    let Some(held) = log::held(connection, verdict.record, &verdict.class, verdict.hash)? else {
        return Ok(true);
    };
    let batch = held.batch.filter(|batch| *batch != FROM_FEED);
    Ok(batch.map(|batch| packs::via(connection, held.origin, batch)).transpose()?.flatten().is_some())
}

/// Takes what a hub says of changes that it brought. What it does not take is taken out here too, or held aside when it
/// comes; what it takes after all is tried again.
pub(crate) fn take(
    connection: &Connection,
    own: ReplicaId,
    child: &Introduction,
    judgements: &[Judgement],
) -> Result<()> {
    let mut refused: BTreeMap<RecordId, Vec<VerdictRow>> = BTreeMap::new();
    for judgement in judgements.iter().filter(|_| child.kind == ReplicaKind::Hub) {
        match judgement.stance {
            Stance::NotTaken => {
                if let Some(verdict) = note(connection, replica_id(&child.key), judgement)? {
                    refused.entry(judgement.record).or_default().push(verdict);
                }
            }
            Stance::TakenAfterAll => forget(connection, replica_id(&child.key), judgement)?,
        }
    }
    for (record, verdicts) in refused {
        retract::take_out(connection, (own, GivenBy::Us), record, &verdicts)?;
    }
    Ok(())
}

/// Whether a hub below did not take a change that it may judge.
pub(crate) fn is_held_below(
    connection: &Connection,
    (record, class, hash): (RecordId, &ClassId, ChangeHash),
    brought: Option<(ReplicaId, Batch)>,
) -> Result<bool> {
    let hub: Option<Vec<u8>> = connection
        .prepare_cached("SELECT hub FROM judged_below WHERE record = ?1 AND class = ?2 AND hash = ?3")?
        .query_row(params![record.as_bytes(), class.as_str(), hash.as_bytes()], |row| row.get(0))
        .optional()?;
    match (hub.and_then(|hub| ReplicaId::from_slice(&hub)), brought) {
        (Some(hub), Some(brought)) => may_judge(connection, hub, brought),
        (None, _) | (_, None) => Ok(false),
    }
}

/// A hub brings a pack that another one had brought: what that one did not take of it this one decides on anew, and says so.
pub(crate) fn another_brings(connection: &Connection, hub: ReplicaId, pack: &Pack) -> Result<()> {
    let any: bool = connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM judged_below)")?
        .query_row([], |row| row.get(0))?;
    for entry in pack.saves.iter().flatten().filter(|_| any) {
        let forgotten = connection
            .prepare_cached(
                "DELETE FROM judged_below WHERE record = ?1 AND class = ?2 AND hash = ?3 AND hub <> ?4",
            )?
            .execute(params![
                entry.record.as_bytes(),
                entry.class.as_str(),
                entry.hash.as_bytes(),
                hub.as_bytes()
            ])?;
        if forgotten > 0 {
            try_again(connection, (entry.record, &entry.class, entry.hash), HELD_BELOW)?;
        }
    }
    Ok(())
}

/// The author of a change brings it itself that a witness had brought, who might not, or had been revoked, or had less room: it is
/// decided on anew. Whether it is.
pub(crate) fn its_author_brings(connection: &Connection, entry: &Entry) -> Result<bool> {
    let change = (entry.record, &entry.class, entry.hash);
    for reason in Reason::FOR_ROOM.map(Reason::code).into_iter().chain([NOT_GRANTED, REVOKED]) {
        if try_again(connection, change, reason)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Has this hub decide for itself on a record, whatever hubs below said of it.
pub(crate) fn overrule(connection: &Connection, record: RecordId) -> Result<()> {
    connection.prepare_cached("DELETE FROM judged_below WHERE record = ?1")?.execute([record.as_bytes()])?;
    Ok(())
}

/// Has everything tried again that is held aside because of something else that was: an answer because of another, an
/// assessment because of its case.
pub(crate) fn try_what_fell_with_it(connection: &Connection) -> Result<()> {
    connection.execute(
        "UPDATE change SET status = 0, reason = ?2 WHERE status = 3 AND reason = ?1 AND body IS NOT NULL
             AND (record, class, hash) IN
                 (SELECT record, class, hash FROM verdict WHERE withdrawn = 0 AND above = 0 AND reason = ?1)",
        [BUILDS_ON_HELD, AGAIN],
    )?;
    connection.execute(
        "UPDATE verdict SET withdrawn = 1 WHERE withdrawn = 0 AND above = 0 AND reason = ?1
             AND (record, class, hash) IN (SELECT record, class, hash FROM change WHERE status = 0)",
        [BUILDS_ON_HELD],
    )?;
    Ok(())
}

/// Keeps what a hub said of a change; the verdict on it, where the change is here.
fn note(connection: &Connection, hub: ReplicaId, judgement: &Judgement) -> Result<Option<VerdictRow>> {
    let Judgement { record, class, change, .. } = judgement;
    let brought = brought(connection, judgement)?;
    if let Some(brought) = brought
        && !may_judge(connection, hub, brought)?
    {
        return Ok(None);
    }
    connection
        .prepare_cached(
            "INSERT INTO judged_below (record, class, hash, hub) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO UPDATE SET hub = excluded.hub",
        )?
        .execute(params![record.as_bytes(), class.as_str(), change.as_bytes(), hub.as_bytes()])?;
    let (record, class, hash) = (*record, class.clone(), *change);
    Ok(brought.map(|(origin, batch)| VerdictRow {
        origin,
        batch,
        record,
        class,
        hash,
        reason: HELD_BELOW.into(),
    }))
}

/// The pack that brought a change which somebody judges, where it is here.
fn brought(connection: &Connection, judgement: &Judgement) -> Result<Option<(ReplicaId, Batch)>> {
    let held = log::held(connection, judgement.record, &judgement.class, judgement.change)?;
    Ok(held.map(|held| (held.origin, held.batch.unwrap_or(FROM_FEED))))
}

/// A hub takes after all what it did not.
fn forget(connection: &Connection, hub: ReplicaId, judgement: &Judgement) -> Result<()> {
    let Judgement { record, class, change, .. } = judgement;
    let by_another = match brought(connection, judgement)? {
        Some(brought) => may_judge(connection, hub, brought)?,
        None => false,
    };
    let forgotten = connection
        .prepare_cached(
            "DELETE FROM judged_below WHERE record = ?1 AND class = ?2 AND hash = ?3 AND (hub = ?4 OR ?5)",
        )?
        .execute(params![record.as_bytes(), class.as_str(), change.as_bytes(), hub.as_bytes(), by_another])?;
    if forgotten > 0 {
        try_again(connection, (*record, class, *change), HELD_BELOW)?;
    }
    Ok(())
}

/// What was held aside for this reason is decided on anew. Whether it was.
fn try_again(
    connection: &Connection,
    (record, class, change): (RecordId, &ClassId, ChangeHash),
    reason: &str,
) -> Result<bool> {
    let held = connection
        .prepare_cached(
            "UPDATE change SET status = 0, reason = ?5
             WHERE record = ?1 AND class = ?2 AND hash = ?3 AND status = 3 AND reason = ?4 AND body IS NOT NULL",
        )?
        .execute(params![record.as_bytes(), class.as_str(), change.as_bytes(), reason, AGAIN])?;
    if held > 0 {
        verdicts::withdraw(connection, record, class, change)?;
        try_what_fell_with_it(connection)?;
    }
    Ok(held > 0)
}

/// A hub judges what it brought, and what those wrote whom it may introduce.
fn may_judge(connection: &Connection, hub: ReplicaId, (of, batch): (ReplicaId, Batch)) -> Result<bool> {
    if packs::via(connection, of, batch)? == Some(hub) {
        return Ok(true);
    }
    let (hub, author) = (register::introduction(connection, hub)?, register::introduction(connection, of)?);
    Ok(hub.zip(author).is_some_and(|(hub, author)| may_introduce(&hub.audience, &author.audience)))
}
