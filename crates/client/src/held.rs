//! Answers that a hub did not take: what they were, and giving them again. They were taken out of the record, so that
//! everyone sees the same; given again they are an ordinary edit on what stands now.

use std::collections::BTreeMap;

use teranga_core::class::ClassId;
use teranga_core::id::RecordId;
use teranga_core::key::Key;
use teranga_core::value::Value;
use teranga_store::save::{DraftFate, PartEdit, Save, SavedChange};

use crate::device::Device;
use crate::error::ClientError;
use crate::interview::Setting;

impl Device {
    /// Gives the answers of a record again that were not taken. Those that stand already by now are not written twice.
    pub fn give_again(
        &mut self,
        record: RecordId,
        setting: Setting<'_>,
    ) -> Result<Vec<SavedChange>, ClientError> {
        let held = self.replica().held_answers(record)?;
        let salt = self.replica().record(record)?.ok_or(ClientError::UnknownRecord(record))?.salt;
        if held.is_empty() {
            return Err(ClientError::NothingHeld(record));
        }
        let mut parts: BTreeMap<ClassId, Vec<(Key, Value)>> = BTreeMap::new();
        for answer in held {
            parts.entry(answer.class).or_default().push((answer.key, answer.value));
        }
        let form = parts.values().flatten().find(|(key, _)| key.as_str() == teranga_core::record::keys::FORM);
        let form = match (form, self.replica().record(record)?.and_then(|row| row.form)) {
            (Some((_, Value::Text(form))), _) => form.clone(),
            (_, form) => form.unwrap_or_default(),
        };
        let parts = parts.into_iter().map(|(class, edits)| PartEdit { class, edits }).collect();
        let save = Save { record, salt, form, at: setting.now, parts, draft: DraftFate::Keep };
        Ok(self.replica_mut().save_again(&save)?)
    }

    /// Lets the answers of a record go that were not taken. They stay in the log, and nowhere else.
    pub fn let_go(&mut self, record: RecordId) -> Result<(), ClientError> {
        if !self.replica().records_held()?.contains(&record) {
            return Err(ClientError::NothingHeld(record));
        }
        Ok(self.replica_mut().settle_held(record)?)
    }
}
