//! A thread that does what it is given, one thing after the other. It is used in place of a pool, of which each thread keeps memory
//! of its own for what it had once held.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};

use tokio::sync::oneshot;

type Work = Box<dyn FnOnce() + Send>;

/// The thread.
#[derive(Debug)]
pub(crate) struct OneThread {
    /// None once it is dropped.
    thread: Option<(mpsc::Sender<Work>, JoinHandle<()>)>,
}

/// The thread is not there any more, or what was to be done panicked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BrokeOff;

impl OneThread {
    /// Starts it.
    pub(crate) fn start(name: &str) -> std::io::Result<Self> {
        let (given, works) = mpsc::channel::<Work>();
        let thread = thread::Builder::new().name(name.to_owned()).spawn(move || {
            for work in works {
                // What panicked is told to whoever waits, by being gone; the next is worked on as ever.
                drop(catch_unwind(AssertUnwindSafe(work)));
            }
        })?;
        Ok(Self { thread: Some((given, thread)) })
    }

    /// Has it do something. What has begun is done, though nobody waits for it any more.
    pub(crate) async fn does<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, BrokeOff> {
        let (told, done) = oneshot::channel();
        let (given, _) = self.thread.as_ref().ok_or(BrokeOff)?;
        given.send(Box::new(move || drop(told.send(work())))).map_err(|_| BrokeOff)?;
        done.await.map_err(|_| BrokeOff)
    }
}

impl Drop for OneThread {
    /// What has begun is done.
    fn drop(&mut self) {
        let Some((given, thread)) = self.thread.take() else { return };
        drop(given);
        // Nobody waits for the thread that they are on.
        if thread.thread().id() != thread::current().id() {
            drop(thread.join());
        }
    }
}
