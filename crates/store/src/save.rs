//! A local save: one transaction that makes the changes, logs them, updates the parts and their views, and clears
//! the draft. Either all of it is on the disk afterwards, or none.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};
use sha2::{Digest, Sha256};
use teranga_core::class::ClassId;
use teranga_core::id::{ActorId, ChangeHash, OpeningNonce, PublicKey, RecordId, ReplicaId, Salt};
use teranga_core::key::Key;
use teranga_core::time::Millis;
use teranga_core::value::Value;
use teranga_document::part::{NewChange, Part, PartError};
use teranga_sync::identity::actor_of;
use teranga_sync::limits;
use teranga_sync::scan::{ChangeLimits, scan};

use crate::drafts;
use crate::error::{Result, StoreError};
use crate::log::{self, Logged, Status};
use crate::packs::first_hash;
use crate::part::{self, Shown};
use crate::register;
use crate::replica::Replica;

/// The edits of one part in a save.
#[derive(Debug, Clone, PartialEq)]
pub struct PartEdit {
    /// The class: with the record, the part.
    pub class: ClassId,
    /// What to write.
    pub edits: Vec<(Key, Value)>,
}

/// One save.
#[derive(Debug, Clone, PartialEq)]
pub struct Save {
    /// The record.
    pub record: RecordId,
    /// The record's salt; for a record that is held already it must be the one that is known.
    pub salt: Salt,
    /// The form and version under which the answers were given, `form@version`.
    pub form: String,
    /// When, by the device's clock.
    pub at: Millis,
    /// The edits, part by part.
    pub parts: Vec<PartEdit>,
    /// What becomes of the record's draft.
    pub draft: DraftFate,
}

/// What becomes of a draft when its record is saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DraftFate {
    /// It is in the save: clear it. The save builds on the parts as they stood when the draft was begun: what came
    /// since was not before the person's eyes, and stands beside what they wrote.
    Clear,
    /// It is not touched. The save builds on the parts as they stand.
    Keep,
}

/// One change that a save made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedChange {
    /// The class.
    pub class: ClassId,
    /// The change.
    pub hash: ChangeHash,
}

/// The heads of a record's parts.
pub type Heads = BTreeMap<ClassId, Vec<ChangeHash>>;

impl Replica {
    /// Saves. Returns the changes made: none where every value stood already.
    pub fn save(&mut self, save: &Save) -> Result<Vec<SavedChange>> {
        self.save_releasing(save, &|_| Vec::new())
    }

    /// Saves, and writes into the open part what `release` derives from the other parts, of which it is told the
    /// heads that they have after this save.
    pub fn save_releasing(
        &mut self,
        save: &Save,
        release: &dyn Fn(&Heads) -> Vec<(Key, Value)>,
    ) -> Result<Vec<SavedChange>> {
        let (own, opening) = (self.id(), Opening { key: self.public_key(), nonce: self.nonce() });
        let transaction = self.connection_mut().transaction()?;
        part::note_record(&transaction, save.record, save.salt)?;
        let salt = part::salt_of(&transaction, save.record)?.unwrap_or(save.salt);
        let base = match save.draft {
            DraftFate::Clear => drafts::heads_of(&transaction, save.record)?,
            DraftFate::Keep => None,
        };
        let saving = Saving { connection: &transaction, save, salt, base, opening };
        let mut made = Vec::new();
        for edit in save.parts.iter().filter(|edit| edit.class.as_str() != part::OPEN) {
            made.extend(saving.edit(&edit.class, &edit.edits)?);
        }
        let mut edits: Vec<(Key, Value)> = save
            .parts
            .iter()
            .filter(|edit| edit.class.as_str() == part::OPEN)
            .flat_map(|edit| edit.edits.clone())
            .collect();
        edits.extend(release(&part::heads_but_open(&transaction, save.record)?));
        made.extend(saving.edit(&ClassId::new(part::OPEN), &edits)?);
        log_save(&transaction, save.record, own, &made)?;
        if save.draft == DraftFate::Clear {
            transaction.execute("DELETE FROM draft WHERE record = ?1", params![save.record.as_bytes()])?;
        }
        transaction.commit()?;
        Ok(made.into_iter().map(|made| SavedChange { class: made.class, hash: made.change.hash }).collect())
    }
}

/// One change that is made and written, and not yet logged.
struct Made {
    class: ClassId,
    change: NewChange,
}

/// Under whose name changes are written: an opening of this replica.
#[derive(Clone, Copy)]
struct Opening {
    key: PublicKey,
    nonce: OpeningNonce,
}

impl Opening {
    fn actor(&self) -> ActorId {
        actor_of(&self.key, self.nonce)
    }

    /// The opening that writes where this one has written already: one more of this replica, for this one place.
    fn beside(&self, record: RecordId, heads: &[ChangeHash]) -> Self {
        let mut hasher = Sha256::new().chain_update(BESIDE).chain_update(self.nonce.as_bytes());
        hasher.update(record.as_bytes());
        heads.iter().for_each(|head| hasher.update(head.as_bytes()));
        let digest: [u8; 32] = hasher.finalize().into();
        let mut nonce = [0; 16];
        nonce.iter_mut().zip(digest).for_each(|(byte, from)| *byte = from);
        Self { key: self.key, nonce: OpeningNonce(nonce) }
    }
}

const BESIDE: &[u8] = b"teranga opening beside 0\n";

/// One save under way.
struct Saving<'a> {
    connection: &'a Connection,
    save: &'a Save,
    salt: Salt,
    /// What the save builds on, where that is not what stands.
    base: Option<Heads>,
    opening: Opening,
}

impl Saving<'_> {
    fn edit(&self, class: &ClassId, edits: &[(Key, Value)]) -> Result<Option<Made>> {
        if edits.is_empty() {
            return Ok(None);
        }
        let record = self.save.record;
        let mut document = part::load(self.connection, record, class, self.salt)?;
        let written = match self.earlier(&document, class) {
            None => self.write(&mut document, self.opening, edits),
            Some(heads) => self.write_beside(&mut document, &heads, edits),
        };
        let Some((opening, change)) = written.map_err(|_| unreadable(record, class))? else {
            return Ok(None);
        };
        // What every hub would refuse is refused here, while its author is there to do something about it.
        if scan(&change.bytes, &ChangeLimits::PROTOCOL).is_err() {
            return Err(StoreError::SaveTooLarge {
                bytes: change.bytes.len(),
                limit: limits::CHANGE_BYTES_MAX,
            });
        }
        part::write(self.connection, record, class, &shown(&document, record, class)?)?;
        register::note_opening(self.connection, &opening.key, opening.nonce)?;
        Ok(Some(Made { class: class.clone(), change }))
    }

    /// The heads that this save builds on, where the part has moved on from them.
    fn earlier(&self, document: &Part, class: &ClassId) -> Option<Vec<ChangeHash>> {
        let base = self.base.as_ref()?;
        let first = || vec![first_hash(self.save.record, class, self.salt)];
        let mut heads = base.get(class).cloned().unwrap_or_else(first);
        let mut now = document.heads();
        heads.sort_unstable();
        now.sort_unstable();
        (heads != now).then_some(heads)
    }

    fn write(&self, document: &mut Part, opening: Opening, edits: &[(Key, Value)]) -> Written {
        let change = document.edit(opening.actor(), self.save.at, &self.save.form, edits)?;
        Ok(change.map(|change| (opening, change)))
    }

    /// Writes on top of what stood at these heads, beside what has come since.
    fn write_beside(&self, document: &mut Part, heads: &[ChangeHash], edits: &[(Key, Value)]) -> Written {
        let mut then = document.as_of(heads)?;
        let own = self.opening.actor();
        let opening = if then.changes_by(own) == document.changes_by(own) {
            self.opening
        } else {
            self.opening.beside(self.save.record, &then.heads())
        };
        let written = self.write(&mut then, opening, edits)?;
        if let Some((_, change)) = &written {
            document.join(change)?;
        }
        Ok(written)
    }
}

type Written = std::result::Result<Option<(Opening, NewChange)>, PartError>;

fn log_save(connection: &Connection, record: RecordId, own: ReplicaId, made: &[Made]) -> Result<()> {
    let mut save = None;
    for Made { class, change } in made {
        let logged = Logged {
            record,
            class,
            hash: change.hash,
            origin: own,
            batch: None,
            place: 0,
            save,
            status: Status::Applied,
            body: Some(&change.bytes),
        };
        let seq = log::append(connection, &logged)?;
        save.get_or_insert(seq);
    }
    Ok(())
}

fn unreadable(record: RecordId, class: &ClassId) -> StoreError {
    StoreError::Unreadable { record: record.to_string(), class: class.as_str().to_owned() }
}

/// What a part of one's own holds.
fn shown(document: &Part, record: RecordId, class: &ClassId) -> Result<Shown> {
    let view = document.view().map_err(|_| unreadable(record, class))?;
    Ok(Shown {
        heads: document.heads(),
        snapshot: document.snapshot(),
        values: view.values,
        conflicts: view.conflicts,
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use teranga_core::grant::Audience;
    use teranga_core::id::Entropy;
    use teranga_sync::feed::ReplicaKind;

    use super::*;
    use crate::drafts::Draft;
    use crate::replica::Profile;

    struct Counting(u8);

    impl Entropy for Counting {
        fn fill(&mut self, bytes: &mut [u8]) {
            bytes.fill_with(|| {
                self.0 = self.0.wrapping_add(1);
                self.0
            });
        }
    }

    fn replica(folder: &Path) -> Replica {
        let audience = Audience::of_region(Some("SN-KL"));
        let profile = Profile {
            kind: ReplicaKind::Device,
            person: "Awa Exemple".into(),
            office: String::new(),
            audience,
        };
        Replica::create(folder, &profile, &mut Counting(0)).unwrap()
    }

    fn save(text: String) -> Save {
        let edits = vec![(Key::question("note"), Value::Text(text))];
        Save {
            record: RecordId([1; 16]),
            salt: Salt([2; 16]),
            form: "note@1".into(),
            at: Millis(1),
            parts: vec![PartEdit { class: ClassId::new("survey"), edits }],
            draft: DraftFate::Clear,
        }
    }

    fn draft() -> Draft {
        let (record, salt) = (RecordId([1; 16]), Salt([2; 16]));
        Draft { record, salt, form: "note@1".into(), case: None, wave: None, started: Millis(1), heads: Heads::new() }
    }

    #[test]
    fn on_a_full_disk_nothing_is_half_saved_and_the_draft_stays() {
        let folder = tempfile::tempdir().unwrap();
        let mut replica = replica(folder.path());
        replica.begin_draft(&draft()).unwrap();
        let pages: i64 = replica.connection().query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
        replica.connection().pragma_update(None, "max_page_count", pages + 1).unwrap();
        let refused = replica.save(&save("x".repeat(40_000)));
        assert!(matches!(refused, Err(StoreError::DiskFull)), "{refused:?}");
        assert!(replica.census().unwrap().is_empty() && replica.digests().unwrap().is_empty());
        assert_eq!(replica.drafts().unwrap(), [draft()]);
        replica.connection().pragma_update(None, "max_page_count", 100_000).unwrap();
        assert_eq!(replica.save(&save("x".repeat(40_000))).unwrap().len(), 1);
        assert!(replica.drafts().unwrap().is_empty());
    }

    #[test]
    fn what_no_hub_would_take_is_refused_before_it_is_saved() {
        let folder = tempfile::tempdir().unwrap();
        let mut replica = replica(folder.path());
        let refused = replica.save(&save("x".repeat(limits::CHANGE_BYTES_MAX)));
        assert!(matches!(refused, Err(StoreError::SaveTooLarge { .. })), "{refused:?}");
        assert!(replica.census().unwrap().is_empty());
    }
}
