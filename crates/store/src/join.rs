//! Joining a hub: the first one, another one than before, the same one under another home, or one in another place. What was
//! the old hub's alone is forgotten, what it may have held alone is offered again.

use rusqlite::params;
use teranga_core::id::PublicKey;
use teranga_sync::identity::replica_id;
use teranga_sync::introduction::ReplicaKind;
use teranga_sync::succession::Inheritance;

use crate::aside;
use crate::attachments;
use crate::behind::Reading;
use crate::covered;
use crate::drawn;
use crate::error::Result;
use crate::gone;
use crate::holders;
use crate::home;
use crate::introduced;
use crate::judged;
use crate::line;
use crate::log;
use crate::missed;
use crate::moving;
use crate::receipts;
use crate::replica::{self, Profile, Replica};
use crate::succession;

/// The hub that a replica joins.
#[derive(Debug, Clone, Copy)]
pub struct Joined<'a> {
    /// Its key.
    pub key: &'a PublicKey,
    /// Where it answers.
    pub url: &'a str,
    /// Its name.
    pub name: &'a str,
    /// The key of the home, as far as it knows it.
    pub home: Option<&'a PublicKey>,
}

impl Replica {
    /// Keeps the hub that enrolled this replica, and what it says of it. At another hub than before everything is
    /// offered and asked for from the start, and where its home is another one nothing is safe that this one does not
    /// call safe. At the same hub under another home the feed is read once more: words that were not believed may be that
    /// home's. At another place nothing is kept of the one before, and it is `Tied` where something of that would be lost.
    pub fn join(&mut self, hub: &Joined<'_>, profile: Profile) -> Result<()> {
        self.join_as_heir(hub, profile, None)
    }

    /// Joins a hub, and takes over what comes with the place of a hub before this one, where it has one.
    pub fn join_as_heir(
        &mut self,
        hub: &Joined<'_>,
        profile: Profile,
        inheritance: Option<&Inheritance>,
    ) -> Result<()> {
        let (own, nonce) = (self.identity().clone(), self.nonce());
        let before = self.uplink()?;
        let (from, to) = (self.profile().audience.place.clone(), profile.audience.place.clone());
        let transaction = self.database_mut().transaction()?;
        if from != to
            && let Err(tied) = moving::leave(&transaction, own.replica(), (&from, &to))
        {
            transaction.rollback()?;
            // It is asked of every file whether it may go.
            self.database_mut().write(covered::ask_for_all)?;
            return Err(tied);
        }
        if before.as_ref().is_none_or(|before| before.key != *hub.key) {
            if hub.home.is_none() || home::home(&transaction, &own)?.as_ref() != hub.home {
                // Another home's backup covers nothing of what this one's does.
                receipts::forget(&transaction)?;
                covered::forget(&transaction)?;
            }
            if let Some(before) = &before {
                drawn::forget(&transaction)?;
                line::begin(&transaction, own.replica(), nonce, before.acknowledged)?;
                log::offer_again(&transaction, own.replica())?;
                missed::miss(&transaction, own.replica(), 0)?;
                aside::appeal(&transaction)?;
                gone::find_out_anew(&transaction, &profile.audience)?;
            }
            transaction.execute("DELETE FROM uplink", [])?;
            transaction.execute("DELETE FROM checkpoint", [])?;
            holders::tell_again(&transaction)?;
            introduced::tell_again(&transaction)?;
            judged::tell_again(&transaction)?;
            // Sealed for the hub before, which is not met again; whoever made them still has them.
            transaction.execute("DELETE FROM carried", [])?;
            attachments::offer_again(&transaction)?;
            transaction.execute(
                "UPDATE outbox SET fixed = fixed OR number IS NOT NULL, number = iif(place IS NULL, NULL, -row),
                     refused = NULL, passed = 0",
                [],
            )?;
        } else if from != to || (hub.home.is_some() && home::home(&transaction, &own)?.as_ref() != hub.home) {
            transaction.execute("UPDATE uplink SET position = 0, running = zeroblob(32), within = 0", [])?;
            transaction.execute("DELETE FROM checkpoint", [])?;
            holders::tell_again(&transaction)?;
        }
        let reading = match (&before, profile.kind) {
            (Some(_), _) => Reading::Behind,
            (None, ReplicaKind::Hub) => Reading::New,
            (None, ReplicaKind::Device) => Reading::CaughtUp,
        };
        transaction.execute(
            "INSERT INTO uplink (only_one, hub, key, url, name, running, behind, home)
             VALUES (1, ?1, ?2, ?3, ?4, zeroblob(32), ?5, ?6)
             ON CONFLICT (only_one) DO UPDATE SET url = excluded.url, name = excluded.name,
                 home = coalesce(excluded.home, home)",
            params![
                replica_id(hub.key).as_bytes(),
                hub.key.as_bytes(),
                hub.url,
                hub.name,
                reading.code(),
                hub.home.map(PublicKey::as_bytes)
            ],
        )?;
        replica::write_profile(&transaction, &own, &profile)?;
        if let Some(inheritance) = inheritance {
            succession::inherit(&transaction, &own, inheritance)?;
        }
        transaction.commit()?;
        if before.is_some_and(|before| before.key != *hub.key) {
            self.drawn_from().renew();
        }
        self.take_profile(profile);
        Ok(())
    }
}
