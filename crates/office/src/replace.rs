//! Replacing a hub that is gone with its disk: which one is meant, and the code with which another takes its place.

use serde_json::{Value as Json, json};
use teranga_core::id::Entropy;
use teranga_core::time::Millis;
use teranga_sync::identity::replica_id;
use teranga_sync::introduction::{Introduction, ReplicaKind};

use crate::office::Office;
use crate::refusal::Refusal;
use crate::whom::is_called;

impl Office {
    /// A code for the hub that takes the place of this one. Only the home gives a place, for the devices know its key alone.
    pub(crate) fn replacing_code(
        &mut self,
        hub: &str,
        entropy: &mut dyn Entropy,
        now: Millis,
    ) -> Result<Json, Refusal> {
        if let Some(parent) = self.replica().uplink()? {
            return Err(Refusal::new("replace-at-home", &[("hub", &parent.name), ("url", &parent.url)]));
        }
        let old = self.gone(hub)?;
        let id = replica_id(&old.key);
        let code = self.new_replacing_code(id, entropy, now)?;
        let code = code.ok_or_else(|| unknown(hub))?;
        Ok(json!({ "code": code, "replaces": id, "office": old.office }))
    }

    /// The hub that is meant, by its identity or its name. A name may be that of the hub before it too.
    fn gone(&self, hub: &str) -> Result<Introduction, Refusal> {
        let (mut free, mut is_succeeded) = (Vec::new(), false);
        for known in self.replica().children()?.into_iter().map(|child| child.introduction) {
            if known.kind != ReplicaKind::Hub || !is_called(&known, hub) {
                continue;
            }
            if self.replica().is_succeeded(replica_id(&known.key))? {
                is_succeeded = true;
            } else {
                free.push(known);
            }
        }
        match free.pop() {
            Some(one) if free.is_empty() => Ok(one),
            Some(_) => Err(Refusal::new("hub-ambiguous", &[("hub", hub)])),
            None if is_succeeded => Err(Refusal::new("hub-succeeded", &[("hub", hub)])),
            None => Err(unknown(hub)),
        }
    }
}

fn unknown(hub: &str) -> Refusal {
    Refusal::new("hub-unknown", &[("hub", hub)])
}
