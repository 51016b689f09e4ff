//! The feed against its running hash. What a row added to it is put together once more where that still stands somewhere:
//! what a save, a receipt that moved on, or something that was told beside the feed was when its row was written does not.

use rusqlite::{Row, params};
use sha2::{Digest, Sha256};

use super::{Flaw, Told};
use crate::columns::unsigned;
use crate::error::Result;
use crate::feed;
use crate::replica::Replica;

/// What each kind of row adds, where that is known.
const ROWS: &str = "SELECT f.position, f.running, f.kind, f.opening,
        CASE f.kind
            WHEN 1 THEN coalesce(f.only_, (SELECT key FROM replica WHERE row = f.ref))
            WHEN 2 THEN (SELECT nonce FROM opening WHERE row = f.ref)
            WHEN 3 THEN (SELECT json FROM resource WHERE row = f.ref)
            WHEN 5 THEN (SELECT hash FROM verdict WHERE row = f.ref)
            WHEN 6 THEN (SELECT f.only_ || record || coalesce(class, '') FROM leaving WHERE row = f.ref)
            WHEN 7 THEN f.only_ || coalesce(f.record, zeroblob(16))
            WHEN 8 THEN (SELECT record FROM erased WHERE row = f.ref)
        END,
        iif(f.kind = 3, (SELECT kind || ' ' || id || '@' || version FROM resource WHERE row = f.ref), NULL)
    FROM feed f ORDER BY f.position";

/// Verifies every row whose content is known.
pub(super) fn verify(replica: &Replica, told: Told<'_>) -> Result<()> {
    let mut statement = replica.connection().prepare(ROWS)?;
    let mut rows = statement.query(params![])?;
    let (mut before, mut last) = (vec![0; 32], 0);
    while let Some(row) = rows.next()? {
        let (position, running): (i64, Vec<u8>) = (row.get(0)?, row.get(1)?);
        if position != last + 1 || !follows(row, &before, &running)? {
            told(match row.get(5)? {
                Some(name) => Flaw::Resource { name },
                None => Flaw::Feed { position: unsigned(position) },
            });
        }
        (before, last) = (running, position);
    }
    Ok(())
}

fn follows(row: &Row<'_>, before: &[u8], running: &[u8]) -> Result<bool> {
    let known = matches!(row.get(2)?, 1..=3 | 5..=8i64);
    // What the row speaks of is not there: that too is not as it was written.
    let Some(content) = row.get_ref(4)?.as_bytes_or_null().map_err(rusqlite::Error::from)? else {
        return Ok(!known);
    };
    let opening: Option<Vec<u8>> = row.get(3)?;
    let digest = feed::row_digest(row.get(2)?, content, &opening.unwrap_or_default());
    Ok(Sha256::new().chain_update(before).chain_update(digest).finalize().as_slice() == running)
}
