//! The office, and the one thread that works with it. The work is one thing at a time anyway; on a pool of threads fifty devices
//! took three times the memory that they need. What a work needs that is not of the office, reading a request, a second thread does
//! meanwhile for whoever is next.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use teranga_office::Office;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::one_thread::{BrokeOff, OneThread};

/// Works that are near the office: one is at it, and one is next. More of them made ready would be nothing but memory.
pub(crate) const NEAR: usize = 2;

/// An office at work.
#[derive(Debug)]
pub(crate) struct AtWork {
    office: Arc<Mutex<Office>>,
    /// Whoever works with the office comes near it in the order in which it asked, and waits without a thread.
    near: Arc<Semaphore>,
    turns: Arc<Semaphore>,
    reader: OneThread,
    /// Last: once it is gone nobody has the office's replica open any more.
    thread: OneThread,
}

impl AtWork {
    /// Starts the threads.
    pub(crate) fn start(office: Office) -> std::io::Result<Self> {
        let places = |count| Arc::new(Semaphore::new(count));
        let (reader, thread) = (OneThread::start("reader")?, OneThread::start("office")?);
        let office = Arc::new(Mutex::new(office));
        Ok(Self { office, near: places(NEAR), turns: places(1), reader, thread })
    }

    /// Works with the office, alone, off the network's threads. Whoever is gone before its turn comes is passed over; what
    /// has begun is done, though nobody waits for it any more.
    pub(crate) async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Office) -> T + Send + 'static,
    ) -> Result<T, BrokeOff> {
        let near = place(&self.near).await?;
        self.in_turn(near, work).await
    }

    /// The same with what is made ready before, once it is next.
    pub(crate) async fn work_on<R: Send + 'static, T: Send + 'static>(
        &self,
        ready: impl FnOnce() -> R + Send + 'static,
        work: impl FnOnce(&mut Office, R) -> T + Send + 'static,
    ) -> Result<T, BrokeOff> {
        let near = place(&self.near).await?;
        let ready = self.reader.does(ready).await?;
        self.in_turn(near, |office| work(office, ready)).await
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        near: OwnedSemaphorePermit,
        work: impl FnOnce(&mut Office) -> T + Send + 'static,
    ) -> Result<T, BrokeOff> {
        let turn = place(&self.turns).await?;
        let office = Arc::clone(&self.office);
        let work = move || {
            let _until_done = (near, turn);
            work(&mut lock(&office))
        };
        self.thread.does(work).await
    }

    /// The office, on the thread that asks.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Office> {
        lock(&self.office)
    }
}

async fn place(places: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit, BrokeOff> {
    Arc::clone(places).acquire_owned().await.map_err(|_| BrokeOff)
}

fn lock(office: &Mutex<Office>) -> MutexGuard<'_, Office> {
    // A transaction that panicked was rolled back: what the lock protects is whole.
    office.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::pin::{Pin, pin};
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

    #[tokio::test]
    async fn one_is_made_ready_while_one_is_worked_on_and_a_third_comes_after_them() {
        let (_folder, office) = at_work();
        let turn = Arc::clone(&office.turns).acquire_owned().await.unwrap();
        let (told, heard) = mpsc::channel();
        let asks = |number: u8| {
            let (ready, worked) = (told.clone(), told.clone());
            let ready = move || ready.send(("ready", number)).unwrap();
            office.work_on(ready, move |_, ()| worked.send(("worked on", number)).unwrap())
        };
        let (mut first, mut second, third) = (pin!(asks(1)), pin!(asks(2)), asks(3));
        let mut third = pin!(third);
        for work in [first.as_mut(), second.as_mut(), third.as_mut()] {
            polled(work).await;
        }
        assert_eq!(heard.recv(), Ok(("ready", 1)));
        assert_eq!(heard.recv(), Ok(("ready", 2)));
        drop(turn);
        assert_eq!(tokio::join!(first, second, third), (Ok(()), Ok(()), Ok(())));
        let rest: Vec<_> = heard.try_iter().collect();
        let place = |what| rest.iter().position(|told| *told == what).unwrap();
        assert!(place(("worked on", 1)) < place(("ready", 3)), "it waits for a place");
        assert!(place(("worked on", 2)) < place(("worked on", 3)));
    }

    #[tokio::test]
    async fn what_needs_nothing_made_ready_comes_in_the_order_of_those_that_do() {
        let (_folder, office) = at_work();
        let turn = Arc::clone(&office.turns).acquire_owned().await.unwrap();
        let (told, heard) = mpsc::channel();
        let asks = |number: u8| {
            let told = told.clone();
            office.work(move |_| told.send(number).unwrap())
        };
        let (mut first, mut second, mut third, mut fourth) =
            (pin!(asks(1)), pin!(asks(2)), pin!(office.work_on(|| (), |_, ()| ())), pin!(asks(4)));
        polled(first.as_mut()).await;
        polled(second.as_mut()).await;
        polled(third.as_mut()).await;
        polled(fourth.as_mut()).await;
        drop(turn);
        tokio::join!(first, second, third, fourth).3.unwrap();
        assert_eq!(heard.try_iter().collect::<Vec<u8>>(), [1, 2, 4]);
    }

    /// Asks once whether it is done, and then waits no more.
    async fn asked_once<T>(work: impl Future<Output = T>) {
        polled(pin!(work)).await;
    }

    async fn polled<T>(mut work: Pin<&mut impl Future<Output = T>>) {
        std::future::poll_fn(|context| {
            drop(work.as_mut().poll(context));
            std::task::Poll::Ready(())
        })
        .await;
    }
}
