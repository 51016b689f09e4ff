//! An interview: a form being filled, kept on the disk after every answer, and saved as one save when it is finished:
//! the answers split by class, the envelope, and the values that are released from stricter classes. A sheet of answers
//! is taken in memory alone: it is saved whole, or nothing was begun.

use std::collections::{BTreeMap, BTreeSet};
use std::iter;
use std::sync::Arc;

use teranga_core::alert::{Alert, raised};
use teranga_core::answers::answers_from_json;
use teranga_core::catalogue::Catalogue;
use teranga_core::class::ClassId;
use teranga_core::flow::{Answers, Change, Filling, Finding, Shown};
use teranga_core::form::{Form, RecordKind};
use teranga_core::id::{Entropy, EventId, RecordId};
use teranga_core::key::Key;
use teranga_core::record::{Envelope, Event, EventKind, State, keys};
use teranga_core::release::InputMark;
use teranga_core::time::Millis;
use teranga_core::value::Value;
use teranga_core::versions::Lineage;
use teranga_core::wave::Round;
use teranga_store::drafts::Draft;
use teranga_store::save::{DraftFate, Heads, PartEdit, Save, SavedChange};

use crate::charge;
use crate::device::Device;
use crate::error::ClientError;
use crate::waves;

/// An interview under way.
#[derive(Debug)]
pub struct Interview {
    pub(crate) draft: Draft,
    pub(crate) form: Arc<Form>,
    pub(crate) filling: Filling,
    /// What the record held when the interview was opened.
    pub(crate) stored: Answers,
    /// The same as the form reads it.
    pub(crate) before: Answers,
    pub(crate) envelope: Option<Envelope>,
    /// The form with the versions before it.
    pub(crate) lineage: Lineage,
    /// The keys under which several values stood.
    pub(crate) contested: BTreeSet<Key>,
}

/// What finishing did.
#[derive(Debug, Clone, PartialEq)]
pub struct Finished {
    /// The record.
    pub record: RecordId,
    /// The changes made; none where nothing was new.
    pub changes: Vec<SavedChange>,
    /// The round of a survey, and how the day lies to it.
    pub round: Option<Round>,
    /// Other interviews that the case has for this round, with this form: one of them may be a mistake.
    pub others: Vec<RecordId>,
}

/// Who asks, when, and in which language.
pub struct Setting<'a> {
    /// The time by the device's clock.
    pub now: Millis,
    /// The language of labels.
    pub language: &'a str,
    /// Randomness.
    pub entropy: &'a mut dyn Entropy,
}

impl Device {
    /// Answers one question. What it led to is on the disk when this returns; a refused answer changes nothing.
    pub fn answer(
        &mut self,
        interview: &mut Interview,
        key: &Key,
        value: Value,
    ) -> Result<Change, ClientError> {
        let change = interview.filling.set(key, value)?;
        self.keep(interview, &change.edits)?;
        Ok(change)
    }

    /// Changes the filling otherwise: adds or removes items.
    pub fn change<T>(
        &mut self,
        interview: &mut Interview,
        change: impl FnOnce(&mut Filling) -> Result<T, teranga_core::answers::AnswerError>,
    ) -> Result<T, ClientError> {
        let before = interview.filling.stored().clone();
        let changed = change(&mut interview.filling)?;
        self.keep(interview, &interview.filling.changes_since(&before))?;
        Ok(changed)
    }

    /// Takes answers from a file, in memory: they are on the disk when the interview is finished. Either all of them,
    /// or none and every reason.
    pub fn answer_sheet(
        &self,
        interview: &mut Interview,
        json: &serde_json::Value,
    ) -> Result<Change, ClientError> {
        let lists = self.catalogue().lists_for(&interview.form);
        let sheet = answers_from_json(&interview.form, &lists, json).map_err(ClientError::Answers)?;
        interview.filling.fill(&sheet, &mut self.drawing()).map_err(ClientError::Answers)
    }

    pub(crate) fn keep(
        &mut self,
        interview: &Interview,
        answers: &[(Key, Value)],
    ) -> Result<(), ClientError> {
        Ok(self.replica_mut().keep_answers(interview.draft.record, answers)?)
    }

    /// Finishes: everything required must be answered. One save over all parts; the draft is gone with it.
    pub fn finish(
        &mut self,
        interview: &mut Interview,
        setting: Setting<'_>,
    ) -> Result<Finished, ClientError> {
        let findings = interview.filling.validate();
        if !findings.is_empty() {
            return Err(ClientError::Findings(findings));
        }
        let round = self.round(interview, setting.now)?;
        let others = self.others_of_round(interview, round.as_ref())?;
        let mut parts = interview.edits();
        let envelope = self.envelope(interview, round.as_ref(), setting.now)?;
        parts.entry(ClassId::new("open")).or_default().extend(envelope);
        let save = Save {
            record: interview.draft.record,
            salt: interview.draft.salt,
            form: interview.form.reference().to_string(),
            at: setting.now,
            parts: parts.into_iter().map(|(class, edits)| PartEdit { class, edits }).collect(),
            draft: DraftFate::Clear,
        };
        let catalogue = self.catalogue().clone();
        let release = |heads: &Heads| interview.released(&catalogue, heads);
        let changes = self.replica_mut().save_releasing(&save, &release)?;
        Ok(Finished { record: interview.draft.record, changes, round, others })
    }

    /// What a new record's envelope says, or what an edit adds to it.
    fn envelope(
        &self,
        interview: &Interview,
        round: Option<&Round>,
        now: Millis,
    ) -> Result<Vec<(Key, Value)>, ClientError> {
        let mut drawing = self.drawing();
        let submitted = Event { at: now, kind: EventKind::Submitted };
        let id = EventId::generate(now, &mut drawing);
        if let Some(held) = &interview.envelope {
            let mut edits: Vec<(Key, Value)> = waves::rewaved(held, round).into_iter().collect();
            // A draft of an earlier version than the record has by now leaves it where it is.
            if held.form.parse().is_ok_and(|held| interview.lineage.is_after(&held)) {
                let form = interview.form.reference().to_string();
                edits.push((Key::question(keys::FORM), Value::Text(form)));
            }
            if held.state() == State::Open {
                edits.extend(Envelope::write_event(id, &submitted));
            }
            return Ok(edits);
        }
        // An assessment is in the charge of whoever is in charge of its case.
        let audience = &self.replica().profile().audience;
        let in_charge = match interview.draft.case {
            None => charge::own_charge(audience, now, &mut drawing),
            Some(_) => None,
        };
        let envelope = Envelope {
            form: interview.form.reference().to_string(),
            case: interview.draft.case,
            wave: round.map(|round| round.wave.clone()),
            region: self.region()?.to_owned(),
            events: iter::once((id, submitted)).chain(in_charge).collect(),
        };
        Ok(envelope.write())
    }

    /// Every value of a record that is held, of all classes.
    pub fn values(&self, record: RecordId) -> Result<Answers, ClientError> {
        Ok(self.replica().parts(record)?.into_iter().flat_map(|part| part.values).collect())
    }

    pub(crate) fn require_case(&self, case: RecordId) -> Result<(), ClientError> {
        let row = self.replica().record(case)?.ok_or(ClientError::UnknownRecord(case))?;
        let kind = row.form.and_then(|form| self.form(&form).ok()).map(|form| form.record_kind());
        if kind == Some(RecordKind::Case) { Ok(()) } else { Err(ClientError::NotACase(case)) }
    }
}

impl Interview {
    /// The live form.
    pub fn filling(&self) -> &Filling {
        &self.filling
    }

    /// The form.
    pub fn form(&self) -> &Form {
        &self.form
    }

    /// The record that this is or will be.
    pub fn record(&self) -> RecordId {
        self.draft.record
    }

    /// The alerts that the answers raise, the gravest first: to be shown at once, with what to do.
    pub fn alerts<'a>(&self, catalogue: &'a Catalogue) -> Vec<&'a Alert> {
        raised(&self.filling, &catalogue.watches(&self.form))
    }

    /// What is missing or wrong so far.
    pub fn findings(&self) -> Vec<Finding> {
        self.filling.validate()
    }

    /// What is new, by class.
    fn edits(&self) -> BTreeMap<ClassId, Vec<(Key, Value)>> {
        let mut parts: BTreeMap<ClassId, BTreeMap<Key, Value>> = BTreeMap::new();
        let changes = self.filling.changes_since(&self.before);
        let told = self.told_back(&self.filling, |key| changes.iter().any(|(changed, _)| changed == key));
        for (key, value) in &changes {
            if let Some(class) = self.lineage.class_of(key) {
                parts.entry(class.clone()).or_default().insert(key.clone(), value.clone());
            }
        }
        for (class, key, value) in told {
            parts.entry(class).or_default().insert(key, value);
        }
        parts.into_iter().map(|(class, edits)| (class, edits.into_iter().collect())).collect()
    }

    /// What is written beside what changed so that earlier versions are told of it, where it does not stand there
    /// already and alone.
    pub(crate) fn told_back(
        &self,
        filling: &Filling,
        changed: impl Fn(&Key) -> bool,
    ) -> Vec<(ClassId, Key, Value)> {
        let told = self.lineage.told_back(&self.stored, filling.stored(), changed).into_iter();
        let is_new = |(_, key, value): &(ClassId, Key, Value)| {
            self.contested.contains(key) || self.stored.get(key) != Some(value)
        };
        told.filter(is_new).collect()
    }

    /// The released values. A scheme whose numbers do not fit releases nothing; headquarters derives it again.
    pub(crate) fn released(&self, catalogue: &Catalogue, heads: &Heads) -> Vec<(Key, Value)> {
        let skipped =
            |question: &str| matches!(self.filling.shown(&Key::question(question)), Some(Shown::Skipped));
        let scheme = catalogue.scheme_for(self.form.form_id()).map(AsRef::as_ref);
        let watches = catalogue.watches(&self.form);
        let released = catalogue.releases_for(self.form.form_id()).into_iter().filter_map(|release| {
            let inputs = InputMark::of(heads);
            let released = match release.judge(&self.filling, &watches, inputs) {
                Some(judged) => judged,
                None => release.derive(scheme, self.filling.stored(), &skipped, inputs).ok()??,
            };
            Some((release.key(), Value::Text(released.to_string())))
        });
        released.collect()
    }
}
