//! Requests are read on a thread of their own while the one before stands before the office. One is worked on and one is read:
//! more of them would be nothing but memory.

use std::sync::Arc;

use axum::body::Bytes;
use teranga_core::id::PublicKey;
use teranga_office::{Heard, Rejected};
use teranga_sync::version::Spoken;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::one_thread::{BrokeOff, OneThread};

/// Requests that are in memory as what was read of them.
const AT_ONCE: usize = 2;

/// Whoever reads requests.
#[derive(Debug)]
pub(crate) struct ReadAhead {
    thread: OneThread,
    places: Arc<Semaphore>,
    spoken: Spoken,
}

/// A request that was read.
#[derive(Debug)]
pub(crate) struct ReadRequest {
    pub(crate) heard: Heard,
    /// Its place, until it was worked on.
    pub(crate) place: OwnedSemaphorePermit,
}

impl ReadAhead {
    /// Starts the thread.
    pub(crate) fn start(spoken: Spoken) -> std::io::Result<Self> {
        Ok(Self { thread: OneThread::start("reader")?, places: Arc::new(Semaphore::new(AT_ONCE)), spoken })
    }

    /// Reads a request of the child with this key. Whoever asks comes in the order in which it asked, and waits without a thread.
    pub(crate) async fn read(
        &self,
        body: Bytes,
        key: PublicKey,
    ) -> Result<Result<ReadRequest, Rejected>, BrokeOff> {
        let place = Arc::clone(&self.places).acquire_owned().await.map_err(|_| BrokeOff)?;
        let spoken = self.spoken;
        self.thread.does(move || Ok(ReadRequest { heard: Heard::read(&body, &key, spoken)?, place })).await
    }
}

#[cfg(test)]
mod tests {
    use std::task::Poll;

    use teranga_client::invent::Seeded;
    use teranga_examples::NOW;
    use teranga_sync::session::{Plan, PushPlan};

    use super::*;

    #[tokio::test]
    async fn a_third_request_is_read_once_one_of_two_was_worked_on() {
        let folder = tempfile::tempdir().unwrap();
        let mut seed = Seeded(7);
        let mut hub = teranga_examples::hub(&folder.path().join("hub"), &mut seed);
        let mut device =
            teranga_examples::device(&folder.path().join("device"), "Awa Exemple", &mut hub, &mut seed);
        let plan = Plan { push: PushPlan::Pack { bytes_target: 1024 }, pull_bytes_max: 0 };
        let request = device.replica_mut().next_request(&plan, NOW).unwrap().unwrap();
        let body = Bytes::from(request.encode(device.replica().identity()));
        let key = device.replica().public_key();

        let reader = ReadAhead::start(hub.replica().spoken()).unwrap();
        let first = reader.read(body.clone(), key).await.unwrap().unwrap();
        let junk = reader.read(Bytes::from_static(b"junk"), key).await.unwrap();
        assert!(junk.is_err(), "it names nobody, and takes no place");
        let second = reader.read(body.clone(), key).await.unwrap().unwrap();
        let mut third = std::pin::pin!(reader.read(body, key));
        let now = std::future::poll_fn(|context| Poll::Ready(third.as_mut().poll(context).is_ready())).await;
        assert!(!now, "both places are taken");
        drop(first);
        assert!(third.await.unwrap().is_ok());
        drop(second);
    }
}
