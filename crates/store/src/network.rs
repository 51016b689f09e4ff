//! What the network of a replica costs, and what files have cost on it today: where bytes are paid for, a day has a bound, however
//! many syncs it has.

use rusqlite::Connection;
use teranga_core::time::Millis;
use teranga_sync::limits;

use crate::error::{Result, StoreError};
use crate::replica::{self, Replica};

/// What a network costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Network {
    /// Every byte is paid for.
    Metered {
        /// So many of files may go and come over it in a day, on the clock of Dakar.
        bytes_a_day: u64,
    },
    /// Bytes cost nothing.
    Unmetered,
}

impl Default for Network {
    /// Until somebody says so, every byte is taken to be paid for.
    fn default() -> Self {
        Self::Metered { bytes_a_day: limits::METERED_BYTES_A_DAY }
    }
}

const NETWORK: &str = "network";
const UNMETERED: &[u8] = b"unmetered";
const SPENT: &str = "files_spent";
/// Dakar keeps universal time.
const DAY_MS: i64 = 24 * 3_600 * 1_000;

impl Replica {
    /// What its network costs.
    pub fn network(&self) -> Result<Network> {
        kept(self.connection())
    }

    /// Keeps what its network costs.
    pub fn set_network(&mut self, network: Network) -> Result<()> {
        let kept = match network {
            Network::Metered { bytes_a_day } => bytes_a_day.to_be_bytes().to_vec(),
            Network::Unmetered => UNMETERED.to_vec(),
        };
        replica::put_meta(self.connection(), NETWORK, &kept)
    }

    /// How many bytes of files may still go and come today; none for no bound.
    pub fn files_left(&self, now: Millis) -> Result<Option<u64>> {
        Ok(match self.network()? {
            Network::Metered { bytes_a_day } => {
                Some(bytes_a_day.saturating_sub(spent_on(self.connection(), day(now))?))
            }
            Network::Unmetered => None,
        })
    }
}

fn kept(connection: &Connection) -> Result<Network> {
    let Some(kept) = replica::meta(connection, NETWORK)? else { return Ok(Network::default()) };
    if kept == UNMETERED {
        return Ok(Network::Unmetered);
    }
    Ok(Network::Metered { bytes_a_day: u64::from_be_bytes(eight(&kept)?) })
}

/// Counts bytes of today's, if they cost anything.
pub(crate) fn spend(connection: &Connection, bytes: u64, now: Millis) -> Result<()> {
    if kept(connection)? == Network::Unmetered {
        return Ok(());
    }
    let today = day(now);
    let spent = spent_on(connection, today)?.saturating_add(bytes);
    replica::put_meta(connection, SPENT, &[today.to_be_bytes(), spent.to_be_bytes()].concat())
}

fn day(now: Millis) -> i64 {
    now.0.div_euclid(DAY_MS)
}

/// What was counted on a day: nothing where another was counted last.
fn spent_on(connection: &Connection, day: i64) -> Result<u64> {
    let Some(kept) = replica::meta(connection, SPENT)? else { return Ok(0) };
    let (of, bytes) = kept.split_at_checked(8).ok_or(UNREADABLE)?;
    let bytes = u64::from_be_bytes(eight(bytes)?);
    Ok(if i64::from_be_bytes(eight(of)?) == day { bytes } else { 0 })
}

const UNREADABLE: StoreError = StoreError::Inconsistent { table: "meta", column: "value" };

fn eight(bytes: &[u8]) -> Result<[u8; 8]> {
    bytes.try_into().map_err(|_| UNREADABLE)
}
