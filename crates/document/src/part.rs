//! A part: the slice of a record of one class, as one Automerge document that is one flat map. Its first change is
//! deterministic, so that two devices that open the same part alone merge later as if they had opened it together.
//! Text is a scalar here, long text too: two replicas that write it apart leave two values side by side for a person
//! to settle, and no sentence is interleaved with another.

use automerge::transaction::{CommitOptions, Transactable};
use automerge::{Automerge, ROOT, ReadDoc as _, ScalarValue};
use sha2::{Digest, Sha256};
use teranga_core::class::ClassId;
use teranga_core::id::{ActorId, ChangeHash, RecordId};
use teranga_core::key::Key;

use crate::view::{Candidate, Unreadable, View, read, standing};

const FIRST_CHANGE: &[u8] = b"teranga first change 0\n";
const RECORD: &str = "_record";
const CLASS: &str = "_class";
/// Keys that the first change writes; they say which part this is, are no answers, and are never edited.
pub(crate) const OWN: [&str; 2] = [RECORD, CLASS];

/// A change of a part: whole, uncompressed, with its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewChange {
    /// The change's name.
    pub hash: ChangeHash,
    /// The whole chunk, uncompressed however large it is.
    pub bytes: Vec<u8>,
    /// How many operations it holds.
    pub n_ops: u64,
}

impl NewChange {
    pub(crate) fn of(change: &automerge::Change) -> Self {
        Self {
            hash: ChangeHash(change.hash().0),
            // Not `bytes()`, which deflates everything above 256 bytes; a hub refuses what it cannot measure.
            bytes: change.raw_bytes().to_vec(),
            n_ops: change.len() as u64,
        }
    }
}

/// Why a part could not be loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PartError {
    /// The snapshot is not one of ours, or damaged.
    #[error("the snapshot of a part does not load")]
    Snapshot,
    /// Automerge refused an edit: a number that is not finite, or a key that no answer may have.
    #[error("a part cannot be edited")]
    Edit,
    /// The view cannot be read.
    #[error(transparent)]
    View(#[from] Unreadable),
}

/// One part.
#[derive(Debug, Clone)]
pub struct Part {
    /// Handed from one owner to the next many times, and too large to be moved each time.
    pub(crate) doc: Box<Automerge>,
}

impl Part {
    /// The first change of a part: the same bytes on every replica.
    pub fn first_change(record: RecordId, class: &ClassId, salt: [u8; 16]) -> NewChange {
        let doc = Self::open(record, class, salt).doc;
        let change = doc.get_changes(&[]).into_iter().next();
        debug_assert!(change.is_some(), "a part that was opened holds its first change");
        let none = NewChange { hash: ChangeHash([0; 32]), bytes: Vec::new(), n_ops: 0 };
        change.map_or(none, |change| NewChange::of(&change))
    }

    /// A part that nobody has written to yet.
    pub fn open(record: RecordId, class: &ClassId, salt: [u8; 16]) -> Self {
        let mut hasher = Sha256::new().chain_update(FIRST_CHANGE).chain_update(record.as_bytes());
        hasher.update(class.as_str().as_bytes());
        hasher.update(salt);
        let digest: [u8; 32] = hasher.finalize().into();
        let actor = digest.get(..16).unwrap_or_default();
        let mut doc = Box::new(Automerge::new().with_actor(automerge::ActorId::from(actor)));
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
        Automerge::load(snapshot).map(|doc| Self { doc: Box::new(doc) }).map_err(|_| PartError::Snapshot)
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
        self.doc.get_change_meta_by_hash(&automerge::ChangeHash(hash.0)).is_some()
    }

    /// How many changes this part holds, its first included.
    pub fn change_count(&self) -> usize {
        usize::try_from(self.doc.stats().num_changes).unwrap_or(usize::MAX)
    }

    /// How many operations this part holds: every answer that ever stood in it is one.
    pub fn operation_count(&self) -> usize {
        usize::try_from(self.doc.stats().num_ops).unwrap_or(usize::MAX)
    }

    /// Every change, its first included, each after those that it builds on.
    pub fn all_changes(&self) -> Vec<NewChange> {
        self.changes_since(&[])
    }

    /// The changes that are neither among `heads` nor behind them, each after those that it builds on. Heads that are
    /// not in this part are passed over.
    pub fn changes_since(&self, heads: &[ChangeHash]) -> Vec<NewChange> {
        let known: Vec<automerge::ChangeHash> = heads
            .iter()
            .filter(|head| self.contains(head))
            .map(|head| automerge::ChangeHash(head.0))
            .collect();
        self.doc.get_changes(&known).iter().map(NewChange::of).collect()
    }

    /// The part as it stood at these heads, to write on top of what stood there and of nothing since: what others have
    /// written meanwhile stays beside it. Heads that are not in this part are passed over; where none is, the part
    /// is as nobody has written to it yet.
    pub fn as_of(&self, heads: &[ChangeHash]) -> Result<Self, PartError> {
        let mut known: Vec<automerge::ChangeHash> = heads
            .iter()
            .filter(|head| self.contains(head))
            .map(|head| automerge::ChangeHash(head.0))
            .collect();
        if known.is_empty() {
            known.extend(self.doc.get_changes_meta(&[]).first().map(|first| first.hash));
        }
        // Not a transaction at these heads: that counts its operations on from the whole part, and what does not
        // count on from what it builds on is taken by no hub.
        self.doc.fork_at(&known).map(|doc| Self { doc: Box::new(doc) }).map_err(|_| PartError::Snapshot)
    }

    /// Takes in a change of one's own that was made on this part as it stood earlier.
    pub fn join(&mut self, change: &NewChange) -> Result<(), PartError> {
        let change = automerge::Change::try_from(change.bytes.as_slice()).map_err(|_| PartError::Snapshot)?;
        self.doc.apply_changes([change]).map_err(|_| PartError::Snapshot)
    }

    /// How many changes of this part an opening wrote. Its changes are numbered: what it writes at an earlier state of
    /// the part that lacks some of them would repeat a number.
    pub fn changes_by(&self, actor: ActorId) -> usize {
        let metas = self.doc.get_changes_meta(&[]);
        metas.iter().filter(|meta| meta.actor.to_bytes() == actor.as_bytes()).count()
    }

    /// The opening that wrote a change, if the change is in this part.
    pub fn author(&self, hash: &ChangeHash) -> Option<ActorId> {
        let meta = self.doc.get_change_meta_by_hash(&automerge::ChangeHash(hash.0))?;
        ActorId::from_slice(meta.actor.to_bytes())
    }

    /// The values that stand under one key, with who wrote each.
    pub fn standing(&self, key: &Key) -> Result<Vec<Candidate>, Unreadable> {
        standing(&self.doc, key)
    }

    /// What the part holds.
    pub fn view(&self) -> Result<View, Unreadable> {
        read(&self.doc)
    }
}
