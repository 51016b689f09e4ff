//! The digest of a part, to compare replicas: its heads and what it shows. Automerge's own bytes are not canonical
//! and are never compared.

use sha2::{Digest, Sha256};
use teranga_core::id::ChangeHash;
use teranga_core::key::Key;
use teranga_core::value::Value;

use crate::view::{Conflict, View};

/// SHA-256 over heads, values and conflicts, each with its count before it and in its one order. What is foreign is
/// behind the heads and not shown, so it is not counted.
pub fn digest(heads: &[ChangeHash], view: &View) -> [u8; 32] {
    let mut fields = Fields(Sha256::new());
    fields.count(heads.len());
    for head in heads {
        fields.put(head.as_bytes());
    }
    fields.count(view.values.len());
    for (key, value) in &view.values {
        fields.answer(key, value);
    }
    fields.count(view.conflicts.len());
    for Conflict { key, values } in &view.conflicts {
        fields.count(values.len());
        for candidate in values {
            fields.answer(key, &candidate.value);
            fields.put(candidate.actor.as_bytes());
            fields.put(candidate.change.as_bytes());
            fields.put(&candidate.time.0.to_be_bytes());
        }
    }
    fields.0.finalize().into()
}

/// Fields of any length, each with its length before it, so that no two lists of fields look alike.
struct Fields(Sha256);

impl Fields {
    fn put(&mut self, bytes: &[u8]) {
        self.count(bytes.len());
        self.0.update(bytes);
    }

    fn count(&mut self, count: usize) {
        self.0.update((count as u64).to_be_bytes());
    }

    fn answer(&mut self, key: &Key, value: &Value) {
        self.put(key.as_str().as_bytes());
        self.put(value.to_json().to_string().as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn view(values: &[(&str, Value)]) -> View {
        let values: BTreeMap<Key, Value> =
            values.iter().map(|(key, value)| (Key::question(key), value.clone())).collect();
        View { values, ..View::default() }
    }

    #[test]
    fn every_difference_shows() {
        let heads = [ChangeHash([1; 32])];
        let plain = view(&[("a", Value::text("1")), ("b", Value::Int(2))]);
        let others = [
            view(&[("a", Value::Int(1)), ("b", Value::Int(2))]),
            view(&[("a", Value::text("1"))]),
            view(&[("ab", Value::text("1")), ("b", Value::Int(2))]),
            view(&[]),
        ];
        assert_eq!(digest(&heads, &plain), digest(&heads, &plain.clone()));
        assert_ne!(digest(&heads, &plain), digest(&[], &plain));
        for other in others {
            assert_ne!(digest(&heads, &plain), digest(&heads, &other), "{other:?}");
        }
    }
}
