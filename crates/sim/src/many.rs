//! Many seeds at once, on all cores. Worlds share nothing, so their order does not matter.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::play::{Done, Outcome, play};
use crate::sabotage::Sabotage;
use crate::script::Script;

/// What playing many seeds came to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Many {
    /// Seeds played.
    pub runs: u64,
    /// What was done in all of them.
    pub done: Done,
    /// Those in which something happened that must not, by their seeds.
    pub failed: Vec<(u64, Outcome)>,
}

/// Plays the seeds of a range. `progress` is told after each what came of it, and of all so far.
pub fn play_many(seeds: Range<u64>, progress: impl Fn(&Many, u64, &Outcome) + Sync) -> Many {
    let (next, many) = (AtomicU64::new(seeds.start), Mutex::new(Many::default()));
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end {
                        return;
                    }
                    let outcome = play(&Script::new(seed), Sabotage::Nothing);
                    let mut many = many.lock().unwrap_or_else(PoisonError::into_inner);
                    many.runs += 1;
                    many.done += outcome.done;
                    if outcome.fault.is_some() {
                        many.failed.push((seed, outcome.clone()));
                    }
                    progress(&many, seed, &outcome);
                }
            });
        }
    });
    let mut many = many.into_inner().unwrap_or_else(PoisonError::into_inner);
    many.failed.sort_by_key(|(seed, _)| *seed);
    many
}
