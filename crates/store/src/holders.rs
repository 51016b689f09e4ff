//! Who is to destroy a record that was erased, and who has said that it is gone there. Each says so under a signature of its own,
//! and what is said below goes up until the home has it, over links and in files.

use rusqlite::{Connection, params};
use teranga_core::grant::reaches;
use teranga_core::id::{RecordId, ReplicaId};
use teranga_core::record::Custody;
use teranga_core::time::Millis;
use teranga_sync::erase::{Confirmation, Erasure};
use teranga_sync::identity::replica_id;
use teranga_sync::introduction::Introduction;
use teranga_sync::limits;

use crate::columns::{blob, integer};
use crate::custody;
use crate::error::Result;
use crate::granted_before;
use crate::part::row_number;
use crate::register;

/// Notes who may hold the record: whoever reaches it now or by what it was granted before, was once in charge of it, wrote it,
/// or brought it.
pub(crate) fn note(connection: &Connection, own: ReplicaId, record: RecordId) -> Result<()> {
    let ever = custody::ever(connection, record)?;
    // What nobody was ever in charge of here, headquarters may hold.
    let ever = if ever.is_empty() { vec![Custody::default()] } else { ever };
    for holder in register::people(connection)? {
        let id = replica_id(&holder.key);
        // A hub that brought what it did not take holds it aside.
        let had: bool = connection
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM change c LEFT JOIN pack p ON p.origin = c.origin AND p.batch = c.batch
                    WHERE c.record = ?1 AND (c.origin = ?2 OR p.via = ?2))",
            )?
            .query_row(params![record.as_bytes(), id.as_bytes()], |row| row.get(0))?;
        let granted = granted_before::of(connection, &holder)?;
        let mut granted = granted.iter().chain([&holder]);
        let reaches = |granted: &Introduction| ever.iter().any(|ever| reaches(&granted.audience, ever));
        if id == own || had || granted.any(reaches) {
            connection
                .prepare_cached(
                    "INSERT INTO erasure (record, replica) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
                )?
                .execute([record.as_bytes(), id.as_bytes()])?;
        }
    }
    Ok(())
}

/// How far a replica has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Has {
    /// It has destroyed the record, and said so.
    Destroyed,
    /// It may hold the record still.
    NotSaid,
}

/// Those who were to destroy a record, as `own` knows, and have or have not.
pub(crate) fn who(
    connection: &Connection,
    (record, own): (RecordId, ReplicaId),
    has: Has,
) -> Result<Vec<ReplicaId>> {
    // Of itself a replica says so only once the key is destroyed too: a full disk may have kept it from that.
    let mut statement = connection.prepare_cached(
        "SELECT replica FROM erasure WHERE record = ?1 AND ?3 = (signature IS NOT NULL AND NOT (replica = ?2
            AND EXISTS (SELECT 1 FROM unused_key WHERE unused_key.record = erasure.record)))",
    )?;
    let mut rows = statement.query(params![record.as_bytes(), own.as_bytes(), has == Has::Destroyed])?;
    let mut replicas = Vec::new();
    while let Some(row) = rows.next()? {
        replicas.push(blob(row, 0, "erasure", "replica")?);
    }
    Ok(replicas)
}

/// Keeps a confirmation, to be told to the hub above; whether it is new.
pub(crate) fn confirm(connection: &Connection, confirmation: &Confirmation) -> Result<bool> {
    let confirmed = connection
        .prepare_cached(
            "INSERT INTO erasure (record, replica, signature) VALUES (?1, ?2, ?3)
             ON CONFLICT DO UPDATE SET signature = excluded.signature WHERE erasure.signature IS NULL",
        )?
        .execute(params![
            confirmation.erasure.record.as_bytes(),
            confirmation.replica.as_bytes(),
            confirmation.signature
        ])?;
    Ok(confirmed == 1)
}

/// Somebody who syncs with a hub that has not confirmed yet is introduced by it: what was erased they may hold as it does.
pub(crate) fn note_news(connection: &Connection, of_hub: ReplicaId, replica: ReplicaId) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO erasure (record, replica) SELECT record, ?2 FROM erasure
             WHERE replica = ?1 AND signature IS NULL ON CONFLICT DO NOTHING",
        )?
        .execute([of_hub.as_bytes(), replica.as_bytes()])?;
    Ok(())
}

/// The home's word on records that a replica may hold and has not confirmed to be gone, as many as it may confirm at once.
pub(crate) fn words_for(connection: &Connection, replica: ReplicaId) -> Result<Vec<Erasure>> {
    let mut statement = connection.prepare_cached(
        "SELECT record, at_ms, home, erased.signature FROM erasure JOIN erased USING (record)
         WHERE replica = ?1 AND erasure.signature IS NULL ORDER BY record LIMIT ?2",
    )?;
    let mut rows = statement.query(params![replica.as_bytes(), row_number(limits::CONFIRMATIONS_MAX)])?;
    let mut words = Vec::new();
    while let Some(row) = rows.next()? {
        words.push(word(row, 0)?);
    }
    Ok(words)
}

/// Confirmations that the hub above has not been told yet.
pub(crate) fn untold(connection: &Connection) -> Result<Vec<Confirmation>> {
    let mut statement = connection.prepare_cached(
        "SELECT record, at_ms, home, erased.signature, replica, erasure.signature
         FROM erasure JOIN erased USING (record) WHERE erasure.signature IS NOT NULL AND told = 0
         ORDER BY record, replica LIMIT ?1",
    )?;
    let mut rows = statement.query([row_number(limits::CONFIRMATIONS_MAX)])?;
    let mut untold = Vec::new();
    while let Some(row) = rows.next()? {
        untold.push(Confirmation {
            erasure: word(row, 0)?,
            replica: blob(row, 4, "erasure", "replica")?,
            signature: blob(row, 5, "erasure", "signature")?,
        });
    }
    Ok(untold)
}

/// Notes that the hub above was told.
pub(crate) fn told(connection: &Connection, confirmations: &[Confirmation]) -> Result<()> {
    for confirmation in confirmations {
        connection
            .prepare_cached("UPDATE erasure SET told = 1 WHERE record = ?1 AND replica = ?2")?
            .execute([confirmation.erasure.record.as_bytes(), confirmation.replica.as_bytes()])?;
    }
    Ok(())
}

/// Notes that these go in the file of this number.
pub(crate) fn put_in_file(
    connection: &Connection,
    confirmations: &[Confirmation],
    number: u64,
) -> Result<()> {
    for confirmation in confirmations {
        connection
            .prepare_cached("UPDATE erasure SET in_file = ?3 WHERE record = ?1 AND replica = ?2")?
            .execute(params![
                confirmation.erasure.record.as_bytes(),
                confirmation.replica.as_bytes(),
                integer(number)
            ])?;
    }
    Ok(())
}

/// Notes that the hub above was told by the file of this number.
pub(crate) fn told_in_file(connection: &Connection, number: u64) -> Result<()> {
    connection
        .prepare_cached("UPDATE erasure SET told = 1 WHERE in_file = ?1 AND told = 0")?
        .execute([integer(number)])?;
    Ok(())
}

/// The hub above says a word once more: it has not what this replica said of it.
pub(crate) fn say_again(connection: &Connection, own: ReplicaId, record: RecordId) -> Result<()> {
    connection
        .prepare_cached("UPDATE erasure SET told = 0 WHERE record = ?1 AND replica = ?2")?
        .execute([record.as_bytes(), own.as_bytes()])?;
    Ok(())
}

/// The hub above may have forgotten what it was told.
pub(crate) fn tell_again(connection: &Connection) -> Result<()> {
    connection.execute("UPDATE erasure SET told = 0, in_file = NULL", [])?;
    Ok(())
}

/// Reads the word whose columns begin at this one.
pub(crate) fn word(row: &rusqlite::Row<'_>, at: usize) -> Result<Erasure> {
    Ok(Erasure {
        record: blob(row, at, "erased", "record")?,
        at: Millis(row.get(at + 1)?),
        home: blob(row, at + 2, "erased", "home")?,
        signature: blob(row, at + 3, "erased", "signature")?,
    })
}
