//! The register of replicas and their openings: who stands behind an actor.

use rusqlite::{Connection, OptionalExtension, params};
use teranga_core::audience::{Agent, Audience, Clearance, Place};
use teranga_core::id::{ActorId, OpeningNonce, PublicKey, ReplicaId};
use teranga_sync::identity::{actor_of, replica_id};
use teranga_sync::introduction::{self, Introduction, ReplicaKind};

use crate::columns::{blob, maybe_blob};
use crate::error::{Result, StoreError};
use crate::granted_before;
use crate::replica::Replica;

/// Whether a row was new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Noted {
    /// It was not known before; its row number.
    New(i64),
    /// It was known, and says the same.
    Known,
}

/// Who wrote something, as a person reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    /// The replica.
    pub replica: ReplicaId,
    /// The person, or the hub's name.
    pub person: String,
    /// The office.
    pub office: String,
}

impl Replica {
    /// Who stands behind an actor; `None` when no introduction has arrived.
    pub fn author(&self, actor: ActorId) -> Result<Option<Author>> {
        let mut statement = self.connection().prepare_cached(
            "SELECT r.id, r.person, r.office FROM opening o JOIN replica r ON r.id = o.replica WHERE o.actor = ?1",
        )?;
        let mut rows = statement.query([actor.as_bytes()])?;
        rows.next()?
            .map(|row| {
                Ok(Author {
                    replica: blob(row, 0, "replica", "id")?,
                    person: row.get(1)?,
                    office: row.get(2)?,
                })
            })
            .transpose()
    }

    /// Every replica that this one has heard of.
    pub fn people(&self) -> Result<Vec<Introduction>> {
        people(self.connection())
    }

    /// Who a replica is; `None` when it is not known here.
    pub fn introduction(&self, replica: ReplicaId) -> Result<Option<Introduction>> {
        introduction(self.connection(), replica)
    }
}

/// The columns that [`read_introduction`] reads, in its order.
const INTRODUCTION: &str = "key, kind, person, office, region, reach, classes";

/// Who a replica is; `None` when it is not known here.
pub(crate) fn introduction(connection: &Connection, replica: ReplicaId) -> Result<Option<Introduction>> {
    let mut statement =
        connection.prepare_cached(&format!("SELECT {INTRODUCTION} FROM replica WHERE id = ?1"))?;
    let mut rows = statement.query([replica.as_bytes()])?;
    rows.next()?.map(|row| read_introduction(row)).transpose()
}

/// The introduction in a row of `replica`.
pub(crate) fn introduction_row(connection: &Connection, row: i64) -> Result<Introduction> {
    let mut statement =
        connection.prepare_cached(&format!("SELECT {INTRODUCTION} FROM replica WHERE row = ?1"))?;
    let mut rows = statement.query([row])?;
    let row = rows.next()?.ok_or(StoreError::Inconsistent { table: "feed", column: "ref" })?;
    read_introduction(row)
}

fn read_introduction(row: &rusqlite::Row<'_>) -> Result<Introduction> {
    let kind = ReplicaKind::from_code(row.get(1)?);
    let agent = Agent { person: row.get(2)?, office: row.get(3)? };
    let region: Option<String> = row.get(4)?;
    let audience = audience(region.as_deref(), row.get(5)?, &row.get::<_, String>(6)?, &agent);
    Ok(Introduction {
        key: blob(row, 0, "replica", "key")?,
        kind: kind.ok_or(StoreError::Inconsistent { table: "replica", column: "kind" })?,
        audience: audience.ok_or(StoreError::Inconsistent { table: "replica", column: "reach" })?,
        person: agent.person,
        office: agent.office,
    })
}

/// An audience out of its columns; `None` where the code of its reach is not one.
pub(crate) fn audience(
    region: Option<&str>,
    reach_code: u8,
    classes: &str,
    agent: &Agent,
) -> Option<Audience> {
    Some(Audience {
        place: Place::of_code(region.unwrap_or_default()),
        reach: introduction::reach(reach_code, agent)?,
        clearance: Clearance::of_names(classes.split_whitespace()),
    })
}

/// Notes who a replica is. What its hub says later replaces what was known.
pub(crate) fn introduce(connection: &Connection, introduction: &Introduction) -> Result<Noted> {
    let id = replica_id(&introduction.key);
    match self::introduction(connection, id)? {
        Some(known) if known == *introduction => return Ok(Noted::Known),
        Some(before) => granted_before::note(connection, &before)?,
        None => {}
    }
    connection
        .prepare_cached(
            "INSERT INTO replica (id, key, kind, person, office, region, reach, classes)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
             ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, person = excluded.person,
                 office = excluded.office, region = excluded.region, reach = excluded.reach,
                 classes = excluded.classes, told = 0,
                 wandered = wandered OR replica.region IS NOT excluded.region",
        )?
        .execute(params![
            id.as_bytes(),
            introduction.key.as_bytes(),
            introduction.kind.code(),
            introduction.person,
            introduction.office,
            introduction.audience.region(),
            introduction::reach_code(&introduction.audience.reach),
            introduction.audience.clearance.names().join(" "),
        ])?;
    Ok(row_of(connection, id)?.map_or(Noted::Known, Noted::New))
}

/// The row in which it stands who a replica is; `None` when it is not known here.
pub(crate) fn row_of(connection: &Connection, replica: ReplicaId) -> Result<Option<i64>> {
    Ok(connection
        .prepare_cached("SELECT row FROM replica WHERE id = ?1")?
        .query_row([replica.as_bytes()], |row| row.get(0))
        .optional()?)
}

/// Notes an opening of a known replica.
pub(crate) fn note_opening(connection: &Connection, key: &PublicKey, nonce: OpeningNonce) -> Result<Noted> {
    let actor = actor_of(key, nonce);
    let added = connection
        .prepare_cached(
            "INSERT INTO opening (actor, replica, nonce) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
        )?
        .execute(params![actor.as_bytes(), replica_id(key).as_bytes(), nonce.as_bytes()])?;
    Ok(if added == 1 { Noted::New(connection.last_insert_rowid()) } else { Noted::Known })
}

/// Whether a replica was known in another place before: who knows its place of today may not have been told of it then.
pub(crate) fn has_wandered(connection: &Connection, id: ReplicaId) -> Result<bool> {
    let mut statement = connection.prepare_cached("SELECT wandered FROM replica WHERE id = ?1")?;
    let mut rows = statement.query([id.as_bytes()])?;
    Ok(rows.next()?.map(|row| row.get(0)).transpose()?.unwrap_or_default())
}

/// The opening in a row of `opening`: its replica and its nonce.
pub(crate) fn opening_row(connection: &Connection, row: i64) -> Result<(ReplicaId, OpeningNonce)> {
    let mut statement = connection.prepare_cached("SELECT replica, nonce FROM opening WHERE row = ?1")?;
    let mut rows = statement.query([row])?;
    let row = rows.next()?.ok_or(StoreError::Inconsistent { table: "feed", column: "ref" })?;
    Ok((blob(row, 0, "opening", "replica")?, blob(row, 1, "opening", "nonce")?))
}

/// The replica and nonce behind an actor.
pub(crate) fn opening_of(
    connection: &Connection,
    actor: ActorId,
) -> Result<Option<(ReplicaId, OpeningNonce)>> {
    let mut statement = connection.prepare_cached("SELECT replica, nonce FROM opening WHERE actor = ?1")?;
    let mut rows = statement.query([actor.as_bytes()])?;
    rows.next()?
        .map(|row| Ok((blob(row, 0, "opening", "replica")?, blob(row, 1, "opening", "nonce")?)))
        .transpose()
}

/// The child through which an origin's packs come; `None` for one's own and for what comes from above.
pub(crate) fn child_of(connection: &Connection, origin: ReplicaId) -> Result<Option<ReplicaId>> {
    let mut statement =
        connection.prepare_cached("SELECT via FROM pack WHERE origin = ?1 ORDER BY batch DESC LIMIT 1")?;
    let mut rows = statement.query([origin.as_bytes()])?;
    rows.next()?.map(|row| maybe_blob(row, 0, "pack", "via")).transpose().map(Option::flatten)
}

/// Whether a replica is enrolled here, and not revoked.
pub(crate) fn is_child(connection: &Connection, replica: ReplicaId) -> Result<bool> {
    Ok(connection
        .prepare_cached(
            "SELECT 1 FROM child c JOIN replica r ON r.id = c.replica WHERE c.replica = ?1 AND r.revoked = 0
             LIMIT 1",
        )?
        .query_row([replica.as_bytes()], |_| Ok(()))
        .optional()?
        .is_some())
}

/// Whether a replica was enrolled here and is refused now.
pub(crate) fn is_revoked(connection: &Connection, replica: ReplicaId) -> Result<bool> {
    Ok(connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM replica WHERE id = ?1 AND revoked = 1)")?
        .query_row([replica.as_bytes()], |row| row.get(0))?)
}

/// Whether a replica was ever enrolled here, revoked or not.
pub(crate) fn was_enrolled_here(connection: &Connection, replica: ReplicaId) -> Result<bool> {
    Ok(connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM child WHERE replica = ?1)")?
        .query_row([replica.as_bytes()], |row| row.get(0))?)
}

/// Every replica that is known here.
pub(crate) fn people(connection: &Connection) -> Result<Vec<Introduction>> {
    let mut statement =
        connection.prepare_cached(&format!("SELECT {INTRODUCTION} FROM replica ORDER BY office, person"))?;
    let mut rows = statement.query([])?;
    let mut people = Vec::new();
    while let Some(row) = rows.next()? {
        people.push(read_introduction(row)?);
    }
    Ok(people)
}
