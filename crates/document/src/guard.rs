//! The guard: everything foreign is applied on a copy, or on a part that nobody needs any more, behind `catch_unwind`, and
//! the result must load again with the same heads before it replaces anything. Crafted changes make Automerge panic, or
//! store a document that will never load again; here they cost their sender a verdict and nobody else anything.
//!
//! The bounded scanner comes first: the guard bounds what a change may do to a part, not what reading it may cost.

use automerge::Automerge;

use crate::admissible;
use crate::part::Part;
use crate::quiet;
use crate::room::Room;
use crate::view::View;

/// Why a change does not become part of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.code())]
pub enum Reason {
    /// Automerge panicked on it.
    Panicked,
    /// Automerge refused it.
    Refused,
    /// A change that it builds on is not there, or it builds on none.
    MissingDependency,
    /// Its operations do not count on from what it builds on.
    OutOfOrder,
    /// The document with it does not load again.
    DoesNotReload,
    /// The document with it loads as another one.
    HeadsDiffer,
    /// The document with it cannot be read.
    Unreadable,
    /// The document with it holds too many keys.
    TooManyKeys,
    /// The document with it is too large.
    TooLarge,
    /// The document holds as many changes as it may.
    TooManyChanges,
}

impl Reason {
    /// The stable code, as it is told to the author.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Panicked => "guard-panicked",
            Self::Refused => "guard-refused",
            Self::MissingDependency => "guard-missing-dependency",
            Self::OutOfOrder => "guard-out-of-order",
            Self::DoesNotReload => "guard-does-not-reload",
            Self::HeadsDiffer => "guard-heads-differ",
            Self::Unreadable => "guard-unreadable",
            Self::TooManyKeys => "guard-too-many-keys",
            Self::TooLarge => "guard-too-large",
            Self::TooManyChanges => "guard-too-many-changes",
        }
    }

    /// Those for which there would be a place with more room.
    pub const FOR_ROOM: [Self; 3] = [Self::TooManyKeys, Self::TooLarge, Self::TooManyChanges];

    /// Whether there would be a place for it with more room.
    pub fn is_for_room(self) -> bool {
        Self::FOR_ROOM.contains(&self)
    }
}

/// A part with more changes, checked.
#[derive(Debug, Clone)]
pub struct Guarded {
    /// The part, as it loads from the snapshot.
    pub part: Part,
    /// Its snapshot.
    pub snapshot: Vec<u8>,
    /// Its view.
    pub view: View,
}

/// What became of several changes.
#[derive(Debug)]
pub struct Verdict {
    /// The part with every change that could be applied; none where none could.
    pub guarded: Option<Guarded>,
    /// The others, by their place among those that were handed in.
    pub refused: Vec<(usize, Reason)>,
}

/// The guard. Making one installs, once for the process, a panic hook that keeps guarded panics out of the log: their
/// messages may carry bytes of answers.
#[derive(Debug)]
pub struct Guard {
    room: Room,
}

impl Default for Guard {
    fn default() -> Self {
        Self::new()
    }
}

impl Guard {
    /// A guard, of what comes from the field.
    pub fn new() -> Self {
        quiet::install_hook();
        Self { room: Room::Field }
    }

    /// A guard with this room.
    #[must_use]
    pub const fn within(&self, room: Room) -> Self {
        Self { room }
    }

    /// The part with this change, or why not. The part itself is not touched. A change that it holds already leaves it
    /// as it is.
    pub fn apply(&self, base: &Part, change: &[u8]) -> Result<Guarded, Reason> {
        self.attempt(base, &[change])
    }

    /// The same with a part of which there is no other use: nothing is copied.
    pub fn apply_to(&self, base: Part, change: &[u8]) -> Result<Guarded, Reason> {
        self.checked(|| read_for(&base, &[change], self.room).and_then(|changes| add(*base.doc, changes)))
    }

    /// The part with these changes, each after those that it builds on. While all are honest this costs one check for
    /// all of them; where one is not, each is tried alone, so that it is named and the others are kept. What builds on
    /// a refused change is refused for that.
    pub fn apply_all(&self, base: &Part, changes: &[&[u8]]) -> Verdict {
        if let Ok(guarded) = self.attempt(base, changes) {
            return Verdict { guarded: Some(guarded), refused: Vec::new() };
        }
        let mut guarded: Option<Guarded> = None;
        let mut refused = Vec::new();
        for (place, change) in changes.iter().enumerate() {
            let base = guarded.as_ref().map_or(base, |guarded| &guarded.part);
            match self.attempt(base, &[change]) {
                Ok(next) => guarded = Some(next),
                Err(reason) => refused.push((place, reason)),
            }
        }
        Verdict { guarded, refused }
    }

    fn attempt(&self, base: &Part, changes: &[&[u8]]) -> Result<Guarded, Reason> {
        self.checked(|| apply_to_copy(base, changes, self.room))
    }

    /// The document that this makes, checked.
    fn checked(&self, make: impl FnOnce() -> Result<Automerge, Reason>) -> Result<Guarded, Reason> {
        let tried = || make().and_then(|doc| check(&doc, self.room));
        quiet::catch(tried).unwrap_or(Err(Reason::Panicked))
    }
}

fn apply_to_copy(base: &Part, changes: &[&[u8]], room: Room) -> Result<Automerge, Reason> {
    let changes = read_for(base, changes, room)?;
    add(Automerge::clone(&base.doc), changes)
}

/// Reads changes that may have room in a part.
fn read_for(base: &Part, changes: &[&[u8]], room: Room) -> Result<Vec<automerge::Change>, Reason> {
    let changes = changes.iter().map(|bytes| admissible::read(bytes)).collect::<Result<Vec<_>, _>>()?;
    let is_new = |change: &&automerge::Change| base.doc.get_change_meta_by_hash(&change.hash()).is_none();
    // Before anything is copied: to be told that a part is full should cost nothing.
    if base.change_count() + changes.iter().filter(is_new).count() > room.changes_max() {
        return Err(Reason::TooManyChanges);
    }
    Ok(changes)
}

fn add(mut doc: Automerge, changes: Vec<automerge::Change>) -> Result<Automerge, Reason> {
    for change in changes {
        let hash = change.hash();
        if doc.get_change_meta_by_hash(&hash).is_some() {
            continue;
        }
        admissible::check(&doc, &change)?;
        doc.apply_changes([change]).map_err(|_| Reason::Refused)?;
        if doc.get_change_meta_by_hash(&hash).is_none() {
            return Err(Reason::Refused);
        }
    }
    Ok(doc)
}

/// Whether a document is one that every replica can store, load and read; as it will be loaded.
fn check(doc: &Automerge, room: Room) -> Result<Guarded, Reason> {
    let snapshot = doc.save_nocompress();
    if snapshot.len() > room.bytes_max() {
        return Err(Reason::TooLarge);
    }
    let doc_again = Automerge::load(&snapshot).map_err(|_| Reason::DoesNotReload)?;
    if doc_again.get_heads() != doc.get_heads() {
        return Err(Reason::HeadsDiffer);
    }
    let part = Part { doc: Box::new(doc_again) };
    let view = part.view().map_err(|_| Reason::Unreadable)?;
    if has_too_many_keys(&view, room) {
        return Err(Reason::TooManyKeys);
    }
    Ok(Guarded { part, snapshot, view })
}

/// Whether a part, with its snapshot and its view, is more than any guard lets one become in this room.
pub fn is_too_much(part: &Part, snapshot: &[u8], view: &View, room: Room) -> bool {
    snapshot.len() > room.bytes_max()
        || part.change_count() > room.changes_max()
        || has_too_many_keys(view, room)
}

fn has_too_many_keys(view: &View, room: Room) -> bool {
    view.values.len() + view.foreign.len() > room.keys_max()
}

#[cfg(test)]
mod tests {
    use teranga_core::class::ClassId;
    use teranga_core::id::{ActorId, RecordId};
    use teranga_core::key::Key;
    use teranga_core::time::Millis;
    use teranga_core::value::Value;

    use super::*;

    /// Automerge alone would take these changes, and store a part that nobody can open any more.
    #[test]
    fn loading_again_is_what_keeps_poison_out() {
        quiet::install_hook();
        let base = Part::open(RecordId([7; 16]), &ClassId::new("open"), [1; 16]);
        let edits: Vec<(Key, Value)> =
            (0..8).map(|number| (Key::question(&format!("q{number}")), Value::Int(number))).collect();
        let change = base.clone().edit(ActorId([3; 16]), Millis(0), "rss@1", &edits).unwrap().unwrap();
        let mut poison = 0;
        for place in 0..change.bytes.len() {
            for flip in 1..=255 {
                let mut bytes = change.bytes.clone();
                bytes[place] ^= flip;
                let Ok(Ok(doc)) = quiet::catch(|| apply_to_copy(&base, &[&bytes], Room::Field)) else {
                    continue;
                };
                let snapshot = doc.save_nocompress();
                if matches!(quiet::catch(|| Automerge::load(&snapshot).is_ok()), Ok(true)) {
                    assert!(Guard::new().apply(&base, &bytes).is_ok(), "{place} ^ {flip}");
                } else {
                    poison += 1;
                    let reason = Guard::new().apply(&base, &bytes).expect_err("it does not load again");
                    assert!(matches!(reason, Reason::DoesNotReload | Reason::Panicked), "{reason}");
                }
            }
        }
        assert!(poison > 0, "no poison among all changes of one byte: what does the check protect from?");
        println!("poison: {poison}");
    }
}
