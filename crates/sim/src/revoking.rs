//! Devices that are taken out of service and in again. Meanwhile they destroy what was erased. In the end everybody is in service, and what was held aside because they
//! were not is taken.

use teranga_client::invent::Seeded;
use teranga_store::children::Standing;
use teranga_store::{Replica, Status, StoreError};

use crate::doors::apply_the_rest;
use crate::fault::Fault;
use crate::link::Link;
use crate::machine::{Post, Running};
use crate::session::session;
use crate::what::Weather;
use crate::world::World;

/// The reason for which late work of a revoked device is held aside.
const REVOKED: &str = "revoked";

impl World {
    /// An office takes a device out of service, or in again.
    pub(crate) fn revoke(&mut self, which: usize, seed: &mut Seeded) -> Result<(), StoreError> {
        let devices: Vec<usize> = self.devices().collect();
        let Some(number) = devices.get(which % devices.len().max(1)).copied() else { return Ok(()) };
        let again = seed.below(3) == 0;
        self.set_standing(number, if again { Standing::Enrolled } else { Standing::Revoked })?;
        self.revoked = true;
        Ok(())
    }

    fn set_standing(&mut self, device: usize, standing: Standing) -> Result<(), StoreError> {
        let Some((device, hub)) = self.pair(device) else { return Ok(()) };
        let Some(id) = device.replica().map(Replica::id) else { return Ok(()) };
        // Whose disk is full does not come to it.
        hub.work(|running, _| running.replica_mut().set_standing(id, standing).is_ok())?;
        Ok(())
    }

    /// Whoever is revoked meets their hub once more: it tells them nothing but what to destroy, and they say that they did.
    pub(crate) fn tell_the_revoked(&mut self) -> Result<Option<Fault>, StoreError> {
        if !self.revoked {
            return Ok(None);
        }
        for device in self.devices().collect::<Vec<_>>() {
            if !self.is_revoked_at_its_hub(device)? {
                continue;
            }
            session(self, device, &mut Link::new(Weather::Fair, 0))?;
            let Some((machine, hub)) = self.pair(device) else { continue };
            let (Some(replica), Some(hub)) = (machine.replica(), hub.replica()) else { continue };
            for erased in hub.erasures()? {
                if erased.outstanding.contains(&replica.id()) {
                    let name = format!("{}, which is revoked", machine.name);
                    return Ok(Some(Fault::Unerased(erased.record.to_string(), name)));
                }
            }
        }
        Ok(None)
    }

    fn is_revoked_at_its_hub(&mut self, device: usize) -> Result<bool, StoreError> {
        let Some((machine, hub)) = self.pair(device) else { return Ok(false) };
        let (Some(replica), Some(hub)) = (machine.replica(), hub.replica()) else { return Ok(false) };
        let follows = replica.uplink()?.is_some_and(|uplink| uplink.key == hub.public_key());
        Ok(follows && hub.is_revoked(replica.id())?)
    }

    /// Everybody is taken in again, and what was held aside of them is taken.
    pub(crate) fn readmit(&mut self) -> Result<(), StoreError> {
        if !self.revoked {
            return Ok(());
        }
        for device in self.devices().collect::<Vec<_>>() {
            self.set_standing(device, Standing::Enrolled)?;
        }
        for hub in self.machines.iter_mut().filter(|machine| machine.post == Post::Region) {
            hub.work(|running, _| match running {
                Running::Office(office) => {
                    for aside in office.replica().aside()? {
                        if aside.status == Status::Quarantined && aside.reason.as_deref() == Some(REVOKED) {
                            office.replica_mut().try_again(aside.record)?;
                        }
                    }
                    apply_the_rest(office)
                }
                Running::Device(_) => Ok(()),
            })?
            .transpose()?;
        }
        Ok(())
    }
}
