//! Disks that are exchanged for older ones, and machines that are gone: what is put in their place, and what nobody can be held
//! to any more.

use teranga_client::invent::Seeded;
use teranga_store::erase::Erased;
use teranga_store::{Replica, StoreError};

use crate::disk::Keys;
use crate::file_oracles;
use crate::holdings::Holdings;
use crate::machine::{Machine, Post};
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
        let had = machine.replica().map(oracles::had).transpose()?.unwrap_or_default();
        let erased = machine.replica().map(Replica::erasures).transpose()?.unwrap_or_default();
        machine.restart_from(image, self.sabotage.keys(keys))?;
        self.exchanged.insert(number);
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
        if let Some(forgotten) = self.forgotten.get_mut(number) {
            forgotten.extend(had);
        }
        self.forget_reached(number);
        self.follow_the_disk(number);
        self.enrol_again()?;
        self.forgive(number)?;
        Ok(true)
    }

    /// The machine of a regional hub is copied, and both are used: every other of its devices finds the copy from now on, under
    /// the same address and with the same key.
    pub(crate) fn copy_a_hub(&mut self, which: usize, seed: &mut Seeded) -> Result<(), StoreError> {
        let regions: Vec<usize> = self.regions().collect();
        let Some(number) = regions.get(which % regions.len().max(1)).copied() else { return Ok(()) };
        if self.shares_its_key(number) {
            return Ok(());
        }
        let Some(machine) = self.machines.get_mut(number) else { return Ok(()) };
        let copy = machine.copied()?;
        let copy = self.add_copy(number, copy);
        for device in &mut self.machines {
            if device.post == (Post::Device { hub: number }) && seed.below(2) == 0 {
                device.post = Post::Device { hub: copy };
            }
        }
        Ok(())
    }

    /// A regional hub is gone with its disk. Another is set up with a key of its own and enrols at headquarters; the
    /// region's devices enrol at it, as their office tells them to. Whether it was, and could be.
    pub(crate) fn destroy_a_region(&mut self, which: usize, seed: u64) -> Result<bool, StoreError> {
        let regions: Vec<usize> = self.regions().collect();
        let Some(number) = regions.get(which % regions.len().max(1)).copied() else { return Ok(false) };
        // A place cannot be given to another while a copy has it.
        if self.shares_its_key(number) {
            return Ok(false);
        }
        self.replace(number, seed)
    }

    /// A machine is gone with its disk and its backups, and another takes its place with a key of its own; whether it
    /// could be.
    pub(crate) fn replace(&mut self, number: usize, seed: u64) -> Result<bool, StoreError> {
        let Some(old) = self.machines.get_mut(number) else { return Ok(false) };
        let Some(replica) = old.replica() else { return Ok(false) };
        let (profile, before, had) = (replica.profile().clone(), replica.id(), oracles::had(replica)?);
        *old = Machine::new(old.name.clone(), old.post, &profile, seed)?;
        self.exchanged.insert(number);
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
                forgotten.extend(had);
            }
            self.give_place(number, before)?;
        }
        self.forget_reached(number);
        self.enrol_again()?;
        self.forgive(number)?;
        Ok(true)
    }

    /// What nobody holds any more is nobody's promise.
    pub(crate) fn forgive(&mut self, number: usize) -> Result<(), StoreError> {
        let holdings = Holdings::of(&self.machines)?;
        self.ledger.forgive(|promise| holdings.contain(promise));
        file_oracles::forgive(self, number)
    }
}
