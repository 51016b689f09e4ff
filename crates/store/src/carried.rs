//! Parts as a version of their form reads them: answers and conflicts in its terms. Two values that say the same under
//! different versions are no conflict, and two that were given apart under different questions are one.

use std::collections::BTreeMap;

use teranga_core::id::RecordId;
use teranga_core::key::Key;
use teranga_core::versions::Lineage;
use teranga_document::view::{Candidate, Conflict};

use crate::error::{Result, StoreError};
use crate::part;
use crate::records::PartView;
use crate::replica::Replica;

/// Values by the question that they answer.
type Found = BTreeMap<Key, Vec<Candidate>>;

/// One value that was written, as the questions that it answers in the last version read it.
fn read_as(lineage: &Lineage, key: &Key, candidate: &Candidate) -> Vec<(Key, Candidate)> {
    let read = if lineage.retires(key) {
        lineage.said(key, &candidate.value)
    } else {
        vec![lineage.recoded(key, &candidate.value)]
    };
    let with = |(key, value)| (key, Candidate { value, ..candidate.clone() });
    read.into_iter().map(with).collect()
}

fn note(found: &mut Found, read: Vec<(Key, Candidate)>) {
    for (key, candidate) in read {
        found.entry(key).or_default().push(candidate);
    }
}

impl Replica {
    /// The parts of a record that are held, as the last version of a lineage reads them.
    pub fn parts_under(&self, record: RecordId, lineage: &Lineage) -> Result<Vec<PartView>> {
        let parts = self.parts(record)?;
        if lineage.is_plain() {
            return Ok(parts);
        }
        parts.into_iter().map(|part| self.carried(record, part, lineage)).collect()
    }

    fn carried(&self, record: RecordId, part: PartView, lineage: &Lineage) -> Result<PartView> {
        let carried = lineage.carry(&part.values);
        let mut found = Found::new();
        let mut beside: Vec<Key> = Vec::new();
        for conflict in &part.conflicts {
            for candidate in &conflict.values {
                let read = read_as(lineage, &conflict.key, candidate);
                if lineage.retires(&conflict.key) {
                    beside.extend(read.iter().map(|(key, _)| key.clone()));
                }
                note(&mut found, read);
            }
        }
        let disputed =
            |dispute: &teranga_core::versions::Dispute| [dispute.key.clone(), dispute.retired.clone()];
        beside.extend(carried.disputes.iter().flat_map(disputed));
        beside.sort_unstable();
        beside.dedup();
        // Who wrote what stands alone under its own key is told by the document only.
        for key in beside {
            for candidate in self.standing(record, &part, &key)? {
                note(&mut found, read_as(lineage, &key, &candidate));
            }
        }
        let conflicts = found.into_iter().filter_map(|(key, values)| Conflict::among(key, values)).collect();
        Ok(PartView { values: carried.answers, conflicts, ..part })
    }

    /// The values that stand under a key of a part, with who wrote each.
    fn standing(&self, record: RecordId, of: &PartView, key: &Key) -> Result<Vec<Candidate>> {
        if !of.values.contains_key(key) {
            return Ok(Vec::new());
        }
        let unreadable =
            || StoreError::Unreadable { record: record.to_string(), class: of.class.as_str().to_owned() };
        let Some(salt) = part::salt_of(self.connection(), record)? else { return Ok(Vec::new()) };
        let part = part::load(self.connection(), record, &of.class, salt)?;
        part.standing(key).map_err(|_| unreadable())
    }
}
