//! What was promised, written outside every replica: each change that a save reported as done. Nothing of it may be
//! lost, whatever happens to the machine that made it.

use teranga_core::class::ClassId;
use teranga_core::id::{ChangeHash, RecordId};

/// A change that a save reported as done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Promise {
    /// The machine on which it was made.
    pub(crate) machine: usize,
    pub(crate) record: RecordId,
    pub(crate) class: ClassId,
    pub(crate) hash: ChangeHash,
}

/// Everything that was promised.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) promises: Vec<Promise>,
}

impl Ledger {
    /// A disk was exchanged or lost: what nobody can bring any more is gone, as with any phone that falls into a river.
    /// Everything else stays promised.
    pub(crate) fn forgive(&mut self, can_be_brought: impl Fn(&Promise) -> bool) {
        self.promises.retain(can_be_brought);
    }
}
