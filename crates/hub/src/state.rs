//! What the routes share: the office at work, the gate before it, the local door's secret, and the way to the parent.

use std::sync::Arc;

use axum::body::Bytes;
use teranga_core::id::PublicKey;
use teranga_core::problem::Problem;
use teranga_office::{Office, Rejected};
use teranga_store::{Replica, StoreError};
use tokio::runtime::Handle;

use crate::at_work::AtWork;
use crate::gate::{AtGate, Bounds, Callers};
use crate::link::Link;
use crate::one_thread::BrokeOff;
use crate::read_ahead::{ReadAhead, ReadRequest};
use crate::rest::Rest;
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
    office: AtWork,
    reader: ReadAhead,
    rest: Rest,
    pub(crate) gate: AtGate,
    pub(crate) admin_secret: String,
    pub(crate) exposure: Exposure,
    pub(crate) parent: tokio::sync::Mutex<Option<Link>>,
}

impl HubState {
    pub(crate) fn new(
        (office, reader): (AtWork, ReadAhead),
        admin_secret: String,
        exposure: Exposure,
        parent: Option<Link>,
        bounds: &Bounds,
    ) -> Result<Self, StoreError> {
        let gate = AtGate::new(bounds, Callers::of(&office.lock())?);
        let rest = Rest::default();
        Ok(Self {
            office,
            reader,
            rest,
            gate,
            admin_secret,
            exposure,
            parent: tokio::sync::Mutex::new(parent),
        })
    }

    /// Reads a request of the child with this key, before its turn.
    pub(crate) async fn read(&self, body: Bytes, key: PublicKey) -> Result<ReadRequest, Rejected> {
        let read = self.reader.read(body, key).await;
        read.unwrap_or_else(|BrokeOff| Err(Rejected::new(Problem::Internal, "reading the request broke off")))
    }

    /// Works with the office, alone, off the network's threads. Whoever is gone before its turn comes is passed over.
    pub(crate) async fn office<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Office) -> Result<T, Rejected> + Send + 'static,
    ) -> Result<T, Rejected> {
        let done = self.office.work(work).await;
        done.unwrap_or_else(|BrokeOff| {
            Err(Rejected::new(Problem::Internal, "the work on the office broke off"))
        })
    }

    /// The same with what may leave something logged, which is applied after it: whether it was refused half way, and whether
    /// anybody still waits for its answer.
    pub(crate) async fn office_and_rest<T: Send + 'static>(
        self: &Arc<Self>,
        leaves: impl FnOnce(&T) -> bool + Send + 'static,
        work: impl FnOnce(&mut Office) -> Result<T, Rejected> + Send + 'static,
    ) -> Result<T, Rejected> {
        // What waits for its turn does not keep the hub from closing.
        let (state, runtime) = (Arc::downgrade(self), Handle::current());
        let done = self.office(move |office| {
            let done = work(office);
            let may_leave = match &done {
                Ok(done) => leaves(done),
                // Nobody was heard.
                Err(rejected) => rejected.problem != Problem::Unauthorised,
            };
            if let Some(state) = state.upgrade().filter(|_| may_leave) {
                state.apply_the_rest_on(&runtime);
            }
            done
        });
        let done = done.await;
        if done.as_ref().is_err_and(|rejected| rejected.problem == Problem::Internal) {
            // It may have broken off before it came to that.
            self.apply_the_rest();
        }
        done
    }

    /// Applies what is logged, a transaction at a time, so that others are served in between.
    pub(crate) fn apply_the_rest(self: &Arc<Self>) {
        self.apply_the_rest_on(&Handle::current());
    }

    fn apply_the_rest_on(self: &Arc<Self>, runtime: &Handle) {
        if !self.rest.begins() {
            return;
        }
        let state = Arc::clone(self);
        runtime.spawn(async move {
            loop {
                state.rest.looks();
                while state.applies_more().await {}
                if !state.rest.goes_on() {
                    return;
                }
            }
        });
    }

    /// Applies a round; whether anything is left.
    async fn applies_more(&self) -> bool {
        match self.office(|office| Ok(office.apply_some(1)?)).await {
            Ok(applied) => applied.is_left(),
            Err(error) => {
                tracing::warn!(detail = %error.detail, "applying what is logged failed; the next exchange tries again");
                false
            }
        }
    }
}

impl Holder for HubState {
    fn with<T>(&self, work: impl FnOnce(&mut Replica) -> T) -> T {
        work(self.office.lock().replica_mut())
    }
}
