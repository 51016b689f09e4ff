//! The office, and the one thread that works with it. The work is one thing at a time anyway; on a pool of threads fifty devices
//! took three times the memory that they need.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use teranga_office::Office;
use tokio::sync::Semaphore;

use crate::one_thread::{BrokeOff, OneThread};

/// An office at work.
#[derive(Debug)]
pub(crate) struct AtWork {
    office: Arc<Mutex<Office>>,
    /// Whoever works with the office comes in the order in which it asked, and waits without a thread.
    turns: Arc<Semaphore>,
    /// Last: once it is gone nobody has the office's replica open any more.
    thread: OneThread,
}

impl AtWork {
    /// Starts the thread.
    pub(crate) fn start(office: Office) -> std::io::Result<Self> {
        let (office, turns) = (Arc::new(Mutex::new(office)), Arc::new(Semaphore::new(1)));
        Ok(Self { office, turns, thread: OneThread::start("office")? })
    }

    /// Works with the office, alone, off the network's threads. Whoever is gone before its turn comes is passed over; what
    /// has begun is done, though nobody waits for it any more.
    pub(crate) async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Office) -> T + Send + 'static,
    ) -> Result<T, BrokeOff> {
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|_| BrokeOff)?;
        let office = Arc::clone(&self.office);
        let work = move || {
            let _turn = turn;
            work(&mut lock(&office))
        };
        self.thread.does(work).await
    }

    /// The office, on the thread that asks.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Office> {
        lock(&self.office)
    }
}

fn lock(office: &Mutex<Office>) -> MutexGuard<'_, Office> {
    // A transaction that panicked was rolled back: what the lock protects is whole.
    office.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread;

    use teranga_client::invent::Seeded;

    use super::*;

    fn at_work() -> (tempfile::TempDir, AtWork) {
        let folder = tempfile::tempdir().unwrap();
        let hub = teranga_examples::hub(folder.path(), &mut Seeded(7));
        (folder, AtWork::start(hub).unwrap())
    }

    #[tokio::test]
    async fn work_that_panics_is_told_as_broken_off_and_the_next_is_done_on_the_same_thread() {
        let (_folder, office) = at_work();
        let first = office.work(|_| thread::current().id()).await.unwrap();
        assert_eq!(office.work(|_| panic!("on purpose")).await, Err::<(), _>(BrokeOff));
        assert_eq!(office.work(|_| thread::current().id()).await, Ok(first));
    }

    #[tokio::test]
    async fn what_has_begun_is_done_though_nobody_waits_for_it() {
        let (_folder, office) = at_work();
        let (told, heard) = mpsc::channel();
        asked_once(office.work(move |_| told.send(7))).await;
        drop(office);
        assert_eq!(heard.try_recv(), Ok(7), "it was waited for");
    }

    #[tokio::test]
    async fn whoever_is_gone_before_its_turn_is_passed_over() {
        let (_folder, office) = at_work();
        let turn = Arc::clone(&office.turns).acquire_owned().await.unwrap();
        let (told, heard) = mpsc::channel::<u8>();
        asked_once(office.work(move |_| told.send(7))).await;
        drop(turn);
        assert!(office.work(|_| ()).await.is_ok());
        assert!(heard.recv().is_err());
    }

    /// Asks once whether it is done, and then waits no more.
    async fn asked_once<T>(work: impl Future<Output = T>) {
        let mut work = std::pin::pin!(work);
        std::future::poll_fn(|context| {
            drop(work.as_mut().poll(context));
            std::task::Poll::Ready(())
        })
        .await;
    }
}
