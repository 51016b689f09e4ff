//! Review: an office approves a record, or returns it to whoever wrote it. An approval names what the approver held of each
//! part, and which parts they may not see; what is written later, or was written meanwhile elsewhere, is no part of it and
//! shows. Two reviews that did not know of each other stand side by side; one that knew of another settles it. No clock
//! decides.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::envelope::{Envelope, keys};
use super::event::EventKind;
use crate::class::ClassId;
use crate::id::{ChangeHash, EventId};
use crate::key::Key;
use crate::value::Value;

/// The heads of a record's parts, the open one left out: it holds the reviews themselves.
pub type PartHeads = BTreeMap<ClassId, Vec<ChangeHash>>;

/// What an approval speaks of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approved {
    /// The heads of the parts that the approver held, by class.
    pub heads: PartHeads,
    /// A mark of what stood in the open part, apart from events and released values: 16 hexadecimal digits.
    pub open: String,
    /// The classes of the form that the approver may not see.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub unseen: BTreeSet<ClassId>,
    /// The reviews that the approver knew of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<EventId>,
}

/// Where a record stands with its office.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Review {
    /// Nobody has looked at it yet.
    Unreviewed,
    /// Approved, and nothing of it has changed since.
    Approved,
    /// Approved, and something was written since, or meanwhile elsewhere.
    Changed,
    /// Returned to its author.
    Returned,
}

impl Review {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::Unreviewed, Self::Approved, Self::Changed, Self::Returned];

    /// The stable code in exports and views.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unreviewed => "unreviewed",
            Self::Approved => "approved",
            Self::Changed => "changed",
            Self::Returned => "returned",
        }
    }

    /// Where a record stands, by the values of its open part and the heads of the others that are held here. Of two
    /// reviews that did not know of each other a return weighs more.
    pub fn of(envelope: &Envelope, open: &BTreeMap<Key, Value>, heads: &PartHeads) -> Self {
        let standing = envelope.standing_reviews();
        if standing.is_empty() {
            return Self::Unreviewed;
        }
        let mark = mark_of(open);
        let approvals: Option<Vec<&Approved>> = standing
            .iter()
            .map(|(_, kind)| match kind {
                EventKind::Approved(approved) => Some(approved),
                _ => None,
            })
            .collect();
        let Some(approvals) = approvals else { return Self::Returned };
        let holds = |approved: &&Approved| approved.open == mark && !is_behind(approved, heads);
        if approvals.iter().any(holds) { Self::Approved } else { Self::Changed }
    }
}

impl Approved {
    /// An approval of what stands, by somebody who holds these parts and may not see others of the form's classes.
    pub fn of(
        envelope: &Envelope,
        open: &BTreeMap<Key, Value>,
        heads: PartHeads,
        unseen: BTreeSet<ClassId>,
    ) -> Self {
        Self { heads, open: mark_of(open), unseen, after: envelope.reviews_known() }
    }
}

impl Envelope {
    /// The reviews that no other review has settled, in the order of their identities.
    pub fn standing_reviews(&self) -> Vec<(EventId, &EventKind)> {
        let reviews = self.reviews();
        let settled: BTreeSet<EventId> =
            reviews.iter().flat_map(|(_, _, after)| after.iter().copied()).collect();
        let standing = reviews.into_iter().filter(|(id, _, _)| !settled.contains(id));
        standing.map(|(id, kind, _)| (id, kind)).collect()
    }

    /// What whoever reviews the record now knows of.
    pub fn reviews_known(&self) -> Vec<EventId> {
        self.standing_reviews().into_iter().map(|(id, _)| id).collect()
    }

    fn reviews(&self) -> Vec<(EventId, &EventKind, &[EventId])> {
        self.events
            .iter()
            .filter_map(|(id, event)| match &event.kind {
                EventKind::Approved(approved) => Some((*id, &event.kind, approved.after.as_slice())),
                EventKind::Returned { after, .. } => Some((*id, &event.kind, after.as_slice())),
                EventKind::Submitted
                | EventKind::Moved { .. }
                | EventKind::Voided { .. }
                | EventKind::Restored { .. }
                | EventKind::Assigned { .. }
                | EventKind::Relieved { .. } => None,
            })
            .collect()
    }
}

/// Whether a part that is held here is not as it was approved. One that the approver may not see is not spoken of.
fn is_behind(approved: &Approved, heads: &PartHeads) -> bool {
    heads.iter().any(|(class, now)| match approved.heads.get(class) {
        Some(then) => then != now,
        None => !approved.unseen.contains(class),
    })
}

/// A mark of the open part's own answers: what events and released values add to it later changes nothing of the record.
fn mark_of(open: &BTreeMap<Key, Value>) -> String {
    let added = [keys::EVENT, keys::RELEASE].map(|prefix| format!("{prefix}/"));
    let mut hasher = Sha256::new();
    for (key, value) in open {
        let key = key.as_str();
        if added.iter().any(|prefix| key.starts_with(prefix.as_str())) {
            continue;
        }
        for text in [key.as_bytes(), value.to_json().to_string().as_bytes()] {
            hasher.update((text.len() as u64).to_be_bytes());
            hasher.update(text);
        }
    }
    let [a, b, c, d, e, f, g, h, ..]: [u8; 32] = hasher.finalize().into();
    format!("{:016x}", u64::from_be_bytes([a, b, c, d, e, f, g, h]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Event;
    use crate::time::Millis;

    fn heads(parts: &[(&str, u8)]) -> PartHeads {
        parts.iter().map(|(class, head)| (ClassId::new(*class), vec![ChangeHash([*head; 32])])).collect()
    }

    fn open(village: &str) -> BTreeMap<Key, Value> {
        [(Key::question("village"), Value::text(village))].into()
    }

    fn envelope(events: Vec<(u8, EventKind)>) -> Envelope {
        let events =
            events.into_iter().map(|(id, kind)| (EventId([id; 16]), Event { at: Millis(5), kind })).collect();
        Envelope { form: "rss@1".into(), case: None, wave: None, region: "SN-KL".into(), events }
    }

    fn approval(parts: &[(&str, u8)], unseen: &[&str], after: &[u8]) -> EventKind {
        EventKind::Approved(Approved {
            heads: heads(parts),
            open: mark_of(&open("Ndoffane")),
            unseen: unseen.iter().map(|class| ClassId::new(*class)).collect(),
            after: after.iter().map(|id| EventId([*id; 16])).collect(),
        })
    }

    fn returned(after: &[u8]) -> EventKind {
        EventKind::Returned {
            reason: "l'âge manque".into(),
            after: after.iter().map(|id| EventId([*id; 16])).collect(),
        }
    }

    fn review(events: Vec<(u8, EventKind)>, village: &str, parts: &[(&str, u8)]) -> Review {
        Review::of(&envelope(events), &open(village), &heads(parts))
    }

    #[test]
    fn what_is_written_after_an_approval_or_beside_it_shows() {
        let seen = [("personal", 1), ("survey", 2)];
        let approved = || vec![(1, approval(&seen, &[], &[]))];
        assert_eq!(review(Vec::new(), "Ndoffane", &seen), Review::Unreviewed);
        assert_eq!(review(approved(), "Ndoffane", &seen), Review::Approved);
        assert_eq!(review(approved(), "Thiaré", &seen), Review::Changed);
        assert_eq!(review(approved(), "Ndoffane", &[("personal", 1), ("survey", 3)]), Review::Changed);
        // Whoever holds less of it compares what they hold; a part that came since is a change, one unseen is not.
        assert_eq!(review(approved(), "Ndoffane", &[("survey", 2)]), Review::Approved);
        let more = [("personal", 1), ("protected", 9), ("survey", 2)];
        assert_eq!(review(approved(), "Ndoffane", &more), Review::Changed);
        assert_eq!(
            review(vec![(1, approval(&seen, &["protected"], &[]))], "Ndoffane", &more),
            Review::Approved
        );
    }

    #[test]
    fn a_review_settles_those_that_it_knew_of_and_no_others() {
        let seen = [("survey", 2)];
        let first = || (1, returned(&[]));
        assert_eq!(review(vec![first()], "Ndoffane", &seen), Review::Returned);
        let answered = vec![first(), (2, approval(&seen, &[], &[1]))];
        assert_eq!(review(answered, "Ndoffane", &seen), Review::Approved);
        let apart = vec![first(), (2, approval(&seen, &[], &[]))];
        assert_eq!(review(apart, "Ndoffane", &seen), Review::Returned);
        let again = vec![first(), (2, approval(&seen, &[], &[])), (3, returned(&[1, 2]))];
        assert_eq!(review(again, "Ndoffane", &seen), Review::Returned);
    }

    #[test]
    fn events_and_released_values_are_no_change_of_what_was_approved() {
        let mut values = open("Ndoffane");
        let before = mark_of(&values);
        values.insert(Key::question(keys::EVENT).child("01"), Value::text("{}"));
        values.insert(Key::question(keys::RELEASE).child("age-band"), Value::text("-"));
        assert_eq!(mark_of(&values), before);
        values.insert(Key::question(keys::WAVE), Value::text("m3"));
        assert_ne!(mark_of(&values), before);
    }
}
