//! What a hub's answers show: at no time the body of a change, nor anything of a file, that whoever asks may not hold, by what the
//! hub knows when it answers.

use std::collections::BTreeSet;

use teranga_core::grant::may_hold;
use teranga_core::id::{FileHash, ReplicaId};
use teranga_office::Office;
use teranga_store::{Replica, StoreError};
use teranga_sync::attachment::{LaneAnswer, LaneRequest};
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

/// What an answer about files shows to a child that may hold no part here that mentions it: chunks, a length, or a thumbnail.
pub(crate) fn too_much_of_files(
    office: &Office,
    child: ReplicaId,
    (request, answer): (&[u8], &[u8]),
) -> Result<Option<String>, StoreError> {
    let hub = office.replica();
    let Some(known) = hub.child(child)? else { return Ok(None) };
    let Ok(request) = LaneRequest::read(request, &known.key, Spoken::BUILD) else { return Ok(None) };
    let Ok(answer) = LaneAnswer::read(answer, &hub.public_key(), Spoken::BUILD) else { return Ok(None) };
    let given = request.wanted.iter().zip(&answer.files).filter(|(_, file)| file.is_some());
    let given = given.map(|(want, _)| want.file).chain(answer.thumbnails.iter().map(|one| one.image));
    let shown: BTreeSet<FileHash> = given.collect();
    if shown.is_empty() {
        return Ok(None);
    }
    let mut held = BTreeSet::new();
    for record in hub.records()?.into_iter().map(|row| row.record) {
        let Some(custody) = hub.custody(record)? else { continue };
        let files = hub.files_of(record)?.into_iter();
        let files = files.filter(|file| may_hold(&known.audience, &custody, &file.class));
        held.extend(files.map(|file| file.address.hash));
    }
    Ok(shown.difference(&held).next().map(|file| format!("file {file}")))
}

/// Nobody was shown what they may not hold.
pub(crate) fn in_scope(world: &World) -> Option<Fault> {
    let showed = world.machines.iter().find_map(|machine| Some((machine, machine.showed.as_ref()?)));
    showed.map(|(hub, (child, what))| Fault::Seen(hub.name.clone(), child.to_string(), what.clone()))
}
