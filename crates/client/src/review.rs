//! Reviewing a record at an office: approving it as it stands here, or giving it back to whoever wrote it. Each is an
//! ordinary save that merges like any other; what is written meanwhile elsewhere, or later, is not approved and shows.

use std::collections::BTreeSet;

use teranga_core::class::ClassId;
use teranga_core::grant::{is_cleared, may_review};
use teranga_core::id::{EventId, RecordId};
use teranga_core::record::{Approved, Envelope, Event, EventKind, State};
use teranga_store::records::{PartView, RecordRow};
use teranga_store::save::SavedChange;

use crate::device::Device;
use crate::error::ClientError;
use crate::interview::Setting;

impl Device {
    /// Approves a record as it stands here.
    pub fn approve(
        &mut self,
        record: RecordId,
        setting: Setting<'_>,
    ) -> Result<Vec<SavedChange>, ClientError> {
        let (row, envelope) = self.reviewed(record)?;
        let parts = self.replica().parts(record)?;
        if let Some(conflict) = parts.iter().flat_map(|part| &part.conflicts).next() {
            return Err(ClientError::ApproveConflict { record, key: conflict.key.to_string() });
        }
        let open = parts.into_iter().find(|part| part.class.as_str() == "open");
        let open = open.map(|PartView { values, .. }| values).unwrap_or_default();
        let heads = self.replica().heads_but_open(record)?;
        let approved = Approved::of(&envelope, &open, heads, self.unseen(&row));
        self.save_review(&row, EventKind::Approved(approved), setting)
    }

    /// Gives a record back to whoever wrote it, with what is wanted.
    pub fn give_back(
        &mut self,
        record: RecordId,
        reason: &str,
        setting: Setting<'_>,
    ) -> Result<Vec<SavedChange>, ClientError> {
        let (row, envelope) = self.reviewed(record)?;
        let returned = EventKind::Returned { reason: reason.to_owned(), after: envelope.reviews_known() };
        self.save_review(&row, returned, setting)
    }

    /// A record that may be reviewed here.
    fn reviewed(&self, record: RecordId) -> Result<(RecordRow, Envelope), ClientError> {
        let row = self.require(record)?;
        if !may_review(&self.replica().profile().audience) {
            return Err(ClientError::ReviewElsewhere(record));
        }
        let envelope = Envelope::read(&self.values(record)?).ok();
        let submitted = envelope.filter(|_| row.state == State::Submitted);
        Ok((row, submitted.ok_or(ClientError::NotSubmitted(record))?))
    }

    /// The classes of a record's form that this device may not hold.
    fn unseen(&self, row: &RecordRow) -> BTreeSet<ClassId> {
        let Some(form) = row.form.as_ref().and_then(|form| self.form(form).ok()) else {
            return BTreeSet::new();
        };
        let audience = &self.replica().profile().audience;
        let classes = form.questions().map(|question| &question.class);
        classes.filter(|class| !is_cleared(audience, class)).cloned().collect()
    }

    fn save_review(
        &mut self,
        row: &RecordRow,
        kind: EventKind,
        setting: Setting<'_>,
    ) -> Result<Vec<SavedChange>, ClientError> {
        let event = Event { at: setting.now, kind };
        let edit = Envelope::write_event(EventId::generate(setting.now, &mut self.drawing()), &event);
        self.save_open(row, edit.into_iter().collect(), &setting)
    }
}
