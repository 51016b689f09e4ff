//! Verifying a replica against itself: every change against its name, every pack against its origin's signature and the
//! pack before it, every part against its log, every published text against the feed. A byte that a disk turned over is
//! found, and named by what it is a part of.

use rusqlite::params;
use sha2::{Digest, Sha256};
use teranga_core::class::ClassId;
use teranga_core::id::{Batch, ChangeHash, FileHash, ManifestHash, RecordId, ReplicaId};
use teranga_sync::scan::{ChangeLimits, scan};

use crate::census::UnsoundPart;
use crate::columns::{self, blob};
use crate::error::{Result, StoreError};
use crate::feed;
use crate::packs;
use crate::replica::Replica;

/// Something that is not what it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flaw {
    /// The database's pages do not hang together; what SQLite says of them.
    Pages(String),
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
    /// A file is not what its address says.
    File(FileHash),
    /// A published text is not the one that was published.
    Resource {
        /// Its kind, identity and version.
        name: String,
    },
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

impl Replica {
    /// Verifies everything that is held. `told` is called with each flaw; nothing is changed.
    pub fn verify(&self, mut told: impl FnMut(Flaw)) -> Result<Verified> {
        let pages: String = self.connection().query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
        if pages != "ok" {
            told(Flaw::Pages(pages));
        }
        let changes = self.verify_changes(&mut told)?;
        let packs = self.verify_packs(&mut told)?;
        self.verify_resources(&mut told)?;
        self.unsound_files()?.into_iter().map(Flaw::File).for_each(&mut told);
        self.unsound_parts()?.into_iter().map(Flaw::Part).for_each(&mut told);
        let parts = self.connection().query_row("SELECT count(*) FROM part", [], |row| row.get(0))?;
        Ok(Verified { changes, packs, parts: columns::unsigned(parts) })
    }

    fn verify_changes(&self, told: &mut impl FnMut(Flaw)) -> Result<u64> {
        let mut statement = self.connection().prepare(
            "SELECT record, class, hash, unsealed(body) FROM change WHERE body IS NOT NULL ORDER BY seq",
        )?;
        let mut rows = statement.query([])?;
        let mut count = 0;
        while let Some(row) = rows.next()? {
            let hash: ChangeHash = blob(row, 2, "change", "hash")?;
            let body: Vec<u8> = row.get::<_, Option<_>>(3)?.unwrap_or_default();
            if scan(&body, &ChangeLimits::PROTOCOL).map(|scanned| scanned.hash) != Ok(hash) {
                let (record, class) = (blob(row, 0, "change", "record")?, columns::class(row, 1)?);
                told(Flaw::Change { record, class, hash });
            }
            count += 1;
        }
        Ok(count)
    }

    fn verify_packs(&self, told: &mut impl FnMut(Flaw)) -> Result<u64> {
        let mut statement = self
            .connection()
            .prepare("SELECT origin, batch, hash, previous FROM pack ORDER BY origin, batch")?;
        let mut rows = statement.query([])?;
        let mut count = 0;
        while let Some(row) = rows.next()? {
            let (origin, batch) = (blob(row, 0, "pack", "origin")?, columns::batch(row.get(1)?));
            let hash: ManifestHash = blob(row, 2, "pack", "hash")?;
            let holds = match packs::load(self.connection(), origin, batch) {
                Ok(pack) => pack.hash() == hash && pack.manifest.verify(&hash),
                Err(StoreError::Inconsistent { .. } | StoreError::Unsealable) => false,
                Err(error) => return Err(error),
            };
            if !holds {
                told(Flaw::Pack { origin, batch });
            }
            let before = Batch(batch.0.saturating_sub(1));
            let previous: ManifestHash = blob(row, 3, "pack", "previous")?;
            let begins = before == batch.line().beginning();
            if !begins && packs::hash_of(self.connection(), origin, before)? != Some(previous) {
                told(Flaw::Chain { origin, batch });
            }
            count += 1;
        }
        Ok(count)
    }

    /// A resource's text is under the running hash of the feed at the row that published it.
    fn verify_resources(&self, told: &mut impl FnMut(Flaw)) -> Result<()> {
        let mut statement = self.connection().prepare(
            "SELECT r.kind, r.id, r.version, r.json, f.position, f.running, f.kind, f.opening FROM resource r
             JOIN feed f ON f.kind = 3 AND f.ref = r.row ORDER BY r.row",
        )?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (position, kind): (i64, i64) = (row.get(4)?, row.get(6)?);
            let before: Option<Vec<u8>> = self
                .connection()
                .prepare_cached("SELECT running FROM feed WHERE position = ?1")?
                .query_map(params![position - 1], |row| row.get(0))?
                .next()
                .transpose()?;
            let json: Vec<u8> = row.get_ref(3)?.as_bytes().map_err(rusqlite::Error::from)?.to_vec();
            let opening: Option<Vec<u8>> = row.get(7)?;
            let digest = feed::row_digest(kind, &json, &opening.unwrap_or_default());
            let running = Sha256::new()
                .chain_update(before.unwrap_or_else(|| vec![0; 32]))
                .chain_update(digest)
                .finalize();
            if running.as_slice() != row.get::<_, Vec<u8>>(5)?.as_slice() {
                let name = |column| row.get::<_, String>(column);
                told(Flaw::Resource { name: format!("{} {}@{}", name(0)?, name(1)?, name(2)?) });
            }
        }
        Ok(())
    }
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
            connection.execute_batch("SAVEPOINT flip").unwrap();
            connection.execute(&format!("UPDATE {table} SET {column} = ?1 {last}"), [bytes]).unwrap();
            let found = flaws(&replica);
            assert!(found.iter().any(is_named), "{table}.{column}: {found:?}");
            connection.execute_batch("ROLLBACK TO flip; RELEASE flip").unwrap();
        }
        assert_eq!(flaws(&replica), []);
    }
}
