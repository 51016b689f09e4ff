//! A part's first change, written out. It follows from record, class and salt, is the same on every replica and never
//! travels; both ends of an exchange only need its hash, to leave it out where a change builds on it. The document's
//! floor makes the same change with Automerge, and a test holds the two together.

use sha2::{Digest, Sha256};
use teranga_core::class::ClassId;
use teranga_core::id::{ChangeHash, RecordId, Salt};

use crate::bytes::Writer;
use crate::scan::frame;

const CONTEXT: &[u8] = b"teranga first change 0\n";
/// A run of two literal values, in Automerge's run-length code: minus two as a signed LEB128 number.
const TWO_LITERALS: u8 = 0x7e;
/// The type of a UTF-8 string in the low bits of a value's description; its length stands above them.
const UTF8: usize = 6;

/// The hash of a part's first change.
pub fn first_hash(record: RecordId, class: &ClassId, salt: Salt) -> ChangeHash {
    first_change(record, class, salt).1
}

/// A part's first change, whole, and its hash.
pub fn first_change(record: RecordId, class: &ClassId, salt: Salt) -> (Vec<u8>, ChangeHash) {
    let actor = Sha256::new()
        .chain_update(CONTEXT)
        .chain_update(record.as_bytes())
        .chain_update(class.as_str())
        .chain_update(salt.as_bytes())
        .finalize();
    let (record, class) = (record.to_string(), class.as_str());
    let descriptions = descriptions(record.len(), class.len());
    let mut body = Writer::new();
    // No dependency, the actor, sequence 1, first operation 1, time 0, no message, no other actor.
    body.byte(0).run(actor.get(..16).unwrap_or_default()).byte(1).byte(1).byte(0).byte(0).byte(0);
    // Six columns, each its number and its length: keys, insert, action, description and bytes of values, predecessors.
    body.byte(6).byte(0x15).byte(16).byte(0x34).byte(1).byte(0x42).byte(2);
    body.byte(0x56).count(descriptions.len()).byte(0x57).count(record.len() + class.len()).byte(0x70).byte(2);
    body.byte(TWO_LITERALS).text("_record").text("_class");
    // Twice "no insertion", twice "put".
    body.byte(2).byte(2).byte(1);
    body.raw(descriptions.as_slice()).raw(record.as_bytes()).raw(class.as_bytes());
    // Twice "replaces nothing".
    body.byte(2).byte(0);
    frame(body.as_slice())
}

/// The column that describes the two values. Two alike are a run of one value.
fn descriptions(record: usize, class: usize) -> Writer {
    let mut column = Writer::new();
    if record == class {
        column.byte(2).count(record << 4 | UTF8);
    } else {
        column.byte(TWO_LITERALS).count(record << 4 | UTF8).count(class << 4 | UTF8);
    }
    column
}
