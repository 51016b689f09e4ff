//! What an erasure leaves beside the tables: keys in the ring, pages in the write-ahead log and in damaged logs that were kept.
//! It is gone before anybody is told that the record is; where the disk has no room for that, it is tried again first.

use crate::error::{Result, StoreError};
use crate::replica::Replica;

impl Replica {
    /// Sees to it that what was destroyed is nowhere in the files, and that no copy of them opens any more: the write-ahead
    /// log still had it, the keyring its key, this opening what its salt was drawn from, and a damaged log perhaps its answers.
    pub(crate) fn forget_destroyed(&mut self) -> Result<()> {
        self.drawn_from().renew();
        for log in self.damaged_logs() {
            std::fs::remove_file(&log).map_err(|error| StoreError::of_io(&log, &error))?;
        }
        self.keys().clone().destroy_unused(self.database_mut())?;
        self.connection().query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        Ok(())
    }

    /// The same, where it could not be done when something was destroyed, before the hub is told that it was, over a link or in a file.
    pub(crate) fn finish_destroying(&mut self) -> Result<()> {
        let (keys, confirms): (bool, bool) = self
            .connection()
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM unused_key),
                     EXISTS (SELECT 1 FROM erasure WHERE told = 0 AND signature IS NOT NULL AND replica = ?1)",
            )?
            .query_row([self.id().as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))?;
        if keys || confirms { self.forget_destroyed() } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use teranga_core::audience::Audience;
    use teranga_core::id::{Entropy, RecordId, Salt};
    use teranga_core::time::Millis;
    use teranga_sync::erase::Erasure;
    use teranga_sync::introduction::ReplicaKind;

    use crate::erase::{self, NO_SALT};
    use crate::part;
    use crate::uplink::Joined;
    use crate::{Profile, Replica};

    struct Counting(u8);

    impl Entropy for Counting {
        fn fill(&mut self, bytes: &mut [u8]) {
            for byte in bytes {
                self.0 = self.0.wrapping_add(37);
                *byte = self.0;
            }
        }
    }

    fn hub(region: Option<&str>) -> Profile {
        let audience = Audience::of_region(region);
        let (person, office) = ("Bureau".to_owned(), "Bureau d’essai".to_owned());
        Profile { kind: ReplicaKind::Hub, person, office, audience }
    }

    fn home(folder: &std::path::Path) -> Replica {
        Replica::create(folder, &hub(None), &mut Counting(1)).unwrap()
    }

    fn unused_keys(replica: &Replica) -> i64 {
        let keys = "SELECT count(*) FROM unused_key";
        replica.connection().query_row(keys, [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn what_was_erased_and_never_here_is_named_without_its_salt() {
        let folder = tempfile::tempdir().unwrap();
        let mut home = home(folder.path());
        let record = RecordId([7; 16]);
        let own = home.identity().clone();
        let transaction = home.database_mut().transaction().unwrap();
        erase::take(&transaction, &own, &Erasure::sign(&own, record, Millis(1))).unwrap();
        part::note_record(&transaction, record, Salt([9; 16])).unwrap();
        transaction.commit().unwrap();
        assert_eq!(part::salt_of(home.connection(), record).unwrap(), Some(NO_SALT));
    }

    #[test]
    fn a_key_that_could_not_be_destroyed_is_before_anybody_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let mut home = home(folder.path());
        let record = RecordId([7; 16]);
        home.erase(record, Millis(1)).unwrap();
        let own = home.id();
        assert_eq!(home.erasures().unwrap()[0].confirmed, [own]);
        // As a disk leaves it that was full when the key's turn came.
        let sql = "INSERT INTO unused_key (key, record) SELECT fresh_key(), record FROM erased";
        home.database_mut().execute(sql, []).unwrap();
        assert_eq!(home.erasures().unwrap()[0].outstanding, [own]);
        home.finish_destroying().unwrap();
        assert_eq!(home.erasures().unwrap()[0].confirmed, [own]);
        assert_eq!(unused_keys(&home), 0);
    }

    #[test]
    fn so_it_is_before_a_file_tells_anybody() {
        let folder = tempfile::tempdir().unwrap();
        let home = home(&folder.path().join("home"));
        let mut region =
            Replica::create(&folder.path().join("region"), &hub(Some("SN-KL")), &mut Counting(2)).unwrap();
        let key = home.public_key();
        let joined = Joined { key: &key, url: "http://127.0.0.1:1", name: "Siège", home: Some(&key) };
        region.join(&joined, hub(Some("SN-KL"))).unwrap();
        let (own, record) = (region.identity().clone(), RecordId([7; 16]));
        let transaction = region.database_mut().transaction().unwrap();
        erase::take(&transaction, &own, &Erasure::sign(home.identity(), record, Millis(1))).unwrap();
        let sql = "INSERT INTO unused_key (key, record) SELECT fresh_key(), record FROM erased";
        transaction.execute(sql, []).unwrap();
        transaction.commit().unwrap();
        assert_eq!(unused_keys(&region), 1);
        region.bundle(&mut Counting(3), Millis(2)).unwrap().unwrap();
        assert_eq!(unused_keys(&region), 0);
    }
}
