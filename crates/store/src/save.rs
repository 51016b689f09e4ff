//! A local save: one transaction that makes the changes, logs them, updates the parts and their views, and clears
//! the draft. Either all of it is on the disk afterwards, or none.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};
use teranga_core::class::ClassId;
use teranga_core::id::{ChangeHash, RecordId, ReplicaId, Salt};
use teranga_core::key::Key;
use teranga_core::time::Millis;
use teranga_core::value::Value;
use teranga_sync::introduction::ReplicaKind;

use crate::drafts;
use crate::drawn;
use crate::erase;
use crate::error::{Result, StoreError};
use crate::held_answers;
use crate::log::{self, Logged, Status};
use crate::part;
use crate::replica::Replica;
use crate::saving::{Made, Opening, Saving};

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
        self.save_and(save, release, |_| Ok(()))
    }

    /// Saves answers again that a hub did not take: from then on they are kept aside no more.
    pub fn save_again(&mut self, save: &Save) -> Result<Vec<SavedChange>> {
        let own = self.id();
        self.save_and(save, &|_| Vec::new(), |connection| held_answers::settle(connection, own, save.record))
    }

    /// Saves, and does what belongs to it in the same transaction.
    fn save_and(
        &mut self,
        save: &Save,
        release: &dyn Fn(&Heads) -> Vec<(Key, Value)>,
        and: impl FnOnce(&Connection) -> Result<()>,
    ) -> Result<Vec<SavedChange>> {
        let (own, nonce) = (self.id(), self.nonce());
        let opening = Opening { key: self.public_key(), nonce };
        let drawn = Some(self.drawn_from().drawn()).filter(|_| self.profile().kind == ReplicaKind::Device);
        let transaction = self.database_mut().transaction()?;
        if erase::is_erased(&transaction, save.record)? {
            return Err(StoreError::Erased(save.record));
        }
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
        if !made.is_empty() {
            part::touch(&transaction, save.record)?;
        }
        log_save(&transaction, save.record, own, &made)?;
        if let Some(drawn) = drawn {
            drawn::note(&transaction, nonce, &drawn)?;
        }
        if save.draft == DraftFate::Clear {
            transaction.execute("DELETE FROM draft WHERE record = ?1", params![save.record.as_bytes()])?;
        }
        and(&transaction)?;
        transaction.commit()?;
        Ok(made.into_iter().map(|made| SavedChange { class: made.class, hash: made.change.hash }).collect())
    }
}

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
            fed: None,
            witness: None,
        };
        let seq = log::append(connection, &logged)?.seq;
        save.get_or_insert(seq);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use teranga_core::audience::Audience;
    use teranga_core::id::Entropy;
    use teranga_document::room::Room;
    use teranga_sync::introduction::ReplicaKind;
    use teranga_sync::limits;

    use super::*;
    use crate::drafts::Draft;
    use crate::error::StoreError;
    use crate::held_answers::HeldAnswer;
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
        Draft {
            record,
            salt,
            form: "note@1".into(),
            case: None,
            wave: None,
            started: Millis(1),
            heads: Heads::new(),
        }
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
    fn what_a_part_was_loaded_from_no_longer_stands_once_somebody_writes_to_it() {
        let folder = tempfile::tempdir().unwrap();
        let mut replica = replica(folder.path());
        let (record, class, salt) = (RecordId([1; 16]), ClassId::new("survey"), Salt([2; 16]));
        let stands = |stored: &part::Stored, replica: &Replica| {
            stored.stands(replica.connection(), record, &class).unwrap()
        };
        let read = |replica: &Replica| part::stored(replica.connection(), record, &class, salt).unwrap();
        let new = read(&replica);
        assert!(stands(&new, &replica));
        replica.save(&save("one".into())).unwrap();
        let first = read(&replica);
        assert!(!stands(&new, &replica) && stands(&first, &replica));
        replica.save(&save("two".into())).unwrap();
        assert!(!stands(&first, &replica) && stands(&read(&replica), &replica));
    }

    #[test]
    fn answers_are_given_again_and_kept_aside_no_more_in_one_step_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let mut replica = replica(folder.path());
        let first = replica.save(&save("held".into())).unwrap();
        let held = HeldAnswer {
            class: ClassId::new("survey"),
            key: Key::question("note"),
            value: Value::text("given again"),
        };
        let (record, change) = (RecordId([1; 16]), first[0].hash);
        replica
            .database_mut()
            .write(|connection| held_answers::keep(connection, record, change, &held))
            .unwrap();
        let again = Save { draft: DraftFate::Keep, ..save("given again".into()) };
        let fails =
            "CREATE TEMP TRIGGER fails BEFORE DELETE ON held_answer BEGIN SELECT raise(ABORT, 'no'); END";
        replica.connection().execute_batch(fails).unwrap();
        assert!(replica.save_again(&again).is_err());
        assert_eq!(replica.census().unwrap().len(), 1);
        assert_eq!(replica.held_answers(RecordId([1; 16])).unwrap(), [held]);
        replica.connection().execute_batch("DROP TRIGGER fails").unwrap();
        assert_eq!(replica.save_again(&again).unwrap().len(), 1);
        assert!(replica.held_answers(RecordId([1; 16])).unwrap().is_empty());
    }

    #[test]
    fn what_no_hub_would_take_is_refused_before_it_is_saved() {
        let folder = tempfile::tempdir().unwrap();
        let mut replica = replica(folder.path());
        let refused = replica.save(&save("x".repeat(limits::CHANGE_BYTES_MAX)));
        assert!(matches!(refused, Err(StoreError::SaveTooLarge { .. })), "{refused:?}");
        assert!(replica.census().unwrap().is_empty());
    }

    #[test]
    fn what_would_make_a_part_more_than_a_hub_holds_is_refused_and_the_draft_stays() {
        let folder = tempfile::tempdir().unwrap();
        let mut replica = replica(folder.path());
        let text = |number: usize| format!("{number:060000}");
        let saves = Room::of_author(&replica.profile().audience).bytes_max() / 60_000 + 1;
        let taken = (0..saves).take_while(|number| replica.save(&save(text(*number))).is_ok()).count();
        assert_eq!(taken, saves - 1);
        replica.begin_draft(&draft()).unwrap();
        let refused = replica.save(&save(text(saves)));
        assert!(matches!(refused, Err(StoreError::PartFull { .. })), "{refused:?}");
        assert_eq!((replica.census().unwrap().len(), replica.drafts().unwrap()), (taken, vec![draft()]));
        // A short word has room.
        assert!(replica.save(&save("short".into())).is_ok());
    }
}
