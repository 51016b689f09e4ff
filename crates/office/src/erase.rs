//! Erasure as an office asks for it and looks at it: destroying a record everywhere, and who has confirmed that it is gone.

use serde_json::{Value as Json, json};
use teranga_core::id::{RecordId, ReplicaId};
use teranga_core::time::Millis;
use teranga_store::StoreError;
use teranga_store::erase::Erased;

use crate::office::Office;
use crate::refusal::Refusal;

impl Office {
    /// Destroys a record, and of a case its assessments. Only headquarters decides it, since what one office erased and
    /// another keeps would come back.
    pub(crate) fn erase(&mut self, record: RecordId, now: Millis) -> Result<Json, Refusal> {
        if let Some(parent) = self.replica().uplink()? {
            return Err(Refusal::new("erase-at-home", &[("hub", &parent.name), ("url", &parent.url)]));
        }
        if self.replica().record(record)?.is_none() {
            return Err(Refusal::new("record-unknown", &[("record", &record.to_string())]));
        }
        let erased = self.replica_mut().erase(record, now)?;
        if erased.is_empty() {
            return Err(Refusal::new("record-erased", &[("record", &record.to_string())]));
        }
        Ok(json!({ "erased": erased }))
    }

    /// Every erasure, with who confirmed it and who may have held the record and has not.
    pub(crate) fn erasures(&self) -> Result<Json, StoreError> {
        let all = self.replica().erasures()?.into_iter().map(|erased| self.told(erased));
        Ok(Json::Array(all.collect::<Result<_, _>>()?))
    }

    fn told(&self, erased: Erased) -> Result<Json, StoreError> {
        let named = |replicas: Vec<ReplicaId>| -> Result<Vec<Json>, StoreError> {
            replicas.into_iter().map(|replica| self.named(replica)).collect()
        };
        Ok(json!({
            "record": erased.record,
            "at": erased.at.to_rfc3339(),
            "confirmed": named(erased.confirmed)?,
            "outstanding": named(erased.outstanding)?,
        }))
    }

    fn named(&self, replica: ReplicaId) -> Result<Json, StoreError> {
        let known = self.replica().introduction(replica)?;
        Ok(json!({
            "replica": replica,
            "person": known.as_ref().map(|known| &known.person),
            "office": known.as_ref().map(|known| &known.office),
        }))
    }
}
