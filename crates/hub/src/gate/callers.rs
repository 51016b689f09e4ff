//! Who may speak here, known without the office's lock: a child's identity is the hash of its key, so what was once
//! looked up holds for ever. Whether it was revoked since the office says itself. Whoever is not known is looked up
//! beside the slots of those who are, so that strangers do not fill them while the office works.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Bytes;
use teranga_core::id::{PublicKey, ReplicaId};
use teranga_core::problem::Problem;
use teranga_office::{Office, Rejected};
use teranga_sync::identity::{replica_id, verify};
use teranga_sync::message::Ends;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::state::HubState;

/// The children that are known, at most those that were ever enrolled here.
#[derive(Debug)]
pub(crate) struct Callers {
    known: Mutex<HashMap<ReplicaId, Caller>>,
}

/// A child.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    key: PublicKey,
    /// One of its requests at a time stands before the office.
    turn: Arc<Semaphore>,
}

impl Callers {
    /// Those that are enrolled when the hub starts.
    pub(crate) fn of(office: &Office) -> teranga_store::Result<Self> {
        let callers = Self { known: Mutex::default() };
        for child in office.replica().children()? {
            callers.note(child.introduction.key);
        }
        Ok(callers)
    }

    fn get(&self, child: ReplicaId) -> Option<Caller> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&child).cloned()
    }

    fn note(&self, key: PublicKey) -> Caller {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let caller = || Caller { key, turn: Arc::new(Semaphore::new(1)) };
        known.entry(replica_id(&key)).or_insert_with(caller).clone()
    }
}

/// The child that a request names.
pub(crate) async fn find(state: &Arc<HubState>, from: SocketAddr, ends: Ends) -> Result<Caller, Rejected> {
    if let Some(caller) = state.gate.callers.get(ends.child) {
        return Ok(caller);
    }
    let slot = state.gate.other(from)?;
    let key = state
        .office(move |office| {
            let _slot = slot;
            office.caller(ends)
        })
        .await?;
    Ok(state.gate.callers.note(key))
}

impl Caller {
    /// Its key.
    pub(crate) fn key(&self) -> PublicKey {
        self.key
    }

    /// Whether it signed this. Junk in its name ends here, beside the office and not before it.
    pub(crate) async fn check(&self, body: Bytes) -> Result<(), Rejected> {
        let key = self.key;
        let holds = tokio::task::spawn_blocking(move || {
            body.split_last_chunk().is_some_and(|(signed, signature)| verify(&key, signed, signature))
        });
        if holds.await.unwrap_or_default() {
            return Ok(());
        }
        Err(Rejected::new(Problem::Unauthorised, "the signature does not hold"))
    }

    /// Its turn.
    pub(crate) async fn turn(&self) -> Result<OwnedSemaphorePermit, Rejected> {
        let turn = Arc::clone(&self.turn).acquire_owned().await;
        turn.map_err(|_| Rejected::new(Problem::Internal, "no turn is given any more"))
    }
}

#[cfg(test)]
mod tests {
    use teranga_sync::identity::Identity;

    use super::*;

    #[tokio::test]
    async fn junk_in_the_name_of_a_child_is_known_for_it_while_the_child_is_answered() {
        let child = Identity::from_secret([1; 32]);
        let callers = Callers { known: Mutex::default() };
        callers.note(child.public_key());
        let caller = callers.get(child.replica()).unwrap();
        let _turn = caller.turn().await.unwrap();
        let mut request = b"what a child asks".to_vec();
        request.extend(child.sign(&request));
        caller.check(request.clone().into()).await.unwrap();
        request[0] ^= 1;
        let refused = caller.check(request.into()).await.unwrap_err();
        assert_eq!(refused.problem, Problem::Unauthorised);
        assert!(caller.check(Bytes::from_static(b"short")).await.is_err());
    }
}
