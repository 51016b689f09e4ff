//! Enrolling in a world: at the beginning, and whenever a hub does not know its devices any more or another has its place.

use teranga_client::invent::Seeded;
use teranga_core::audience::Audience;
use teranga_core::id::ReplicaId;
use teranga_core::time::Millis;
use teranga_office::Office;
use teranga_store::uplink::Joined;
use teranga_store::{Profile, Replica, StoreError};
use teranga_sync::enrol::EnrolRequest;
use teranga_sync::identity::replica_id;
use teranga_sync::introduction::ReplicaKind;

use crate::machine::{Machine, Post, Running};
use crate::sabotage::Sabotage;
use crate::world::World;

impl World {
    /// A regional hub takes the place of the one before it, where headquarters knew that one: its devices follow by
    /// themselves, without a code.
    pub(crate) fn give_place(&mut self, number: usize, before: ReplicaId) -> Result<(), StoreError> {
        let now = self.now;
        self.see_to_it(number);
        let Some((child, hub)) = self.pair(number) else { return Ok(()) };
        let (Some(Running::Office(office)), Some(Running::Office(region))) =
            (hub.running.as_mut(), child.running.as_mut())
        else {
            return Ok(());
        };
        let refused = |_| StoreError::Inconsistent { table: "succession", column: "old" };
        let code = office.new_replacing_code(before, &mut hub.seed, now).map_err(refused)?;
        let Some(code) = code.and_then(|code| teranga_sync::code::normalise(&code)) else { return Ok(()) };
        let replica = region.replica_mut();
        let answer = office
            .enrol(&EnrolRequest::sign(replica.identity(), &code, replica.spoken()), now)
            .map_err(refused)?;
        let inheritance = answer.inheritance(&replica.public_key()).ok().flatten();
        let (key, home) = (&answer.hub_key, answer.home_key.as_ref());
        let joined = Joined { key, url: "http://127.0.0.1:1", name: "hub", home };
        replica.join_as_heir(&joined, replica.profile().clone(), inheritance.as_ref())
    }

    /// Whoever its hub does not know, or whoever knows another hub whose place its hub has not, enrols as its office
    /// tells it to.
    pub(crate) fn enrol_again(&mut self) -> Result<(), StoreError> {
        for child in 1..self.machines.len() {
            let Some((machine, hub)) = self.pair(child) else { continue };
            let (Some(replica), Some(hub)) = (machine.replica(), hub.replica()) else { continue };
            if hub.is_revoked(replica.id())? {
                continue;
            }
            let knows = replica.uplink()?.map(|uplink| uplink.key);
            let follows = match knows {
                Some(key) => hub.succession(replica_id(&key))?.is_some(),
                None => false,
            };
            let at_this_hub = follows || knows == Some(hub.public_key());
            if !at_this_hub || hub.child(replica.id())?.is_none() {
                self.enrol(child)?;
            }
        }
        Ok(())
    }

    /// Whoever reads a code out sees to it that both machines stand, and reach each other.
    fn see_to_it(&mut self, child: usize) {
        for number in [Some(child), self.hub_of(child)].into_iter().flatten() {
            self.reach_again(number);
            if let Some(machine) = self.machines.get(number) {
                machine.disk.heal();
            }
        }
    }

    /// Enrols a machine at its hub.
    pub(crate) fn enrol(&mut self, child: usize) -> Result<(), StoreError> {
        let (now, sabotage) = (self.now, self.sabotage);
        self.see_to_it(child);
        let Some((child, hub)) = self.pair(child) else { return Ok(()) };
        let (Some(Running::Office(office)), Some(running)) = (hub.running.as_mut(), child.running.as_mut())
        else {
            return Ok(());
        };
        let replica = running.replica_mut();
        let mut granted = replica.profile().clone();
        if sabotage == Sabotage::WideGrant && granted.kind == ReplicaKind::Hub {
            granted.audience = Audience::of_region(None);
        }
        let claimed = replica.profile().clone();
        join(office, replica, (granted, claimed), &mut hub.seed, now)
    }

    /// A device goes to the hub of another region and follows that one from now on, where nothing ties it to its own;
    /// whether it does.
    pub(crate) fn move_to(&mut self, number: usize, hub: usize) -> Result<bool, StoreError> {
        if self.is_cut_off(number) || self.is_cut_off(hub) {
            return Ok(false);
        }
        let Some(machine) = self.machines.get_mut(number) else { return Ok(false) };
        let Post::Device { hub: before } = machine.post else { return Ok(false) };
        machine.disk.heal();
        machine.post = Post::Device { hub };
        let now = self.now;
        let Some((child, office)) = self.pair(number) else { return Ok(false) };
        office.disk.heal();
        let (Some(Running::Office(region)), Some(running)) =
            (office.running.as_mut(), child.running.as_mut())
        else {
            return Ok(false);
        };
        let place = region.replica().profile().audience.place.clone();
        let mut profile = running.replica().profile().clone();
        profile.audience.place = place.clone();
        let granted = (profile.clone(), profile);
        match join(region, running.replica_mut(), granted, &mut office.seed, now) {
            Ok(()) => {
                child.made_for.place = place;
                // It went with empty hands.
                let own = self.ledger.files.iter_mut().filter(|file| file.machine == number);
                own.for_each(|file| file.goes(&self.covered_files));
                self.joined_anew(number);
                Ok(true)
            }
            // The other hub has enrolled it all the same: whoever shows the code later is known there.
            Err(StoreError::Tied(_)) => {
                child.post = Post::Device { hub: before };
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// Whoever is put back to a backup follows the hub that its disk knows.
    pub(crate) fn follow_the_disk(&mut self, number: usize) {
        let Some(machine) = self.machines.get(number) else { return };
        let (Post::Device { .. }, Some(replica)) = (machine.post, machine.replica()) else { return };
        let place = replica.profile().audience.place.clone();
        let is_of_there = |hub: &Machine| {
            hub.post == Post::Region && hub.replica().is_some_and(|hub| hub.profile().audience.place == place)
        };
        let hub = self.machines.iter().position(is_of_there);
        if let (Some(hub), Some(machine)) = (hub, self.machines.get_mut(number)) {
            machine.post = Post::Device { hub };
            machine.made_for.place = place;
        }
    }
}

fn join(
    office: &mut Office,
    replica: &mut Replica,
    (granted, claimed): (Profile, Profile),
    seed: &mut Seeded,
    now: Millis,
) -> Result<(), StoreError> {
    let refused = |_| StoreError::Inconsistent { table: "child", column: "replica" };
    let code = office.new_code(&granted, seed, now).map_err(refused)?;
    let code = teranga_sync::code::normalise(&code).unwrap_or_default();
    let answer = office
        .enrol(&EnrolRequest::sign(replica.identity(), &code, replica.spoken()), now)
        .map_err(refused)?;
    let (key, home) = (&answer.hub_key, answer.home_key.as_ref());
    let joined = Joined { key, url: "http://127.0.0.1:1", name: "hub", home };
    replica.join(&joined, claimed)
}
