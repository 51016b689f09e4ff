//! Who holds what in the end: everybody what they may hold, by what headquarters knows, and nothing else.

use std::collections::BTreeSet;

use teranga_core::class::ClassId;
use teranga_core::grant::reaches;
use teranga_core::id::RecordId;
use teranga_store::StoreError;

use crate::fault::Fault;
use crate::machine::Machine;
use crate::world::World;

/// Whether a machine may hold a record in the end, by what headquarters knows and what the machine was made for,
/// whatever its hub granted.
pub(crate) fn is_granted(world: &World, number: usize, record: RecordId) -> Result<bool, StoreError> {
    let home = world.machines.first().and_then(Machine::replica);
    let custody = home.map(|home| home.custody(record)).transpose()?.flatten();
    let Some((machine, custody)) = world.machines.get(number).zip(custody) else { return Ok(true) };
    Ok(reaches(&machine.made_for, &custody))
}

/// Every replica holds what it may hold, and nothing else.
pub(crate) fn in_scope(world: &World) -> Result<Option<Fault>, StoreError> {
    let Some(home) = world.machines.first().and_then(Machine::replica) else { return Ok(None) };
    let all: BTreeSet<RecordId> = home.records()?.into_iter().map(|row| row.record).collect();
    let all_parts: Vec<(RecordId, ClassId)> =
        home.digests()?.into_iter().map(|part| (part.record, part.class)).collect();
    for (number, machine) in world.machines.iter().enumerate() {
        let Some(replica) = machine.replica() else { continue };
        let held: BTreeSet<RecordId> = replica.records()?.into_iter().map(|row| row.record).collect();
        // A part without its envelope is held too, and so is a body that stands in no part.
        let parts: BTreeSet<RecordId> = replica.digests()?.into_iter().map(|part| part.record).collect();
        for record in all.iter().chain(&held).chain(&parts) {
            let anything = || Ok::<_, StoreError>(parts.contains(record) || replica.bodies(*record)? > 0);
            let granted = is_granted(world, number, *record)?;
            match (granted, if granted { held.contains(record) } else { anything()? }) {
                (false, true) => return Ok(Some(Fault::Scope(machine.name.clone(), record.to_string()))),
                (true, false) if !is_of_no_case(world, *record)? => {
                    return Ok(Some(Fault::Missing(machine.name.clone(), record.to_string())));
                }
                (true, true | false) | (false, false) => {}
            }
        }
        if let Some(fault) = classes_in_scope(world, number, &all_parts)? {
            return Ok(Some(fault));
        }
    }
    Ok(None)
}

/// Whether a record is an assessment of a case that nobody ever had: a thief wrote it with the key of somebody who has a
/// caseload. Their hub waits for that case; above only the place counts.
fn is_of_no_case(world: &World, record: RecordId) -> Result<bool, StoreError> {
    let Some(home) = world.machines.first().and_then(Machine::replica) else { return Ok(false) };
    let Some(case) = home.record(record)?.and_then(|row| row.case) else { return Ok(false) };
    Ok(!world.thieves.is_empty() && home.custody(case)?.is_none() && home.bodies(case)? == 0)
}

/// Of the records that it may hold every device holds the parts of its classes, and no others.
fn classes_in_scope(
    world: &World,
    number: usize,
    all: &[(RecordId, ClassId)],
) -> Result<Option<Fault>, StoreError> {
    let Some(machine) = world.machines.get(number).filter(|_| world.regranted) else { return Ok(None) };
    let Some(replica) = machine.replica() else { return Ok(None) };
    let held: BTreeSet<(RecordId, ClassId)> =
        replica.digests()?.into_iter().map(|part| (part.record, part.class)).collect();
    for part @ (record, class) in all {
        if !is_granted(world, number, *record)? {
            continue;
        }
        let what = || format!("{record} {}", class.as_str());
        match (world.is_granted_part(number, *record, class)?, held.contains(part)) {
            (false, true) => return Ok(Some(Fault::Scope(machine.name.clone(), what()))),
            (true, false) if !is_of_no_case(world, *record)? => {
                return Ok(Some(Fault::Missing(machine.name.clone(), what())));
            }
            (true, true | false) | (false, false) => {}
        }
    }
    Ok(None)
}
