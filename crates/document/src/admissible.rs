//! What a change must satisfy before Automerge is asked to apply it. Automerge trusts these or asserts them; every
//! change that it writes itself satisfies them, so an honest replica never notices.

use automerge::{Automerge, Change};

use crate::guard::Reason;

/// Where the type of a chunk stands, after magic and checksum.
const CHUNK_TYPE_AT: usize = 8;
/// The type of a change that is not compressed.
const UNCOMPRESSED_CHANGE: u8 = 1;

/// Reads a change. A compressed one is not touched: hundred bytes of it may be gigabytes.
pub(crate) fn read(bytes: &[u8]) -> Result<Change, Reason> {
    if bytes.get(CHUNK_TYPE_AT) != Some(&UNCOMPRESSED_CHANGE) {
        return Err(Reason::Refused);
    }
    Change::try_from(bytes).map_err(|_| Reason::Refused)
}

/// Whether a change may be applied to a document. It must build on something that is here: a change that builds on
/// nothing is another part's first. It must count on from what it builds on: one that repeats a number stores two
/// operations under one name, and one that skips to the end leaves no number for anybody after it.
pub(crate) fn check(doc: &Automerge, change: &Change) -> Result<(), Reason> {
    let mut last_op = None;
    for dep in change.deps() {
        let meta = doc.get_change_meta_by_hash(dep).ok_or(Reason::MissingDependency)?;
        last_op = last_op.max(Some(meta.max_op));
    }
    let last_op = last_op.ok_or(Reason::MissingDependency)?;
    if change.start_op().get() != last_op + 1 {
        return Err(Reason::OutOfOrder);
    }
    Ok(())
}
