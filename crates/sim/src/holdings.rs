//! Who holds which changes, and so which of them somebody can still bring after a disk was exchanged or lost.

use std::collections::{BTreeMap, BTreeSet};

use teranga_core::id::{ChangeHash, ReplicaId};
use teranga_store::{Replica, Status, StoreError};

use crate::ledger::Promise;
use crate::machine::{Machine, Post};

/// Who holds which changes.
#[derive(Default)]
pub(crate) struct Holdings {
    /// The replica that each machine is.
    replicas: Vec<Option<ReplicaId>>,
    /// What devices hold, copies of one device together.
    by_device: BTreeMap<ReplicaId, BTreeSet<ChangeHash>>,
    at_hubs: BTreeSet<ChangeHash>,
    pub(crate) anywhere: BTreeSet<ChangeHash>,
}

impl Holdings {
    pub(crate) fn of(machines: &[Machine]) -> Result<Self, StoreError> {
        let mut holdings = Self::default();
        for machine in machines {
            let replica = machine.replica();
            holdings.replicas.push(replica.map(Replica::id));
            let Some(replica) = replica else { continue };
            // What was let go is known by its hash alone.
            let whole = replica
                .census()?
                .into_iter()
                .filter(|(_, status)| !matches!(status, Status::Withheld | Status::LetGo));
            let hashes: Vec<ChangeHash> = whole.map(|(hash, _)| hash).collect();
            holdings.anywhere.extend(&hashes);
            match machine.post {
                Post::Headquarters | Post::Region => holdings.at_hubs.extend(&hashes),
                Post::Device { .. } => holdings.by_device.entry(replica.id()).or_default().extend(&hashes),
            }
        }
        Ok(holdings)
    }

    /// Its author, a copy of its author, and hubs can bring a change: what a colleague holds goes without a signature.
    pub(crate) fn can_bring(&self, promise: &Promise) -> bool {
        let author = self.replicas.get(promise.machine).copied().flatten();
        let at_author = author.and_then(|author| self.by_device.get(&author));
        self.at_hubs.contains(&promise.hash) || at_author.is_some_and(|held| held.contains(&promise.hash))
    }
}
