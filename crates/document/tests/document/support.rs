//! Parts, openings and answers for the tests.

use automerge::Automerge;
use teranga_core::class::ClassId;
use teranga_core::id::{ActorId, RecordId};
use teranga_core::key::Key;
use teranga_core::time::Millis;
use teranga_core::value::Value;
use teranga_document::guard::Guard;
use teranga_document::part::{NewChange, Part};

pub(crate) const AWA: ActorId = ActorId([0xa; 16]);
pub(crate) const MOUSSA: ActorId = ActorId([0xb; 16]);
pub(crate) const NOW: Millis = Millis(1_700_000_000_000);
pub(crate) const FORM: &str = "rss@1";

pub(crate) fn part() -> Part {
    Part::open(RecordId([7; 16]), &ClassId::new("personal"), [1; 16])
}

pub(crate) fn key(question: &str) -> Key {
    Key::question(question)
}

pub(crate) fn answers(answers: &[(&str, Value)]) -> Vec<(Key, Value)> {
    answers.iter().map(|(question, value)| (key(question), value.clone())).collect()
}

/// Edits a part that must change by it.
pub(crate) fn edit(part: &mut Part, actor: ActorId, edits: &[(&str, Value)]) -> NewChange {
    part.edit(actor, NOW, FORM, &answers(edits)).unwrap().expect("these edits say something new")
}

/// Brings what `from` has and `to` lacks.
pub(crate) fn bring(from: &Part, to: &mut Part) {
    let changes = from.changes_since(&to.heads());
    let bodies: Vec<&[u8]> = changes.iter().map(|change| change.bytes.as_slice()).collect();
    let verdict = Guard::new().apply_all(to, &bodies);
    assert_eq!(verdict.refused, []);
    if let Some(guarded) = verdict.guarded {
        *to = guarded.part;
    }
}

/// The part as Automerge sees it, to write into it what no version of ours writes.
pub(crate) fn bare(part: &Part, actor: ActorId) -> Automerge {
    let mut doc = Automerge::load(&part.snapshot()).unwrap();
    doc.set_actor(automerge::ActorId::from(actor.as_bytes().as_slice()));
    doc
}

/// The last change that [`bare`]'s actor made.
pub(crate) fn last_change(doc: &Automerge) -> automerge::Change {
    doc.get_last_local_change().expect("it was edited")
}
