//! Succession: a hub that is gone with its disk gives its place to a new one. The home decides it and signs it for each hub
//! that had the place before, so that one word is enough wherever a device stands still. The new hub takes over the devices
//! that the home knows to have synced there; the devices verify the word with the home's key, and go on with it as with
//! any other hub that they join.

use rusqlite::{Connection, params};
use teranga_core::id::{PublicKey, ReplicaId};
use teranga_sync::identity::{Identity, replica_id};
use teranga_sync::introduction::{Introduction, ReplicaKind};
use teranga_sync::succession::{Inheritance, Succession};

use crate::columns::blob;
use crate::error::Result;
use crate::home;
use crate::membership;
use crate::register;
use crate::replica::Replica;
use crate::uplink::Joined;

impl Replica {
    /// The home's word that this hub has the place of another; `None` where it has not.
    pub fn succession(&self, old: ReplicaId) -> Result<Option<Succession>> {
        let words = words(self.connection(), &self.public_key())?;
        Ok(words.into_iter().find(|word| word.old == old))
    }

    /// Whether another has the place of a hub that was enrolled here.
    pub fn is_succeeded(&self, hub: ReplicaId) -> Result<bool> {
        is_succeeded(self.connection(), hub)
    }

    /// What the owner of this key takes over with the place that was given to it here; `None` where none was.
    pub fn inheritance(&self, key: &PublicKey) -> Result<Option<Inheritance>> {
        let successions = words(self.connection(), key)?;
        if successions.is_empty() {
            return Ok(None);
        }
        let children = children_of(self.connection(), &successions)?;
        Ok(Some(Inheritance { successions, children }))
    }

    /// Follows the home's word to the hub that took the place of this one's: joins it, and stays who it is. Returns whether
    /// the word speaks of its hub, and is the home's.
    pub fn follow(&mut self, word: &Succession) -> Result<bool> {
        let (Some(uplink), Some(home)) = (self.uplink()?, self.home()?) else { return Ok(false) };
        if word.old != replica_id(&uplink.key) || !word.verify(&home) {
            return Ok(false);
        }
        let hub = Joined { key: &word.key, url: &uplink.url, name: &uplink.name, home: Some(&home) };
        self.join(&hub, self.profile().clone())?;
        Ok(true)
    }
}

/// The words that name this key.
fn words(connection: &Connection, key: &PublicKey) -> Result<Vec<Succession>> {
    let mut statement = connection
        .prepare_cached("SELECT old, key, signature FROM succession WHERE key = ?1 ORDER BY old")?;
    let mut rows = statement.query([key.as_bytes()])?;
    let mut words = Vec::new();
    while let Some(row) = rows.next()? {
        words.push(Succession {
            old: blob(row, 0, "succession", "old")?,
            key: blob(row, 1, "succession", "key")?,
            signature: blob(row, 2, "succession", "signature")?,
        });
    }
    Ok(words)
}

/// Who has had the place of a hub since.
fn successors(connection: &Connection, hub: ReplicaId) -> Result<Vec<PublicKey>> {
    let mut statement = connection.prepare_cached("SELECT key FROM succession WHERE old = ?1")?;
    let mut rows = statement.query([hub.as_bytes()])?;
    let mut keys = Vec::new();
    while let Some(row) = rows.next()? {
        keys.push(blob(row, 0, "succession", "key")?);
    }
    Ok(keys)
}

/// A hub whose place can be taken: it was enrolled here, revoked since or not, and nobody has taken it.
pub(crate) fn replaceable(connection: &Connection, hub: ReplicaId) -> Result<Option<Introduction>> {
    let free = register::was_enrolled_here(connection, hub)? && successors(connection, hub)?.is_empty();
    let known = if free { register::introduction(connection, hub)? } else { None };
    Ok(known.filter(|known| known.kind == ReplicaKind::Hub))
}

/// Whether another has the place of a hub.
pub(crate) fn is_succeeded(connection: &Connection, hub: ReplicaId) -> Result<bool> {
    Ok(!successors(connection, hub)?.is_empty())
}

/// Gives the place of a hub to the owner of this key, and refuses the old one from now on. Whether the place was free, or its
/// own already.
pub(crate) fn replace(
    connection: &Connection,
    home: &Identity,
    old: ReplicaId,
    key: &PublicKey,
) -> Result<bool> {
    let successors = successors(connection, old)?;
    if successors.contains(key) {
        return Ok(true);
    }
    let Some(known) = replaceable(connection, old)?.filter(|known| known.key != *key) else {
        return Ok(false);
    };
    let before = words(connection, &known.key)?.into_iter().map(|word| word.old);
    for old in before.chain([old]) {
        keep(connection, &Succession::sign(home, old, *key))?;
    }
    connection.execute("UPDATE replica SET revoked = 1 WHERE id = ?1", [old.as_bytes()])?;
    Ok(true)
}

fn keep(connection: &Connection, word: &Succession) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO succession (old, key, signature) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
        )?
        .execute(params![word.old.as_bytes(), word.key.as_bytes(), word.signature])?;
    Ok(())
}

/// The devices that are known to have synced with these hubs: those whose last packs came by one of them. Of a device that
/// never wrote anything nothing is known, and of what a hub refused neither.
fn children_of(connection: &Connection, hubs: &[Succession]) -> Result<Vec<Introduction>> {
    let mut children = Vec::new();
    for known in register::people(connection)? {
        let id = replica_id(&known.key);
        if known.kind != ReplicaKind::Device || register::was_enrolled_here(connection, id)? {
            continue;
        }
        let Some(via) = last_via(connection, id)?.filter(|via| hubs.iter().any(|word| word.old == *via))
        else {
            continue;
        };
        // Who works elsewhere by now is the other hub's child.
        let hub = register::introduction(connection, via)?;
        if hub.is_some_and(|hub| hub.audience.place == known.audience.place) {
            children.push(known);
        }
    }
    Ok(children)
}

/// The child that brought the last pack of an origin that came.
fn last_via(connection: &Connection, origin: ReplicaId) -> Result<Option<ReplicaId>> {
    let mut statement = connection.prepare_cached(
        "SELECT via FROM pack WHERE origin = ?1 AND via IS NOT NULL ORDER BY received_ms DESC, batch DESC LIMIT 1",
    )?;
    let mut rows = statement.query([origin.as_bytes()])?;
    rows.next()?.map(|row| blob(row, 0, "pack", "via")).transpose()
}

/// Takes over what comes with the place of another hub. Who was enrolled there is a child here from now on, as far as its
/// hub had told.
pub(crate) fn inherit(connection: &Connection, own: &Identity, inheritance: &Inheritance) -> Result<()> {
    let home = home::home(connection, own)?;
    for word in &inheritance.successions {
        if word.key == own.public_key() && home.is_some_and(|home| word.verify(&home)) {
            keep(connection, word)?;
        }
    }
    for child in &inheritance.children {
        let id = replica_id(&child.key);
        if register::was_enrolled_here(connection, id)? {
            continue;
        }
        membership::admit(connection, child)?;
        connection
            .prepare_cached("INSERT INTO taken_over (replica) VALUES (?1) ON CONFLICT DO NOTHING")?
            .execute([id.as_bytes()])?;
    }
    Ok(())
}
