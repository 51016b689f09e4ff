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
    /// Whether that machine let the record go once, or had its disk exchanged: the file need not be there any more.
    pub(crate) let_go: bool,
    /// Whether that machine let it go because it might hold the record no more: then headquarters' backup had it.
    pub(crate) left: bool,
    /// Whether that backup did not have it.
    pub(crate) too_early: bool,
    /// Whether nobody had it whole any more after a disk was exchanged or lost.
    pub(crate) forgiven: bool,
}

impl FilePromise {
    /// Its author lets it go, while its disk is the one on which it was attached, and these are the files of headquarters'
    /// backup.
    pub(crate) fn goes(&mut self, covered: &BTreeSet<FileHash>) {
        self.too_early |= !self.let_go && !covered.contains(&self.photo.hash);
        self.left |= !self.let_go;
        self.let_go = true;
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
