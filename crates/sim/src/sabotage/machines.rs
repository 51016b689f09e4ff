//! Machines that do not keep what they should, keep what they should not, or do not say what they have done.

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use teranga_store::StoreError;
use teranga_sync::limits::LINES_MAX;
use teranga_sync::message::Request;
use teranga_sync::version::Spoken;

use super::Sabotage;
use crate::disk::{Keys, VFS};
use crate::erasure_oracles::is_erased;
use crate::machine::{Machine, Post};
use crate::scope_oracles::is_granted;
use crate::world::World;

/// What a device writes that takes for held at headquarters whatever it has a pack of.
const HASTY: &str = "INSERT INTO receipt (origin, line, what, batch, mark)
    SELECT origin, batch >> 32, 0, max(batch), substr(hash, 1, 8) FROM pack WHERE batch > 0 GROUP BY origin, batch >> 32
    ON CONFLICT (origin, line, what) DO UPDATE SET batch = max(batch, excluded.batch)";

/// Bytes of a file that lie together on a disk, whatever its pages are.
const PIECE: usize = 24;

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

impl Machine {
    /// Stops in good order, and starts again with what somebody wrote into its database past the product, which keeps no count
    /// of that.
    fn write_past_it(&mut self, what: &str) -> Result<(), StoreError> {
        self.disk.heal();
        self.running = None;
        let file = self.disk.database();
        let connection = Connection::open_with_flags_and_vfs(file, OpenFlags::SQLITE_OPEN_READ_WRITE, VFS)?;
        // The log needs no memory shared between processes then.
        connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
        connection.execute_batch(what)?;
        drop(connection);
        self.start()
    }
}

impl World {
    /// What happens to machines in the calm that should not.
    pub(crate) fn spoil_machines(&mut self) -> Result<(), StoreError> {
        match self.sabotage {
            Sabotage::RottenDisk => self.rot(),
            Sabotage::RottenFile => self.rot_a_file(),
            Sabotage::ForeignDisk => self.turn_a_header_over(),
            Sabotage::CollectingDevice => self.collect(),
            Sabotage::ArchivingHome => self.archive(),
            Sabotage::RememberingHub => self.remember_lines(),
            _ => Ok(()),
        }
    }

    /// What happens to devices and at headquarters while the world plays, before somebody looks, that should not.
    pub(crate) fn spoil_what_was_reached(&mut self) -> Result<(), StoreError> {
        if self.sabotage == Sabotage::OverlookingHome {
            self.overlook()?;
        }
        for device in self.devices().collect::<Vec<_>>() {
            let past_it = match self.sabotage {
                Sabotage::HastyTick => Some(HASTY.to_owned()),
                Sabotage::FadingDevice => {
                    self.is_known_safe(device).then(|| "DELETE FROM receipt".to_owned())
                }
                Sabotage::RecountingDevice => {
                    self.had_counted(device).then(|| "UPDATE uplink SET exchange = 0, heard = 0".to_owned())
                }
                Sabotage::LosingDevice => {
                    self.stood_at(device).map(|hash| format!("DELETE FROM change WHERE hash = x'{hash}'"))
                }
                _ => None,
            };
            if let Some((machine, past_it)) = self.machines.get_mut(device).zip(past_it) {
                machine.write_past_it(&past_it)?;
            }
        }
        Ok(())
    }

    /// Headquarters forgets for whose word it waits.
    fn overlook(&mut self) -> Result<(), StoreError> {
        let Some(home) = self.machines.first_mut() else { return Ok(()) };
        let erasures = home.replica().map(teranga_store::Replica::erasures).transpose()?.unwrap_or_default();
        if erasures.iter().all(|erased| erased.outstanding.is_empty()) {
            return Ok(());
        }
        home.write_past_it("DELETE FROM erasure WHERE signature IS NULL")
    }

    /// One child of each hub came in more lines than are remembered.
    fn remember_lines(&mut self) -> Result<(), StoreError> {
        let lines = format!(
            "INSERT OR IGNORE INTO child (replica, line, last_ms)
             WITH RECURSIVE n (line) AS (SELECT 1 UNION ALL SELECT line + 1 FROM n WHERE line <= {LINES_MAX})
             SELECT (SELECT min(replica) FROM child), line, 1 FROM n"
        );
        self.machines
            .iter_mut()
            .filter(|machine| machine.post.is_hub())
            .try_for_each(|hub| hub.write_past_it(&lines))
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

    /// A bit turns over by which a database is known for one, on the last machine.
    fn turn_a_header_over(&mut self) -> Result<(), StoreError> {
        let Some(machine) = self.machines.last_mut() else { return Ok(()) };
        let mut image = machine.image()?;
        image.turn_over(b"SQLite format 3");
        machine.restart_from(&image, Keys::OfTheBackup)
    }

    /// A bit in the middle of a file turns over on a device that has it: there it lies as it is.
    fn rot_a_file(&mut self) -> Result<(), StoreError> {
        for file in self.ledger.files.clone() {
            for number in self.devices().collect::<Vec<_>>() {
                let Some(machine) = self.machines.get_mut(number) else { continue };
                let has_it = machine.replica().map(|replica| replica.file(&file.photo.hash)).transpose()?;
                let Some(bytes) = has_it.flatten() else { continue };
                let Some(piece) = bytes.chunks(PIECE).nth(bytes.len() / PIECE / 2) else { continue };
                let mut image = machine.image()?;
                if image.turn_over(piece) {
                    return machine.restart_from(&image, Keys::OfTheBackup);
                }
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
