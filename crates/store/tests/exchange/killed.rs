//! What a kill leaves: a database and the log of what was saved last. A byte of that log that turned over is found, and what
//! SQLite then drops is kept; a log that merely ends in the middle of a write is taken for what it is.

use std::path::Path;

use teranga_store::verify::Flaw;
use teranga_store::{FILE, Replica};

use crate::world::{Seeded, edit, open_record, profile};
use teranga_sync::introduction::ReplicaKind;

const LOG: &str = "replica.sqlite-wal";

/// The folder of a device that was killed after some saves, as it lies on the disk.
fn killed() -> tempfile::TempDir {
    let (alive, left) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut seed = Seeded(81);
    let awa = profile(ReplicaKind::Device, "awa", Some("SN-KL"));
    let mut awa = Replica::create(alive.path(), &awa, &mut seed).unwrap();
    let record = open_record(&mut awa, &mut seed, &[("E01", "ok")]);
    for number in 0..6 {
        edit(&mut awa, record, &[("E02", &number.to_string())]);
    }
    copy(alive.path(), left.path());
    left
}

fn copy(from: &Path, to: &Path) {
    for file in [FILE, LOG] {
        std::fs::copy(from.join(file), to.join(file)).unwrap();
    }
}

/// What `verify` says of logs, and how many changes there are, once the folder is opened with this for its log.
fn opened_with(left: &Path, log: &[u8]) -> (usize, usize, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(left.join(FILE), folder.path().join(FILE)).unwrap();
    std::fs::write(folder.path().join(LOG), log).unwrap();
    let replica = Replica::open(folder.path(), &mut Seeded(82)).unwrap();
    let mut logs = 0;
    replica.verify(|flaw| logs += usize::from(matches!(flaw, Flaw::Log(_)))).unwrap();
    (logs, replica.census().unwrap().len(), folder)
}

#[test]
fn a_byte_of_the_log_that_turned_over_is_found_and_what_was_saved_is_kept() {
    let left = killed();
    let log = std::fs::read(left.path().join(LOG)).unwrap();
    let (logs, all, _folder) = opened_with(left.path(), &log);
    assert_eq!((logs, all), (0, 8), "nothing is wrong with what a kill leaves");
    let (mut found, mut lost) = (0, 0);
    let mut seed = Seeded(83);
    let frame = 24 + 4096;
    let frames = (log.len() - 32) / frame;
    // Every byte of the header, and of each frame two of its own and one of its page.
    let own = |number: usize| [number % 24, (number + 12) % 24].map(|byte| 32 + number * frame + byte);
    let heads = (0..frames).flat_map(own);
    let pages: Vec<usize> = (0..frames)
        .map(|number| 32 + number * frame + 24 + usize::try_from(seed.next() % 4096).unwrap())
        .collect();
    for at in (0..32).chain(heads).chain(pages) {
        let mut damaged = log.clone();
        damaged[at] ^= 1 << (at % 8);
        let (logs, changes, folder) = opened_with(left.path(), &damaged);
        if logs == 0 {
            // The last save: a power failure could have left it so.
            assert!(changes >= all - 1, "byte {at} cost {} changes", all - changes);
            lost += usize::from(changes < all);
            continue;
        }
        found += 1;
        let kept = folder.path().join(format!("{LOG}-damaged"));
        assert_eq!(std::fs::read(kept).unwrap(), damaged, "byte {at}");
    }
    assert!(found > lost && lost > 0, "{found} found, {lost} in the last save");
}

#[test]
fn a_log_that_ends_in_the_middle_of_a_write_is_not_called_damaged() {
    let left = killed();
    let log = std::fs::read(left.path().join(LOG)).unwrap();
    let mut before = 0;
    for end in (0..=log.len()).step_by(1_371) {
        let (logs, changes, _folder) = opened_with(left.path(), &log[..end]);
        assert_eq!(logs, 0, "cut at {end}");
        assert!(changes >= before);
        before = changes;
    }
}
