//! Enrolment with one-use codes: whom a code enrols, for what, and whose place it gives. Codes are kept as hashes only.

use rusqlite::{Connection, OptionalExtension, params};
use teranga_core::audience::Agent;
use teranga_core::id::{PublicKey, ReplicaId};
use teranga_core::time::Millis;
use teranga_sync::identity::replica_id;
use teranga_sync::introduction::{Introduction, ReplicaKind, reach_code};

use crate::children::hash;
use crate::columns::maybe_blob;
use crate::error::{Result, StoreError};
use crate::membership;
use crate::register;
use crate::replica::{Profile, Replica};
use crate::succession;

impl Replica {
    /// Keeps an enrolment code for one replica with this profile, until it is used or expires.
    pub fn add_enrolment_code(&mut self, code: &str, profile: &Profile, expires: Millis) -> Result<()> {
        self.database_mut().write(|connection| add_code(connection, code, profile, expires))
    }

    /// Keeps an enrolment code for the hub that takes the place of this one. Returns whether its place can be taken: it is a
    /// hub that was enrolled here, and nobody has taken it yet.
    pub fn add_replacing_code(&mut self, code: &str, old: ReplicaId, expires: Millis) -> Result<bool> {
        let transaction = self.database_mut().transaction()?;
        let Some(old) = succession::replaceable(&transaction, old)? else { return Ok(false) };
        let id = replica_id(&old.key);
        add_code(&transaction, code, &Profile::of(old), expires)?;
        transaction.execute(
            "UPDATE enrolment_code SET replaces = ?2 WHERE hash = ?1",
            params![hash(code), id.as_bytes()],
        )?;
        transaction.commit()?;
        Ok(true)
    }

    /// Enrols the owner of this key with a code; `None` when it is not known, has expired or enrolled another. The
    /// same key may ask again with the same code: the first answer may have been lost. With a code that replaces a hub the
    /// place of that hub is its own from now on.
    pub fn enrol(&mut self, code: &str, key: &PublicKey, now: Millis) -> Result<Option<Introduction>> {
        let own = self.identity().clone();
        let transaction = self.database_mut().transaction()?;
        let is_fresh = is_fresh(&transaction, code)?;
        let Some(profile) = take_code(&transaction, code, key, now)? else { return Ok(None) };
        let introduction = Introduction {
            key: *key,
            kind: profile.kind,
            person: profile.person,
            office: profile.office,
            audience: profile.audience,
        };
        if let Some(old) = replaces(&transaction, code)?
            && !succession::replace(&transaction, &own, old, key)?
        {
            return Ok(None);
        }
        // A fresh code is the office's word of today. One that was used before revocation lifts nothing: the thief has it too. Nor
        // does any give back a place that another has.
        let id = replica_id(key);
        if register::is_revoked(&transaction, id)? {
            if !is_fresh || succession::is_succeeded(&transaction, id)? {
                return Ok(None);
            }
            transaction.execute("UPDATE replica SET revoked = 0 WHERE id = ?1", [id.as_bytes()])?;
        }
        membership::admit(&transaction, &introduction)?;
        // Who comes back was somewhere else meanwhile: the hub above must hear of it, though nothing changed here.
        transaction.execute("UPDATE replica SET told = 0 WHERE id = ?1", [replica_id(key).as_bytes()])?;
        transaction.execute("DELETE FROM taken_over WHERE replica = ?1", [replica_id(key).as_bytes()])?;
        transaction.commit()?;
        Ok(Some(introduction))
    }
}

fn add_code(connection: &Connection, code: &str, profile: &Profile, expires: Millis) -> Result<()> {
    connection.execute(
        "INSERT INTO enrolment_code (hash, kind, person, office, region, expires_ms, reach, classes)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            hash(code),
            profile.kind.code(),
            profile.person,
            profile.office,
            profile.audience.region(),
            expires.0,
            reach_code(&profile.audience.reach),
            profile.audience.clearance.names().join(" "),
        ],
    )?;
    Ok(())
}

/// Whether nobody has used a code yet.
fn is_fresh(connection: &Connection, code: &str) -> Result<bool> {
    Ok(connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM enrolment_code WHERE hash = ?1 AND used_by IS NULL)")?
        .query_row([hash(code)], |row| row.get(0))?)
}

/// The hub whose place a code gives, where it gives one.
fn replaces(connection: &Connection, code: &str) -> Result<Option<ReplicaId>> {
    let mut statement = connection.prepare_cached("SELECT replaces FROM enrolment_code WHERE hash = ?1")?;
    let mut rows = statement.query([hash(code)])?;
    rows.next()?.map(|row| maybe_blob(row, 0, "enrolment_code", "replaces")).transpose().map(Option::flatten)
}

fn take_code(connection: &Connection, code: &str, key: &PublicKey, now: Millis) -> Result<Option<Profile>> {
    let found = connection
        .query_row(
            "UPDATE enrolment_code SET used_by = ?3
             WHERE hash = ?1 AND expires_ms > ?2 AND (used_by IS NULL OR used_by = ?3)
             RETURNING kind, person, office, region, reach, classes",
            params![hash(code), now.0, key.as_bytes()],
            |row| {
                Ok((
                    row.get::<_, u8>(0)?,
                    row.get::<_, String>(1)?,
                    row.get::<_, String>(2)?,
                    row.get::<_, Option<String>>(3)?,
                    row.get::<_, u8>(4)?,
                    row.get::<_, String>(5)?,
                ))
            },
        )
        .optional()?;
    found
        .map(|(kind, person, office, region, reach, classes)| {
            let wrong = |column| StoreError::Inconsistent { table: "enrolment_code", column };
            let agent = Agent { office, person };
            let audience = register::audience(region.as_deref(), reach, &classes, &agent);
            Ok(Profile {
                kind: ReplicaKind::from_code(kind).ok_or_else(|| wrong("kind"))?,
                audience: audience.ok_or_else(|| wrong("reach"))?,
                person: agent.person,
                office: agent.office,
            })
        })
        .transpose()
}
