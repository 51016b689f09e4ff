//! A change that somebody claimed who has nothing of it but its name: a pack may name what it does not bring, and whoever has read
//! a change knows its hash. Whose it is, its body says. Whoever brings that takes its place, and the pack that claimed it names it.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::{AGAIN, Logged, Status};
use crate::columns::integer;
use crate::error::Result;
use crate::take::UNKNOWN;

/// Gives a change of which only the name is here to its author, who brings it. Whether somebody else had claimed it.
pub(crate) fn give_to_its_author(connection: &Connection, seq: i64, change: &Logged<'_>) -> Result<bool> {
    let Some(body) = change.body.filter(|_| change.origin != UNKNOWN) else { return Ok(false) };
    let claimed: Option<i64> = connection
        .prepare_cached(
            "SELECT save FROM change WHERE seq = ?1 AND body IS NULL AND status = ?2 AND origin <> ?3",
        )?
        .query_row(params![seq, Status::Withheld.code(), change.origin.as_bytes()], |row| row.get(0))
        .optional()?;
    let Some(save) = claimed else { return Ok(false) };
    let left = leave_save(connection, seq, save)?;
    connection
        .prepare_cached(
            "INSERT INTO named_again (origin, batch, place, change, save)
             SELECT origin, batch, place, seq, ?2 FROM change WHERE seq = ?1 AND batch > 0",
        )?
        .execute([seq, left])?;
    connection
        .prepare_cached(
            "UPDATE change SET origin = ?2, batch = ?3, place = ?4, save = ?5, fed = ?6, witness = ?7, status = ?8,
                 reason = ?9, body = seal((SELECT key FROM record WHERE record.record = change.record), ?10)
             WHERE seq = ?1",
        )?
        .execute(params![
            seq,
            change.origin.as_bytes(),
            change.batch.map(|batch| integer(batch.0)),
            change.place,
            change.save.unwrap_or(seq),
            change.fed.map(|batch| integer(batch.0)),
            change.witness.map(|witness| witness.0),
            Status::Logged.code(),
            AGAIN,
            body
        ])?;
    Ok(true)
}

/// Takes a change out of its save, which is named by the row of its first change; how it is named from then on.
fn leave_save(connection: &Connection, seq: i64, save: i64) -> Result<i64> {
    let heir: Option<i64> = connection
        .prepare_cached("SELECT min(seq) FROM change WHERE save = ?1 AND seq <> ?1")?
        .query_row([save], |row| row.get(0))?;
    let Some(heir) = heir.filter(|_| save == seq) else { return Ok(save) };
    for sql in [
        "UPDATE change SET save = ?2 WHERE save = ?1 AND seq <> ?1",
        "UPDATE named_again SET save = ?2 WHERE save = ?1 AND origin = (SELECT origin FROM change WHERE seq = ?1)",
        "UPDATE OR REPLACE awaits SET save = ?2 WHERE save = ?1",
    ] {
        connection.prepare_cached(sql)?.execute([save, heir])?;
    }
    Ok(heir)
}
