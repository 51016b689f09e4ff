//! Ticks: where a record's changes are known to lie. A tick is read from what hubs acknowledged and signed, never
//! from what was sent.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};
use teranga_core::id::{RecordId, ReplicaId};
use teranga_sync::feed::VerdictRow;
use teranga_sync::receipt::Assurance;

use crate::columns::{self, integer, unsigned};
use crate::error::Result;
use crate::log::Status;
use crate::missed;
use crate::outbox;
use crate::receipts;
use crate::replica::Replica;
use crate::verdicts;

/// Where a record of this replica lies, the least far of its own changes deciding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tick {
    /// On this device only.
    Here,
    /// The hub that this replica syncs with holds it.
    AtRegion,
    /// Its home holds it.
    Safe,
    /// Some change of it was not taken, and why.
    Held(Vec<VerdictRow>),
}

/// How many changes lie where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LogCounts {
    /// In their documents.
    pub applied: u64,
    /// Logged, not yet applied.
    pub logged: u64,
    /// Waiting for others.
    pub waiting: u64,
    /// Quarantined.
    pub quarantined: u64,
    /// Withheld by a relay.
    pub withheld: u64,
    /// In packs that the hub has not acknowledged, one's own and children's, or in none yet.
    pub unsent: u64,
}

impl Replica {
    /// Where a record's changes lie, those that others wrote too: the least far of all decides. What came down the
    /// feed is at the region at least.
    pub fn tick(&self, record: RecordId) -> Result<Tick> {
        let own = self.id();
        let verdicts: Vec<VerdictRow> = self.standing_verdicts(record)?;
        if !verdicts.is_empty() {
            return Ok(Tick::Held(verdicts));
        }
        Ok(
            match (
                own_tick(self.connection(), own, record, Assurance::Held)?,
                others_are_safe(self.connection(), own, record, Assurance::Held)?,
            ) {
                (Tick::Safe, false) => Tick::AtRegion,
                (own, _) => own,
            },
        )
    }

    /// The verdicts on this replica's own changes of a record that nobody has settled.
    pub fn standing_verdicts(&self, record: RecordId) -> Result<Vec<VerdictRow>> {
        let (own, verdicts) = (self.id(), self.verdicts(record)?);
        let mut standing = Vec::new();
        for verdict in verdicts.into_iter().filter(|verdict| verdict.origin == own) {
            if !verdicts::is_settled(self.connection(), &verdict)? {
                standing.push(verdict);
            }
        }
        Ok(standing)
    }

    /// The verdicts on changes of a record that were not withdrawn.
    pub fn verdicts(&self, record: RecordId) -> Result<Vec<VerdictRow>> {
        let mut statement = self.connection().prepare_cached(
            "SELECT origin, batch, record, class, hash, reason FROM verdict
             WHERE record = ?1 AND withdrawn = 0 ORDER BY row",
        )?;
        let mut rows = statement.query([record.as_bytes()])?;
        let mut verdicts = Vec::new();
        while let Some(row) = rows.next()? {
            verdicts.push(verdicts::read(row)?);
        }
        Ok(verdicts)
    }

    /// How many changes lie where.
    pub fn log_counts(&self) -> Result<LogCounts> {
        let mut counted = BTreeMap::new();
        let mut statement =
            self.connection().prepare_cached("SELECT status, count(*) FROM change GROUP BY status")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            counted.insert(row.get::<_, u8>(0)?, unsigned(row.get(1)?));
        }
        let count = |status: Status| counted.get(&status.code()).copied().unwrap_or_default();
        Ok(LogCounts {
            applied: count(Status::Applied),
            logged: count(Status::Logged),
            waiting: count(Status::Waiting),
            quarantined: count(Status::Quarantined),
            withheld: count(Status::Withheld),
            unsent: self.unsent()?,
        })
    }

    fn unsent(&self) -> Result<u64> {
        let in_no_pack: i64 = self.connection().prepare_cached(
            "SELECT (SELECT count(*) FROM change INDEXED BY change_unpacked WHERE batch IS NULL AND origin = ?1)
                 + (SELECT count(*) FROM missed)")?.query_row([self.id().as_bytes()], |row| row.get(0))?;
        let Some(uplink) = self.uplink()? else { return Ok(unsigned(in_no_pack)) };
        let in_packs: i64 = self
            .connection()
            .prepare_cached(
                "SELECT count(*) FROM outbox o JOIN (
                SELECT origin, batch FROM change WHERE batch > 0
                UNION ALL SELECT origin, batch FROM named_again WHERE save IS NOT NULL) c
                ON c.origin = o.origin AND c.batch = o.batch
             WHERE o.number IS NULL OR o.number > ?1",
            )?
            .query_row([integer(uplink.acknowledged)], |row| row.get(0))?;
        Ok(unsigned(in_no_pack + in_packs))
    }
}

/// Whether the home has every change of a record, with this strength.
pub(crate) fn is_safe(
    connection: &Connection,
    own: ReplicaId,
    record: RecordId,
    assurance: Assurance,
) -> Result<bool> {
    let brought: bool = connection
        .prepare_cached(
            "SELECT EXISTS (
                SELECT 1 FROM change c
                LEFT JOIN receipt r ON r.origin = c.origin AND r.line = (c.batch >> 32) AND r.what = ?3
                WHERE c.record = ?1 AND c.origin <> ?2
                AND (c.batch > coalesce(r.batch, 0) OR c.seq IN (SELECT change FROM unbrought)))",
        )?
        .query_row(params![record.as_bytes(), own.as_bytes(), assurance.code()], |row| row.get(0))?;
    Ok(!brought
        && own_tick(connection, own, record, assurance)? == Tick::Safe
        && others_are_safe(connection, own, record, assurance)?)
}

/// Where this replica's own changes of a record lie; safe where it made none, or the home has them with this strength.
/// What it brings as a witness counts as its own.
fn own_tick(connection: &Connection, own: ReplicaId, record: RecordId, assurance: Assurance) -> Result<Tick> {
    if missed::is_owed_of(connection, record)? {
        return Ok(Tick::Here);
    }
    let acknowledged = outbox::acknowledged(connection)?;
    let mut statement = connection.prepare_cached(
        "SELECT batch FROM change WHERE record = ?1 AND origin = ?2 AND (batch IS NULL OR batch > 0)
         UNION SELECT c.fed FROM change c JOIN named_again n
             ON n.change = c.seq AND n.origin = c.witness AND n.batch = c.fed
         WHERE c.record = ?1 AND c.witness = ?2 AND c.batch = 0",
    )?;
    let mut rows = statement.query(params![record.as_bytes(), own.as_bytes()])?;
    let mut tick = Tick::Safe;
    while let Some(row) = rows.next()? {
        let Some(batch) = row.get::<_, Option<i64>>(0)?.map(columns::batch) else {
            return Ok(Tick::Here);
        };
        // What no hub has acknowledged as ours is here only, whatever a receipt says: it may speak of somebody who
        // bears our key.
        if !outbox::is_acknowledged(connection, own, batch, acknowledged)? {
            return Ok(Tick::Here);
        }
        let receipt = receipts::of(connection, (own, batch.line()), assurance)?;
        if receipt.is_none_or(|receipt| receipt.batch < batch) {
            tick = Tick::AtRegion;
        }
    }
    Ok(tick)
}

/// Whether the home has every change of a record that came from elsewhere: others', and one's own that came back.
fn others_are_safe(
    connection: &Connection,
    own: ReplicaId,
    record: RecordId,
    assurance: Assurance,
) -> Result<bool> {
    let mut statement = connection.prepare_cached(
        "SELECT EXISTS (
            SELECT 1 FROM change c
            LEFT JOIN receipt r ON r.origin = coalesce(c.witness, c.origin)
                AND r.line = (coalesce(c.fed, c.batch) >> 32) AND r.what = ?3
            WHERE c.record = ?1 AND (c.origin <> ?2 OR c.batch = 0) AND c.body IS NOT NULL
              AND coalesce(c.fed, c.batch) > coalesce(r.batch, 0))",
    )?;
    let ahead: bool = statement
        .query_row(params![record.as_bytes(), own.as_bytes(), assurance.code()], |row| row.get(0))?;
    Ok(!ahead)
}
