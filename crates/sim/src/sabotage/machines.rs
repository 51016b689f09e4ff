//! Machines that do not keep what they should, keep what they should not, or do not say what they have done.

use teranga_store::StoreError;
use teranga_sync::message::Request;
use teranga_sync::version::Spoken;

use super::Sabotage;
use crate::disk::Keys;
use crate::erasure_oracles::is_erased;
use crate::machine::{Machine, Post};
use crate::scope_oracles::is_granted;
use crate::world::World;

impl Sabotage {
    /// With which keys a hub meets its database of before.
    pub(crate) fn keys(self, keys: Keys) -> Keys {
        if self == Self::KeptKeys { Keys::OfTheBackup } else { keys }
    }

    /// What a child sends: a mute one does not say what it has destroyed.
    pub(crate) fn muted(self, child: &Machine, body: Vec<u8>) -> Vec<u8> {
        let Some(replica) = child.replica().filter(|_| self == Self::MuteDevice) else { return body };
        let Ok(mut request) = Request::read(&body, &replica.public_key(), Spoken::BUILD) else { return body };
        request.confirmations.clear();
        request.encode(replica.identity())
    }
}

impl World {
    /// What happens to machines in the calm that should not.
    pub(crate) fn spoil_machines(&mut self) -> Result<(), StoreError> {
        match self.sabotage {
            Sabotage::RottenDisk => self.rot(),
            Sabotage::CollectingDevice => self.collect(),
            Sabotage::ArchivingHome => self.archive(),
            _ => Ok(()),
        }
    }

    /// A bit of a change's name turns over on the last machine that has one.
    fn rot(&mut self) -> Result<(), StoreError> {
        for machine in self.machines.iter_mut().rev() {
            let census = machine.replica().map(teranga_store::Replica::census).transpose()?;
            let Some((hash, _)) = census.unwrap_or_default().pop() else { continue };
            let mut image = machine.image()?;
            if image.turn_over(hash.as_bytes()) {
                return machine.restart_from(&image, Keys::OfTheBackup);
            }
        }
        Ok(())
    }

    /// A device takes a file of a record that it may not hold.
    fn collect(&mut self) -> Result<(), StoreError> {
        for file in self.ledger.files.clone() {
            for number in 1..self.machines.len() {
                if is_granted(self, number, file.record)? || is_erased(self, file.record)? {
                    continue;
                }
                let Some(machine) = self.machines.get_mut(number) else { continue };
                if matches!(machine.post, Post::Device { .. }) {
                    machine.work(|running, _| running.replica_mut().attach(&file.photo.bytes, None))?;
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Headquarters takes a file of what it erased.
    fn archive(&mut self) -> Result<(), StoreError> {
        for file in self.ledger.files.clone() {
            if is_erased(self, file.record)?
                && let Some(home) = self.machines.first_mut()
            {
                home.work(|running, _| running.replica_mut().attach(&file.photo.bytes, None))?;
            }
        }
        Ok(())
    }
}
