//! So many at once in all, and so many of each: the count behind every bound of the gate.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

/// A count of what is under way.
#[derive(Debug)]
pub(crate) struct Tally<K: Eq + Hash + Copy> {
    all_max: usize,
    each_max: usize,
    counts: Mutex<Counts<K>>,
}

#[derive(Debug)]
struct Counts<K> {
    all: usize,
    each: HashMap<K, usize>,
}

/// A place that is held until this is dropped.
#[derive(Debug)]
pub(crate) struct Held<K: Eq + Hash + Copy> {
    tally: Arc<Tally<K>>,
    key: K,
}

impl<K: Eq + Hash + Copy> Tally<K> {
    pub(crate) fn new(all_max: usize, each_max: usize) -> Self {
        Self { all_max, each_max, counts: Mutex::new(Counts { all: 0, each: HashMap::new() }) }
    }

    /// Takes a place; `None` where there is none. Nobody waits.
    pub(crate) fn enter(self: &Arc<Self>, key: K) -> Option<Held<K>> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let of_it = counts.each.get(&key).copied().unwrap_or_default();
        if counts.all >= self.all_max || of_it >= self.each_max {
            return None;
        }
        counts.all += 1;
        counts.each.insert(key, of_it + 1);
        Some(Held { tally: Arc::clone(self), key })
    }
}

impl<K: Eq + Hash + Copy> Drop for Held<K> {
    fn drop(&mut self) {
        let mut counts = self.tally.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.all = counts.all.saturating_sub(1);
        if let Some(of_it) = counts.each.get_mut(&self.key) {
            *of_it = of_it.saturating_sub(1);
            if *of_it == 0 {
                counts.each.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_takes_the_share_of_others_and_what_is_given_back_is_there_again() {
        let tally = Arc::new(Tally::new(4, 2));
        let one = tally.enter('a').unwrap();
        let _two = tally.enter('a').unwrap();
        assert!(tally.enter('a').is_none(), "its share");
        let _three = tally.enter('b').unwrap();
        let _four = tally.enter('c').unwrap();
        assert!(tally.enter('d').is_none(), "all");
        drop(one);
        let _five = tally.enter('a').unwrap();
        assert_eq!(tally.counts.lock().unwrap().each.len(), 3, "nothing is kept of who is gone");
    }
}
