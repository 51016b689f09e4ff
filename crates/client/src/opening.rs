//! Opening an interview: a new one, one that was interrupted, a saved record again, or one that is only looked at. What
//! is stored is read as the version at hand reads it; what was typed already lies on top.

use std::collections::BTreeSet;
use std::sync::Arc;

use teranga_core::flow::{Answers, Filling, FlowContext, Held, Opening};
use teranga_core::form::{Form, RecordKind};
use teranga_core::id::{Entropy, RecordId, Salt};
use teranga_core::key::Key;
use teranga_core::record::Envelope;
use teranga_core::time::Millis;
use teranga_core::value::Value;
use teranga_store::drafts::Draft;
use teranga_store::records::RecordRow;
use teranga_store::save::Heads;

use crate::device::Device;
use crate::error::ClientError;
use crate::interview::{Interview, Setting};

/// No randomness: nothing that is looked at draws any.
struct Still;

impl Entropy for Still {
    fn fill(&mut self, bytes: &mut [u8]) {
        bytes.fill(0);
    }
}

impl Device {
    /// Begins an interview: a new case with a case's form, or an assessment of a case.
    pub fn begin(
        &mut self,
        form: &str,
        case: Option<RecordId>,
        setting: Setting<'_>,
    ) -> Result<Interview, ClientError> {
        let interview = self.begin_in_memory(form, case, setting)?;
        self.replica_mut().begin_draft(&interview.draft)?;
        self.keep(&interview, &interview.filling.changes_since(&Answers::new()))?;
        Ok(interview)
    }

    /// Begins an interview of which nothing is kept before it is finished: for a sheet of answers.
    pub fn begin_in_memory(
        &self,
        form: &str,
        case: Option<RecordId>,
        setting: Setting<'_>,
    ) -> Result<Interview, ClientError> {
        let form = self.form(form)?;
        self.region()?;
        match (form.record_kind(), case) {
            (RecordKind::Case, _) => {}
            (RecordKind::Assessment, None) => {
                return Err(ClientError::NeedsCase { form: form.form_id().to_owned() });
            }
            (RecordKind::Assessment, Some(case)) => self.require_case(case)?,
        }
        let mut drawing = self.drawing();
        let record = RecordId::generate(setting.now, &mut drawing);
        let mut salt = Salt([0; 16]);
        drawing.fill(&mut salt.0);
        let draft = Draft {
            record,
            salt,
            form: form.reference().to_string(),
            case: case.filter(|_| form.record_kind() == RecordKind::Assessment),
            wave: None,
            started: setting.now,
            heads: Heads::new(),
        };
        self.interview(draft, form, Answers::new(), setting)
    }

    /// Goes on with an interview that was interrupted.
    pub fn resume(&self, record: RecordId, setting: Setting<'_>) -> Result<Interview, ClientError> {
        let draft = self.draft(record)?.ok_or(ClientError::NoDraft(record))?;
        let form = self.form(&draft.form)?;
        let answers = self.replica().draft_answers(record)?;
        self.interview(draft, form, answers, setting)
    }

    /// Opens a saved record again, with the form version that it was opened with; an interview of it that is under
    /// way goes on.
    pub fn edit(&mut self, record: RecordId, setting: Setting<'_>) -> Result<Interview, ClientError> {
        if self.draft(record)?.is_some() {
            return self.resume(record, setting);
        }
        let interview = self.edit_in_memory(record, setting)?;
        self.replica_mut().begin_draft(&interview.draft)?;
        Ok(interview)
    }

    /// Opens a saved record again, and keeps nothing before it is finished: for a sheet of answers, which is not mixed
    /// into an interview that is under way.
    pub fn edit_in_memory(&self, record: RecordId, setting: Setting<'_>) -> Result<Interview, ClientError> {
        if self.draft(record)?.is_some() {
            return Err(ClientError::DraftUnderWay(record));
        }
        let draft = self.reopened(record, setting.now)?;
        let form = self.form(&draft.form)?;
        self.interview(draft, form, Answers::new(), setting)
    }

    /// A draft of a saved record as it stands.
    pub(crate) fn reopened(&self, record: RecordId, now: Millis) -> Result<Draft, ClientError> {
        let row = self.require(record)?;
        let parts = self.replica().parts(record)?;
        Ok(Draft {
            record,
            salt: row.salt,
            form: row.form.ok_or(ClientError::UnknownRecord(record))?,
            case: row.case,
            wave: row.wave,
            started: now,
            heads: parts.into_iter().map(|part| (part.class, part.heads)).collect(),
        })
    }

    /// The keys under which several values stand.
    fn contested(&self, record: RecordId) -> Result<BTreeSet<Key>, ClientError> {
        let parts = self.replica().parts(record)?.into_iter();
        Ok(parts.flat_map(|part| part.conflicts).map(|conflict| conflict.key).collect())
    }

    pub(crate) fn draft(&self, record: RecordId) -> Result<Option<Draft>, ClientError> {
        Ok(self.replica().drafts()?.into_iter().find(|draft| draft.record == record))
    }

    pub(crate) fn interview(
        &self,
        mut draft: Draft,
        form: Arc<Form>,
        drafted: Answers,
        setting: Setting<'_>,
    ) -> Result<Interview, ClientError> {
        let values = self.values(draft.record)?;
        let envelope = Envelope::read(&values).ok();
        if let Some(envelope) = &envelope {
            // It may have been moved since the draft was begun.
            draft.case = envelope.case;
        }
        let stored: Answers = values.into_iter().filter(|(key, _)| !key.is_envelope()).collect();
        let opening = if stored.is_empty() && drafted.is_empty() { Opening::First } else { Opening::Again };
        let lineage = self.catalogue().lineage(&form);
        let before = lineage.carry(&stored).answers;
        let mut answers = before.clone();
        answers.extend(lineage.carry(&drafted).answers);
        let mut seed = [0u8; 32];
        setting.entropy.fill(&mut seed);
        let context = FlowContext {
            now: setting.now,
            begun: Some(draft.record.made_at()),
            language: setting.language.to_owned(),
            opening,
            held: Held::All,
            seed,
            device_id: Some(self.replica().id().to_string()),
            username: Some(self.replica().profile().person.clone()),
            ..FlowContext::default()
        };
        let lists = self.catalogue().lists_for(&form);
        let filling = Filling::new(Arc::clone(&form), &lists, answers, context);
        let contested = self.contested(draft.record)?;
        Ok(Interview { draft, form, filling, stored, before, envelope, lineage, contested })
    }

    /// A saved record with some values in place of what it holds, not to be saved: only to see what follows. None
    /// where its form is not here.
    pub(crate) fn look_at(
        &self,
        row: &RecordRow,
        values: &[(Key, Value)],
        now: Millis,
    ) -> Result<Option<Interview>, ClientError> {
        let Some(form) = row.form.as_ref().and_then(|form| self.form(form).ok()) else { return Ok(None) };
        let draft = Draft {
            record: row.record,
            salt: row.salt,
            form: form.reference().to_string(),
            case: row.case,
            wave: row.wave.clone(),
            started: now,
            heads: Heads::new(),
        };
        let drafted = values.iter().cloned().collect();
        let setting = Setting { now, language: form.default_language(), entropy: &mut Still };
        self.interview(draft, Arc::clone(&form), drafted, setting).map(Some)
    }
}
