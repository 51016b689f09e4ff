//! The digest of a part, to compare replicas: its heads and what it shows. Automerge's own bytes are not canonical
//! and are never compared.

use sha2::{Digest, Sha256};
use teranga_core::id::ChangeHash;

use crate::view::View;

/// SHA-256 over heads, values and conflicts, each in its one order.
pub fn digest(heads: &[ChangeHash], view: &View) -> [u8; 32] {
    let mut hasher = Sha256::new();
    let mut field = |bytes: &[u8]| {
        hasher.update((bytes.len() as u64).to_be_bytes());
        hasher.update(bytes);
    };
    for head in heads {
        field(head.as_bytes());
    }
    for (key, value) in &view.values {
        field(key.as_str().as_bytes());
        field(value.to_json().to_string().as_bytes());
    }
    for conflict in &view.conflicts {
        field(conflict.key.as_str().as_bytes());
        for candidate in &conflict.values {
            field(candidate.change.as_bytes());
        }
    }
    hasher.finalize().into()
}
