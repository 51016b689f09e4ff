//! Edits: all that one save writes into one part becomes one change, which is what travels, what is signed and what
//! history shows. Nothing is written that stands already.

use std::collections::BTreeMap;

use automerge::transaction::{CommitOptions, Transactable};
use automerge::{ROOT, ReadDoc};
use teranga_core::id::ActorId;
use teranga_core::key::Key;
use teranga_core::time::Millis;
use teranga_core::value::Value;

use crate::part::{NewChange, OWN, Part, PartError};
use crate::scalar;

impl Part {
    /// Writes all edits as one change. A value that stands already, and stands alone, is left; where all do, there is
    /// no change. A value put on a key in conflict settles it: it is causally later than every value there, and so
    /// wins on every replica. Of two edits of one key the last counts.
    ///
    /// # Errors
    /// [`PartError::Edit`] for a number that is not finite and for the keys that say which part this is; then nothing
    /// is written.
    pub fn edit(
        &mut self,
        actor: ActorId,
        time: Millis,
        message: &str,
        edits: &[(Key, Value)],
    ) -> Result<Option<NewChange>, PartError> {
        let new = self.new_values(edits)?;
        if new.is_empty() {
            return Ok(None);
        }
        self.doc.set_actor(automerge::ActorId::from(actor.as_bytes().as_slice()));
        let mut transaction = self.doc.transaction();
        for (key, value) in new {
            transaction.put(ROOT, key.as_str(), scalar::write(value)).map_err(|_| PartError::Edit)?;
        }
        let options = CommitOptions::default().with_message(message).with_time(time.0);
        let (hash, _) = transaction.commit_with(options);
        let change = hash.and_then(|hash| self.doc.get_change_by_hash(&hash));
        Ok(change.as_ref().map(NewChange::of))
    }

    /// What of these edits says something new, in the order of the keys: the same edits make the same change.
    fn new_values<'a>(&self, edits: &'a [(Key, Value)]) -> Result<BTreeMap<&'a Key, &'a Value>, PartError> {
        if !edits.iter().all(|(key, value)| editable(key, value)) {
            return Err(PartError::Edit);
        }
        let view = self.view()?;
        let mut new: BTreeMap<&Key, &Value> = edits.iter().map(|(key, value)| (key, value)).collect();
        new.retain(|key, value| view.values.get(key) != Some(value) || view.conflict(key).is_some());
        Ok(new)
    }
}

fn editable(key: &Key, value: &Value) -> bool {
    let finite = match value {
        Value::Decimal(number) => number.is_finite(),
        Value::Cleared | Value::Bool(_) | Value::Int(_) | Value::Text(_) | Value::NoAnswer(_) => true,
    };
    finite && !OWN.contains(&key.as_str())
}
