//! A replica: one open store with its key, its profile and the opening under which it writes. Its operations stand
//! in the other files of this crate, a transaction each.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, params};
use teranga_core::audience::{Agent, Audience};
use teranga_core::id::{ActorId, Entropy, OpeningNonce, PublicKey, ReplicaId};
use teranga_sync::drawn::Drawing;
use teranga_sync::identity::{Identity, actor_of};
use teranga_sync::introduction::{Introduction, ReplicaKind, reach_code};
use teranga_sync::version::Spoken;

use crate::create;
use crate::database::Database;
use crate::error::{Result, StoreError};
use crate::feed;
use crate::open::{self, Opened};
use crate::register;
use crate::seal::{self, Keys, Place};
use crate::virtual_file::{self, VirtualFile};

/// What a replica is, as its owner said when making it and its hub confirmed when enrolling it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// A device or a hub.
    pub kind: ReplicaKind,
    /// The person who uses it, or the hub's name.
    pub person: String,
    /// The office it belongs to.
    pub office: String,
    /// Where it stands.
    pub audience: Audience,
}

impl Profile {
    /// What an introduction says of a replica.
    pub(crate) fn of(introduction: Introduction) -> Self {
        let Introduction { key: _, kind, person, office, audience } = introduction;
        Self { kind, person, office, audience }
    }
}

/// An open replica.
#[derive(Debug)]
pub struct Replica {
    opened: Opened,
    keys: Keys,
    identity: Identity,
    profile: Profile,
    nonce: OpeningNonce,
    drawing: Drawing,
    actor: ActorId,
    spoken: Spoken,
}

impl Replica {
    /// Makes a replica in `folder` with a fresh key.
    pub fn create(folder: &Path, profile: &Profile, entropy: &mut dyn Entropy) -> Result<Self> {
        let identity = Identity::generate(entropy);
        let opened = create::create(folder, |connection| found(connection, &identity, profile))?;
        Self::over(opened, Place::Folder(folder), entropy)
    }

    /// Makes a replica on a virtual file system with a fresh key.
    pub fn create_virtual(
        file: VirtualFile<'_>,
        profile: &Profile,
        entropy: &mut dyn Entropy,
    ) -> Result<Self> {
        let identity = Identity::generate(entropy);
        let opened = virtual_file::create(file, |connection| found(connection, &identity, profile))?;
        Self::over(opened, Place::Virtual(file), entropy)
    }

    /// Opens the replica in `folder`. Every opening writes under a new actor, so that a copied folder or a restored
    /// backup never writes as somebody that already wrote something else.
    pub fn open(folder: &Path, entropy: &mut dyn Entropy) -> Result<Self> {
        Self::over(open::open(folder)?, Place::Folder(folder), entropy)
    }

    /// Opens the replica on a virtual file system, under a new actor like any other.
    pub fn open_virtual(file: VirtualFile<'_>, entropy: &mut dyn Entropy) -> Result<Self> {
        Self::over(virtual_file::open(file)?, Place::Virtual(file), entropy)
    }

    fn over(mut opened: Opened, place: Place<'_>, entropy: &mut dyn Entropy) -> Result<Self> {
        let identity = read_identity(&opened.database)?;
        let profile = read_profile(&opened.database)?;
        let mut bytes = [0u8; 16];
        entropy.fill(&mut bytes);
        let nonce = OpeningNonce(bytes);
        let drawing = Drawing::begin(entropy);
        let actor = actor_of(&identity.public_key(), nonce);
        if profile.kind != ReplicaKind::Device {
            open::used_by_many(&opened.database)?;
        }
        feed::attach(&opened.database, nonce)?;
        let keys = seal::open(&mut opened.database, place, (&identity, profile.kind), entropy)?;
        Ok(Self { opened, keys, identity, profile, nonce, drawing, actor, spoken: Spoken::BUILD })
    }

    /// The replica's identity.
    pub fn id(&self) -> ReplicaId {
        self.identity.replica()
    }

    /// The replica's key.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The replica's public key.
    pub fn public_key(&self) -> PublicKey {
        self.identity.public_key()
    }

    /// What the replica is.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// The folder it lies in.
    pub fn folder(&self) -> &Path {
        &self.opened.folder
    }

    /// The actor under which this opening writes.
    pub fn actor(&self) -> ActorId {
        self.actor
    }

    /// Which versions of the protocol it speaks.
    pub fn spoken(&self) -> Spoken {
        self.spoken
    }

    /// Lets it speak as a build of another day does.
    pub fn speak(&mut self, spoken: Spoken) {
        self.spoken = spoken;
    }

    pub(crate) fn nonce(&self) -> OpeningNonce {
        self.nonce
    }

    pub(crate) fn drawn_from(&self) -> &Drawing {
        &self.drawing
    }

    pub(crate) fn connection(&self) -> &Connection {
        &self.opened.database
    }

    pub(crate) fn database_mut(&mut self) -> &mut Database {
        &mut self.opened.database
    }

    pub(crate) fn keys(&self) -> &Keys {
        &self.keys
    }

    /// Takes over a profile that was written.
    pub(crate) fn take_profile(&mut self, profile: Profile) {
        self.profile = profile;
    }
}

/// What a new replica begins with.
fn found(connection: &Connection, identity: &Identity, profile: &Profile) -> Result<()> {
    put_meta(connection, "secret", &identity.secret())?;
    write_profile(connection, identity, profile)
}

/// Whether a replica begins in a database, or only its tables were laid out.
pub(crate) fn is_founded(connection: &Connection) -> Result<bool> {
    Ok(meta(connection, "secret")?.is_some())
}

fn introduction(identity: &Identity, profile: &Profile) -> Introduction {
    Introduction {
        key: identity.public_key(),
        kind: profile.kind,
        person: profile.person.clone(),
        office: profile.office.clone(),
        audience: profile.audience.clone(),
    }
}

/// Writes what a replica is, and introduces it to itself.
pub(crate) fn write_profile(connection: &Connection, identity: &Identity, profile: &Profile) -> Result<()> {
    register::introduce(connection, &introduction(identity, profile))?;
    put_meta(connection, "kind", &[profile.kind.code()])?;
    put_meta(connection, "person", profile.person.as_bytes())?;
    put_meta(connection, "office", profile.office.as_bytes())?;
    put_meta(connection, "region", profile.audience.place.code().as_bytes())?;
    put_meta(connection, "reach", &[reach_code(&profile.audience.reach)])?;
    put_meta(connection, "classes", profile.audience.clearance.names().join(" ").as_bytes())
}

/// Reads the key of a replica.
pub(crate) fn read_identity(connection: &Connection) -> Result<Identity> {
    let secret = meta(connection, "secret")?
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or(StoreError::Inconsistent { table: "meta", column: "secret" })?;
    Ok(Identity::from_secret(secret))
}

/// Reads what a replica is.
pub(crate) fn read_profile(connection: &Connection) -> Result<Profile> {
    let kind = match meta(connection, "kind")?.as_deref() {
        Some([code]) => ReplicaKind::from_code(*code),
        _ => None,
    };
    let text = |name: &'static str| {
        meta(connection, name)?
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .ok_or(StoreError::Inconsistent { table: "meta", column: name })
    };
    // A replica of schema 2 does not name these.
    let reach = meta(connection, "reach")?.and_then(|bytes| bytes.first().copied()).unwrap_or_default();
    let classes = if meta(connection, "classes")?.is_some() { text("classes")? } else { String::new() };
    let agent = Agent { person: text("person")?, office: text("office")? };
    let audience = register::audience(Some(&text("region")?), reach, &classes, &agent);
    Ok(Profile {
        kind: kind.ok_or(StoreError::Inconsistent { table: "meta", column: "kind" })?,
        audience: audience.ok_or(StoreError::Inconsistent { table: "meta", column: "reach" })?,
        person: agent.person,
        office: agent.office,
    })
}

/// One named fact of this replica.
pub(crate) fn meta(connection: &Connection, name: &str) -> Result<Option<Vec<u8>>> {
    Ok(connection
        .prepare_cached("SELECT value FROM meta WHERE name = ?1")?
        .query_row([name], |row| row.get(0))
        .optional()?)
}

/// Sets one named fact of this replica.
pub(crate) fn put_meta(connection: &Connection, name: &str, value: &[u8]) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO meta (name, value) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = excluded.value",
        )?
        .execute(params![name, value])?;
    Ok(())
}
