//! What the routes share: the office behind its lock, the local door's secret, and how to work with the office off
//! the network's threads.

use std::sync::{Arc, Mutex, PoisonError};

use teranga_core::problem::Problem;
use teranga_office::{Office, Rejected};
use teranga_store::{Replica, StoreError};
use tokio::sync::Semaphore;

use crate::gate::{AtGate, Bounds, Callers};
use crate::link::Link;
use crate::synchronise::Holder;

/// Why a hub reminds its people of something at every status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exposure {
    /// TLS, or loopback only.
    Protected,
    /// A network without TLS, because somebody said so.
    InsecureLan,
}

/// A running hub.
#[derive(Debug)]
pub(crate) struct HubState {
    office: Mutex<Office>,
    /// Whoever works with the office comes in the order in which it asked, and waits without a thread.
    turns: Arc<Semaphore>,
    pub(crate) gate: AtGate,
    pub(crate) admin_secret: String,
    pub(crate) exposure: Exposure,
    pub(crate) parent: tokio::sync::Mutex<Option<Link>>,
}

impl HubState {
    pub(crate) fn new(
        office: Office,
        admin_secret: String,
        exposure: Exposure,
        parent: Option<Link>,
        bounds: &Bounds,
    ) -> Result<Self, StoreError> {
        let gate = AtGate::new(bounds, Callers::of(&office)?);
        let (office, turns) = (Mutex::new(office), Arc::new(Semaphore::new(1)));
        Ok(Self { office, turns, gate, admin_secret, exposure, parent: tokio::sync::Mutex::new(parent) })
    }

    /// Works with the office, alone, on a thread that may block. Whoever is gone before its turn comes is passed over.
    pub(crate) async fn office<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&mut Office) -> Result<T, Rejected> + Send + 'static,
    ) -> Result<T, Rejected> {
        let closed = |_| Rejected::new(Problem::Internal, "no turn is given any more");
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(closed)?;
        let state = Arc::clone(self);
        let joined = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work(&mut state.lock())
        })
        .await;
        joined.unwrap_or_else(|_| Err(Rejected::new(Problem::Internal, "the work on the office broke off")))
    }

    /// Applies what an exchange left logged, a transaction at a time, so that others are served in between.
    pub(crate) fn apply_the_rest(self: &Arc<Self>) {
        let state = Arc::clone(self);
        tokio::spawn(async move {
            loop {
                match state.office(|office| Ok(office.apply_some(1)?)).await {
                    Ok(applied) if applied.left => {}
                    Ok(_) => return,
                    Err(error) => {
                        tracing::warn!(detail = %error.detail, "applying what is logged failed; the next exchange tries again");
                        return;
                    }
                }
            }
        });
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Office> {
        // A transaction that panicked was rolled back: what the lock protects is whole.
        self.office.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Holder for HubState {
    fn with<T>(&self, work: impl FnOnce(&mut Replica) -> T) -> T {
        work(self.lock().replica_mut())
    }
}
