//! The oracles of files: who holds them in the end and who does not, and that nobody says of one that it is somewhere
//! where it never was.

use std::collections::BTreeSet;

use teranga_core::id::{FileHash, RecordId};
use teranga_core::record::{Envelope, EventKind};
use teranga_store::attachments::Where;
use teranga_store::{Replica, StoreError};

use crate::erasure_oracles::is_erased;
use crate::fault::Fault;
use crate::ledger::{Fate, FilePromise, Ledger};
use crate::machine::Machine;
use crate::oracles::is_contested;
use crate::scope_oracles::is_granted;
use crate::world::World;

/// The files of the ledger that a machine holds whole.
pub(crate) fn held(world: &World, number: usize) -> Result<BTreeSet<FileHash>, StoreError> {
    let mut held = BTreeSet::new();
    let Some(replica) = world.machines.get(number).and_then(Machine::replica) else { return Ok(held) };
    for file in &world.ledger.files {
        if is_here(replica, &file.photo.hash)? {
            held.insert(file.photo.hash);
        }
    }
    Ok(held)
}

fn is_here(replica: &Replica, file: &FileHash) -> Result<bool, StoreError> {
    Ok(matches!(replica.file_lies(file)?, (_, Where::Here | Where::AtRegion)))
}

/// Notes what a child's hub holds after a session, and what machines let go.
pub(crate) fn note(world: &mut World, child: usize) -> Result<(), StoreError> {
    let Some(hub) = world.hub_of(child) else { return Ok(()) };
    let held = held(world, hub)?;
    if let Some(seen) = world.files_seen.get_mut(hub) {
        seen.extend(held);
    }
    let machines = &world.machines;
    for file in &mut world.ledger.files {
        let author = machines.get(file.machine).and_then(Machine::replica);
        // Where an answer is held aside, its record shows nothing and the file is there still.
        if let Some(replica) = author
            && replica.parts(file.record)?.is_empty()
            && !is_here(replica, &file.photo.hash)?
        {
            file.goes(&world.covered_files);
        }
    }
    Ok(())
}

/// What is said to lie at the hub is there, or was before its disk was exchanged or its record left.
pub(crate) fn said_truly(world: &World) -> Result<Option<Fault>, StoreError> {
    for (number, machine) in world.machines.iter().enumerate() {
        let (Some(hub), Some(replica)) = (world.hub_of(number), machine.replica()) else { continue };
        let hubs = world.with_the_key_of(hub);
        let seen =
            |file| hubs.iter().filter_map(|hub| world.files_seen.get(*hub)).any(|seen| seen.contains(file));
        for file in &world.ledger.files {
            let (_, lies) = replica.file_lies(&file.photo.hash)?;
            if lies == Where::AtRegion && !seen(&file.photo.hash) {
                return Ok(Some(Fault::FileTick(machine.name.clone(), file.photo.hash.to_string())));
            }
        }
    }
    Ok(None)
}

/// A disk was exchanged or lost: its author need not have a file any more, and what nobody has is gone, but for what its author
/// let go because headquarters' backup had it.
pub(crate) fn forgive(world: &mut World, number: usize) -> Result<(), StoreError> {
    let mut anywhere = BTreeSet::new();
    for machine in 0..world.machines.len() {
        anywhere.extend(held(world, machine)?);
    }
    for file in &mut world.ledger.files {
        if file.machine == number && file.fate == Fate::Kept {
            file.fate = Fate::Exchanged;
        }
        file.forgiven |= !anywhere.contains(&file.photo.hash) && !file.has_left();
    }
    Ok(())
}

/// What an old backup gives back of the files of an erased record.
pub(crate) fn given_back(ledger: &Ledger, replica: &Replica, record: RecordId) -> Result<bool, StoreError> {
    for file in ledger.files.iter().filter(|file| file.record == record) {
        if replica.file(&file.photo.hash)?.is_some_and(|bytes| bytes == file.photo.bytes) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What holds of files once everybody has spoken with everybody.
pub(crate) fn when_calm(world: &World) -> Result<Option<Fault>, StoreError> {
    for file in &world.ledger.files {
        if world.regranted && is_contested(world, file.record)? {
            continue;
        }
        let found = nowhere_else(world, file)?;
        let found = found.map_or_else(|| brought(world, file), |fault| Ok(Some(fault)))?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// Nobody has a byte of a file whose record they may not hold, and nobody of one whose record was erased.
fn nowhere_else(world: &World, file: &FilePromise) -> Result<Option<Fault>, StoreError> {
    let erased = is_erased(world, file.record)?;
    for (number, machine) in world.machines.iter().enumerate() {
        let Some(replica) = machine.replica() else { continue };
        let (_, lies) = replica.file_lies(&file.photo.hash)?;
        if lies == (Where::Elsewhere { arrived: 0 }) {
            continue;
        }
        let what = format!("file {} of {}", file.photo.hash, file.record);
        if erased {
            return Ok(Some(Fault::Unerased(what, machine.name.clone())));
        }
        if !may_hold_file(world, number, file)? {
            return Ok(Some(Fault::Scope(machine.name.clone(), what)));
        }
    }
    Ok(None)
}

/// A file that an answer mentions is at its author, whoever has it has brought it up, and it is as it was.
fn brought(world: &World, file: &FilePromise) -> Result<Option<Fault>, StoreError> {
    if is_erased(world, file.record)? {
        return Ok(None);
    }
    let mut holders = 0;
    let lost = |number: usize| {
        let name = |number: usize| {
            world.machines.get(number).map(|machine| machine.name.clone()).unwrap_or_default()
        };
        let what = format!("file {} of {}", file.photo.hash, file.record);
        Ok(Some(Fault::Lost(name(file.machine), what, name(number))))
    };
    for (number, machine) in world.machines.iter().enumerate() {
        let Some(replica) = machine.replica() else { continue };
        let whole = replica.file(&file.photo.hash)?;
        if whole.as_ref().is_some_and(|whole| *whole != file.photo.bytes) {
            let what = format!("file {}", file.photo.hash);
            return Ok(Some(Fault::Unsound(machine.name.clone(), what)));
        }
        if whole.is_none() {
            let is_author = number == file.machine && file.fate == Fate::Kept && mentions(replica, file)?;
            let came_back = is_author && was_relieved(world, file.record)?;
            if is_author && !came_back && may_hold_file(world, number, file)? {
                return lost(number);
            }
            continue;
        }
        holders += 1;
        let Some(hub) = world.hub_of(number) else { continue };
        let at_hub = world.machines.get(hub).and_then(Machine::replica);
        let at_hub = at_hub.map(|replica| replica.file(&file.photo.hash)).transpose()?.flatten();
        if at_hub.is_none() && mentions(replica, file)? && is_granted(world, hub, file.record)? {
            return lost(hub);
        }
    }
    let home = world.machines.first().and_then(Machine::replica);
    let stands = home.map(|home| mentions(home, file)).transpose()?.unwrap_or_default();
    if holders == 0 && stands && !file.forgiven { lost(0) } else { Ok(None) }
}

/// Whether somebody was relieved of a record, or of its case, once: it may have left a device and come back within one session,
/// and of what comes back files come only when they are asked for.
fn was_relieved(world: &World, record: RecordId) -> Result<bool, StoreError> {
    let Some(home) = world.machines.first().and_then(Machine::replica) else { return Ok(false) };
    let case = home.record(record)?.and_then(|row| row.case);
    for record in [Some(record), case].into_iter().flatten() {
        let open = home.parts(record)?.into_iter().find(|part| part.class.as_str() == "open");
        let envelope = open.and_then(|part| Envelope::read(&part.values).ok());
        let mut events = envelope.iter().flat_map(|envelope| envelope.events.values());
        if events.any(|event| matches!(event.kind, EventKind::Relieved { .. })) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a machine may hold the part that mentions a file at headquarters; where none does, its record.
fn may_hold_file(world: &World, number: usize, file: &FilePromise) -> Result<bool, StoreError> {
    let home = world.machines.first().and_then(Machine::replica);
    let mentioned = home.map(|home| home.files_of(file.record)).transpose()?.unwrap_or_default();
    match mentioned.into_iter().find(|mentioned| mentioned.address.hash == file.photo.hash) {
        Some(mentioned) => world.is_granted_part(number, file.record, &mentioned.class),
        None => is_granted(world, number, file.record),
    }
}

/// Whether an answer that somebody shows mentions the file.
pub(crate) fn mentions(replica: &Replica, file: &FilePromise) -> Result<bool, StoreError> {
    Ok(replica.files_of(file.record)?.iter().any(|mentioned| mentioned.address.hash == file.photo.hash))
}
