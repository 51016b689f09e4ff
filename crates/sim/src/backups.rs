//! Backups of machines, and what headquarters' last one covers: nothing goes from anywhere, because it may be held there no
//! more, before that backup holds it. Headquarters that is put back to it then gives everybody what they let go.

use std::collections::BTreeSet;

use teranga_core::id::ChangeHash;
use teranga_store::{Replica, Status, StoreError};

use crate::erasure_oracles::is_erased;
use crate::fault::Fault;
use crate::file_oracles;
use crate::glance::Glance;
use crate::ledger::Fate;
use crate::machine::Machine;
use crate::world::World;

/// Headquarters' number.
pub(crate) const HOME: usize = 0;

impl World {
    /// A backup of a machine's disk is made. A hub is told of it once it is whole: what it says of a backup is true of the image.
    pub(crate) fn back_up(&mut self, number: usize) -> Result<(), StoreError> {
        let now = self.now;
        let Some(machine) = self.machines.get_mut(number) else { return Ok(()) };
        let at = machine.now(now);
        let image = machine.snapshot();
        if number == HOME
            && let Some(home) = machine.replica()
        {
            self.covered = names(home)?;
        }
        if number == HOME {
            self.covered_files = file_oracles::held(self, HOME)?;
        }
        if let Some(backup) = self.backups.get_mut(number) {
            *backup = Some(image);
        }
        let Some(machine) = self.machines.get_mut(number) else { return Ok(()) };
        if machine.post.is_hub() {
            machine.work(|running, _| running.replica_mut().note_backup(at))?.transpose()?;
        }
        Ok(())
    }
}

/// Every change that a replica knows, whatever became of it there: of what was erased, or what a relay withheld, nobody is to
/// have more than the name.
fn names(replica: &Replica) -> Result<BTreeSet<ChangeHash>, StoreError> {
    Ok(replica.census()?.into_iter().map(|(hash, _)| hash).collect())
}

/// Everything that was let go anywhere is in headquarters' last backup, and at headquarters, which may have been put back to it.
pub(crate) fn cover_what_was_let_go(world: &World, glance: &Glance) -> Option<Fault> {
    let home = glance.names(HOME);
    for (number, machine) in world.machines.iter().enumerate() {
        let census = glance.at(number).into_iter().flat_map(|seen| &seen.census);
        let mut let_go = census.filter(|(_, status)| **status == Status::LetGo);
        if let Some((hash, _)) =
            let_go.find(|(hash, _)| !world.covered.contains(hash) || !home.contains(hash))
        {
            return Some(Fault::Uncovered(machine.name.clone(), hash.to_string()));
        }
    }
    None
}

/// So was every file that went with its record, but for those in whose place headquarters has another in the end.
pub(crate) fn cover_files_that_left(world: &World) -> Result<Option<Fault>, StoreError> {
    let Some(home) = world.machines.get(HOME).and_then(Machine::replica) else { return Ok(None) };
    for file in world.ledger.files.iter().filter(|file| file.fate == Fate::LeftTooEarly) {
        if file_oracles::mentions(home, file)? && !is_erased(world, file.record)? {
            let name = world.machines.get(file.machine).map(|machine| machine.name.clone());
            return Ok(Some(Fault::Uncovered(name.unwrap_or_default(), file.photo.hash.to_string())));
        }
    }
    Ok(None)
}
