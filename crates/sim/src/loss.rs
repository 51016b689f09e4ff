//! Disks that are exchanged for older ones, and machines that are gone: what is put in their place, and what nobody can be held
//! to any more.

use teranga_core::id::RecordId;
use teranga_store::erase::Erased;
use teranga_store::ticks::Tick;
use teranga_store::{Replica, StoreError};

use crate::disk::Keys;
use crate::file_oracles;
use crate::holdings::Holdings;
use crate::machine::Machine;
use crate::oracles;
use crate::world::World;

impl World {
    /// Puts the last backup of a machine in the place of its disk, or of its database alone; whether there was one, and it
    /// could be.
    pub(crate) fn restore(&mut self, number: usize, keys: Keys) -> Result<bool, StoreError> {
        let (Some(machine), Some(Some(image))) = (self.machines.get_mut(number), self.backups.get(number))
        else {
            return Ok(false);
        };
        let held = machine.replica().map(oracles::held).transpose()?.unwrap_or_default();
        let as_it_was = machine.image()?;
        let erased = machine.replica().map(Replica::erasures).transpose()?.unwrap_or_default();
        machine.restart_from(image, keys)?;
        if keys == Keys::OfToday && machine.post.is_hub() {
            for Erased { record, .. } in erased {
                let Some(replica) = machine.replica() else { continue };
                // Of what it did not hold then no key was destroyed, and nothing tells it.
                let anything =
                    replica.bodies(record)? > 0 || file_oracles::given_back(&self.ledger, replica, record)?;
                if !replica.is_erased(record)? && anything {
                    self.given_back = Some((record, machine.name.clone()));
                }
            }
        }
        if self.has_orphans()? {
            let machine = self.machines.get_mut(number);
            machine.map_or(Ok(()), |machine| machine.restart_from(&as_it_was, Keys::OfTheBackup))?;
            return Ok(false);
        }
        if let Some(forgotten) = self.forgotten.get_mut(number) {
            forgotten.extend(held);
        }
        self.follow_the_disk(number);
        self.enrol_again()?;
        self.forgive(number)?;
        Ok(true)
    }

    /// A regional hub is gone with its disk. Another is set up with a key of its own and enrols at headquarters; the
    /// region's devices enrol at it, as their office tells them to. Whether it was, and could be.
    pub(crate) fn destroy_a_region(&mut self, which: usize, seed: u64) -> Result<bool, StoreError> {
        let regions: Vec<usize> = self.regions().collect();
        let Some(number) = regions.get(which % regions.len().max(1)).copied() else { return Ok(false) };
        self.replace(number, seed)
    }

    /// A machine is gone with its disk and its backups, and another takes its place with a key of its own; whether it
    /// could be.
    pub(crate) fn replace(&mut self, number: usize, seed: u64) -> Result<bool, StoreError> {
        let Some(old) = self.machines.get_mut(number) else { return Ok(false) };
        let Some(replica) = old.replica() else { return Ok(false) };
        let (profile, before, held) = (replica.profile().clone(), replica.id(), oracles::held(replica)?);
        let new = Machine::new(old.name.clone(), old.post, &profile, seed)?;
        let old = std::mem::replace(old, new);
        if self.has_orphans()? {
            if let Some(place) = self.machines.get_mut(number) {
                *place = old;
            }
            return Ok(false);
        }
        self.hub_was_lost |= self.machines.get(number).is_some_and(|machine| machine.post.is_hub());
        if let Some(backup) = self.backups.get_mut(number) {
            // Its backups went with it.
            *backup = None;
        }
        if seed.is_multiple_of(4) {
            if let Some(seen) = self.files_seen.get_mut(number) {
                seen.clear();
            }
        } else {
            // Its devices hear of it when they next sync, and know until then what the one before had told them.
            if let Some(forgotten) = self.forgotten.get_mut(number) {
                forgotten.extend(held);
            }
            self.give_place(number, before)?;
        }
        self.enrol_again()?;
        self.forgive(number)?;
        Ok(true)
    }

    /// What nobody holds any more who can bring it is nobody's promise.
    pub(crate) fn forgive(&mut self, number: usize) -> Result<(), StoreError> {
        let holdings = Holdings::of(&self.machines)?;
        self.ledger.forgive(|promise| holdings.can_bring(promise));
        file_oracles::forgive(self, number)
    }

    /// Whether only a colleague's device holds something. Worlds in which a hub and a device of its region both lose their
    /// disks are not played yet; nor are those in which a hub is lost with what a thief brought.
    pub(crate) fn has_orphans(&self) -> Result<bool, StoreError> {
        Ok(Holdings::of(&self.machines)?.has_orphans())
    }

    /// Whether a machine keeps a record that it was told to let go because it does not hear that colleagues' changes are safe:
    /// it knows them by the packs that they sent to a hub which is lost, and of a record that left it is told nothing more.
    /// That is a known limit.
    pub(crate) fn waits_for_a_lost_hub(
        &self,
        replica: &Replica,
        record: RecordId,
    ) -> Result<bool, StoreError> {
        Ok(self.hub_was_lost && replica.is_gone(record)? && replica.tick(record)? != Tick::Safe)
    }
}
