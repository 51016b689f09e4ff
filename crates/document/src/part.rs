//! A part: the slice of a record of one class, as one Automerge document that is one flat map. Its first change is
//! deterministic, so that two devices that open the same part alone merge later as if they had opened it together.
//! Text is a scalar here, long text too: two replicas that write it apart leave two values side by side for a person
//! to settle, and no sentence is interleaved with another.

use automerge::transaction::{CommitOptions, Transactable};
use automerge::{Automerge, ROOT, ScalarValue};
use sha2::{Digest, Sha256};
use teranga_core::class::ClassId;
use teranga_core::id::{ActorId, ChangeHash, RecordId};
use teranga_core::key::Key;
use teranga_core::time::Millis;
use teranga_core::value::Value;

use crate::scalar;
use crate::view::{Unreadable, View, read};

const FIRST_CHANGE: &[u8] = b"teranga first change 0\n";
const RECORD: &str = "_record";
const CLASS: &str = "_class";

/// A change as it was made: whole, uncompressed, with its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewChange {
    /// The change's name.
    pub hash: ChangeHash,
    /// The whole chunk, uncompressed.
    pub bytes: Vec<u8>,
    /// How many operations it holds.
    pub n_ops: u64,
}

/// Why a part could not be opened or edited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PartError {
    /// The snapshot is not one of ours, or damaged.
    #[error("the snapshot of a part does not load")]
    Snapshot,
    /// Automerge refused an edit.
    #[error("a part cannot be edited")]
    Edit,
    /// The view cannot be read.
    #[error(transparent)]
    View(#[from] Unreadable),
}

/// One part.
#[derive(Debug, Clone)]
pub struct Part {
    pub(crate) doc: Automerge,
}

impl Part {
    /// The first change of a part: the same bytes on every replica.
    pub fn first_change(record: RecordId, class: &ClassId, salt: [u8; 16]) -> NewChange {
        let doc = Self::open(record, class, salt).doc;
        let change = doc.get_changes(&[]).into_iter().next();
        change.map_or_else(
            || NewChange { hash: ChangeHash([0; 32]), bytes: Vec::new(), n_ops: 0 },
            |change| NewChange {
                hash: ChangeHash(change.hash().0),
                bytes: change.raw_bytes().to_vec(),
                n_ops: 2,
            },
        )
    }

    /// A part that nobody has written to yet.
    pub fn open(record: RecordId, class: &ClassId, salt: [u8; 16]) -> Self {
        let mut hasher = Sha256::new().chain_update(FIRST_CHANGE).chain_update(record.as_bytes());
        hasher.update(class.as_str().as_bytes());
        hasher.update(salt);
        let digest: [u8; 32] = hasher.finalize().into();
        let actor = digest.get(..16).unwrap_or_default();
        let mut doc = Automerge::new().with_actor(automerge::ActorId::from(actor));
        let mut transaction = doc.transaction();
        let record = ScalarValue::Str(record.to_string().into());
        let class = ScalarValue::Str(class.as_str().into());
        let written =
            transaction.put(ROOT, RECORD, record).and_then(|()| transaction.put(ROOT, CLASS, class));
        debug_assert!(written.is_ok(), "a put at the root cannot fail");
        transaction.commit_with(CommitOptions::default().with_time(0));
        Self { doc }
    }

    /// A part from its snapshot.
    pub fn load(snapshot: &[u8]) -> Result<Self, PartError> {
        Automerge::load(snapshot).map(|doc| Self { doc }).map_err(|_| PartError::Snapshot)
    }

    /// The part as bytes: a cache of its changes, not canonical, never on the wire.
    pub fn snapshot(&self) -> Vec<u8> {
        self.doc.save_nocompress()
    }

    /// The changes that no other change builds on, sorted.
    pub fn heads(&self) -> Vec<ChangeHash> {
        self.doc.get_heads().into_iter().map(|head| ChangeHash(head.0)).collect()
    }

    /// Whether a change is in this part.
    pub fn contains(&self, hash: &ChangeHash) -> bool {
        let hash = automerge::ChangeHash(hash.0);
        self.doc.get_heads().contains(&hash) || self.doc.get_change_meta_by_hash(&hash).is_some()
    }

    /// How many changes this part holds, its first included.
    pub fn change_count(&self) -> usize {
        self.doc.get_changes_meta(&[]).len()
    }

    /// What the part holds.
    pub fn view(&self) -> Result<View, Unreadable> {
        read(&self.doc)
    }

    /// Writes all edits as one change. A value that stands already, and stands alone, is left; where all do, there is
    /// no change. A value put on a key in conflict settles it.
    pub fn edit(
        &mut self,
        actor: ActorId,
        time: Millis,
        message: &str,
        edits: &[(Key, Value)],
    ) -> Result<Option<NewChange>, PartError> {
        let view = self.view()?;
        let in_conflict = |key: &Key| view.conflicts.iter().any(|conflict| &conflict.key == key);
        let new: Vec<&(Key, Value)> = edits
            .iter()
            .filter(|(key, value)| view.values.get(key) != Some(value) || in_conflict(key))
            .collect();
        if new.is_empty() {
            return Ok(None);
        }
        let before = self.doc.get_heads();
        self.doc.set_actor(automerge::ActorId::from(actor.as_bytes().as_slice()));
        let mut transaction = self.doc.transaction();
        for (key, value) in &new {
            transaction.put(ROOT, key.as_str(), scalar::write(value)).map_err(|_| PartError::Edit)?;
        }
        let options = CommitOptions::default().with_message(message).with_time(time.0);
        transaction.commit_with(options);
        let change = self.doc.get_changes(&before).into_iter().next_back();
        Ok(change.map(|change| NewChange {
            hash: ChangeHash(change.hash().0),
            bytes: change.raw_bytes().to_vec(),
            n_ops: new.len() as u64,
        }))
    }
}
