//! Who is in charge of a case: giving it to an office or a person, in this region or in another, and taking it back. An
//! assessment follows its case. Each is an ordinary save that merges like any other; the hub lets the case enter the
//! devices of whoever is in charge now, and leave those of whoever is no more.

use teranga_core::audience::{Agent, Audience, Clearance, Place, Reach};
use teranga_core::grant::{CASELOAD_MAX, CASELOAD_WARN};
use teranga_core::id::{Entropy, EventId, RecordId};
use teranga_core::record::{Assignee, Envelope, Event, EventKind};
use teranga_core::time::Millis;
use teranga_store::save::SavedChange;

use crate::device::Device;
use crate::error::ClientError;
use crate::interview::Setting;

/// What becomes of those who are in charge already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handover {
    /// They stay: several agencies work on the case.
    Beside,
    /// They are relieved: the case is given on.
    Instead,
}

impl Device {
    /// Puts somebody in charge of a case, where they have not as many as anybody may.
    pub fn assign(
        &mut self,
        case: RecordId,
        to: Assignee,
        handover: Handover,
        setting: Setting<'_>,
    ) -> Result<Vec<SavedChange>, ClientError> {
        self.require_case(case)?;
        self.require_known(&to)?;
        let Ok(envelope) = Envelope::read(&self.values(case)?) else { return Ok(Vec::new()) };
        let mut events = Vec::new();
        let mut is_in_charge = false;
        for (assigned, assignee) in envelope.standing_assignments() {
            is_in_charge |= *assignee == to;
            if handover == Handover::Instead && *assignee != to {
                events.push(EventKind::Relieved { assigned });
            }
        }
        if !is_in_charge {
            if self.caseload_of(&to)?.is_some_and(|held| held >= CASELOAD_MAX) {
                return Err(ClientError::CaseloadFull { to: name(&to), most: CASELOAD_MAX });
            }
            events.push(EventKind::Assigned { to });
        }
        self.save_events(case, events, setting)
    }

    /// Relieves everybody who is in charge of a case, or only one of them. It stays with its region.
    pub fn relieve(
        &mut self,
        case: RecordId,
        whom: Option<&Assignee>,
        setting: Setting<'_>,
    ) -> Result<Vec<SavedChange>, ClientError> {
        self.require_case(case)?;
        let Ok(envelope) = Envelope::read(&self.values(case)?) else { return Ok(Vec::new()) };
        let events = envelope
            .standing_assignments()
            .into_iter()
            .filter(|(_, assignee)| whom.is_none_or(|whom| whom == *assignee))
            .map(|(assigned, _)| EventKind::Relieved { assigned });
        self.save_events(case, events.collect(), setting)
    }

    fn save_events(
        &mut self,
        record: RecordId,
        events: Vec<EventKind>,
        setting: Setting<'_>,
    ) -> Result<Vec<SavedChange>, ClientError> {
        let row = self.require(record)?;
        let mut drawing = self.drawing();
        let edits = events.into_iter().filter_map(|kind| {
            let event = Event { at: setting.now, kind };
            Envelope::write_event(EventId::generate(setting.now, &mut drawing), &event)
        });
        let edits = edits.collect();
        self.save_open(&row, edits, &setting)
    }

    /// In one's own region a name that nobody there bears would assign the case to no one.
    fn require_known(&self, to: &Assignee) -> Result<(), ClientError> {
        if to.region != self.replica().profile().audience.place.code() {
            return Ok(());
        }
        let Some(office) = &to.office else { return Ok(()) };
        let people = self.replica().people()?;
        let known = people.iter().any(|known| {
            known.office == *office && to.person.as_ref().is_none_or(|person| *person == known.person)
        });
        if known {
            return Ok(());
        }
        let known: Vec<String> =
            people.iter().map(|known| format!("{} ({})", known.person, known.office)).collect();
        Err(ClientError::UnknownAssignee { to: name(to), known: known.join(", ") })
    }

    /// How many records an office or a person has with what is assigned to them, as far as this device holds them; none for a
    /// region as a whole, whose hub holds any number. An office has as many as whoever has most there.
    pub fn caseload_of(&self, assignee: &Assignee) -> Result<Option<u64>, ClientError> {
        let Some(office) = &assignee.office else { return Ok(None) };
        let of = |person: &str| Audience {
            place: Place::of_code(&assignee.region),
            reach: Reach::Caseload(Agent { office: office.clone(), person: person.to_owned() }),
            clearance: Clearance::Every,
        };
        let audiences: Vec<Audience> = if let Some(person) = &assignee.person {
            vec![of(person)]
        } else {
            let people = self.replica().people()?;
            let there = people.iter().filter(|known| known.office == *office);
            // Whoever is there has at least what nobody has alone.
            there.map(|known| of(&known.person)).chain([of("")]).collect()
        };
        Ok(self.replica().caseloads(&audiences)?.into_iter().max())
    }

    /// How many records this device holds, where that is more than it is made for.
    pub fn caseload_warning(&self) -> Result<Option<u64>, ClientError> {
        Ok(Some(self.replica().caseload()?).filter(|held| *held >= CASELOAD_WARN))
    }
}

/// The event that puts an agent in charge of what they open: a caseload holds only what is assigned to it.
pub(crate) fn own_charge(
    audience: &Audience,
    now: Millis,
    entropy: &mut dyn Entropy,
) -> Option<(EventId, Event)> {
    let Reach::Caseload(agent) = &audience.reach else { return None };
    let to = Assignee {
        region: audience.place.code().to_owned(),
        office: Some(agent.office.clone()),
        person: Some(agent.person.clone()),
    };
    Some((EventId::generate(now, entropy), Event { at: now, kind: EventKind::Assigned { to } }))
}

/// Somebody in charge, as people read it.
pub fn name(assignee: &Assignee) -> String {
    let place = match Place::of_code(&assignee.region) {
        Place::National => None,
        Place::Region(region) => Some(region),
    };
    let parts = [assignee.person.clone(), assignee.office.clone(), place];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}
