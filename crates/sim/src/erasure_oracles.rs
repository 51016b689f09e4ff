//! The oracles of erasure: what is to be destroyed is nowhere, and whoever may have held it has said so.

use teranga_core::id::RecordId;
use teranga_store::{Replica, StoreError};

use crate::fault::Fault;
use crate::machine::Machine;
use crate::world::World;

/// Whether headquarters has erased a record.
pub(crate) fn is_erased(world: &World, record: RecordId) -> Result<bool, StoreError> {
    let home = world.machines.first().and_then(Machine::replica);
    Ok(home.map(|home| home.is_erased(record)).transpose()?.unwrap_or_default())
}

/// Whether anybody knows that a record was erased: headquarters may have been put back to before it was, and hears of it.
pub(crate) fn is_known_erased(world: &World, record: RecordId) -> Result<bool, StoreError> {
    for replica in world.machines.iter().filter_map(Machine::replica) {
        if replica.is_erased(record)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whoever still holds something of a record that was erased is waited for by headquarters, or by nobody's word yet: as long as a hub
/// has not confirmed, those below it may. A disk that was exchanged says nothing of what its machine said before.
pub(crate) fn waited_for(world: &World) -> Result<Option<Fault>, StoreError> {
    let mut hubs = (0..).zip(&world.machines).filter(|(_, machine)| machine.post.is_hub());
    if hubs.any(|(number, _)| world.exchanged.contains(&number)) {
        return Ok(None);
    }
    let Some(home) = world.machines.first().and_then(Machine::replica) else { return Ok(None) };
    for erased in home.erasures()?.into_iter().filter(|erased| erased.outstanding.is_empty()) {
        for (number, machine) in world.machines.iter().enumerate() {
            let Some(replica) = machine.replica().filter(|_| !world.exchanged.contains(&number)) else {
                continue;
            };
            if replica.bodies(erased.record)? > 0 {
                let what = format!("{}, for whom nobody waits", machine.name);
                return Ok(Some(Fault::Unerased(erased.record.to_string(), what)));
            }
        }
    }
    Ok(None)
}

/// What was erased is nowhere, headquarters knows of it, and whoever may have held it has confirmed.
pub(crate) fn erased_everywhere(world: &World) -> Result<Option<Fault>, StoreError> {
    if let Some((record, name)) = &world.given_back {
        return Ok(Some(Fault::Unerased(record.to_string(), format!("{name}, from an old backup"))));
    }
    let machines: Vec<(&Machine, &Replica)> =
        world.machines.iter().filter_map(|machine| Some((machine, machine.replica()?))).collect();
    let Some((_, home)) = machines.first() else { return Ok(None) };
    for (machine, replica) in &machines {
        for erased in replica.erasures()? {
            let record = erased.record.to_string();
            if !home.is_erased(erased.record)? {
                return Ok(Some(Fault::Unerased(record, "Siège".to_owned())));
            }
        }
        for erased in home.erasures()? {
            let (record, name) = (erased.record.to_string(), machine.name.clone());
            let parts = !replica.parts(erased.record)?.is_empty();
            if parts || replica.bodies(erased.record)? > 0 {
                return Ok(Some(Fault::Unerased(record, name)));
            }
            if erased.outstanding.contains(&replica.id()) {
                return Ok(Some(Fault::Unerased(record, format!("{name}, which has not confirmed"))));
            }
        }
    }
    Ok(None)
}
