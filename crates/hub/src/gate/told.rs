//! What a hub's log says of refusals: each of them, until there are more than anybody reads. Whoever can reach a hub can
//! be refused as often as it likes, and would fill the hub's disk with it.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use teranga_sync::limits;
use tokio::time::Instant;

const MINUTE: Duration = Duration::from_mins(1);

static REFUSALS: Mutex<Refusals> = Mutex::new(Refusals { since: None, told: 0 });

/// The refusals of this minute.
#[derive(Debug)]
struct Refusals {
    since: Option<Instant>,
    told: usize,
}

/// What the log says of a refusal.
#[derive(Debug, PartialEq, Eq)]
enum Said {
    It,
    ThatThereAreMore,
    Nothing,
}

impl Refusals {
    fn say(&mut self, now: Instant) -> Said {
        if self.since.is_none_or(|since| now.duration_since(since) >= MINUTE) {
            *self = Self { since: Some(now), told: 0 };
        }
        self.told = self.told.saturating_add(1);
        match self.told.checked_sub(limits::REFUSALS_TOLD_PER_MINUTE_MAX) {
            None | Some(0) => Said::It,
            Some(1) => Said::ThatThereAreMore,
            Some(_) => Said::Nothing,
        }
    }
}

/// Tells the log of a refusal.
pub(crate) fn tell(code: &str, detail: &str) {
    match REFUSALS.lock().unwrap_or_else(PoisonError::into_inner).say(Instant::now()) {
        Said::It => tracing::warn!(code, detail, "refused"),
        Said::ThatThereAreMore => tracing::warn!("more is refused; what else is in this minute is not told"),
        Said::Nothing => tracing::debug!(code, detail, "refused"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_refusals_is_a_few_lines_a_minute() {
        let mut refusals = Refusals { since: None, told: 0 };
        let begin = Instant::now();
        for minute in 0..3 {
            let now = begin + MINUTE * minute;
            let said: Vec<Said> = (0..10_000).map(|_| refusals.say(now)).collect();
            let told = said.iter().filter(|said| **said == Said::It).count();
            assert_eq!(told, limits::REFUSALS_TOLD_PER_MINUTE_MAX);
            assert_eq!(said.iter().filter(|said| **said == Said::ThatThereAreMore).count(), 1);
        }
    }
}
