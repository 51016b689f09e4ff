//! The same done with many things, by all processors: whoever asks for it goes on with something else meanwhile, and helps with what
//! is left when it comes back.

use std::num::NonZero;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, Scope, ScopedJoinHandle};

/// So few are done sooner than a thread starts.
const PER_THREAD_MIN: usize = 8;

/// Something that is being done with each of these.
pub(super) struct Begun<'scope, T, V> {
    some: Arc<dyn Fn() -> Vec<V> + Send + Sync + 'scope>,
    left: Arc<Mutex<std::vec::IntoIter<T>>>,
    others: Vec<ScopedJoinHandle<'scope, Vec<V>>>,
}

impl<'scope, T: Send + 'scope, V: Send + 'scope> Begun<'scope, T, V> {
    /// Begins with it, on as many other threads as it is worth.
    pub(super) fn begin(
        scope: &'scope Scope<'scope, '_>,
        these: Vec<T>,
        work: impl Fn(T) -> Option<V> + Send + Sync + 'scope,
    ) -> Self {
        let worth = these.len() / PER_THREAD_MIN;
        // Asking how many processors there are reads files: it is not done for a few.
        let processors = || thread::available_parallelism().map_or(1, NonZero::get);
        let threads = if worth > 1 { processors().min(worth) } else { 1 };
        let left = Arc::new(Mutex::new(these.into_iter()));
        let queue = Arc::clone(&left);
        let next = move || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
        let some: Arc<dyn Fn() -> Vec<V> + Send + Sync> =
            Arc::new(move || std::iter::from_fn(&next).filter_map(&work).collect());
        let other = || {
            let some = Arc::clone(&some);
            thread::Builder::new().spawn_scoped(scope, move || some()).ok()
        };
        let others = (1..threads).filter_map(|_| other()).collect();
        Self { some, left, others }
    }

    /// Does what is left of it, and waits for the others.
    pub(super) fn finish(mut self) -> Vec<V> {
        let mut all = (self.some)();
        all.extend(self.others());
        all
    }
}

impl<T, V> Begun<'_, T, V> {
    /// What the others did. Who panicked has told nothing: what it took is done in its turn.
    fn others(&mut self) -> impl Iterator<Item = V> {
        self.others.drain(..).filter_map(|other| other.join().ok()).flatten()
    }
}

impl<T, V> Drop for Begun<'_, T, V> {
    /// What nobody waits for any more is not begun.
    fn drop(&mut self) {
        self.left.lock().unwrap_or_else(PoisonError::into_inner).by_ref().for_each(drop);
        self.others().for_each(drop);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_are_worked_on_here_and_many_by_others_too_and_none_is_lost() {
        let here = thread::current().id();
        let of = |count: usize| {
            thread::scope(|scope| {
                let work = |number: usize| (number % 10 != 3).then(|| (number, thread::current().id()));
                Begun::begin(scope, (0..count).collect(), work).finish()
            })
        };
        let few = of(PER_THREAD_MIN);
        assert!(few.iter().all(|(_, thread)| *thread == here));
        assert_eq!(few.len(), PER_THREAD_MIN - 1);
        let mut numbers: Vec<usize> = of(10_000).into_iter().map(|(number, _)| number).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (0..10_000).filter(|number| number % 10 != 3).collect::<Vec<_>>());
    }

    #[test]
    fn what_nobody_waits_for_any_more_is_not_begun() {
        let done = Mutex::new(0);
        thread::scope(|scope| {
            drop(Begun::begin(scope, vec![(); PER_THREAD_MIN], |()| {
                *done.lock().unwrap() += 1;
                Some(())
            }));
        });
        assert_eq!(*done.lock().unwrap(), 0, "so few are left to whoever waits for them");
    }
}
