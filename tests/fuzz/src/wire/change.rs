//! Changes: the scanner, what leaving out and putting back makes of them, and the guard behind it. A change is tried as it
//! came and with a true checksum.

use teranga_core::class::ClassId;
use teranga_core::id::{ActorId, ChangeHash, RecordId};
use teranga_core::key::Key;
use teranga_core::time::Millis;
use teranga_core::value::Value;
use teranga_document::guard::Guard;
use teranga_document::part::Part;
use teranga_sync::elide::{rebuild, without_dep, without_frame};
use teranga_sync::limits;
use teranga_sync::scan::{ChangeLimits, scan};

use super::explained;

/// The part of the vectors, on which their change builds.
pub(crate) const RECORD: RecordId = RecordId([0x11; 16]);
/// Its salt.
pub(crate) const SALT: [u8; 16] = [0x22; 16];

/// Changes of that part: of every kind of value, over each other and beside each other.
pub(crate) fn made() -> Vec<Vec<u8>> {
    let mut part = Part::open(RECORD, &ClassId::new("survey"), SALT);
    let values = [
        Value::text("a word"),
        Value::text("a longer text, of the kind that is a note of a person about another\u{301}"),
        Value::Int(-1),
        Value::Int(i64::MAX),
        Value::Bool(true),
        Value::Cleared,
    ];
    let mut changes = Vec::new();
    let mut beside = part.clone();
    for (number, value) in values.iter().cycle().take(12).enumerate() {
        let edits: Vec<(Key, Value)> =
            (0..=number).map(|key| (Key::question(&format!("q{key}")), value.clone())).collect();
        let actor = ActorId([u8::try_from(number).unwrap_or_default() / 3; 16]);
        let at = Millis(1_772_442_000_000 + i64::try_from(number).unwrap_or_default());
        let on = if number % 4 == 3 { &mut beside } else { &mut part };
        if let Ok(Some(change)) = on.edit(actor, at, "rss@1", &edits) {
            changes.push(change.bytes);
        }
    }
    changes
}

/// Reads a change.
pub(crate) fn change(input: &[u8]) {
    scanned(input);
    let body = without_frame(input);
    let body = if body.is_empty() { input } else { body };
    let (framed, hash) = rebuild(body, None);
    if let Some(scanned) = scanned(&framed) {
        assert!(scanned == hash, "a change has two names");
        assert!(without_frame(&framed) == body, "a change is not what it was made of");
    }
    let dep: [u8; 32] = body.get(1..33).and_then(|dep| dep.try_into().ok()).unwrap_or_default();
    if let Some(short) = without_dep(&framed, ChangeHash(dep)) {
        assert!(
            rebuild(short, Some(ChangeHash(dep))) == (framed, hash),
            "a change is not put back as it was"
        );
    }
}

/// What the scanner takes, the guard takes or refuses; a part with it is one that loads again.
fn scanned(change: &[u8]) -> Option<ChangeHash> {
    let scanned = match scan(change, &ChangeLimits::PROTOCOL) {
        Ok(scanned) => scanned,
        Err(error) => {
            explained(&error);
            return None;
        }
    };
    assert!(scanned.n_ops <= limits::CHANGE_OPS_MAX && scanned.deps.len() <= limits::CHANGE_DEPS_MAX);
    assert!(scanned.message.len() <= limits::CHANGE_MESSAGE_BYTES_MAX && scanned.seq > 0);
    let part = Part::open(RECORD, &ClassId::new("survey"), SALT);
    if let Ok(guarded) = Guard::new().apply(&part, change) {
        let again = Guard::new().apply(&guarded.part, change);
        assert!(again.is_ok_and(|again| again.view == guarded.view), "a change twice is not the change once");
    }
    Some(scanned.hash)
}
