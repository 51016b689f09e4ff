//! The view of a part: the values that are shown, and the answers that hold more than one. What Automerge shows where
//! two replicas wrote apart is arbitrary to a person; so it is shown flagged, with every value and who wrote it.

use std::collections::BTreeMap;

use automerge::{Automerge, ROOT, ReadDoc, ValueRef};
use teranga_core::id::{ActorId, ChangeHash};
use teranga_core::key::Key;
use teranga_core::time::Millis;
use teranga_core::value::Value;

use crate::scalar;

/// One of several values that stand side by side.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The value.
    pub value: Value,
    /// The opening that wrote it.
    pub actor: ActorId,
    /// The change that it was written in.
    pub change: ChangeHash,
    /// When, by the writer's clock.
    pub time: Millis,
}

/// An answer that holds more than one value. Equal values written apart are no conflict.
#[derive(Debug, Clone, PartialEq)]
pub struct Conflict {
    /// The answer.
    pub key: Key,
    /// The values, in the order of their changes' names, which is the same everywhere.
    pub values: Vec<Candidate>,
}

/// What a part holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct View {
    /// The values that are shown.
    pub values: BTreeMap<Key, Value>,
    /// The answers with more than one value.
    pub conflicts: Vec<Conflict>,
    /// Keys that hold what no version of ours writes; they are kept in the document and not shown.
    pub foreign: Vec<Key>,
}

/// A document that is inconsistent in itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a part cannot be read")]
pub struct Unreadable;

/// Keys that the first change writes; they say which part this is and are no answers.
const OWN: [&str; 2] = ["_record", "_class"];

/// Reads a document in one pass.
pub(crate) fn read(doc: &Automerge) -> Result<View, Unreadable> {
    let mut view = View::default();
    for item in doc.map_range(ROOT, ..) {
        if OWN.contains(&item.key.as_ref()) {
            continue;
        }
        let key = Key::from_text(item.key.as_ref());
        match &item.value {
            ValueRef::Scalar(scalar) => match scalar::read(scalar) {
                Some(value) => drop(view.values.insert(key.clone(), value)),
                None => view.foreign.push(key.clone()),
            },
            ValueRef::Object(_) => view.foreign.push(key.clone()),
        }
        if item.conflict {
            let values = candidates(doc, &key)?;
            if values.len() > 1 {
                view.conflicts.push(Conflict { key, values });
            }
        }
    }
    Ok(view)
}

/// The distinct values of one key, each with the first change that wrote it.
fn candidates(doc: &Automerge, key: &Key) -> Result<Vec<Candidate>, Unreadable> {
    let mut found = Vec::new();
    for (value, id) in doc.get_all(ROOT, key.as_str()).map_err(|_| Unreadable)? {
        let automerge::Value::Scalar(scalar) = &value else { continue };
        let Some(value) = scalar::read_owned(scalar) else { continue };
        let hash = doc.hash_for_opid(&id).ok_or(Unreadable)?;
        let meta = doc.get_change_meta_by_hash(&hash).ok_or(Unreadable)?;
        let actor = ActorId::from_slice(meta.actor.to_bytes()).ok_or(Unreadable)?;
        found.push(Candidate { value, actor, change: ChangeHash(hash.0), time: Millis(meta.timestamp) });
    }
    found.sort_by_key(|candidate| candidate.change);
    let mut distinct: Vec<Candidate> = Vec::new();
    for candidate in found {
        if !distinct.iter().any(|known| known.value == candidate.value) {
            distinct.push(candidate);
        }
    }
    Ok(distinct)
}
