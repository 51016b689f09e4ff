//! Acts on a saved record: moving an interview that was entered on the wrong case, voiding a test, taking it back. Each
//! is an ordinary save that merges like any other.

use teranga_core::class::ClassId;
use teranga_core::form::RecordKind;
use teranga_core::id::{EventId, RecordId};
use teranga_core::key::Key;
use teranga_core::record::{Envelope, Event, EventKind, keys};
use teranga_core::time::Millis;
use teranga_core::value::Value;
use teranga_store::records::RecordRow;
use teranga_store::save::{DraftFate, PartEdit, Save, SavedChange};

use crate::device::Device;
use crate::error::ClientError;
use crate::interview::Setting;

impl Device {
    /// Moves an assessment to another case.
    pub fn move_to(
        &mut self,
        record: RecordId,
        case: RecordId,
        setting: Setting<'_>,
    ) -> Result<Vec<SavedChange>, ClientError> {
        let row = self.require(record)?;
        if self.is_case(&row) {
            return Err(ClientError::IsACase(record));
        }
        self.require_case(case)?;
        let moved = EventKind::Moved { from: row.case, to: case };
        let mut edits = vec![(Key::question(keys::CASE), Value::text(case.to_string()))];
        edits.extend(self.wave_in(record, case, setting.now)?);
        self.act(&row, edits, moved, setting)
    }

    /// Voids a record: it stays readable and leaves every count.
    pub fn void(
        &mut self,
        record: RecordId,
        reason: &str,
        setting: Setting<'_>,
    ) -> Result<Vec<SavedChange>, ClientError> {
        let row = self.require(record)?;
        self.act(&row, Vec::new(), EventKind::Voided { reason: reason.to_owned() }, setting)
    }

    /// Takes every voiding of a record back.
    pub fn restore(
        &mut self,
        record: RecordId,
        setting: Setting<'_>,
    ) -> Result<Vec<SavedChange>, ClientError> {
        let row = self.require(record)?;
        let Ok(envelope) = Envelope::read(&self.values(record)?) else { return Ok(Vec::new()) };
        let mut edits = Vec::new();
        for voided in envelope.standing_voids() {
            let event = Event { at: setting.now, kind: EventKind::Restored { voided } };
            edits.extend(Envelope::write_event(EventId::generate(setting.now, &mut self.drawing()), &event));
        }
        self.save_open(&row, edits, &setting)
    }

    pub(crate) fn require(&self, record: RecordId) -> Result<RecordRow, ClientError> {
        self.replica().record(record)?.ok_or(ClientError::UnknownRecord(record))
    }

    fn is_case(&self, row: &RecordRow) -> bool {
        let form = row.form.as_ref().and_then(|form| self.form(form).ok());
        form.is_some_and(|form| form.record_kind() == RecordKind::Case)
    }

    fn act(
        &mut self,
        row: &RecordRow,
        mut edits: Vec<(Key, Value)>,
        kind: EventKind,
        setting: Setting<'_>,
    ) -> Result<Vec<SavedChange>, ClientError> {
        let event = Event { at: setting.now, kind };
        edits.extend(Envelope::write_event(EventId::generate(setting.now, &mut self.drawing()), &event));
        self.save_open(row, edits, &setting)
    }

    pub(crate) fn save_open(
        &mut self,
        row: &RecordRow,
        edits: Vec<(Key, Value)>,
        setting: &Setting<'_>,
    ) -> Result<Vec<SavedChange>, ClientError> {
        Ok(self.replica_mut().save(&saving(row, ClassId::new("open"), edits, setting.now))?)
    }
}

/// A save of one part of a record that is held.
pub(crate) fn saving(row: &RecordRow, class: ClassId, edits: Vec<(Key, Value)>, at: Millis) -> Save {
    Save {
        record: row.record,
        salt: row.salt,
        form: row.form.clone().unwrap_or_default(),
        at,
        parts: vec![PartEdit { class, edits }],
        draft: DraftFate::Keep,
    }
}
