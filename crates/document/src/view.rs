//! The view of a part: the values that are shown, and the answers that hold more than one. What Automerge shows where
//! two replicas wrote apart is arbitrary to a person; so it is shown flagged, with every value and who wrote it.

use std::collections::{BTreeMap, BTreeSet};

use automerge::{Automerge, ObjId, ROOT, ReadDoc, ValueRef};
use teranga_core::id::{ActorId, ChangeHash};
use teranga_core::key::Key;
use teranga_core::time::Millis;
use teranga_core::value::Value;

use crate::part::OWN;
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
    /// The distinct values, each with the first change that wrote it, in the order of these changes' names, which is
    /// the same everywhere.
    pub values: Vec<Candidate>,
}

/// What a part holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct View {
    /// The values that are shown. Where several stand side by side, Automerge's winner among those that can be read.
    pub values: BTreeMap<Key, Value>,
    /// The answers with more than one value, in the order of their keys.
    pub conflicts: Vec<Conflict>,
    /// Keys on which stands what no version of ours writes: nested objects, counters, other scalars. It is kept in
    /// the document and not shown; an answer beside it is.
    pub foreign: Vec<Key>,
}

impl Conflict {
    /// The conflict among these values, which more than one change may have written alike; none where all are equal.
    pub fn among(key: Key, mut values: Vec<Candidate>) -> Option<Self> {
        values.sort_by_key(|candidate| candidate.change);
        let mut seen = BTreeSet::new();
        values.retain(|candidate| seen.insert(scalar::identity(&candidate.value)));
        (values.len() > 1).then_some(Self { key, values })
    }
}

impl View {
    /// The conflict on an answer, if it is in one.
    pub fn conflict(&self, key: &Key) -> Option<&Conflict> {
        let found = self.conflicts.binary_search_by(|conflict| conflict.key.cmp(key)).ok()?;
        self.conflicts.get(found)
    }
}

/// A document that is inconsistent in itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a part cannot be read")]
pub struct Unreadable;

/// Reads a document in one pass.
pub(crate) fn read(doc: &Automerge) -> Result<View, Unreadable> {
    let mut view = View::default();
    let mut authors = Authors { doc, known: BTreeMap::new() };
    for item in doc.map_range(ROOT, ..) {
        if OWN.contains(&item.key.as_ref()) {
            continue;
        }
        let key = Key::from_text(item.key.as_ref());
        if item.conflict {
            read_side_by_side(doc, key, &mut authors, &mut view)?;
            continue;
        }
        let value = match &item.value {
            ValueRef::Scalar(scalar) => scalar::read(scalar),
            ValueRef::Object(_) => None,
        };
        match value {
            Some(value) => drop(view.values.insert(key, value)),
            None => view.foreign.push(key),
        }
    }
    Ok(view)
}

/// Reads a key on which several values stand.
fn read_side_by_side(
    doc: &Automerge,
    key: Key,
    authors: &mut Authors<'_>,
    view: &mut View,
) -> Result<(), Unreadable> {
    let mut found = Vec::new();
    let mut foreign = false;
    // In Automerge's order: the last is its winner.
    for (value, id) in doc.get_all(ROOT, key.as_str()).map_err(|_| Unreadable)? {
        let read = match &value {
            automerge::Value::Scalar(scalar) => scalar::read_owned(scalar),
            automerge::Value::Object(_) => None,
        };
        match read {
            Some(value) => found.push(authors.candidate(value, &id)?),
            None => foreign = true,
        }
    }
    if foreign {
        view.foreign.push(key.clone());
    }
    if let Some(winner) = found.last() {
        view.values.insert(key.clone(), winner.value.clone());
    }
    view.conflicts.extend(Conflict::among(key, found));
    Ok(())
}

/// The values that stand under one key, one or several, each with who wrote it.
pub(crate) fn standing(doc: &Automerge, key: &Key) -> Result<Vec<Candidate>, Unreadable> {
    let mut authors = Authors { doc, known: BTreeMap::new() };
    let all = doc.get_all(ROOT, key.as_str()).map_err(|_| Unreadable)?;
    let read = |value: &automerge::Value<'_>| match value {
        automerge::Value::Scalar(scalar) => scalar::read_owned(scalar),
        automerge::Value::Object(_) => None,
    };
    let values = all.iter().filter_map(|(value, id)| Some((read(value)?, id)));
    values.map(|(value, id)| authors.candidate(value, id)).collect()
}

/// Who wrote what, each change looked up once.
struct Authors<'a> {
    doc: &'a Automerge,
    known: BTreeMap<automerge::ChangeHash, (ActorId, Millis)>,
}

impl Authors<'_> {
    fn candidate(&mut self, value: Value, id: &ObjId) -> Result<Candidate, Unreadable> {
        let hash = self.doc.hash_for_opid(id).ok_or(Unreadable)?;
        let author = if let Some(author) = self.known.get(&hash) {
            *author
        } else {
            let meta = self.doc.get_change_meta_by_hash(&hash).ok_or(Unreadable)?;
            let actor = ActorId::from_slice(meta.actor.to_bytes()).ok_or(Unreadable)?;
            *self.known.entry(hash).or_insert((actor, Millis(meta.timestamp)))
        };
        let (actor, time) = author;
        Ok(Candidate { value, actor, change: ChangeHash(hash.0), time })
    }
}
