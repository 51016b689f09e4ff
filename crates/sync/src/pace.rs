//! How large the batches of the lane are. They follow the link's speed as packs do, and its cuts too: what a cut takes
//! away is sent again, so a batch is never more than a small share of what arrives between two of them.

use crate::limits;
use crate::session::{Left, Measured, PushPlan, Session};

/// A cut falls into a batch anywhere, so it costs half of one: with this, two bytes of a hundred.
const SHARE: u64 = 24;

/// The pacing of one run of the lane.
#[derive(Debug, Clone, Default)]
pub struct Pace {
    session: Session,
    delivered: u64,
    cuts: u64,
}

impl Pace {
    /// What the next request may carry: nothing where it has to ask what arrived, else so many bytes.
    pub fn batch(&self) -> Option<usize> {
        let PushPlan::Pack { bytes_target } = self.session.plan().push else { return None };
        let smallest = if self.cuts == 0 { limits::PACK_BYTES_START } else { limits::PACK_BYTES_MIN };
        let share = self.delivered / (self.cuts + 1) / SHARE;
        let share = usize::try_from(share).unwrap_or(usize::MAX).max(smallest);
        Some(bytes_target.min(share))
    }

    /// An exchange was answered that carried so many bytes of files.
    pub fn succeeded(&mut self, measured: Measured) {
        self.delivered += measured.bytes;
        self.session.succeeded(measured, Left::Something);
    }

    /// An exchange failed; how long to wait, in milliseconds.
    pub fn failed(&mut self, random: u64) -> u64 {
        self.cuts += 1;
        self.session.failed(random)
    }

    /// How many exchanges have failed since a batch last got through.
    pub fn failures(&self) -> u32 {
        self.session.failures()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn within_a_moment(bytes: usize) -> Measured {
        Measured { bytes: bytes as u64, elapsed_ms: 1 }
    }

    #[test]
    fn a_fast_link_that_cuts_gets_batches_that_a_cut_wastes_little_of() {
        let mut pace = Pace::default();
        assert_eq!(pace.batch(), Some(limits::PACK_BYTES_START));
        for _ in 0..2_000 {
            pace.succeeded(within_a_moment(pace.batch().unwrap()));
        }
        assert_eq!(pace.batch(), Some(limits::PACK_BYTES_TARGET_MAX), "nothing was cut");
        let mut pace = Pace::default();
        let (mut sent, mut wasted, mut left) = (0u64, 0u64, 500_000u64);
        while sent < 50_000_000 {
            match pace.batch() {
                None => pace.succeeded(within_a_moment(0)),
                Some(batch) if batch as u64 <= left => {
                    pace.succeeded(within_a_moment(batch));
                    sent += batch as u64;
                    left -= batch as u64;
                }
                // The link is cut somewhere in this batch, and holds for another while.
                Some(_) => {
                    wasted += left;
                    left = 300_000 + sent % 400_000;
                    pace.failed(0);
                }
            }
        }
        assert!(wasted * 100 <= sent * 3, "{wasted} of {sent}");
    }

    #[test]
    fn a_link_that_brings_nothing_gets_the_smallest_batches() {
        let mut pace = Pace::default();
        pace.failed(0);
        assert_eq!(pace.batch(), None);
        pace.succeeded(within_a_moment(0));
        assert_eq!(pace.batch(), Some(limits::PACK_BYTES_MIN));
        assert_eq!(pace.failures(), 1);
    }
}
