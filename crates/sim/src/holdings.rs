//! Which changes somebody still holds, and so can bring, after a disk was exchanged or lost.

use std::collections::BTreeSet;

use teranga_core::id::ChangeHash;
use teranga_store::StoreError;

use crate::glance;
use crate::ledger::Promise;
use crate::machine::Machine;

/// What any machine holds: its author or a copy of its author, a hub, or a colleague, who brings it as a witness.
pub(crate) struct Holdings(BTreeSet<ChangeHash>);

impl Holdings {
    pub(crate) fn of(machines: &[Machine]) -> Result<Self, StoreError> {
        let mut held = BTreeSet::new();
        for replica in machines.iter().filter_map(Machine::replica) {
            held.extend(glance::held(replica)?);
        }
        Ok(Self(held))
    }

    pub(crate) fn contain(&self, promise: &Promise) -> bool {
        self.0.contains(&promise.hash)
    }
}
