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
    /// The same, of one's own work and what one carries, though the hub's feed was not read to its end: the hub tells nothing of
    /// it to whoever is revoked, and takes what they bring.
    Unread {
        /// The size to aim for.
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

/// What one answered exchange showed of the link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measured {
    /// The bytes of both bodies.
    pub bytes: u64,
    /// From sending the one to hearing the other, in milliseconds.
    pub elapsed_ms: u64,
}

impl Measured {
    /// How many bytes such a link carries in the time that an exchange may take, its round trip included.
    fn bytes_in_time(self) -> usize {
        let bytes = self.bytes.saturating_mul(limits::EXCHANGE_MS_TARGET) / self.elapsed_ms.max(1);
        usize::try_from(bytes).unwrap_or(usize::MAX)
    }
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

/// What a session's next exchange is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// To ask what arrived.
    Ask,
    /// To push and to pull.
    Exchange,
    /// To push, for nothing comes down.
    Bring,
}

/// The pacing of one session.
#[derive(Debug, Clone)]
pub struct Session {
    pack_bytes: usize,
    failures: u32,
    turn: Turn,
}

impl Default for Session {
    fn default() -> Self {
        Self::new()
    }
}

impl Session {
    /// A session at its first exchange.
    pub fn new() -> Self {
        Self { pack_bytes: limits::PACK_BYTES_START, failures: 0, turn: Turn::Exchange }
    }

    /// A session of whoever did not hear what became of the last request of the one before: it asks first, and begins small.
    pub fn unsure() -> Self {
        Self { pack_bytes: limits::PACK_BYTES_MIN, failures: 0, turn: Turn::Ask }
    }

    /// One of both was put back: what there is to say may be everything, and the first exchanges of it are small.
    pub fn set_back(&mut self) {
        self.pack_bytes = limits::PACK_BYTES_MIN;
    }

    /// What the next request should carry. Rows compress about fourfold, so more of them are asked for.
    pub fn plan(&self) -> Plan {
        let bytes_target = self.pack_bytes;
        let push = match self.turn {
            Turn::Ask => PushPlan::Ask,
            Turn::Exchange => PushPlan::Pack { bytes_target },
            Turn::Bring => PushPlan::Unread { bytes_target },
        };
        Plan { push, pull_bytes_max: self.pack_bytes * 4 }
    }

    /// An exchange was answered. That a question was answered says nothing yet of whether a pack gets through: failures go on
    /// being counted, and packs stay small, until one does.
    pub fn succeeded(&mut self, measured: Measured, left: Left) -> Next {
        if self.turn == Turn::Ask {
            self.turn = Turn::Exchange;
            return left.into();
        }
        self.failures = 0;
        let says_how_fast = measured.bytes.saturating_mul(2) >= self.pack_bytes as u64;
        if says_how_fast {
            let most = (self.pack_bytes * 2).min(limits::PACK_BYTES_TARGET_MAX);
            self.pack_bytes = measured.bytes_in_time().clamp(limits::PACK_BYTES_MIN, most);
        } else if measured.elapsed_ms > limits::EXCHANGE_MS_TARGET {
            // So little took so long.
            self.shrink();
        }
        left.into()
    }

    /// An exchange failed: the next asks what arrived. Returns how long to wait first, in milliseconds: doubled with
    /// each failure in a row, and spread by `random` so that a region's devices do not come back all at once.
    pub fn failed(&mut self, random: u64) -> u64 {
        self.turn = Turn::Ask;
        self.shrink();
        let ceiling =
            limits::BACKOFF_MS_MIN.saturating_mul(1 << self.failures.min(16)).min(limits::BACKOFF_MS_MAX);
        self.failures += 1;
        ceiling / 2 + random % (ceiling / 2 + 1)
    }

    /// The hub told whoever asked that they are revoked: from now on they bring, and ask no more. Whether that is new.
    pub fn only_brings(&mut self) -> bool {
        std::mem::replace(&mut self.turn, Turn::Bring) != Turn::Bring
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

    /// What a link with this speed and a round trip of 600 ms shows of an exchange.
    fn over(bytes_per_second: u64, bytes: u64) -> Measured {
        Measured { bytes, elapsed_ms: 600 + bytes * 1_000 / bytes_per_second }
    }

    fn target(session: &Session) -> usize {
        match session.plan().push {
            PushPlan::Pack { bytes_target } => bytes_target,
            PushPlan::Ask | PushPlan::Unread { .. } => panic!("it asks, or only brings"),
        }
    }

    #[test]
    fn a_pack_is_what_four_seconds_of_the_link_carry() {
        for (bytes_per_second, least, most) in [
            (500, 8 * 1024, 8 * 1024),
            (12_500, 41_000, 43_000),
            (50_000, 168_000, 172_000),
            (1 << 30, 256 * 1024, 256 * 1024),
        ] {
            let mut session = Session::new();
            for _ in 0..12 {
                let measured = over(bytes_per_second, target(&session) as u64);
                assert!(
                    measured.elapsed_ms <= limits::EXCHANGE_MS_TARGET || bytes_per_second == 500,
                    "{measured:?}"
                );
                assert_eq!(session.succeeded(measured, Left::Something), Next::Exchange);
            }
            assert!((least..=most).contains(&target(&session)), "{bytes_per_second}: {}", target(&session));
        }
    }

    #[test]
    fn what_carries_little_says_only_that_a_link_is_slow() {
        let mut session = Session::new();
        session.succeeded(Measured { bytes: 305, elapsed_ms: 700 }, Left::Something);
        assert_eq!(target(&session), limits::PACK_BYTES_START, "a round trip is no measure");
        session.succeeded(Measured { bytes: 305, elapsed_ms: 9_000 }, Left::Something);
        assert_eq!(target(&session), limits::PACK_BYTES_START / 2);
    }

    #[test]
    fn packs_shrink_on_a_failing_link_and_grow_again_once_one_gets_through() {
        let mut session = Session::new();
        for _ in 0..10 {
            session.succeeded(over(1 << 30, target(&session) as u64), Left::Something);
        }
        for _ in 0..10 {
            session.failed(0);
        }
        assert_eq!(session.plan().push, PushPlan::Ask);
        session.succeeded(Measured { bytes: 305, elapsed_ms: 100 }, Left::Something);
        assert_eq!(target(&session), limits::PACK_BYTES_MIN);
        session.succeeded(over(1 << 30, limits::PACK_BYTES_MIN as u64), Left::Something);
        assert_eq!(target(&session), limits::PACK_BYTES_MIN * 2, "twice as much at most");
        assert_eq!(session.succeeded(over(1 << 30, 0), Left::Nothing), Next::Done);
    }

    #[test]
    fn two_devices_that_fail_together_do_not_come_back_together() {
        let pauses = |random: u64| {
            let mut session = Session::new();
            (0..6).map(|failures| session.failed(random >> (8 * failures))).collect::<Vec<_>>()
        };
        let (one, other) = (pauses(0x1234_5678_9abc_def0), pauses(0x0fed_cba9_8765_4321));
        assert_eq!(one, pauses(0x1234_5678_9abc_def0), "the same seed plays the same");
        assert!(one.iter().zip(&other).all(|(one, other)| one != other), "{one:?} {other:?}");
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
