//! Sealing: a hub's files show nothing of what it holds, no backup gives back what was erased, and whoever loses the
//! wrapping key has a printed share.

use std::path::{Path, PathBuf};

use teranga_core::id::RecordId;
use teranga_core::time::Millis;
use teranga_store::seal::{KEYS_FILE, WRAPPING_FILE, recover};
use teranga_store::{FILE, Replica, StoreError};
use teranga_sync::code::normalise_share;

use crate::world::*;

const WORD: &[u8] = b"a word for nobody else";

fn spoken() -> &'static str {
    std::str::from_utf8(WORD).unwrap()
}

/// Every file of a folder, by name, in which the word stands.
fn files_with_word(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let file = file.unwrap();
        let bytes = std::fs::read(file.path()).unwrap();
        if bytes.windows(WORD.len()).any(|window| window == WORD) {
            found.push(file.file_name().into_string().unwrap());
        }
    }
    found
}

/// A folder in which a hub opens: a database, keys and a wrapping key from these places.
fn folder(database: &Path, keys: &Path, wrapping: &Path) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (from, name) in [(database, FILE), (keys, KEYS_FILE), (wrapping, WRAPPING_FILE)] {
        std::fs::copy(from, folder.path().join(name)).unwrap();
    }
    folder
}

fn holds(replica: &Replica, record: RecordId) -> bool {
    replica.parts(record).unwrap().iter().any(|part| part.class.as_str() == "survey")
}

/// A region that holds an interview, a backup of it, and the record.
fn backed_up(seed: u64) -> (World, tempfile::TempDir, PathBuf, RecordId) {
    let mut world = world(seed);
    let record = open_record(&mut world.awa, &mut world.seed, &[("E01", spoken())]);
    sync_all(&mut world);
    let backups = tempfile::tempdir().unwrap();
    let file = world.region.back_up(backups.path(), NOW).unwrap();
    (world, backups, file, record)
}

#[test]
fn the_files_of_a_hub_show_nothing_of_what_it_holds_and_its_backups_neither() {
    let (mut world, backups, file, record) = backed_up(300);
    assert!(holds(&world.region, record) && holds(&world.awa, record));
    assert!(
        !files_with_word(world.awa.folder()).is_empty(),
        "a device seals nothing: to encrypt its disk is its owner's"
    );
    for folder in [world.hq.folder(), world.region.folder(), backups.path()] {
        assert_eq!(files_with_word(folder), [""; 0]);
    }
    assert!(
        matches!(world.region.back_up(backups.path(), NOW), Err(StoreError::BackupExists(at)) if at == file)
    );
    let wrapping = world.region.folder().join(WRAPPING_FILE);
    let back = folder(&file, &backups.path().join(KEYS_FILE), &wrapping);
    let mut seed = Seeded(1);
    let back = Replica::open(back.path(), &mut seed).unwrap();
    assert!(holds(&back, record));
    assert_eq!(flaws(&back), [""; 0]);
}

#[test]
fn no_backup_gives_back_what_was_erased_since() {
    let (mut world, backups, file, record) = backed_up(301);
    world.hq.erase(record, NOW).unwrap();
    sync(&mut world.region, &mut world.hq);
    let wrapping = world.region.folder().join(WRAPPING_FILE);
    let mut seed = Seeded(1);
    // The backup with the keys as they stood then: the whole machine was put back. It has to be told again.
    let then = folder(&file, &backups.path().join(KEYS_FILE), &wrapping);
    assert!(holds(&Replica::open(then.path(), &mut seed).unwrap(), record));
    // The backup with the keys of today, and with those that the next backup has put in their place.
    world.region.back_up(backups.path(), Millis(NOW.0 + 1_000)).unwrap();
    for keys in [world.region.folder().join(KEYS_FILE), backups.path().join(KEYS_FILE)] {
        let back = folder(&file, &keys, &wrapping);
        let back = Replica::open(back.path(), &mut seed).unwrap();
        assert!(back.is_erased(record).unwrap() && !holds(&back, record));
        assert_eq!((back.bodies(record).unwrap(), flaws(&back)), (0, Vec::new()));
    }
}

/// What is told beside the feed is lost with it: a hub that takes the same rows once more is another feed, or nobody would
/// tell it again.
#[test]
fn whoever_confirmed_an_erasure_confirms_it_again_to_a_hub_that_was_put_back() {
    let (mut world, _backups, file, record) = backed_up(305);
    world.hq.erase(record, NOW).unwrap();
    sync(&mut world.region, &mut world.hq);
    sync(&mut world.awa, &mut world.region);
    let awa = world.awa.id();
    let silent = |hub: &Replica| hub.erasures().unwrap()[0].outstanding.contains(&awa);
    assert!(!silent(&world.region));
    let at = world.region.folder();
    let back = folder(&file, &at.join(KEYS_FILE), &at.join(WRAPPING_FILE));
    world.region = Replica::open(back.path(), &mut world.seed).unwrap();
    assert!(silent(&world.region));
    sync(&mut world.awa, &mut world.region);
    assert!(!silent(&world.region));
}

/// A backup that was made while keys still waited to be destroyed: destroying them first would count as the last of which the
/// database has been told, and what was erased since would stay.
#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "this puts a database into a state that a power cut would leave"
)]
fn a_backup_in_which_keys_still_wait_is_told_of_erasures_before_they_go() {
    let (mut world, _backups, file, record) = backed_up(304);
    world.hq.erase(record, NOW).unwrap();
    sync(&mut world.region, &mut world.hq);
    let at = world.region.folder();
    let back = folder(&file, &at.join(KEYS_FILE), &at.join(WRAPPING_FILE));
    let old = rusqlite::Connection::open(back.path().join(FILE)).unwrap();
    old.set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false).unwrap();
    old.execute("INSERT INTO unused_key (key) VALUES (1000000)", []).unwrap();
    drop(old);
    let back = Replica::open(back.path(), &mut Seeded(1)).unwrap();
    assert!(back.is_erased(record).unwrap() && !holds(&back, record));
}

#[test]
fn a_wrapping_key_that_is_lost_comes_back_from_a_printed_share_and_from_nothing_else() {
    let (mut world, _backups, _file, record) = backed_up(302);
    let share = world.region.new_recovery_share(&mut world.seed).unwrap().unwrap();
    let of_another = world.hq.new_recovery_share(&mut world.seed).unwrap().unwrap();
    assert_eq!(world.region.recovery_shares().unwrap(), Some(1));
    assert_eq!(world.awa.new_recovery_share(&mut world.seed).unwrap(), None);
    let at = world.region.folder().to_owned();
    drop(world.region);
    std::fs::remove_file(at.join(WRAPPING_FILE)).unwrap();
    let mut seed = Seeded(1);
    let refused = Replica::open(&at, &mut seed);
    assert!(matches!(refused, Err(StoreError::WrappingKeyAbsent(_))), "{refused:?}");
    assert!(!recover(&at, &normalise_share(&of_another).unwrap()).unwrap());
    assert!(!at.join(WRAPPING_FILE).exists());
    assert!(recover(&at, &normalise_share(&share.to_lowercase()).unwrap()).unwrap());
    let back = Replica::open(&at, &mut seed).unwrap();
    assert!(holds(&back, record));
}

#[test]
fn a_share_opens_the_backups_that_are_made_after_it_and_a_hub_counts_those_that_open_none() {
    let (mut world, backups, file, record) = backed_up(306);
    assert_eq!(world.region.shares_since_backup().unwrap(), 0);
    let share = world.region.new_recovery_share(&mut world.seed).unwrap().unwrap();
    let share = normalise_share(&share).unwrap();
    let wrapping = world.region.folder().join(WRAPPING_FILE);
    let recovers = || {
        let put_back = folder(&file, &backups.path().join(KEYS_FILE), &wrapping);
        std::fs::remove_file(put_back.path().join(WRAPPING_FILE)).unwrap();
        let taken = recover(put_back.path(), &share).unwrap();
        taken.then(|| holds(&Replica::open(put_back.path(), &mut Seeded(1)).unwrap(), record))
    };
    assert_eq!((world.region.shares_since_backup().unwrap(), recovers()), (1, None));
    // The keys of the next backup take the place of those that it does not open.
    world.region.back_up(backups.path(), Millis(NOW.0 + 1_000)).unwrap();
    assert_eq!((world.region.shares_since_backup().unwrap(), recovers()), (0, Some(true)));
    world.region.new_recovery_share(&mut world.seed).unwrap().unwrap();
    assert_eq!(world.region.shares_since_backup().unwrap(), 1);
    assert_eq!(world.awa.shares_since_backup().unwrap(), 0, "a device has nothing to recover");
}

#[test]
fn keys_that_are_missing_or_somebody_elses_are_named_and_nothing_is_made_in_their_place() {
    let (world, _backups, _file, _) = backed_up(303);
    let (at, other) = (world.region.folder().to_owned(), world.hq.folder().to_owned());
    drop((world.region, world.hq));
    let mut seed = Seeded(1);
    let keys = at.join(KEYS_FILE);
    let aside = at.join("aside");
    std::fs::rename(&keys, &aside).unwrap();
    let refused = Replica::open(&at, &mut seed);
    assert!(matches!(&refused, Err(StoreError::KeysAbsent(named)) if *named == keys), "{refused:?}");
    assert!(!keys.exists());
    std::fs::copy(other.join(KEYS_FILE), &keys).unwrap();
    let refused = Replica::open(&at, &mut seed);
    assert!(matches!(refused, Err(StoreError::KeysOfAnother(_))), "{refused:?}");
    std::fs::rename(&aside, &keys).unwrap();
    drop(Replica::open(&at, &mut seed).unwrap());
}
