//! What the routes share: the office at work, the gate before it, the local door's secret, and the way to the parent.

use std::sync::Arc;

use teranga_core::problem::Problem;
use teranga_office::{Office, Rejected};
use teranga_store::{Replica, StoreError};
use teranga_sync::version::Spoken;
use tokio::runtime::Handle;

use crate::at_work::AtWork;
use crate::gate::{AtGate, Bounds, Callers};
use crate::link::Link;
use crate::one_thread::BrokeOff;
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
    rest: Rest,
    /// The versions of the protocol that are spoken here.
    pub(crate) spoken: Spoken,
    pub(crate) gate: AtGate,
    pub(crate) admin_secret: String,
    pub(crate) exposure: Exposure,
    pub(crate) parent: tokio::sync::Mutex<Option<Link>>,
}

impl HubState {
    pub(crate) fn new(
        office: AtWork,
        admin_secret: String,
        exposure: Exposure,
        parent: Option<Link>,
        bounds: &Bounds,
    ) -> Result<Self, StoreError> {
        let gate = AtGate::new(bounds, Callers::of(&office.lock())?);
        let (rest, spoken) = (Rest::default(), office.lock().replica().spoken());
        let parent = tokio::sync::Mutex::new(parent);
        Ok(Self { office, rest, spoken, gate, admin_secret, exposure, parent })
    }

    /// Works with the office, alone, off the network's threads. Whoever is gone before its turn comes is passed over.
    pub(crate) async fn office<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Office) -> Result<T, Rejected> + Send + 'static,
    ) -> Result<T, Rejected> {
        self.office.work(work).await.unwrap_or_else(|BrokeOff| Err(broke_off()))
    }

    /// The same on what is made ready before its turn, with what may leave something logged, which is applied after it: whether it
    /// was refused half way, and whether anybody still waits for its answer.
    pub(crate) async fn office_and_rest<R: Send + 'static, T: Send + 'static>(
        self: &Arc<Self>,
        ready: impl FnOnce() -> R + Send + 'static,
        leaves: impl FnOnce(&T) -> bool + Send + 'static,
        work: impl FnOnce(&mut Office, R) -> Result<T, Rejected> + Send + 'static,
    ) -> Result<T, Rejected> {
        // What waits for its turn does not keep the hub from closing.
        let (state, runtime) = (Arc::downgrade(self), Handle::current());
        let done = self.office.work_on(ready, move |office, ready| {
            let done = work(office, ready);
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
        let done = done.await.unwrap_or_else(|BrokeOff| Err(broke_off()));
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

fn broke_off() -> Rejected {
    Rejected::new(Problem::Internal, "the work on the office broke off")
}

impl Holder for HubState {
    fn with<T>(&self, work: impl FnOnce(&mut Replica) -> T) -> T {
        work(self.office.lock().replica_mut())
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use teranga_client::invent::Seeded;
    use teranga_examples::NOW;
    use teranga_sync::session::{Plan, PushPlan};
    use tokio::sync::oneshot;

    use super::*;

    /// Turns with the office after which whatever was begun has had its own.
    const TURNS: usize = 100;

    /// A hub, and what a device has for it.
    fn hub_and_work(folder: &Path) -> (Arc<HubState>, impl FnOnce(&mut Office) + use<>) {
        let mut seed = Seeded(7);
        let mut hub = teranga_examples::hub(&folder.join("hub"), &mut seed);
        let mut device = teranga_examples::device(&folder.join("device"), "Awa Exemple", &mut hub, &mut seed);
        let case = teranga_examples::invented(&mut device, "profile", None, &mut seed);
        teranga_examples::invented(&mut device, "rss", Some(case), &mut seed);
        let plan = Plan { push: PushPlan::Pack { bytes_target: 64 * 1024 }, pull_bytes_max: 0 };
        let request = device.replica_mut().next_request(&plan, NOW).unwrap().unwrap();
        let child = hub.replica().child(device.replica().id()).unwrap().unwrap();
        let logs = move |office: &mut Office| {
            let replica = office.replica_mut();
            for push in &request.pushes {
                replica.ingest(&child, request.line, push, NOW).unwrap();
            }
            assert!(replica.log_counts().unwrap().logged > 0);
        };
        let office = AtWork::start(hub).unwrap();
        let state = HubState::new(office, String::new(), Exposure::Protected, None, &Bounds::default());
        (Arc::new(state.unwrap()), logs)
    }

    async fn is_applied(state: &Arc<HubState>) -> bool {
        for _ in 0..TURNS {
            let counts = state.office(|office| Ok(office.replica().log_counts()?)).await.unwrap();
            if counts.logged == 0 && counts.applied > 0 {
                return true;
            }
        }
        false
    }

    #[tokio::test]
    async fn what_work_that_breaks_off_has_logged_is_applied_after_it() {
        let folder = tempfile::tempdir().unwrap();
        let (state, logs) = hub_and_work(folder.path());
        let work = |office: &mut Office, ()| {
            logs(office);
            panic!("on purpose")
        };
        let broke_off: Result<(), Rejected> = state.office_and_rest(|| (), |()| true, work).await;
        assert_eq!(broke_off.unwrap_err().problem, Problem::Internal);
        assert!(is_applied(&state).await);
    }

    #[tokio::test]
    async fn so_is_what_was_logged_for_somebody_who_does_not_wait_any_more() {
        let folder = tempfile::tempdir().unwrap();
        let (state, logs) = hub_and_work(folder.path());
        let (begins, has_begun) = oneshot::channel();
        let work = |office: &mut Office, ()| {
            begins.send(()).unwrap();
            logs(office);
            Ok(())
        };
        tokio::select! {
            biased;
            begun = has_begun => begun.unwrap(),
            _ = state.office_and_rest(|| (), |()| true, work) => panic!("it has begun before it ends"),
        }
        assert!(is_applied(&state).await);
    }
}
