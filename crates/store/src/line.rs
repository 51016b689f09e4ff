//! The line in which this replica numbers its packs and exchanges, and how it begins another. A hub that was asked in this
//! line by an opening which this replica never had, or has seen numbers that it never gave, has met somebody else with
//! its key: the phone that it was before its disk was put back, or a copy of its folder. Both go on, each in a line of
//! its own, and neither is asked which one is right. At another hub than before a line is begun too: what this replica
//! was before its disk was put back may have gone further up by the old one.

use rusqlite::Connection;
use sha2::{Digest, Sha256};
use teranga_core::id::{Entropy, Line, ManifestHash, OpeningNonce, ReplicaId};
use teranga_sync::limits;
use teranga_sync::message::Asker;

use crate::behind;
use crate::error::{Result, StoreError};
use crate::outbox;
use crate::packs;
use crate::replica::{self, Replica};

/// The name of the line's number, four bytes.
const LINE: &str = "line";
/// The name of the manifest that was one's last when the line began.
const BEFORE: &str = "line_after";

/// The line in which packs are cut now.
pub(crate) fn current(connection: &Connection) -> Result<Line> {
    let Some(bytes) = replica::meta(connection, LINE)? else { return Ok(Line::FIRST) };
    let number = bytes.try_into().ok().map(u32::from_be_bytes).and_then(Line::numbered);
    number.ok_or(StoreError::Inconsistent { table: "meta", column: "line" })
}

/// The manifest that the first pack of the line names: one's last before it; zeros in the first line.
pub(crate) fn before(connection: &Connection) -> Result<ManifestHash> {
    let hash = replica::meta(connection, BEFORE)?.and_then(|bytes| ManifestHash::from_slice(&bytes));
    Ok(hash.unwrap_or(ManifestHash([0; 32])))
}

/// Notes that an opening of this replica asks the hub.
pub(crate) fn note_asker(connection: &Connection, opening: Asker) -> Result<()> {
    let added = connection
        .prepare_cached("INSERT INTO asked_by (opening) VALUES (?1) ON CONFLICT DO NOTHING")?
        .execute([opening.0])?;
    if added == 1 {
        connection
            .prepare_cached("DELETE FROM asked_by WHERE row <= (SELECT max(row) FROM asked_by) - ?1")?
            .execute([limits::ASKERS_MAX])?;
    }
    Ok(())
}

/// Whether an opening that asked is one of this replica's, as far as its disk knows.
pub(crate) fn is_ours(connection: &Connection, opening: Asker) -> Result<bool> {
    if opening == Asker::default() {
        return Ok(true);
    }
    Ok(connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM asked_by WHERE opening = ?1)")?
        .query_row([opening.0], |row| row.get(0))?)
}

impl Replica {
    /// The line in which this replica numbers its packs and exchanges.
    pub fn line(&self) -> Result<Line> {
        current(self.connection())
    }

    /// Begins another line. Packs that the hub acknowledged stay as they are; one's own others are taken apart, and
    /// nothing is sent before the feed has been read to its end: it brings what the other one with this key has sent
    /// meanwhile, and what of it is one's own need not be sent again.
    pub fn begin_line(&mut self) -> Result<()> {
        let (own, nonce) = (self.id(), self.nonce());
        let acknowledged = self.uplink()?.map_or(0, |uplink| uplink.acknowledged);
        let transaction = self.database_mut().transaction()?;
        begin_at_hub(&transaction, own, nonce, acknowledged)?;
        transaction.commit()?;
        Ok(())
    }
}

/// Begins a line at the hub of the one before.
pub(crate) fn begin_at_hub(
    connection: &Connection,
    own: ReplicaId,
    nonce: OpeningNonce,
    acknowledged: u64,
) -> Result<()> {
    begin(connection, own, nonce, acknowledged)?;
    connection.execute("UPDATE uplink SET exchange = 0, acknowledged = 0, heard = 0", [])?;
    behind::fall_behind(connection)
}

/// Begins a line: draws its number, and takes apart what the hub has not acknowledged.
pub(crate) fn begin(
    connection: &Connection,
    own: ReplicaId,
    nonce: OpeningNonce,
    acknowledged: u64,
) -> Result<()> {
    let old = current(connection)?;
    outbox::begin_anew(connection, own, acknowledged)?;
    let last = packs::chain(connection, own, old.beginning())?.last_hash;
    let before = last.map_or_else(|| before(connection), Ok)?;
    // The opening's own randomness, so that two copies that begin a line at once begin two.
    let drawn =
        Sha256::new().chain_update(nonce.as_bytes()).chain_update(old.number().to_be_bytes()).finalize();
    let line = Line::draw(&mut Drawn(drawn.into()));
    replica::put_meta(connection, LINE, &line.number().to_be_bytes())?;
    replica::put_meta(connection, BEFORE, before.as_bytes())
}

/// Randomness that was drawn before.
struct Drawn([u8; 32]);

impl Entropy for Drawn {
    fn fill(&mut self, bytes: &mut [u8]) {
        for (byte, drawn) in bytes.iter_mut().zip(self.0) {
            *byte = drawn;
        }
    }
}
