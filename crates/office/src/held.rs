//! What a hub holds aside, as its people look at it: whose, of which record, why and since when; and having it tried
//! again.

use serde_json::{Value as Json, json};
use teranga_core::id::RecordId;
use teranga_core::time::Millis;
use teranga_store::aside::Aside;
use teranga_store::{Status, StoreError};

use crate::office::Office;
use crate::refusal::Refusal;

/// Rounds of applying that a retry may take.
const ROUNDS: usize = 5;

impl Office {
    /// Everything that is held aside, that waits, or that was taken although its author was no more in charge.
    pub(crate) fn held_aside(&self) -> Result<Json, StoreError> {
        let told = |aside: Aside| {
            let author = self.replica().introduction(aside.origin)?;
            let fate = match aside.status {
                Status::Waiting => "waits",
                Status::Applied => "taken-late",
                Status::Quarantined | Status::Logged | Status::Withheld | Status::LetGo => "held",
            };
            Ok(json!({
                "record": aside.record,
                "person": author.as_ref().map(|author| &author.person),
                "office": author.as_ref().map(|author| &author.office),
                "fate": fate,
                "reason": aside.reason,
                "changes": aside.changes,
                "since": aside.since.map(Millis::to_rfc3339),
            }))
        };
        let all = self.replica().aside()?.into_iter().map(told);
        Ok(Json::Array(all.collect::<Result<_, StoreError>>()?))
    }

    /// Tries what is held aside of a record again. What the hub above did not take is tried again there and nowhere else.
    pub(crate) fn retry(&mut self, record: RecordId) -> Result<Json, Refusal> {
        let tried = self.replica_mut().try_again(record)?;
        let refused_above = self.replica().refused_above(record)?;
        let above = self.replica().uplink()?.map(|uplink| uplink.name).unwrap_or_default();
        if tried == 0 {
            let code = if refused_above > 0 { "refused-above" } else { "nothing-held" };
            return Err(Refusal::new(code, &[("record", &record.to_string()), ("hub", &above)]));
        }
        let applied = self.apply_some(ROUNDS)?;
        Ok(json!({
            "record": record,
            "tried": tried,
            "applied": applied.changes,
            "held": applied.quarantined,
            "refused_above": refused_above,
            "hub_above": above,
        }))
    }
}
