//! A device that whoever carries its session holds alone.

use std::sync::{Mutex, PoisonError};

use teranga_client::Device;
use teranga_hub::synchronise::Holder;
use teranga_store::Replica;

pub(super) struct Held(pub(super) Mutex<Device>);

impl Holder for Held {
    fn with<T>(&self, work: impl FnOnce(&mut Replica) -> T) -> T {
        work(self.0.lock().unwrap_or_else(PoisonError::into_inner).replica_mut())
    }
}
