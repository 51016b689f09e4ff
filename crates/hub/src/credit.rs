//! How a peer has to get forward, a child at its hub and a hub at its child. A fixed time would cut the slow links for which all this was made, and let a peer that
//! sends a byte now and then occupy the other end for ever. So time is given for bytes: whoever moves them at the rate of the
//! slowest link that is served may take as long as it takes, and stall for as long as such a link does.

use std::time::Duration;

use teranga_sync::limits;

/// The slowest that a peer may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// In the long run, in bytes per second.
    pub bytes_per_second: u64,
    /// Without a byte.
    pub stall: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            bytes_per_second: limits::LINK_BYTES_PER_SECOND_MIN,
            stall: Duration::from_millis(limits::STALL_MS_MAX),
        }
    }
}

/// How long one peer may still be waited for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Credit {
    pace: Pace,
    left: Duration,
}

impl Credit {
    pub(crate) fn new(pace: Pace) -> Self {
        Self { pace, left: pace.stall }
    }

    /// What is left of it.
    pub(crate) fn left(&self) -> Duration {
        self.left
    }

    /// The peer was waited for.
    pub(crate) fn waited(&mut self, time: Duration) {
        self.left = self.left.saturating_sub(time);
    }

    /// The peer moved bytes: it is given the time that the slowest link takes for them.
    pub(crate) fn moved(&mut self, bytes: usize) {
        let nanos = (bytes as u64).saturating_mul(1_000_000_000) / self.pace.bytes_per_second.max(1);
        self.left = self.left.saturating_add(Duration::from_nanos(nanos)).min(self.pace.stall);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How much of a body arrives over a link of so many bytes per second, in pieces of so many bytes.
    fn arrives(bytes: usize, per_second: u64, piece: usize) -> usize {
        let mut credit = Credit::new(Pace::default());
        let mut arrived = 0;
        while arrived < bytes {
            let wait = Duration::from_millis(piece as u64 * 1_000 / per_second);
            if wait > credit.left() {
                return arrived;
            }
            credit.waited(wait);
            credit.moved(piece);
            arrived += piece;
        }
        arrived
    }

    #[test]
    fn the_largest_request_arrives_over_a_link_of_twenty_kilobits_and_one_that_trickles_does_not() {
        let largest = limits::REQUEST_BYTES_MAX;
        // 20 kbit/s, less what TCP and TLS take.
        assert!(arrives(largest, 2_300, 1_400) >= largest);
        // Five seconds of nothing after every 12 KB are the same to it.
        assert!(arrives(largest, 2_300, 12_000) >= largest);
        assert!(arrives(largest, 200, 1) < 20_000, "a byte now and then");
        assert_eq!(arrives(largest, 1, 61), 0, "silence");
    }
}
