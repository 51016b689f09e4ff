//! The networks that a replica goes over, by name: what each costs, and what files have cost on it today. Where bytes are paid for a
//! day has a bound, however many syncs it has; what one network costs is never taken for another's.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};
use teranga_core::time::Millis;
use teranga_sync::limits;

use crate::columns::{integer, unsigned};
use crate::error::Result;
use crate::replica::Replica;

/// What the people who use it call a network; of none that was named, the usual one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct NetworkName(String);

impl NetworkName {
    /// Named so.
    pub fn new(name: &str) -> Self {
        Self(name.trim().to_owned())
    }

    /// Its name; nothing of the usual one.
    pub fn named(&self) -> Option<&str> {
        (!self.0.is_empty()).then_some(self.0.as_str())
    }
}

/// What a network costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cost {
    /// Every byte is paid for.
    Metered {
        /// So many of files may go and come over it in a day, on the clock of Dakar.
        bytes_a_day: u64,
    },
    /// Bytes cost nothing.
    Unmetered,
}

impl Default for Cost {
    /// Until somebody says so, every byte is taken to be paid for.
    fn default() -> Self {
        Self::Metered { bytes_a_day: limits::METERED_BYTES_A_DAY }
    }
}

/// A network as it stands on some day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Network {
    /// Its name.
    pub name: NetworkName,
    /// What it costs.
    pub cost: Cost,
    /// Bytes of files that went and came over it that day; none are counted where they cost nothing.
    pub spent: u64,
}

impl Network {
    /// How many bytes of files may still go and come that day; none for no bound.
    pub fn left(&self) -> Option<u64> {
        match self.cost {
            Cost::Metered { bytes_a_day } => Some(bytes_a_day.saturating_sub(self.spent)),
            Cost::Unmetered => None,
        }
    }
}

/// What a run of the lane of files goes over, and how much it may carry.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Allowance {
    /// The network that it is counted for.
    pub over: NetworkName,
    /// So many bytes both ways; none for no bound.
    pub bytes: Option<u64>,
}

impl From<Option<u64>> for Allowance {
    /// Over the usual network.
    fn from(bytes: Option<u64>) -> Self {
        Self { over: NetworkName::default(), bytes }
    }
}

/// Dakar keeps universal time.
const DAY_MS: i64 = 24 * 3_600 * 1_000;

impl Replica {
    /// The networks that it knows as they stand today, the usual one first.
    pub fn networks(&self, now: Millis) -> Result<Vec<Network>> {
        let connection = self.connection();
        let mut read = connection.prepare_cached(
            "SELECT name, bytes_a_day, CASE day WHEN ?1 THEN spent ELSE 0 END FROM network",
        )?;
        let network = |row: &rusqlite::Row<'_>| {
            let (name, bytes): (String, Option<i64>) = (row.get(0)?, row.get(1)?);
            let metered = |bytes| Cost::Metered { bytes_a_day: unsigned(bytes) };
            let cost = bytes.map_or(Cost::Unmetered, metered);
            Ok((NetworkName(name), (cost, unsigned(row.get(2)?))))
        };
        let mut known: BTreeMap<_, _> =
            read.query_map([day(now)], network)?.collect::<rusqlite::Result<_>>()?;
        known.entry(NetworkName::default()).or_insert((Cost::default(), 0));
        Ok(known.into_iter().map(|(name, (cost, spent))| Network { name, cost, spent }).collect())
    }

    /// A network as it stands today; none where nobody has said what it costs. The usual one is always known.
    pub fn network(&self, name: &NetworkName, now: Millis) -> Result<Option<Network>> {
        Ok(self.networks(now)?.into_iter().find(|network| network.name == *name))
    }

    /// Keeps what a network costs. What was counted of it today stays.
    pub fn set_network(&mut self, name: &NetworkName, cost: Cost) -> Result<()> {
        let bytes = match cost {
            Cost::Metered { bytes_a_day } => Some(integer(bytes_a_day)),
            Cost::Unmetered => None,
        };
        self.database_mut().execute(
            "INSERT INTO network (name, bytes_a_day) VALUES (?1, ?2)
             ON CONFLICT (name) DO UPDATE SET bytes_a_day = excluded.bytes_a_day",
            params![name.0, bytes],
        )?;
        Ok(())
    }

    /// Forgets what a network costs; whether it was known.
    pub fn forget_network(&mut self, name: &NetworkName) -> Result<bool> {
        Ok(self.database_mut().execute("DELETE FROM network WHERE name = ?1", [&name.0])? > 0)
    }
}

/// Counts bytes of today's, if they cost anything.
pub(crate) fn spend(connection: &Connection, over: &NetworkName, bytes: u64, now: Millis) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO network (name, bytes_a_day, day, spent) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (name) DO UPDATE SET day = ?3, spent = ?4 + CASE day WHEN ?3 THEN spent ELSE 0 END
             WHERE bytes_a_day IS NOT NULL",
        )?
        .execute(params![over.0, integer(limits::METERED_BYTES_A_DAY), day(now), integer(bytes)])?;
    Ok(())
}

fn day(now: Millis) -> i64 {
    now.0.div_euclid(DAY_MS)
}
