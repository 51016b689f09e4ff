//! What a hub's answers show: at no time the body of a change that whoever asks may not hold, by what the hub knows when it
//! answers.

use teranga_core::grant::may_hold;
use teranga_core::id::ReplicaId;
use teranga_office::Office;
use teranga_store::{Replica, StoreError};
use teranga_sync::feed::{Row, decode};
use teranga_sync::message::Answer;
use teranga_sync::version::Spoken;

use crate::fault::Fault;
use crate::machine::Heard;
use crate::world::World;

/// The rows of an answer as it goes out of a hub's door.
pub(crate) fn rows(hub: &Replica, answer: &[u8]) -> Vec<Row> {
    let Ok(read) = Answer::read(answer, &hub.public_key(), Spoken::BUILD) else { return Vec::new() };
    if read.rows.is_empty() { Vec::new() } else { decode(&read.rows, read.version).unwrap_or_default() }
}

/// The rows with changes that somebody else was answered.
pub(crate) fn told_to_others(hub: &Replica, sender: ReplicaId, heard: &[Heard]) -> Vec<Row> {
    let others = heard.iter().filter(|heard| heard.door.sender(&heard.request) != Some(sender));
    let rows = others.flat_map(|heard| rows(hub, &heard.answer));
    rows.filter(|row| matches!(row, Row::Save { .. })).collect()
}

/// What an answer shows to a child that may not hold it.
pub(crate) fn too_much(
    office: &Office,
    child: ReplicaId,
    answer: &[u8],
) -> Result<Option<String>, StoreError> {
    let hub = office.replica();
    let Some(known) = hub.child(child)? else { return Ok(None) };
    for row in rows(hub, answer) {
        let Row::Save { save, .. } = row else { continue };
        for entry in save.iter().filter(|entry| entry.body.is_some()) {
            let custody = hub.custody(entry.record)?;
            if !custody.is_some_and(|custody| may_hold(&known.audience, &custody, &entry.class)) {
                return Ok(Some(format!("{} {}", entry.record, entry.class.as_str())));
            }
        }
    }
    Ok(None)
}

/// Nobody was shown what they may not hold.
pub(crate) fn in_scope(world: &World) -> Option<Fault> {
    let showed = world.machines.iter().find_map(|machine| Some((machine, machine.showed.as_ref()?)));
    showed.map(|(hub, (child, what))| Fault::Seen(hub.name.clone(), child.to_string(), what.clone()))
}
