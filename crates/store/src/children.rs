//! The children of a hub: checking that they are who they say, and counting their exchanges, so that none can be
//! replayed. Codes and pull tokens are kept as hashes only.

use rusqlite::{Connection, OptionalExtension, params};
use sha2::{Digest, Sha256};
use teranga_core::audience::Audience;
use teranga_core::id::{Line, ReplicaId};
use teranga_core::time::Millis;
use teranga_sync::attachment::LaneRequest;
use teranga_sync::bundle::Bundle;
use teranga_sync::introduction::Introduction;
use teranga_sync::limits;
use teranga_sync::message::{Asker, Request};

use crate::behind;
use crate::columns::{integer, unsigned};
use crate::erase;
use crate::error::{Result, StoreError};
use crate::introduced;
use crate::judged;
use crate::membership;
use crate::part::row_number;
use crate::register;
use crate::replica::Replica;

/// A pull token as it was granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullGrant {
    /// What the token is for.
    pub name: String,
    /// The classes that it may read.
    pub classes: Vec<String>,
}

/// Whether a child is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is.
    Enrolled,
    /// It was, and is refused now.
    Revoked,
}

/// A child as the hub shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Child {
    /// Who it is.
    pub introduction: Introduction,
    /// When it last brought or asked something, by the hub's clock.
    pub last: Option<Millis>,
    /// Whether it is answered.
    pub standing: Standing,
    /// In how many lines it came: more than one where its disk was put back or its folder copied.
    pub lines: u64,
    /// How it came to be one.
    pub came: Came,
}

/// How a replica came to be a child of a hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Came {
    /// With a code.
    Enrolled,
    /// With the place of the hub before this one, which alone knew whom it had refused.
    TakenOver,
}

impl Replica {
    /// Who an enrolled child is; `None` when it is not enrolled here or was revoked.
    pub fn child(&self, replica: ReplicaId) -> Result<Option<Introduction>> {
        if register::is_child(self.connection(), replica)? { self.introduction(replica) } else { Ok(None) }
    }

    /// Whether a replica was enrolled here and is refused now.
    pub fn is_revoked(&self, replica: ReplicaId) -> Result<bool> {
        register::is_revoked(self.connection(), replica)
    }

    /// Every enrolled child.
    pub fn children(&self) -> Result<Vec<Child>> {
        let mut statement = self
            .connection()
            .prepare_cached(
                // A line in which nothing came is that of a child which began another before it came.
                "SELECT replica, max(last_ms), max(1, count(last_ms)), replica IN (SELECT replica FROM taken_over)
                 FROM child GROUP BY replica",
            )?;
        let mut rows = statement.query([])?;
        let mut children = Vec::new();
        while let Some(row) = rows.next()? {
            let id: ReplicaId = crate::columns::blob(row, 0, "child", "replica")?;
            let introduction = self
                .introduction(id)?
                .ok_or(StoreError::Inconsistent { table: "child", column: "replica" })?;
            let last = row.get::<_, Option<i64>>(1)?.map(Millis);
            let enrolled = register::is_child(self.connection(), id)?;
            let standing = if enrolled { Standing::Enrolled } else { Standing::Revoked };
            let came = if row.get(3)? { Came::TakenOver } else { Came::Enrolled };
            children.push(Child { introduction, last, standing, lines: unsigned(row.get(2)?), came });
        }
        Ok(children)
    }

    /// Changes what an enrolled child may hold: what it gains enters, what it loses leaves. Returns who it is now; `None`
    /// when it is not enrolled here.
    pub fn regrant(&mut self, child: ReplicaId, audience: Audience) -> Result<Option<Introduction>> {
        let Some(introduction) = self.child(child)? else { return Ok(None) };
        let introduction = Introduction { audience, ..introduction };
        let transaction = self.database_mut().transaction()?;
        membership::admit(&transaction, &introduction)?;
        transaction.commit()?;
        Ok(Some(introduction))
    }

    /// Refuses a child from now on, or takes it in again. What it holds stays with it; what it brought stays here. Returns
    /// whether it was ever enrolled here.
    pub fn set_standing(&mut self, child: ReplicaId, standing: Standing) -> Result<bool> {
        let changed = self.database_mut().execute(
            "UPDATE replica SET revoked = ?2 WHERE id = ?1 AND id IN (SELECT replica FROM child)",
            params![child.as_bytes(), standing == Standing::Revoked],
        )?;
        Ok(changed == 1)
    }

    /// Uses up the exchange number of a request in its line; a line that is new is noted. Returns the opening that asked
    /// before, or nothing where the number, or a later one, was used already.
    pub fn begin_exchange(&mut self, request: &Request, now: Millis) -> Result<Option<Asker>> {
        let (child, line) = (request.replica, request.line);
        let own = self.identity().clone();
        let transaction = self.database_mut().transaction()?;
        if is_forgotten(&transaction, child, line)? {
            return Ok(None);
        }
        behind::notice(&transaction, child, request.cursor)?;
        // The other one stays named while this opening asks: an answer may be lost, and a refusal names nobody.
        let before: Option<Vec<u8>> = transaction
            .prepare_cached(
                "SELECT iif(opening = ?3, before, opening) FROM child WHERE replica = ?1 AND line = ?2",
            )?
            .query_row(params![child.as_bytes(), line.number(), request.opening.0], |row| row.get(0))?;
        let moved = transaction
            .prepare_cached(
                "UPDATE child SET exchange = ?3, opening = ?4, last_ms = ?5, before = ?6
                 WHERE replica = ?1 AND line = ?2 AND exchange < ?3",
            )?
            .execute(params![
                child.as_bytes(),
                line.number(),
                integer(request.exchange),
                request.opening.0,
                now.0,
                before
            ])?;
        if moved == 1 {
            if let Some(child) = register::introduction(&transaction, child)? {
                introduced::take(&transaction, &child, &request.introductions)?;
                judged::take(&transaction, own.replica(), &child, &request.judgements)?;
            }
            erase::take_confirmations(&transaction, &own, &request.confirmations)?;
        }
        transaction.commit()?;
        if !request.confirmations.is_empty() {
            // They may have brought the home's word of an erasure that was lost here.
            self.forget_destroyed()?;
        }
        let before = before.and_then(|bytes| Asker::from_slice(&bytes)).unwrap_or_default();
        Ok((moved == 1).then_some(before))
    }

    /// Notes that a bundle of a child came, in one of its lines, and takes what it confirms.
    pub fn note_bundle(&mut self, bundle: &Bundle, now: Millis) -> Result<()> {
        let (child, line, own) = (bundle.replica, bundle.line, self.identity().clone());
        let transaction = self.database_mut().transaction()?;
        if is_forgotten(&transaction, child, line)? {
            // Bundles go on in it, for nothing is left out of a return; whoever asks must ask in another.
            transaction
                .prepare_cached("UPDATE child SET exchange = ?3 WHERE replica = ?1 AND line = ?2")?
                .execute(params![child.as_bytes(), line.number(), i64::MAX])?;
        }
        behind::notice(&transaction, child, bundle.cursor)?;
        transaction
            .prepare_cached("UPDATE child SET last_ms = ?3 WHERE replica = ?1 AND line = ?2")?
            .execute(params![child.as_bytes(), line.number(), now.0])?;
        erase::take_confirmations(&transaction, &own, &bundle.confirmations)?;
        transaction.commit()?;
        if !bundle.confirmations.is_empty() {
            self.forget_destroyed()?;
        }
        Ok(())
    }

    /// Uses up the exchange number of a request of the lane of files; whether it was still to be had. Which opening asked
    /// is not noted: nothing of the feed is passed over by it.
    pub fn begin_lane(&mut self, request: &LaneRequest, now: Millis) -> Result<bool> {
        let transaction = self.database_mut().transaction()?;
        if is_forgotten(&transaction, request.replica, request.line)? {
            return Ok(false);
        }
        let moved = transaction
            .prepare_cached(
                "UPDATE child SET exchange = ?3, last_ms = ?4
                 WHERE replica = ?1 AND line = ?2 AND exchange < ?3",
            )?
            .execute(params![
                request.replica.as_bytes(),
                request.line.number(),
                integer(request.exchange),
                now.0
            ])?;
        transaction.commit()?;
        Ok(moved == 1)
    }

    /// Keeps a pull token.
    pub fn add_pull_token(&mut self, token: &str, grant: &PullGrant) -> Result<()> {
        self.database_mut().execute(
            "INSERT INTO pull_token (hash, name, classes) VALUES (?1, ?2, ?3)",
            params![hash(token), grant.name, grant.classes.join(" ")],
        )?;
        Ok(())
    }

    /// What a pull token may read; `None` when it is not known.
    pub fn pull_grant(&self, token: &str) -> Result<Option<PullGrant>> {
        Ok(self
            .connection()
            .prepare_cached("SELECT name, classes FROM pull_token WHERE hash = ?1")?
            .query_row([hash(token)], |row| {
                let classes: String = row.get(1)?;
                Ok(PullGrant {
                    name: row.get(0)?,
                    classes: classes.split_whitespace().map(str::to_owned).collect(),
                })
            })
            .optional()?)
    }
}

/// What a line was before it was noted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Noted {
    /// Remembered.
    Before,
    /// New, or forgotten.
    Anew,
}

/// Notes a line of an enrolled replica. One of too many is forgotten: one in which nothing came before any other, or whoever has
/// the key could have the lines of its owner forgotten by asking.
fn note_line(connection: &Connection, child: ReplicaId, line: Line) -> Result<Noted> {
    let added = connection
        .prepare_cached("INSERT INTO child (replica, line) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?
        .execute(params![child.as_bytes(), line.number()])?;
    if added == 1 {
        connection
            .prepare_cached(
                "DELETE FROM child WHERE replica = ?1 AND line IN (
                    SELECT line FROM child WHERE replica = ?1 AND line <> ?2
                    ORDER BY received > 0 DESC, coalesce(last_ms, 0) DESC LIMIT -1 OFFSET ?3)",
            )?
            .execute(params![child.as_bytes(), line.number(), row_number(limits::LINES_MAX - 1)])?;
    }
    Ok(if added == 1 { Noted::Anew } else { Noted::Before })
}

/// Notes a line, and says whether packs came in it before and it is forgotten. Then nobody knows which opening asked in it before,
/// and a copy that asks in it would be spared what the other one brought: it must ask in another line.
fn is_forgotten(connection: &Connection, child: ReplicaId, line: Line) -> Result<bool> {
    if note_line(connection, child, line)? == Noted::Before {
        return Ok(false);
    }
    Ok(connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM pack WHERE via = ?1 AND via_line = ?2)")?
        .query_row(params![child.as_bytes(), line.number()], |row| row.get(0))?)
}

/// Codes and tokens carry at least 80 random bits, so a plain hash cannot be searched backwards.
pub(crate) fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}
