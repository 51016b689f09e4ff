//! What this replica has from its hub alone, and that one may have lost: it has forgotten where it was, or is gone. What it
//! brings once more is missed no longer; the rest is brought up as a witness (`testimony`).

use rusqlite::{Connection, params};
use teranga_core::id::{RecordId, ReplicaId};

use crate::error::Result;

/// Notes what others wrote and this replica has from its hub alone, behind a change of its log: the hub has forgotten where
/// it was, or is another one, and may have lost it. What it brings once more is not missed; nor is what the home's backup covers,
/// by the receipts of before: later ones may speak of other packs of the same numbers.
pub(crate) fn miss(connection: &Connection, own: ReplicaId, after: i64) -> Result<()> {
    connection.execute(
        "INSERT INTO missed (change)
         SELECT c.seq FROM change c
         LEFT JOIN receipt r ON r.origin = coalesce(c.witness, c.origin) AND r.line = (c.fed >> 32) AND r.what = 1
         WHERE c.batch = 0 AND c.origin <> ?1 AND c.seq > ?2 AND c.body IS NOT NULL
             AND c.fed > coalesce(r.batch, 0)
             AND NOT EXISTS (
                 SELECT 1 FROM named_again n JOIN outbox o ON o.origin = n.origin AND o.batch = n.batch
                 WHERE n.change = c.seq)
         ON CONFLICT DO NOTHING",
        params![own.as_bytes(), after],
    )?;
    Ok(())
}

/// Notes changes whose packs the hub above can never take: their author is told to bring them in others, and may never come.
pub(crate) fn miss_unbrought(connection: &Connection, own: ReplicaId) -> Result<()> {
    connection.execute(
        "INSERT INTO missed (change)
         SELECT c.seq FROM unbrought u JOIN change c ON c.seq = u.change
         WHERE c.batch = 0 AND c.origin <> ?1 AND c.body IS NOT NULL AND c.status IN (0, 1, 2)
         ON CONFLICT DO NOTHING",
        [own.as_bytes()],
    )?;
    Ok(())
}

/// The hub has brought a change once more.
pub(crate) fn came_down(connection: &Connection, seq: i64) -> Result<()> {
    connection.prepare_cached("DELETE FROM missed WHERE change = ?1")?.execute([seq])?;
    Ok(())
}

/// Nothing is owed of what was taken out of its document or let go meanwhile, has come in its author's pack, or has an author
/// of whom nothing is known.
pub(crate) fn settle(connection: &Connection) -> Result<()> {
    connection
        .prepare_cached(
            "DELETE FROM missed WHERE change IN (
                SELECT c.seq FROM missed m JOIN change c ON c.seq = m.change
                WHERE c.body IS NULL OR c.batch <> 0 OR c.status NOT IN (0, 1, 2)
                    OR NOT EXISTS (SELECT 1 FROM replica WHERE id = c.origin))",
        )?
        .execute([])?;
    Ok(())
}

/// Whether something is to be brought as a witness in this session.
pub(crate) fn is_owed(connection: &Connection) -> Result<bool> {
    Ok(connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM missed WHERE refused = 0)")?
        .query_row([], |row| row.get(0))?)
}

/// Whether something of a record is missed: it is here, and perhaps nowhere else.
pub(crate) fn is_owed_of(connection: &Connection, record: RecordId) -> Result<bool> {
    Ok(connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM missed m JOIN change c ON c.seq = m.change WHERE c.record = ?1)",
        )?
        .query_row([record.as_bytes()], |row| row.get(0))?)
}
