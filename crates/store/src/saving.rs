//! One save under way: the change that it makes in each part. It builds on the part as it stands, or as it stood when
//! the save's draft was begun: then what others wrote since stays beside it.

use rusqlite::{Connection, params};
use sha2::{Digest, Sha256};
use teranga_core::class::ClassId;
use teranga_core::id::{ActorId, ChangeHash, OpeningNonce, PublicKey, RecordId, Salt};
use teranga_core::key::Key;
use teranga_core::value::Value;
use teranga_document::guard;
use teranga_document::part::{NewChange, Part, PartError};
use teranga_document::room::Room;
use teranga_sync::first::first_hash;
use teranga_sync::identity::{actor_of, replica_id};
use teranga_sync::limits;
use teranga_sync::scan::{ChangeLimits, scan};

use crate::error::{Result, StoreError};
use crate::log::Status;
use crate::part::{self, Shown};
use crate::register;
use crate::replica;
use crate::save::{Heads, Save};

/// Sets the derived nonces apart from everything else that is hashed.
const BESIDE: &[u8] = b"teranga opening beside 0\n";

/// One change that is made and written, and not yet logged.
pub(crate) struct Made {
    pub(crate) class: ClassId,
    pub(crate) change: NewChange,
}

/// Under whose name changes are written: an opening of this replica.
#[derive(Clone, Copy)]
pub(crate) struct Opening {
    pub(crate) key: PublicKey,
    pub(crate) nonce: OpeningNonce,
}

impl Opening {
    fn actor(&self) -> ActorId {
        actor_of(&self.key, self.nonce)
    }

    /// The opening that writes where this one has written already: one more of this replica, for this one place, after so
    /// many changes of its part.
    fn beside(&self, record: RecordId, heads: &[ChangeHash], written: i64) -> Self {
        let mut hasher = Sha256::new().chain_update(BESIDE).chain_update(self.nonce.as_bytes());
        hasher.update(record.as_bytes());
        hasher.update(written.to_be_bytes());
        for head in heads {
            hasher.update(head.as_bytes());
        }
        let digest: [u8; 32] = hasher.finalize().into();
        let mut nonce = [0; 16];
        nonce.iter_mut().zip(digest).for_each(|(byte, from)| *byte = from);
        Self { key: self.key, nonce: OpeningNonce(nonce) }
    }
}

/// What is built on where there are too many heads. An answer that all of them gave names all their openings, and the writer's.
const HEADS_AT_ONCE: usize = limits::CHANGE_ACTORS_MAX / 2;

/// One save under way.
pub(crate) struct Saving<'a> {
    pub(crate) connection: &'a Connection,
    pub(crate) save: &'a Save,
    pub(crate) salt: Salt,
    /// What the save builds on, where that is not what stands.
    pub(crate) base: Option<Heads>,
    pub(crate) opening: Opening,
}

impl Saving<'_> {
    /// Makes and writes the change of one part; none where every value stands already.
    pub(crate) fn edit(&self, class: &ClassId, edits: &[(Key, Value)]) -> Result<Option<Made>> {
        if edits.is_empty() {
            return Ok(None);
        }
        let record = self.save.record;
        let mut document = part::load(self.connection, record, class, self.salt)?;
        let before = self.written(class)?;
        let opening = self.opening_on(&document, before);
        let made = match self.earlier(&document, class) {
            None => self.write(&mut document, opening, edits),
            Some(heads) => self.write_beside(&mut document, (&heads, before), opening, edits),
        };
        let Some((opening, change)) = made.map_err(|_| unreadable(record, class))? else {
            return Ok(None);
        };
        // What every hub would refuse is refused here, while its author is there to do something about it: a change, and a part.
        if scan(&change.bytes, &ChangeLimits::PROTOCOL).is_err() {
            return Err(StoreError::SaveTooLarge {
                bytes: change.bytes.len(),
                limit: limits::CHANGE_BYTES_MAX,
            });
        }
        part::write(self.connection, record, class, &self.shown(&document, class)?)?;
        register::note_opening(self.connection, &opening.key, opening.nonce)?;
        Ok(Some(Made { class: class.clone(), change }))
    }

    /// The heads that this save builds on, where they are not all that the part has: it has moved on from them, or more people wrote
    /// at once than a change may build on. Then the rest stands beside it, and each save makes them fewer.
    fn earlier(&self, document: &Part, class: &ClassId) -> Option<Vec<ChangeHash>> {
        let mut now = document.heads();
        let mut heads = match &self.base {
            Some(base) => {
                let first = || vec![first_hash(self.save.record, class, self.salt)];
                base.get(class).cloned().unwrap_or_else(first)
            }
            None => now.clone(),
        };
        heads.sort_unstable();
        now.sort_unstable();
        if heads.len() > limits::CHANGE_DEPS_MAX {
            heads.truncate(HEADS_AT_ONCE);
        }
        (heads != now).then_some(heads)
    }

    /// The opening to write under: another one where a change of this replica is not in the part, held aside or on its way
    /// back, since its number is used up.
    fn opening_on(&self, document: &Part, written: Written) -> Opening {
        if written.applied == written.all {
            return self.opening;
        }
        self.opening.beside(self.save.record, &document.heads(), written.all)
    }

    /// What the part shows with this save, if it has not outgrown what whoever writes here may make of one.
    fn shown(&self, document: &Part, class: &ClassId) -> Result<Shown> {
        let record = self.save.record;
        let view = document.view().map_err(|_| unreadable(record, class))?;
        let snapshot = document.snapshot();
        let outgrows = |room| guard::is_too_much(document, &snapshot, &view, room);
        if outgrows(Room::Field) && outgrows(self.own_room()?) {
            return Err(StoreError::PartFull {
                record: record.to_string(),
                class: class.as_str().to_owned(),
            });
        }
        Ok(Shown { heads: document.heads(), snapshot, values: view.values, conflicts: view.conflicts })
    }

    fn own_room(&self) -> Result<Room> {
        Ok(Room::of_author(&replica::read_profile(self.connection)?.audience))
    }

    /// What this replica has written in a part.
    fn written(&self, class: &ClassId) -> Result<Written> {
        let own = replica_id(&self.opening.key);
        let mut statement = self.connection.prepare_cached(
            "SELECT count(*), count(*) FILTER (WHERE status = ?4) FROM change
             WHERE record = ?1 AND class = ?2 AND origin = ?3",
        )?;
        let of = params![self.save.record.as_bytes(), class.as_str(), own.as_bytes(), Status::Applied.code()];
        Ok(statement.query_row(of, |row| Ok(Written { all: row.get(0)?, applied: row.get(1)? }))?)
    }

    fn write(&self, document: &mut Part, opening: Opening, edits: &[(Key, Value)]) -> MadeUnder {
        let change = document.edit(opening.actor(), self.save.at, &self.save.form, edits)?;
        Ok(change.map(|change| (opening, change)))
    }

    /// Writes on top of what stood at these heads, beside what has come since.
    fn write_beside(
        &self,
        document: &mut Part,
        (heads, before): (&[ChangeHash], Written),
        opening: Opening,
        edits: &[(Key, Value)],
    ) -> MadeUnder {
        let mut then = document.as_of(heads)?;
        let actor = opening.actor();
        let opening = if then.changes_by(actor) == document.changes_by(actor) {
            opening
        } else {
            opening.beside(self.save.record, &then.heads(), before.all)
        };
        let made = self.write(&mut then, opening, edits)?;
        if let Some((_, change)) = &made {
            document.join(change)?;
        }
        Ok(made)
    }
}

/// How many changes of a part this replica has written, and how many of them are in its document.
#[derive(Debug, Clone, Copy)]
struct Written {
    all: i64,
    applied: i64,
}

type MadeUnder = std::result::Result<Option<(Opening, NewChange)>, PartError>;

fn unreadable(record: RecordId, class: &ClassId) -> StoreError {
    StoreError::Unreadable { record: record.to_string(), class: class.as_str().to_owned() }
}
