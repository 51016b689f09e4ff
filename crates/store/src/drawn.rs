//! What the openings of a device drew identities and salts from: their seeds, which its packs tell its hub, and how far each was
//! drawn from. A hub keeps none: its database is sealed, and the seed of a salt would lie open beside it.

use rusqlite::{Connection, params};
use teranga_core::id::OpeningNonce;
use teranga_sync::drawn::{Drawing, Drawn, Seed};

use crate::columns::{blob, integer, unsigned};
use crate::error::Result;
use crate::replica::Replica;

impl Replica {
    /// The source from which this opening draws the identities and salts of records.
    pub fn drawing(&self) -> Drawing {
        self.drawn_from().clone()
    }
}

/// Notes how far an opening has drawn, before what it drew is signed.
pub(crate) fn note(connection: &Connection, nonce: OpeningNonce, drawn: &Drawn) -> Result<()> {
    if drawn.count > 0 {
        connection
            .prepare_cached(
                "INSERT INTO drawn (opening, seed, count) VALUES (?1, ?2, ?3)
                 ON CONFLICT (opening, seed) DO UPDATE SET count = excluded.count",
            )?
            .execute(params![nonce.as_bytes(), drawn.seed.0, integer(drawn.count)])?;
    }
    Ok(())
}

/// What these openings drew.
pub(crate) fn of(connection: &Connection, openings: &[OpeningNonce]) -> Result<Vec<Drawn>> {
    let mut drawn = Vec::new();
    let mut statement = connection.prepare_cached("SELECT seed, count FROM drawn WHERE opening = ?1")?;
    for nonce in openings {
        let mut rows = statement.query([nonce.as_bytes()])?;
        while let Some(row) = rows.next()? {
            drawn.push(Drawn { seed: Seed(blob(row, 0, "drawn", "seed")?), count: unsigned(row.get(1)?) });
        }
    }
    Ok(drawn)
}

/// Forgets every seed: of a record that is destroyed the salt followed from one, and another hub is to know of none that was
/// told before. The opening has to go on with another.
pub(crate) fn forget(connection: &Connection) -> Result<()> {
    connection.execute("DELETE FROM drawn", [])?;
    Ok(())
}
