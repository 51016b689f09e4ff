//! How a child paces its exchanges with a hub, without doing any of them: how much to push and to pull next, when it
//! is done, and how long to wait after a failure. Time taken and randomness come in as arguments.

use crate::limits;

/// What the next request should carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// What to push.
    pub push: PushPlan,
    /// How many bytes of rows to ask for.
    pub pull_bytes_max: usize,
}

/// What the next request should push.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PushPlan {
    /// Nothing: the last exchange failed, in this session or the one before, so first ask what arrived before sending it again.
    Ask,
    /// One pack of about this size.
    Pack {
        /// The size to aim for; a save is never split.
        bytes_target: usize,
    },
}

/// What is left to do after an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Left {
    /// Packs to push or rows to pull.
    Something,
    /// Nothing: the outbox is acknowledged and the feed has no more rows.
    Nothing,
}

/// Whether the session goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Another exchange.
    Exchange,
    /// The session is over.
    Done,
}

impl From<Left> for Next {
    fn from(left: Left) -> Self {
        match left {
            Left::Something => Self::Exchange,
            Left::Nothing => Self::Done,
        }
    }
}

/// The pacing of one session.
#[derive(Debug, Clone)]
pub struct Session {
    pack_bytes: usize,
    failures: u32,
    asking: bool,
}

impl Default for Session {
    fn default() -> Self {
        Self::new()
    }
}

impl Session {
    /// A session at its first exchange.
    pub fn new() -> Self {
        Self { pack_bytes: limits::PACK_BYTES_START, failures: 0, asking: false }
    }

    /// A session of whoever did not hear what became of the last request of the one before: it asks first, and begins small.
    pub fn unsure() -> Self {
        Self { pack_bytes: limits::PACK_BYTES_MIN, failures: 0, asking: true }
    }

    /// One of both was put back: what there is to say may be everything, and the first exchanges of it are small.
    pub fn set_back(&mut self) {
        self.pack_bytes = limits::PACK_BYTES_MIN;
    }

    /// What the next request should carry. Rows compress about fourfold, so more of them are asked for.
    pub fn plan(&self) -> Plan {
        let push = if self.asking { PushPlan::Ask } else { PushPlan::Pack { bytes_target: self.pack_bytes } };
        Plan { push, pull_bytes_max: self.pack_bytes * 4 }
    }

    /// An exchange succeeded within `elapsed_ms`. That a question was answered says nothing yet of whether a pack gets
    /// through: failures go on being counted, and packs stay small, until one does.
    pub fn succeeded(&mut self, elapsed_ms: u64, left: Left) -> Next {
        if self.asking {
            self.asking = false;
            return left.into();
        }
        self.failures = 0;
        if elapsed_ms.saturating_mul(2) <= limits::EXCHANGE_MS_TARGET {
            self.pack_bytes = (self.pack_bytes * 2).min(limits::PACK_BYTES_TARGET_MAX);
        } else if elapsed_ms > limits::EXCHANGE_MS_TARGET {
            self.shrink();
        }
        left.into()
    }

    /// An exchange failed: the next asks what arrived. Returns how long to wait first, in milliseconds: doubled with
    /// each failure in a row, and spread by `random` so that a region's devices do not come back all at once.
    pub fn failed(&mut self, random: u64) -> u64 {
        self.asking = true;
        self.shrink();
        let ceiling =
            limits::BACKOFF_MS_MIN.saturating_mul(1 << self.failures.min(16)).min(limits::BACKOFF_MS_MAX);
        self.failures += 1;
        ceiling / 2 + random % (ceiling / 2 + 1)
    }

    /// How many exchanges have failed since a pack last got through.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    fn shrink(&mut self) {
        self.pack_bytes = (self.pack_bytes / 2).max(limits::PACK_BYTES_MIN);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packs_grow_on_a_fast_link_and_shrink_on_a_failing_one() {
        let mut session = Session::new();
        for _ in 0..10 {
            assert_eq!(session.succeeded(100, Left::Something), Next::Exchange);
        }
        assert_eq!(session.plan().push, PushPlan::Pack { bytes_target: limits::PACK_BYTES_TARGET_MAX });
        for _ in 0..10 {
            session.failed(0);
        }
        assert_eq!(session.plan().push, PushPlan::Ask);
        session.succeeded(100_000, Left::Something);
        assert_eq!(session.plan().push, PushPlan::Pack { bytes_target: limits::PACK_BYTES_MIN });
        assert_eq!(session.succeeded(100, Left::Nothing), Next::Done);
    }

    #[test]
    fn pauses_double_within_their_bounds_and_are_spread() {
        let mut session = Session::new();
        let pauses: Vec<u64> = (0..20).map(|_| session.failed(u64::MAX)).collect();
        assert!(pauses.windows(2).all(|pair| pair[0] <= pair[1]));
        assert!(
            pauses.iter().all(|pause| (limits::BACKOFF_MS_MIN / 2..=limits::BACKOFF_MS_MAX).contains(pause))
        );
        assert_eq!(
            pauses.last(),
            Some(&(limits::BACKOFF_MS_MAX / 2 + u64::MAX % (limits::BACKOFF_MS_MAX / 2 + 1)))
        );
    }
}
