//! Custody: who is in charge of a record, as its envelope and that of its case say. A case belongs to the region whose
//! office opened it; assigning it adds an office or a person, in that region or in another, and relieving takes one away
//! again. Nobody who was once in charge is forgotten: what they wrote before they heard of it is still theirs to write.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::envelope::Envelope;
use super::event::EventKind;
use crate::id::{EventId, RecordId};

/// Whom a record is assigned to: a region's offices, one office, or one person there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Assignee {
    /// The region: ISO 3166-2; empty for headquarters.
    pub region: String,
    /// The office; none for the region as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub office: Option<String>,
    /// The person; none for everyone of the office.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
}

/// Who is in charge of a record.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Custody {
    /// The region whose office opened it.
    pub region: String,
    /// Whom it is assigned to.
    pub assigned: BTreeSet<Assignee>,
    /// Whom it was assigned to once, and is no more.
    pub before: BTreeSet<Assignee>,
    /// The cases on which an assessment stood once: whoever was in charge of one of them was in charge of it too.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub former_cases: BTreeSet<RecordId>,
}

impl Custody {
    /// The custody that a record's own envelope makes.
    pub fn of(envelope: &Envelope) -> Self {
        let relieved: BTreeSet<EventId> = envelope
            .events
            .values()
            .filter_map(|event| match &event.kind {
                EventKind::Relieved { assigned } => Some(*assigned),
                _ => None,
            })
            .collect();
        let mut custody = Self { region: envelope.region.clone(), ..Self::default() };
        for (id, event) in &envelope.events {
            match &event.kind {
                EventKind::Assigned { to } => {
                    let list =
                        if relieved.contains(id) { &mut custody.before } else { &mut custody.assigned };
                    list.insert(to.clone());
                }
                EventKind::Moved { from, to } => custody.former_cases.extend(from.iter().chain([to])),
                _ => {}
            }
        }
        custody.before.retain(|assignee| !custody.assigned.contains(assignee));
        custody.former_cases.retain(|case| Some(*case) != envelope.case);
        custody
    }

    /// The custody of an assessment: whoever is in charge of its case is in charge of it too.
    #[must_use]
    pub fn with_case(mut self, case: &Self) -> Self {
        self.assigned.extend(case.assigned.iter().cloned());
        self.before.extend(case.before.iter().cloned());
        self.before.retain(|assignee| !self.assigned.contains(assignee));
        self
    }

    /// Whoever is or was in charge of a case on which this stood once was in charge of it.
    #[must_use]
    pub fn with_former_case(mut self, case: &Self) -> Self {
        let region = Assignee { region: case.region.clone(), office: None, person: None };
        self.before.extend(case.assigned.iter().chain(&case.before).cloned());
        self.before.extend(Some(region).filter(|_| case.region != self.region));
        self.before.retain(|assignee| !self.assigned.contains(assignee));
        self
    }

    /// Everybody who is in charge or ever was, as if they all were.
    #[must_use]
    pub fn ever(mut self) -> Self {
        self.assigned.append(&mut self.before);
        self
    }

    /// Whoever is in charge is no more.
    pub fn relieve(&mut self) {
        self.before.append(&mut self.assigned);
    }

    /// The custody of a record of this region that nobody is assigned to.
    pub fn of_region(region: impl Into<String>) -> Self {
        Self { region: region.into(), ..Self::default() }
    }
}

impl Envelope {
    /// The assignments that stand, by the events that made them.
    pub fn standing_assignments(&self) -> Vec<(EventId, &Assignee)> {
        let relieved = |id: &EventId| {
            self.events
                .values()
                .any(|event| matches!(&event.kind, EventKind::Relieved { assigned } if assigned == id))
        };
        self.events
            .iter()
            .filter_map(|(id, event)| match &event.kind {
                EventKind::Assigned { to } if !relieved(id) => Some((*id, to)),
                _ => None,
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::record::Event;
    use crate::time::Millis;

    fn to(person: &str) -> Assignee {
        Assignee { region: "SN-KL".into(), office: Some("BAOS".into()), person: Some(person.into()) }
    }

    fn envelope(events: &[(u8, EventKind)]) -> Envelope {
        let event = |kind: &EventKind| Event { at: Millis(1), kind: kind.clone() };
        Envelope {
            form: "case@1".into(),
            case: None,
            wave: None,
            region: "SN-KL".into(),
            events: events
                .iter()
                .map(|(id, kind)| (EventId([*id; 16]), event(kind)))
                .collect::<BTreeMap<_, _>>(),
        }
    }

    #[test]
    fn a_relief_ends_only_the_assignment_that_it_names() {
        let assigned = |person: &str| EventKind::Assigned { to: to(person) };
        let relieved = |id: u8| EventKind::Relieved { assigned: EventId([id; 16]) };
        let record = envelope(&[(1, assigned("Awa")), (2, assigned("Binta")), (3, relieved(1))]);
        let custody = Custody::of(&record);
        assert_eq!(custody.assigned, BTreeSet::from([to("Binta")]));
        assert_eq!(custody.before, BTreeSet::from([to("Awa")]));
        assert_eq!(record.standing_assignments(), [(EventId([2; 16]), &to("Binta"))]);
        // Assigned once more, apart: she is in charge, whatever ended before.
        let again = Custody::of(&envelope(&[(1, assigned("Awa")), (3, relieved(1)), (4, assigned("Awa"))]));
        assert_eq!((again.assigned.len(), again.before.len()), (1, 0));
    }

    #[test]
    fn an_assessment_follows_its_case() {
        let case = Custody::of(&envelope(&[(1, EventKind::Assigned { to: to("Awa") })]));
        let own = Custody::of_region("SN-KL");
        assert_eq!(own.with_case(&case).assigned, case.assigned);
    }
}
