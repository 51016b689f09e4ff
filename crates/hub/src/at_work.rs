//! The office, and the one thread that works with it. The work is one thing at a time anyway; on whichever thread of a pool
//! was free, each of them kept memory of its own for what it had once held, and fifty devices took three times what they
//! need.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread::{self, JoinHandle};

use teranga_office::Office;
use tokio::sync::{Semaphore, oneshot};

type Work = Box<dyn FnOnce() + Send>;

/// An office at work.
#[derive(Debug)]
pub(crate) struct AtWork {
    office: Arc<Mutex<Office>>,
    /// Whoever works with the office comes in the order in which it asked, and waits without a thread.
    turns: Arc<Semaphore>,
    /// None once it is dropped.
    thread: Option<(mpsc::Sender<Work>, JoinHandle<()>)>,
}

/// The office is not there any more, or what was to be done with it panicked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BrokeOff;

impl AtWork {
    /// Starts the thread.
    pub(crate) fn start(office: Office) -> std::io::Result<Self> {
        let (given, works) = mpsc::channel::<Work>();
        let thread = thread::Builder::new().name("office".to_owned()).spawn(move || {
            for work in works {
                // What panicked is told to whoever waits, by being gone; the next is worked on as ever.
                drop(catch_unwind(AssertUnwindSafe(work)));
            }
        })?;
        let (office, turns) = (Arc::new(Mutex::new(office)), Arc::new(Semaphore::new(1)));
        Ok(Self { office, turns, thread: Some((given, thread)) })
    }

    /// Works with the office, alone, off the network's threads. Whoever is gone before its turn comes is passed over; what
    /// has begun is done, though nobody waits for it any more.
    pub(crate) async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Office) -> T + Send + 'static,
    ) -> Result<T, BrokeOff> {
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|_| BrokeOff)?;
        let (office, (told, done)) = (Arc::clone(&self.office), oneshot::channel());
        let work = move || {
            let _turn = turn;
            let done = work(&mut lock(&office));
            drop(told.send(done));
        };
        let (given, _) = self.thread.as_ref().ok_or(BrokeOff)?;
        given.send(Box::new(work)).map_err(|_| BrokeOff)?;
        done.await.map_err(|_| BrokeOff)
    }

    /// The office, on the thread that asks.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Office> {
        lock(&self.office)
    }
}

impl Drop for AtWork {
    /// What has begun is done: then nobody has the office's replica open any more.
    fn drop(&mut self) {
        let Some((given, thread)) = self.thread.take() else { return };
        drop(given);
        // Nobody waits for the thread that they are on.
        if thread.thread().id() != thread::current().id() {
            drop(thread.join());
        }
    }
}

fn lock(office: &Mutex<Office>) -> MutexGuard<'_, Office> {
    // A transaction that panicked was rolled back: what the lock protects is whole.
    office.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
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
