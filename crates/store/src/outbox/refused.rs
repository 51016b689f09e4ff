//! What the parent refused: it is kept, gives its number back, and is passed over, with all that its origin sent after it, until
//! the next session; the packs of others go on.

use rusqlite::{Connection, params};
use teranga_core::id::{Batch, ReplicaId};
use teranga_core::problem::{Explain, Problem};
use teranga_sync::message::Request;

use super::under;
use crate::columns::{self, blob, integer};
use crate::error::Result;
use crate::fork;
use crate::replica::Replica;
use crate::testimony;

/// A pack that the parent did not take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedPack {
    /// Who wrote it.
    pub origin: ReplicaId,
    /// Its number in its origin's chain.
    pub batch: Batch,
    /// The stable code of the reason.
    pub code: String,
}

impl Replica {
    /// A session begins: what was refused in the last one is tried once more.
    pub fn begin_session(&mut self) -> Result<()> {
        self.database_mut().write(|connection| {
            connection.prepare_cached("UPDATE outbox SET passed = 0 WHERE passed = 1")?.execute([])?;
            testimony::try_again(connection)
        })
    }

    /// Notes that the parent refused the packs of a request: they are kept, and passed over in this session.
    pub fn pass_over(&mut self, request: &Request, problem: Problem) -> Result<()> {
        let Some(first) = request.pushes.first() else { return Ok(()) };
        let own = self.id();
        let transaction = self.database_mut().transaction()?;
        pass_over(&transaction, own, &[(first.number, problem)])?;
        transaction.commit()?;
        Ok(())
    }

    /// The packs that the parent refused and has not taken since.
    pub fn refused_packs(&self) -> Result<Vec<RefusedPack>> {
        let mut statement = self.connection().prepare_cached(
            "SELECT origin, batch, refused FROM outbox WHERE refused IS NOT NULL ORDER BY row",
        )?;
        let mut rows = statement.query([])?;
        let mut refused = Vec::new();
        while let Some(row) = rows.next()? {
            refused.push(RefusedPack {
                origin: blob(row, 0, "outbox", "origin")?,
                batch: columns::batch(row.get(1)?),
                code: row.get(2)?,
            });
        }
        Ok(refused)
    }
}

/// Notes that the parent refused the packs of these numbers. Those after them are numbered anew. Where it holds another chain of
/// somebody else's, theirs can never be taken.
pub(crate) fn pass_over(connection: &Connection, own: ReplicaId, refused: &[(u64, Problem)]) -> Result<()> {
    let Some(first) = refused.iter().map(|(number, _)| *number).min() else { return Ok(()) };
    let mut forks = Vec::new();
    for (number, problem) in refused {
        if *problem == Problem::BrokenChain
            && let Some(row) = under(connection, *number)?
            && row.origin != own
        {
            forks.push(row);
            continue;
        }
        if *problem != Problem::BrokenChain
            && let Some(row) = under(connection, *number)?
            && row.origin == own
            && testimony::is_own(connection, own, row.batch)?
        {
            testimony::refused(connection, own, row.batch)?;
            continue;
        }
        connection.execute(
            "UPDATE outbox SET refused = ?2, passed = 1 WHERE number = ?1",
            params![integer(*number), problem.code()],
        )?;
    }
    connection.execute("UPDATE outbox SET number = NULL WHERE number >= ?1", [integer(first)])?;
    // A refused pack stands as it was refused, whatever the hub made of it.
    connection.execute("UPDATE outbox SET fixed = 1 WHERE passed = 1", [])?;
    for row in forks {
        fork::note(connection, own, row.origin, row.batch)?;
    }
    Ok(())
}

/// Whether nothing of this origin is sent in this session.
pub(crate) fn is_passed_over(connection: &Connection, origin: ReplicaId) -> Result<bool> {
    Ok(connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM outbox WHERE origin = ?1 AND passed = 1)")?
        .query_row([origin.as_bytes()], |row| row.get(0))?)
}
