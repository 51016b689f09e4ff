//! What a change leaves out on the wire: its magic, checksum, type and length, which follow from its body, and its
//! single dependency where the receiver knows it. What is put together again is the same to the byte, or its hash
//! would not be the one that was signed.

use teranga_core::id::ChangeHash;

use crate::bytes::{Reader, Writer};
use crate::scan::{FRAME_BYTES, frame};

/// The count that stands before a single dependency.
const ONE_DEP: u8 = 1;
/// That count and the dependency itself.
const ONE_DEP_BYTES: usize = 33;

/// The body of a whole change chunk; empty for bytes that are none.
pub fn without_frame(change: &[u8]) -> &[u8] {
    let mut reader = Reader::new(change);
    let read = |reader: &mut Reader<'_>| {
        reader.take(FRAME_BYTES)?;
        reader.byte()?;
        reader.count("chunk length", change.len())
    };
    read(&mut reader).map_or(&[], |_| reader.rest())
}

/// The body without its dependency, if that is the only one and is `base`.
pub fn without_dep(change: &[u8], base: ChangeHash) -> Option<&[u8]> {
    let body = without_frame(change);
    let (deps, rest) = body.split_at_checked(ONE_DEP_BYTES)?;
    (deps.first() == Some(&ONE_DEP) && deps.get(1..) == Some(base.as_bytes())).then_some(rest)
}

/// A whole change chunk and its hash, from a body with its dependency put back if it was left out.
pub fn rebuild(short: &[u8], dep: Option<ChangeHash>) -> (Vec<u8>, ChangeHash) {
    match dep {
        None => frame(short),
        Some(dep) => {
            let mut body = Writer::new();
            body.byte(ONE_DEP).raw(dep.as_bytes()).raw(short);
            frame(body.as_slice())
        }
    }
}
