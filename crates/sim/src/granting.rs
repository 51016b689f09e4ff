//! What devices may hold changes: an office takes somebody's region away and leaves a caseload, closes a class to them, or opens
//! everything again.

use std::collections::BTreeSet;

use teranga_client::invent::Seeded;
use teranga_core::audience::{Agent, Audience, Clearance, Reach};
use teranga_core::class::ClassId;
use teranga_core::grant::may_hold;
use teranga_core::id::RecordId;
use teranga_store::{Replica, StoreError};

use crate::machine::{Machine, Post};
use crate::world::World;

impl World {
    /// The hub of a device decides that it may hold other things from now on.
    pub(crate) fn regrant(&mut self, which: usize, seed: &mut Seeded) -> Result<(), StoreError> {
        let devices: Vec<usize> = self.devices().collect();
        let Some(number) = devices.get(which % devices.len().max(1)).copied() else { return Ok(()) };
        let Some((device, hub)) = self.pair(number) else { return Ok(()) };
        let Some(replica) = device.replica() else { return Ok(()) };
        let (id, profile) = (replica.id(), replica.profile().clone());
        let agent = Agent { office: profile.office, person: profile.person };
        let reach = if seed.below(2) == 0 { Reach::Everything } else { Reach::Caseload(agent) };
        let clearance = match seed.below(3) {
            0 => Clearance::of_names(["open", "survey"]),
            1 => Clearance::of_names(["open", "personal", "survey"]),
            _ => Clearance::Every,
        };
        let granted = hub.work(|running, _| {
            let hub = running.replica_mut();
            // The place stays: to another one a device moves by itself.
            let place = hub.introduction(id).ok().flatten().map(|known| known.audience.place);
            place.is_some_and(|place| {
                let audience = Audience { place, reach, clearance };
                hub.regrant(id, audience).is_ok_and(|known| known.is_some())
            })
        })?;
        self.regranted |= granted == Some(true);
        Ok(())
    }

    /// Once everything works again, each device is to hold in the end what its hub says. A hub that was put back, or has
    /// another's place, says what it knows.
    pub(crate) fn ask_what_is_granted(&mut self) -> Result<(), StoreError> {
        if !self.regranted {
            return Ok(());
        }
        for number in 0..self.machines.len() {
            let Some((device, hub)) = self.pair(number) else { continue };
            let (Post::Device { .. }, Some(replica)) = (device.post, device.replica()) else { continue };
            let known = hub.replica().map(|hub| hub.child(replica.id())).transpose()?.flatten();
            if let Some(known) = known {
                device.made_for = known.audience;
            }
        }
        Ok(())
    }

    /// In worlds in which something is taken from people, or they are taken out of service, they are asked in the end what becomes
    /// of answers that were not taken from them: nothing, and nothing of the files that these mention.
    pub(crate) fn let_go_of_held_answers(&mut self) -> Result<(), StoreError> {
        if !self.regranted && !self.revoked {
            return Ok(());
        }
        for (number, machine) in self.machines.iter_mut().enumerate() {
            let settled = machine.work(|running, _| {
                let replica = running.replica_mut();
                let held = replica.records_held()?;
                held.iter().try_for_each(|record| replica.settle_held(*record))?;
                Ok::<_, StoreError>(held)
            })?;
            let settled: BTreeSet<RecordId> = settled.transpose()?.unwrap_or_default().into_iter().collect();
            let files = self.ledger.files.iter_mut().filter(|file| file.machine == number);
            files.filter(|file| settled.contains(&file.record)).for_each(|file| file.forgiven = true);
        }
        Ok(())
    }

    /// Nobody goes on with what they left when the power failed: a case stays for as long as an assessment of it is being filled in.
    pub(crate) fn drop_drafts(&mut self) -> Result<(), StoreError> {
        for machine in &mut self.machines {
            let dropped = machine.work(|running, _| {
                let replica = running.replica_mut();
                replica.drafts()?.iter().try_for_each(|draft| replica.drop_draft(draft.record).map(|_| ()))
            })?;
            dropped.transpose()?;
        }
        Ok(())
    }

    /// Whether a machine may hold a part in the end, by what headquarters knows and what the machine was made for.
    pub(crate) fn is_granted_part(
        &self,
        number: usize,
        record: RecordId,
        class: &ClassId,
    ) -> Result<bool, StoreError> {
        let home = self.machines.first().and_then(Machine::replica);
        let custody = home.map(|home: &Replica| home.custody(record)).transpose()?.flatten();
        let Some((machine, custody)) = self.machines.get(number).zip(custody) else { return Ok(true) };
        Ok(may_hold(&machine.made_for, &custody, class))
    }
}
