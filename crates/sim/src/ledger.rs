//! What was promised, written outside every replica: each change that a save reported as done. Nothing of it may be
//! lost, whatever happens to the machine that made it.

use std::collections::BTreeSet;

use teranga_core::class::ClassId;
use teranga_core::id::{ChangeHash, FileHash, RecordId};

use crate::attach::Photo;

/// A change that a save reported as done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Promise {
    /// The machine on which it was made.
    pub(crate) machine: usize,
    pub(crate) record: RecordId,
    pub(crate) class: ClassId,
    pub(crate) hash: ChangeHash,
}

/// A file that an answer mentions which a save reported as done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FilePromise {
    /// The machine on which it was attached.
    pub(crate) machine: usize,
    pub(crate) record: RecordId,
    pub(crate) photo: Photo,
    /// What became of it on that machine.
    pub(crate) fate: Fate,
    /// Whether nobody had it whole any more after a disk was exchanged or lost.
    pub(crate) forgiven: bool,
}

/// What became of a file on the machine on which it was attached, while that one's disk was the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is there, as far as its record may be.
    Kept,
    /// The disk was exchanged: it need not be there any more.
    Exchanged,
    /// The machine let it go because it might hold the record no more, and headquarters' backup had it.
    Left,
    /// The same, and the backup did not have it.
    LeftTooEarly,
}

impl FilePromise {
    /// Its author lets it go; these are the files of headquarters' backup.
    pub(crate) fn goes(&mut self, covered: &BTreeSet<FileHash>) {
        if self.fate == Fate::Kept {
            self.fate = if covered.contains(&self.photo.hash) { Fate::Left } else { Fate::LeftTooEarly };
        }
    }

    /// Whether its author let it go, on the word that headquarters' backup had it.
    pub(crate) fn has_left(&self) -> bool {
        matches!(self.fate, Fate::Left | Fate::LeftTooEarly)
    }
}

/// Everything that was promised.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) promises: Vec<Promise>,
    pub(crate) files: Vec<FilePromise>,
}

impl Ledger {
    /// A disk was exchanged or lost: what nobody can bring any more is gone, as with any phone that falls into a river.
    /// Everything else stays promised.
    pub(crate) fn forgive(&mut self, can_be_brought: impl Fn(&Promise) -> bool) {
        self.promises.retain(can_be_brought);
    }
}
