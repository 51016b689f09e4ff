//! Going on with a record under a later version of its form: on request, after a look at what becomes of each answer.
//! Nothing that was answered is dropped; what the later version does not ask stays stored.

use std::sync::Arc;

use teranga_core::flow::{Answers, Finding};
use teranga_core::form::{Form, FormRef};
use teranga_core::id::RecordId;
use teranga_core::key::Key;
use teranga_core::value::Value;
use teranga_core::versions::{KeptAside, Lineage};
use teranga_store::records::{PartView, RecordRow};

use crate::device::Device;
use crate::error::ClientError;
use crate::interview::{Interview, Setting};

/// What going on under a later version makes of a record.
#[derive(Debug, Clone)]
pub struct Upgrade {
    /// The version that it has.
    pub from: FormRef,
    /// The version that it gets.
    pub to: FormRef,
    /// Answers that read otherwise: the question in the later version, what it holds before the change and after.
    pub read_otherwise: Vec<(Key, Option<Value>, Value)>,
    /// Answers that the later version does not ask: kept, and not shown in it.
    pub kept_aside: Vec<KeptAside>,
    /// What is still to be answered or corrected in the later version.
    pub open: Vec<Finding>,
}

impl Device {
    /// The parts of a record as the version of its form reads them.
    pub fn parts(&self, row: &RecordRow) -> Result<Vec<PartView>, ClientError> {
        let form = row.form.as_ref().and_then(|form| self.form(form).ok());
        let lineage = form.map_or_else(|| Lineage::new(Vec::new()), |form| self.catalogue().lineage(&form));
        Ok(self.replica().parts_under(row.record, &lineage)?)
    }

    /// What parts of a record hold that this version of its form does not ask: nothing that was answered is out of sight.
    pub fn kept_aside(&self, form: &Form, parts: &[PartView]) -> Vec<KeptAside> {
        let answers = parts.iter().flat_map(|part| part.values.clone()).collect();
        self.catalogue().lineage(form).kept_aside(&answers)
    }

    /// What going on under the latest version would make of a record, or of its draft. Nothing is changed.
    pub fn upgrade_of(&self, record: RecordId, setting: Setting<'_>) -> Result<Upgrade, ClientError> {
        let (draft, drafted) = match self.draft(record)? {
            Some(draft) => (draft, self.replica().draft_answers(record)?),
            None => (self.reopened(record, setting.now)?, Answers::new()),
        };
        let before = self.form(&draft.form)?;
        let latest = self.form(before.form_id())?;
        let (from, to) = (before.reference(), latest.reference());
        if from == to {
            return Err(ClientError::LatestVersion { record, form: to.to_string() });
        }
        let mut stored = self.values(record)?;
        stored.retain(|key, _| !key.is_envelope());
        stored.extend(drafted.clone());
        let interview = self.interview(draft, Arc::clone(&latest), drafted, setting)?;
        let carried = interview.lineage.carry(&stored).answers;
        let otherwise = carried
            .iter()
            .filter(|(key, value)| latest.locate(key).is_some() && stored.get(*key) != Some(*value));
        let otherwise = otherwise.map(|(key, value)| (key.clone(), stored.get(key).cloned(), value.clone()));
        Ok(Upgrade {
            from,
            to,
            read_otherwise: otherwise.collect(),
            kept_aside: interview.lineage.kept_aside(&carried),
            open: interview.findings(),
        })
    }

    /// Goes on with a record, or with its draft, under the latest version of its form.
    pub fn upgrade(&mut self, record: RecordId, setting: Setting<'_>) -> Result<Interview, ClientError> {
        let Upgrade { to, .. } = self.upgrade_of(
            record,
            Setting { now: setting.now, language: setting.language, entropy: setting.entropy },
        )?;
        if self.draft(record)?.is_none() {
            let interview = self.edit_in_memory(record, Setting { entropy: setting.entropy, ..setting })?;
            self.replica_mut().begin_draft(&interview.draft)?;
        }
        self.replica_mut().upgrade_draft(record, &to.to_string())?;
        self.resume(record, setting)
    }
}
