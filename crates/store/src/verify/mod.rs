//! Verifying a replica against itself. What was signed is held against its signature and what has a name against its name;
//! what follows from something else is derived once more; and all that is written besides stands in the tally. A byte that a
//! disk turned over is found, and named by what it is a part of: the tally names the table, the rest names the thing.

mod feed;
mod log;
mod parts;
mod people;
mod whole;

use std::path::PathBuf;
use std::sync::OnceLock;

use teranga_core::class::ClassId;
use teranga_core::id::{Batch, ChangeHash, FileHash, RecordId, ReplicaId};

use crate::error::Result;
use crate::left_log;
use crate::migrate;
use crate::open::FILE;
use crate::replica::Replica;
use crate::seal::KEYS_FILE;

pub use parts::{Unsound, UnsoundPart};
pub(crate) use whole::{Expected, Whole, wrong};

/// What a flipped byte may change without being found, and what that costs: the table, the column, why.
pub const NOT_VERIFIED: [(&str, &str, &str); 1] = [(
    "sqlite_sequence",
    "seq",
    "SQLite's own, where no trigger reaches: the last number given. A lower one than the last that stands, and one that leaves no \
     room, are found; another one between costs a gap in the numbers.",
)];

/// Something that is not what it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flaw {
    /// A log that a kill left was damaged, so that what had been saved last could not be read; where it is kept.
    Log(PathBuf),
    /// The database's pages do not hang together; what SQLite says of them.
    Pages(String),
    /// A table or an index is not laid out as this version lays it out.
    Layout(String),
    /// Something in a table is not as it was written. What it is, another flaw may say.
    Table(String),
    /// A table cannot be read through.
    Unreadable {
        /// The table.
        table: &'static str,
        /// What stopped the reading.
        why: String,
    },
    /// A change is not the one that its name says.
    Change {
        /// The record.
        record: RecordId,
        /// The class.
        class: ClassId,
        /// Its name.
        hash: ChangeHash,
    },
    /// A pack cannot be put together as its origin signed it.
    Pack {
        /// Who wrote it.
        origin: ReplicaId,
        /// Its number.
        batch: Batch,
    },
    /// A pack does not follow the one before it.
    Chain {
        /// Who wrote it.
        origin: ReplicaId,
        /// Its number.
        batch: Batch,
    },
    /// A part is not what its log says.
    Part(UnsoundPart),
    /// What stands beside a record is not what its envelope says, or its salt does not open.
    Record(RecordId),
    /// A file is not what its address says.
    File(FileHash),
    /// A thumbnail is not the one that was signed for its image.
    Thumbnail(FileHash),
    /// A published text is not the one that was published.
    Resource {
        /// Its kind, identity and version.
        name: String,
    },
    /// A row of the feed is not under the running hash.
    Feed {
        /// Its position.
        position: u64,
    },
    /// Somebody's identity, or that of an opening of theirs, does not follow from their key.
    Identity(ReplicaId),
    /// The home's word by which a record was erased is not as it was signed.
    Erasure(RecordId),
    /// The word of a replica that it has destroyed a record is not as it was signed.
    Confirmation {
        /// The record.
        record: RecordId,
        /// Who said so.
        replica: ReplicaId,
    },
    /// The key of the hub is not that of the hub.
    Hub,
    /// A key does not open, or the keys are not as they were written; which, or what table.
    Keys(String),
}

/// How much was verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Verified {
    /// Changes.
    pub changes: u64,
    /// Packs.
    pub packs: u64,
    /// Parts.
    pub parts: u64,
}

/// Who is told of flaws.
type Told<'a> = &'a mut dyn FnMut(Flaw);

impl Replica {
    /// Verifies everything that is held. `told` is called with each flaw; nothing is changed.
    pub fn verify(&self, mut told: impl FnMut(Flaw)) -> Result<Verified> {
        let told: Told<'_> = &mut told;
        self.damaged_logs().into_iter().map(Flaw::Log).for_each(&mut *told);
        for wrong in wrong(self.connection(), expected()?) {
            told(match wrong {
                Whole::Pages(said) => Flaw::Pages(said),
                Whole::Layout(name) => Flaw::Layout(name),
                Whole::Table(name) => Flaw::Table(name),
            });
        }
        let changes = read("change", told, |told| log::changes(self, told));
        let packs = read("pack", told, |told| log::packs(self, told));
        let parts = read("part", told, |told| parts::verify(self, told));
        read("feed", told, |told| feed::verify(self, told));
        read("replica", told, |told| people::identities(self, told));
        read("erased", told, |told| people::erasures(self, told));
        read("thumbnail", told, |told| people::thumbnails(self, told));
        read("attachment", told, |told| {
            self.unsound_files()?.into_iter().map(Flaw::File).for_each(told);
            Ok(())
        });
        let keys = self.keys().verify(&mut |what| told(Flaw::Keys(what)));
        keys.unwrap_or_else(|error| told(Flaw::Keys(error.to_string())));
        Ok(Verified { changes, packs, parts })
    }
}

impl Replica {
    /// The logs that a kill left and that were damaged, as they were kept: what had been saved last, and can be read no more.
    pub fn damaged_logs(&self) -> Vec<PathBuf> {
        let files = [FILE, KEYS_FILE].map(|file| self.folder().join(file));
        files.iter().flat_map(|file| left_log::kept(file)).collect()
    }
}

/// How a replica of this version is laid out.
fn expected() -> Result<&'static Expected> {
    static EXPECTED: OnceLock<Expected> = OnceLock::new();
    Expected::kept(&EXPECTED, migrate::example)
}

/// Reads a table through. One that does not let itself be read is told like any other flaw, and the next ones are read all
/// the same.
fn read<T: Default>(table: &'static str, told: Told<'_>, check: impl FnOnce(Told<'_>) -> Result<T>) -> T {
    check(told).unwrap_or_else(|error| {
        told(Flaw::Unreadable { table, why: error.to_string() });
        T::default()
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use teranga_core::audience::Audience;
    use teranga_core::id::{Entropy, EventId, Salt};
    use teranga_core::key::Key;
    use teranga_core::record::{Envelope, Event, EventKind};
    use teranga_core::time::Millis;
    use teranga_core::value::Value;
    use teranga_sync::feed::ResourceRow;
    use teranga_sync::introduction::ReplicaKind;

    use super::*;
    use crate::replica::Profile;
    use crate::save::{DraftFate, PartEdit, Save};

    const NOW: Millis = Millis(1_795_000_000_000);

    struct Counting(u8);
    impl Entropy for Counting {
        fn fill(&mut self, bytes: &mut [u8]) {
            for byte in bytes {
                self.0 = self.0.wrapping_mul(77).wrapping_add(11);
                *byte = self.0;
            }
        }
    }

    /// A replica with a record, two packs and a resource.
    fn replica(folder: &std::path::Path) -> Replica {
        let mut entropy = Counting(1);
        let profile = Profile {
            kind: ReplicaKind::Device,
            person: "Awa Exemple".into(),
            office: String::new(),
            audience: Audience::of_region(Some("SN-KL")),
        };
        let mut replica = Replica::create(folder, &profile, &mut entropy).unwrap();
        let record = RecordId::generate(NOW, &mut entropy);
        for answer in ["ok", "satisfied"] {
            let event = EventId::generate(NOW, &mut entropy);
            let envelope = Envelope {
                form: "rss@1".into(),
                case: None,
                wave: None,
                region: "SN-KL".into(),
                events: BTreeMap::from([(event, Event { at: NOW, kind: EventKind::Submitted })]),
            };
            let parts = vec![
                PartEdit { class: ClassId::new("open"), edits: envelope.write() },
                PartEdit {
                    class: ClassId::new("survey"),
                    edits: vec![(Key::question("E01"), Value::text(answer))],
                },
            ];
            let (salt, draft) = (Salt([3; 16]), DraftFate::Keep);
            replica.save(&Save { record, salt, form: "rss@1".into(), at: NOW, parts, draft }).unwrap();
            assert!(replica.cut_pack(1, NOW).unwrap());
        }
        let text = |text: &str| text.to_owned();
        let (kind, id, version) = (text("list"), text("a"), text("1"));
        replica.publish(&ResourceRow { kind, id, version, json: text("{\"entries\": []}") }).unwrap();
        replica
    }

    fn flaws(replica: &Replica) -> Vec<Flaw> {
        let mut found = Vec::new();
        replica.verify(|flaw| found.push(flaw)).unwrap();
        found
    }

    type Named = fn(&Flaw) -> bool;

    #[test]
    fn one_flipped_byte_is_found_and_named() {
        let folder = tempfile::tempdir().unwrap();
        let mut replica = replica(folder.path());
        replica.attach(b"a file", None).unwrap();
        assert_eq!(flaws(&replica), []);
        let verified = replica.verify(|_| {}).unwrap();
        assert_eq!((verified.changes, verified.packs, verified.parts), (4, 2, 2));
        let cases: [(&str, &str, &str, Named); 7] = [
            ("change", "body", "seq", |flaw| matches!(flaw, Flaw::Change { .. })),
            ("change", "hash", "seq", |flaw| matches!(flaw, Flaw::Change { .. })),
            ("pack", "signature", "batch", |flaw| matches!(flaw, Flaw::Pack { .. })),
            ("pack", "previous", "batch", |flaw| matches!(flaw, Flaw::Chain { .. })),
            ("part", "snapshot", "rowid", |flaw| matches!(flaw, Flaw::Part(_))),
            ("chunk", "bytes", "n", |flaw| matches!(flaw, Flaw::File(_))),
            ("feed", "running", "position", |flaw| matches!(flaw, Flaw::Resource { .. })),
        ];
        for (table, column, id, is_named) in cases {
            let connection = replica.connection();
            let last = format!("WHERE {id} = (SELECT max({id}) FROM {table})");
            let select = format!("SELECT {column} FROM {table} {last}");
            let mut bytes: Vec<u8> = connection.query_row(&select, [], |row| row.get(0)).unwrap();
            let at = bytes.len() / 2;
            bytes[at] ^= 1;
            connection.execute_batch("BEGIN").unwrap();
            connection.execute(&format!("UPDATE {table} SET {column} = ?1 {last}"), [bytes]).unwrap();
            let found = flaws(&replica);
            assert!(found.iter().any(is_named), "{table}.{column}: {found:?}");
            connection.execute_batch("ROLLBACK").unwrap();
        }
        assert_eq!(flaws(&replica), []);
    }
}
