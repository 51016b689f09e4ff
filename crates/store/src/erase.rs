//! Erasure: a record is destroyed here - documents, views, bodies of its changes, drafts, its salt - because its home said
//! so. The history of a document cannot be cut, so the document goes. What stays is a tombstone: the hashes of what was
//! signed, which say nothing without the salt, and the home's signed word, by which late copies are refused. Who held the
//! record confirms with a signature of its own, and the home can say who has and who has not.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension, params};
use teranga_core::id::{RecordId, ReplicaId, Salt};
use teranga_core::time::Millis;
use teranga_sync::erase::{Confirmation, Erasure};
use teranga_sync::feed::Row;
use teranga_sync::identity::Identity;

use crate::columns::{blob, unsigned};
use crate::covered;
use crate::custody;
use crate::error::{Result, StoreError};
use crate::feed::{self, About, To};
use crate::holders::{self, Has};
use crate::home;
use crate::introduced;
use crate::log;
use crate::mentions;
use crate::orphan;
use crate::part;
use crate::passing;
use crate::receipts::Tier;
use crate::register;
use crate::replica::Replica;

/// Stands for the salt of a record that is gone.
pub(crate) const NO_SALT: Salt = Salt([0; 16]);

/// How far an erasure has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erased {
    /// The record.
    pub record: RecordId,
    /// When it was decided, by the home's clock.
    pub at: Millis,
    /// Who has confirmed that it is destroyed there.
    pub confirmed: Vec<ReplicaId>,
    /// Who may have held it and has not confirmed.
    pub outstanding: Vec<ReplicaId>,
}

/// What erasures that came down did here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Destroyed {
    /// Erasures that were not known here.
    pub words: u64,
    /// Records of which something was here: answers, or a draft.
    pub records: u64,
    /// Changes of them that the hub had not acknowledged, and drafts: nobody else has them.
    pub unsent: u64,
}

impl std::ops::AddAssign for Destroyed {
    fn add_assign(&mut self, other: Self) {
        self.words += other.words;
        self.records += other.records;
        self.unsent += other.unsent;
    }
}

impl Replica {
    /// Destroys a record and, where it is a case, its assessments, here and on every replica at its next contact. Only the
    /// home decides this. Returns the records that were erased.
    pub fn erase(&mut self, record: RecordId, now: Millis) -> Result<Vec<RecordId>> {
        let identity = self.identity().clone();
        let transaction = self.database_mut().transaction()?;
        let mut erased = Vec::new();
        let not_taken = orphan::of_case(&transaction, record)?;
        let of_case = custody::of_case(&transaction, record)?.into_iter().chain(not_taken);
        for record in of_case.chain([record]) {
            if take(&transaction, &identity, &Erasure::sign(&identity, record, now))? {
                erased.push(record);
            }
        }
        transaction.commit()?;
        self.forget_destroyed()?;
        Ok(erased)
    }

    /// Whether a record was erased.
    pub fn is_erased(&self, record: RecordId) -> Result<bool> {
        is_erased(self.connection(), record)
    }

    /// Every erasure that this replica knows of, with who confirmed it.
    pub fn erasures(&self) -> Result<Vec<Erased>> {
        let mut statement = self.connection().prepare("SELECT record, at_ms FROM erased ORDER BY row")?;
        let mut rows = statement.query([])?;
        let mut erasures = Vec::new();
        while let Some(row) = rows.next()? {
            let record = blob(row, 0, "erased", "record")?;
            erasures.push(Erased {
                record,
                at: Millis(row.get(1)?),
                confirmed: holders::who(self.connection(), (record, self.id()), Has::Destroyed)?,
                outstanding: holders::who(self.connection(), (record, self.id()), Has::NotSaid)?,
            });
        }
        Ok(erasures)
    }
}

/// Whether this replica knows of any erasure.
pub(crate) fn is_anything_erased(connection: &Connection) -> Result<bool> {
    Ok(connection.prepare_cached("SELECT EXISTS (SELECT 1 FROM erased)")?.query_row([], |row| row.get(0))?)
}

/// Whether a record was erased.
pub(crate) fn is_erased(connection: &Connection, record: RecordId) -> Result<bool> {
    Ok(connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM erased WHERE record = ?1)")?
        .query_row([record.as_bytes()], |row| row.get(0))?)
}

/// What the erasures among these rows will destroy here, before they are taken.
pub(crate) fn will_destroy(connection: &Connection, own: ReplicaId, rows: &[Row]) -> Result<Destroyed> {
    let words =
        rows.iter().filter_map(|row| if let Row::Erase(word) = row { Some(word.record) } else { None });
    let mut destroyed = Destroyed::default();
    for record in words.collect::<BTreeSet<RecordId>>() {
        if is_erased(connection, record)? {
            continue;
        }
        let drafts: u64 = connection
            .prepare_cached("SELECT count(*) FROM draft WHERE record = ?1 OR kase = ?1")?
            .query_row([record.as_bytes()], |row| row.get(0).map(unsigned))?;
        let (bodies, unsent) = connection
            .prepare_cached(
                "SELECT count(*), coalesce(sum(c.origin = ?2 AND (c.batch IS NULL OR EXISTS (
                    SELECT 1 FROM outbox o WHERE o.origin = c.origin AND o.batch = c.batch
                        AND (o.number IS NULL OR o.number > (SELECT acknowledged FROM uplink))))), 0)
                 FROM change c WHERE c.record = ?1 AND c.body IS NOT NULL",
            )?
            .query_row([record.as_bytes(), own.as_bytes()], |row| {
                Ok((unsigned(row.get(0)?), unsigned(row.get(1)?)))
            })?;
        destroyed += Destroyed { words: 1, records: u64::from(bodies + drafts > 0), unsent: unsent + drafts };
    }
    Ok(destroyed)
}

/// Takes the home's word as it came down. Who hears it once more says again what it said, for the hub did not keep that.
pub(crate) fn hear(connection: &Connection, own: &Identity, erasure: &Erasure) -> Result<()> {
    if take(connection, own, erasure)? {
        return Ok(());
    }
    holders::say_again(connection, own.replica(), erasure.record)
}

/// Takes the home's word: destroys the record, passes it down, and confirms. Returns whether it was new.
pub(crate) fn take(connection: &Connection, own: &Identity, erasure: &Erasure) -> Result<bool> {
    if !erasure.verify() {
        return Err(StoreError::Inconsistent { table: "erased", column: "signature" });
    }
    let added = connection
        .prepare_cached(
            "INSERT INTO erased (record, at_ms, home, signature) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
        )?
        .execute(params![
            erasure.record.as_bytes(),
            erasure.at.0,
            erasure.home.as_bytes(),
            erasure.signature
        ])?;
    if added == 0 {
        return Ok(false);
    }
    let row = connection.last_insert_rowid();
    holders::note(connection, own.replica(), erasure.record)?;
    introduced::tell_of_holders(connection, own.replica(), erasure.record)?;
    destroy(connection, erasure.record)?;
    log::forget_unsent(connection, own.replica())?;
    feed::append(connection, About::Erase(row), To::All, erasure.record.as_bytes())?;
    holders::confirm(connection, &Confirmation::sign(own, *erasure))?;
    Ok(true)
}

/// At its home an assessment that comes after its case was erased goes the same way.
pub(crate) fn erase_orphans(
    connection: &Connection,
    own: &Identity,
    orphans: &[(RecordId, RecordId)],
) -> Result<()> {
    if orphans.is_empty() || Tier::of(connection)? == Tier::Below {
        return Ok(());
    }
    for (record, case) in orphans {
        let at = connection
            .prepare_cached("SELECT at_ms FROM erased WHERE record = ?1")?
            .query_row([case.as_bytes()], |row| row.get(0))?;
        take(connection, own, &Erasure::sign(own, *record, Millis(at)))?;
    }
    Ok(())
}

fn destroy(connection: &Connection, record: RecordId) -> Result<()> {
    for sql in [
        "INSERT INTO unused_key (key, record) SELECT key, record FROM record WHERE record = ?1 AND key IS NOT NULL",
        "UPDATE change SET status = 4, reason = NULL, body = NULL WHERE record = ?1",
        "DELETE FROM other_salt WHERE record = ?1",
        "DELETE FROM part WHERE record = ?1",
        "DELETE FROM conflict WHERE record = ?1",
        "DELETE FROM draft WHERE record = ?1 OR kase = ?1",
        "DELETE FROM held_answer WHERE record = ?1",
        // Its salt follows from what it was drawn from.
        "DELETE FROM drawn",
        "DELETE FROM gone WHERE record = ?1",
        "UPDATE record SET left_custody = NULL WHERE record = ?1",
        "DELETE FROM awaits WHERE record = ?1",
        "UPDATE verdict SET settled = 1, custody = NULL WHERE record = ?1",
        // What was refused because of it goes through without it.
        "UPDATE outbox SET passed = 0, refused = NULL WHERE refused = 'erased'",
    ] {
        let mut statement = connection.prepare_cached(sql)?;
        if sql.contains("?1") {
            statement.execute([record.as_bytes()])?
        } else {
            statement.execute([])?
        };
    }
    mentions::bring_again(connection, record)?;
    mentions::forget(connection, record, "")?;
    covered::forget_record(connection, record)?;
    passing::forget_all(connection)?;
    mentions::drop_loose(connection)?;
    connection
        .prepare_cached("UPDATE record SET salt = ?2, key = NULL WHERE record = ?1")?
        .execute(params![record.as_bytes(), NO_SALT.as_bytes()])?;
    part::forget_envelope(connection, record)?;
    part::touch(connection, record)
}

/// The erasure in a row of `erased`.
pub(crate) fn erase_row(connection: &Connection, row: i64) -> Result<Row> {
    let mut statement =
        connection.prepare_cached("SELECT record, at_ms, home, signature FROM erased WHERE row = ?1")?;
    let mut rows = statement.query([row])?;
    let row = rows.next()?.ok_or(StoreError::Inconsistent { table: "feed", column: "ref" })?;
    Ok(Row::Erase(holders::word(row, 0)?))
}

/// The home's word on a record, where it was erased.
pub(crate) fn word_on(connection: &Connection, record: RecordId) -> Result<Option<Row>> {
    let row = connection
        .prepare_cached("SELECT row FROM erased WHERE record = ?1")?
        .query_row([record.as_bytes()], |row| row.get(0))
        .optional()?;
    row.map(|row| erase_row(connection, row)).transpose()
}

/// Keeps what a child says was destroyed below, where the signature is that of a replica that is known here. What was
/// decided at the home before this hub was put back to a backup is done again.
pub(crate) fn take_confirmations(
    connection: &Connection,
    own: &Identity,
    brought: &[Confirmation],
) -> Result<()> {
    for confirmation in brought {
        if home::is_home(connection, own, &confirmation.erasure.home)? && confirmation.erasure.verify() {
            take(connection, own, &confirmation.erasure)?;
        }
        let known = register::introduction(connection, confirmation.replica)?;
        if known.is_some_and(|known| confirmation.verify(&known.key))
            && is_erased(connection, confirmation.erasure.record)?
            && holders::confirm(connection, confirmation)?
        {
            feed::append(connection, About::Told, To::All, &confirmation.signature)?;
        }
    }
    Ok(())
}
