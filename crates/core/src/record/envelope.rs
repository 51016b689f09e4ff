//! The envelope: reading a record's own facts from the keys of its open part, and writing them.

use std::collections::BTreeMap;

use super::event::{Event, EventKind};
use crate::id::{EventId, RecordId};
use crate::key::Key;
use crate::value::Value;

/// Names of the envelope's keys. They begin with `_`, which no question's id may.
pub mod keys {
    /// The form and version that the record was opened with, `form@version`.
    pub const FORM: &str = "_form";
    /// The case that an assessment belongs to.
    pub const CASE: &str = "_case";
    /// The wave of a survey.
    pub const WAVE: &str = "_wave";
    /// The region whose office opened the record.
    pub const REGION: &str = "_region";
    /// Prefix of events: `_event/ULID`.
    pub const EVENT: &str = "_event";
    /// Prefix of released values: `_release/RELEASE/NAME`.
    pub const RELEASE: &str = "_release";
}

/// Why an open part does not (yet) make an envelope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// A key that every record has is missing or not text.
    #[error("the envelope lacks {key}")]
    Missing {
        /// The key that is missing.
        key: &'static str,
    },
}

/// Whether a record counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Opened and not handed in.
    Open,
    /// Handed in.
    Submitted,
    /// Void: out of every count.
    Voided,
}

impl State {
    /// The stable code in exports and views.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Submitted => "submitted",
            Self::Voided => "voided",
        }
    }
}

/// A record's own facts.
#[derive(Debug, Clone, PartialEq)]
pub struct Envelope {
    /// The form and version that the record was opened with, `form@version`.
    pub form: String,
    /// The case of an assessment; a case has none.
    pub case: Option<RecordId>,
    /// The wave of a survey.
    pub wave: Option<String>,
    /// The region whose office opened the record: ISO 3166-2, such as `SN-KL`.
    pub region: String,
    /// What happened to it, in the order of the event identities.
    pub events: BTreeMap<EventId, Event>,
}

impl Envelope {
    /// Reads the envelope from the values of an open part. Keys that this version does not know are left alone.
    pub fn read(values: &BTreeMap<Key, Value>) -> Result<Self, EnvelopeError> {
        let text = |key: &str| match values.get(&Key::question(key)) {
            Some(Value::Text(text)) if !text.is_empty() => Some(text.clone()),
            _ => None,
        };
        let need = |key: &'static str| text(key).ok_or(EnvelopeError::Missing { key });
        Ok(Self {
            form: need(keys::FORM)?,
            case: text(keys::CASE).and_then(|case| case.parse().ok()),
            wave: text(keys::WAVE),
            region: need(keys::REGION)?,
            events: read_events(values),
        })
    }

    /// The keys and values that open a record with these facts.
    pub fn write(&self) -> Vec<(Key, Value)> {
        let mut edits = vec![
            (Key::question(keys::FORM), Value::text(&self.form)),
            (Key::question(keys::REGION), Value::text(&self.region)),
        ];
        edits.extend(self.case.map(|case| (Key::question(keys::CASE), Value::text(case.to_string()))));
        edits.extend(self.wave.as_ref().map(|wave| (Key::question(keys::WAVE), Value::text(wave))));
        edits.extend(self.events.iter().filter_map(|(id, event)| Self::write_event(*id, event)));
        edits
    }

    /// The key and value of one event; `None` only if it could not be written as JSON.
    pub fn write_event(id: EventId, event: &Event) -> Option<(Key, Value)> {
        let json = serde_json::to_string(event).ok()?;
        Some((Key::question(keys::EVENT).child(&id.to_string()), Value::Text(json)))
    }

    /// The events that void the record and were not taken back. The order of clocks does not matter: a restoration
    /// names the voiding it ends.
    pub fn standing_voids(&self) -> Vec<EventId> {
        let restored: Vec<EventId> = self
            .events
            .values()
            .filter_map(|event| match &event.kind {
                EventKind::Restored { voided } => Some(*voided),
                EventKind::Submitted
                | EventKind::Moved { .. }
                | EventKind::Voided { .. }
                | EventKind::Assigned { .. }
                | EventKind::Relieved { .. }
                | EventKind::Approved(_)
                | EventKind::Returned { .. } => None,
            })
            .collect();
        self.events
            .iter()
            .filter(|(id, event)| matches!(event.kind, EventKind::Voided { .. }) && !restored.contains(id))
            .map(|(id, _)| *id)
            .collect()
    }

    /// Whether the record counts.
    pub fn state(&self) -> State {
        if !self.standing_voids().is_empty() {
            State::Voided
        } else if self.events.values().any(|event| event.kind == EventKind::Submitted) {
            State::Submitted
        } else {
            State::Open
        }
    }
}

fn read_events(values: &BTreeMap<Key, Value>) -> BTreeMap<EventId, Event> {
    let prefix = format!("{}/", keys::EVENT);
    values
        .range(Key::from_text(prefix.clone())..)
        .take_while(|(key, _)| key.as_str().starts_with(&prefix))
        .filter_map(|(key, value)| {
            let id = key.as_str().strip_prefix(&prefix)?.parse().ok()?;
            let Value::Text(json) = value else { return None };
            Some((id, serde_json::from_str(json).ok()?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Millis;

    fn envelope(events: &[(u8, EventKind)]) -> Envelope {
        Envelope {
            form: "rss@1".into(),
            case: Some(RecordId([7; 16])),
            wave: Some("m3".into()),
            region: "SN-KL".into(),
            events: events
                .iter()
                .map(|(id, kind)| (EventId([*id; 16]), Event { at: Millis(5), kind: kind.clone() }))
                .collect(),
        }
    }

    #[test]
    fn what_is_written_reads_back() {
        let all = envelope(&[
            (1, EventKind::Submitted),
            (2, EventKind::Moved { from: None, to: RecordId([9; 16]) }),
            (3, EventKind::Voided { reason: "essai".into() }),
        ]);
        let values: BTreeMap<Key, Value> = all.write().into_iter().collect();
        assert_eq!(Envelope::read(&values), Ok(all));
    }

    #[test]
    fn a_restoration_ends_only_the_voiding_it_names() {
        let void = |reason: &str| EventKind::Voided { reason: reason.into() };
        let mut events = vec![(1, EventKind::Submitted), (2, void("essai")), (3, void("double"))];
        assert_eq!(envelope(&events).state(), State::Voided);
        events.push((4, EventKind::Restored { voided: EventId([2; 16]) }));
        assert_eq!(envelope(&events).state(), State::Voided);
        events.push((5, EventKind::Restored { voided: EventId([3; 16]) }));
        assert_eq!(envelope(&events).state(), State::Submitted);
    }

    #[test]
    fn events_of_a_newer_version_are_left_out_of_the_history_and_do_no_harm() {
        let mut values: BTreeMap<Key, Value> = envelope(&[]).write().into_iter().collect();
        values.insert(
            Key::question(keys::EVENT).child(&EventId([1; 16]).to_string()),
            Value::text(r#"{"event":"sealed","at":1,"by":"x"}"#),
        );
        assert_eq!(Envelope::read(&values), Ok(envelope(&[])));
    }
}
