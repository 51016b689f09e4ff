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
    /// What devices hold of others, and of themselves.
    of_others: BTreeSet<ChangeHash>,
    own: BTreeSet<ChangeHash>,
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
            match machine.post {
                Post::Headquarters | Post::Region => holdings.at_hubs.extend(&hashes),
                Post::Device { .. } => {
                    let of_others = replica.written_by_others()?;
                    holdings.own.extend(hashes.iter().filter(|hash| !of_others.contains(hash)));
                    holdings.of_others.extend(hashes.iter().filter(|hash| of_others.contains(hash)));
                    holdings.by_device.entry(replica.id()).or_default().extend(&hashes);
                }
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

    /// Whether only a colleague's device holds something: nobody can bring it any more, and what builds on it waits for
    /// ever.
    pub(crate) fn has_orphans(&self) -> bool {
        self.of_others.iter().any(|hash| !self.at_hubs.contains(hash) && !self.own.contains(hash))
    }
}
