//! The scanner agrees with Automerge on every real change, and refuses everything else.

use automerge::Change;
use proptest::prelude::*;
use teranga_core::id::{ActorId, ChangeHash};
use teranga_core::key::Key;
use teranga_core::problem::Explain;
use teranga_core::time::Millis;
use teranga_core::value::Value;
use teranga_sync::bytes::Writer;
use teranga_sync::elide::{rebuild, without_frame};
use teranga_sync::limits;
use teranga_sync::scan::{ChangeLimits, ScanError, ScannedChange, scan};

use crate::pool::{Seeded, part, pool, with_checksum};

fn scanned(bytes: &[u8]) -> Result<ScannedChange, ScanError> {
    scan(bytes, &ChangeLimits::PROTOCOL)
}

/// What Automerge reads of a change.
fn read_by_automerge(bytes: &[u8]) -> ScannedChange {
    let change = Change::from_bytes(bytes.to_vec()).unwrap();
    ScannedChange {
        hash: ChangeHash(change.hash().0),
        actor: ActorId::from_slice(change.actor_id().to_bytes()).unwrap(),
        seq: change.seq(),
        start_op: change.start_op().get(),
        n_ops: change.len(),
        time: Millis(change.timestamp()),
        message: change.message().unwrap_or_default().to_owned(),
        deps: change.deps().iter().map(|dep| ChangeHash(dep.0)).collect(),
    }
}

#[test]
fn it_agrees_with_automerge_on_every_real_change() {
    let pool = pool();
    assert!(pool.len() > 300, "{}", pool.len());
    for made in &pool {
        assert_eq!(scanned(&made.change), Ok(read_by_automerge(&made.change)));
    }
    assert!(pool.iter().any(|made| scanned(&made.change).unwrap().deps.len() > 1));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn it_agrees_whatever_is_written(
        time in any::<i64>(),
        message in ".{0,60}",
        edits in prop::collection::vec((".{1,40}", any::<i64>(), ".{0,40}"), 1..20),
    ) {
        let edits: Vec<(Key, Value)> = edits
            .into_iter()
            .map(|(key, number, text)| {
                let value = if number % 2 == 0 { Value::Int(number) } else { Value::text(text) };
                (Key::from_text(key), value)
            })
            .collect();
        let made = part(1).edit(ActorId([3; 16]), Millis(time), &message, &edits).unwrap();
        if let Some(made) = made {
            prop_assert_eq!(scanned(&made.bytes), Ok(read_by_automerge(&made.bytes)));
        }
    }

    #[test]
    fn junk_is_refused(junk in prop::collection::vec(any::<u8>(), 0..300), framed in any::<bool>()) {
        let chunk = if framed { rebuild(&junk, Some(ChangeHash([7; 32]))).0 } else { junk };
        prop_assert!(scanned(&chunk).is_err());
    }
}

#[test]
fn every_truncation_is_refused_with_a_checksum_that_holds_too() {
    let mut seeded = Seeded::new(2);
    let pool = pool();
    for _ in 0..40 {
        let change = &seeded.one_of(&pool).change;
        for length in 0..change.len() {
            assert!(scanned(&change[..length]).is_err());
        }
        let body = without_frame(change);
        for length in 0..body.len() {
            assert!(scanned(&rebuild(&body[..length], None).0).is_err(), "{length} of {}", body.len());
        }
    }
}

#[test]
fn trailing_bytes_and_damage_are_refused() {
    for made in pool().iter().step_by(20) {
        let mut longer = made.change.clone();
        longer.push(0);
        assert!(scanned(&longer).is_err());
        let mut longer = without_frame(&made.change).to_vec();
        longer.push(0);
        assert!(scanned(&rebuild(&longer, None).0).is_err(), "no bytes travel unread");
        for place in 0..made.change.len() {
            let mut damaged = made.change.clone();
            damaged[place] ^= 1 << (place % 8);
            assert!(scanned(&damaged).is_err(), "{place}");
        }
    }
}

#[test]
fn what_automerge_can_read_and_we_cannot_bound_is_refused() {
    let text = Value::text("a".repeat(1_000));
    let edits: Vec<(Key, Value)> = vec![(Key::question("note"), text)];
    let mut part = part(1);
    let change = part.edit(ActorId([3; 16]), Millis(0), "", &edits).unwrap().unwrap();
    let compressed = Change::from_bytes(change.bytes.clone()).unwrap().bytes().into_owned();
    assert_eq!(compressed.get(8), Some(&2), "Automerge deflates what is over 256 bytes");
    for chunk in [compressed, part.snapshot()] {
        assert_eq!(scanned(&chunk).unwrap_err().code(), "malformed");
    }
    assert!(scanned(&change.bytes).is_ok());
}

/// A change body with these columns, every other field as it should be.
fn body(columns: &[(u64, &[u8])]) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.count(1).raw(&[7; 32]).run(&[3; 16]);
    writer.number(1).number(3).number(0).text("").count(0).count(columns.len());
    for (name, column) in columns {
        writer.number(*name).count(column.len());
    }
    for (_, column) in columns {
        writer.raw(column);
    }
    writer.finish()
}

fn with_columns(columns: &[(u64, &[u8])]) -> Result<usize, ScanError> {
    scanned(&rebuild(&body(columns), None).0).map(|scanned| scanned.n_ops)
}

/// `count` as a positive run length, a null run and a boolean run are written: LEB128.
fn leb(count: u64) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.number(count);
    writer.finish()
}

#[test]
fn bombs_are_refused_by_what_they_claim() {
    let million = leb(1_000_000);
    let of_million = |before: &[u8], after: &[u8]| [before, &million, after].concat();
    let one_put = (0x42, &[0x7f, 1][..]);
    assert_eq!(with_columns(&[one_put]), Ok(1));

    assert_eq!(with_columns(&[(0x42, &of_million(&[], &[1]))]), Err(ScanError::TooManyOps));
    assert_eq!(with_columns(&[(0x42, &of_million(&[0], &[]))]), Err(ScanError::TooManyOps));
    let bombs: [&[(u64, &[u8])]; 9] = [
        &[(0x15, &of_million(&[], &[1, b'a'])), one_put],
        &[(0x15, &of_million(&[0x7f], b"a")), one_put],
        &[(0x34, &million), one_put],
        &[one_put, (0x56, &of_million(&[0x7f], &[]))],
        &[one_put, (0x70, &of_million(&[0x7f], &[]))],
        &[one_put, (0x70, &[0x7f, 2]), (0x71, &of_million(&[], &[0])), (0x73, &of_million(&[], &[0]))],
        // A literal run of the longest length there is.
        &[(0x42, &[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f, 1])],
        // Two claims whose sum has no number.
        &[(0x42, &[[0].as_slice(), &leb(u64::MAX), &[0], &leb(u64::MAX)].concat())],
        &[(0x42 | 0b1000, &[0x7f, 1])],
    ];
    for bomb in bombs {
        assert!(with_columns(bomb).is_err(), "{bomb:02x?}");
    }
}

#[test]
fn columns_that_do_not_agree_are_refused() {
    let two_puts = (0x42, &[2, 1][..]);
    assert_eq!(with_columns(&[two_puts]), Ok(2));
    assert_eq!(with_columns(&[(0x34, &[2]), two_puts, (0x56, &[2, 0x14]), (0x57, &[1, 2])]), Ok(2));
    let refused: [&[(u64, &[u8])]; 11] = [
        &[two_puts, two_puts],
        &[two_puts, (0x34, &[2])],
        &[(0x33, &[2, 1]), two_puts],
        &[(0x34, &[3]), two_puts],
        &[(0x34, &[]), two_puts],
        &[(0x01, &[2, 1]), (0x02, &[2, 1]), two_puts],
        &[two_puts, (0x56, &[2, 0x14]), (0x57, &[1])],
        &[two_puts, (0x56, &[2, 0x14])],
        &[two_puts, (0x70, &[2, 1])],
        &[two_puts, (0x70, &[2, 1]), (0x71, &[2, 0]), (0x73, &[1, 0])],
        &[two_puts, (0x71, &[2, 0]), (0x73, &[2, 0])],
    ];
    for columns in refused {
        assert!(with_columns(columns).is_err(), "{columns:02x?}");
    }
}

#[test]
fn every_limit_holds_at_its_edge() {
    let ops = |count: usize| with_columns(&[(0x42, &[leb(count as u64), vec![1]].concat())]);
    assert_eq!(ops(limits::CHANGE_OPS_MAX), Ok(limits::CHANGE_OPS_MAX));
    assert_eq!(ops(limits::CHANGE_OPS_MAX + 1), Err(ScanError::TooManyOps));

    let header = |deps: u8, start_op: u64, message: usize, actors: u8| {
        let mut writer = Writer::new();
        writer.count(deps.into());
        for dep in 0..deps {
            writer.raw(&[dep; 32]);
        }
        writer.run(&[3; 16]).number(1).number(start_op).number(0).text(&"m".repeat(message));
        writer.count(actors.into());
        for actor in 0..actors {
            writer.run(&[actor; 16]);
        }
        writer.count(1).number(0x42).count(2).raw(&[0x7f, 1]);
        scanned(&rebuild(writer.as_slice(), None).0)
    };
    let deps = u8::try_from(limits::CHANGE_DEPS_MAX).unwrap();
    assert!(header(deps, u64::from(u32::MAX) - 1, 256, 64).is_ok());
    for over in [
        header(deps + 1, 3, 0, 0),
        header(1, 3, 257, 0),
        header(1, 3, 0, 65),
        header(1, u64::from(u32::MAX), 0, 0),
        header(1, 0, 0, 0),
    ] {
        assert!(over.is_err(), "{over:?}");
    }

    let mut longest = vec![0; limits::CHANGE_BYTES_MAX + 1];
    assert_eq!(scanned(&longest).unwrap_err().code(), "too-large");
    longest.pop();
    assert_eq!(scanned(&longest).unwrap_err().code(), "malformed");
}

#[test]
fn numbers_have_one_spelling() {
    for (long, short) in [(&[0x80, 0x00][..], &[0x00][..]), (&[0xff, 0x7f], &[0x7f])] {
        let with_time = |time: &[u8]| {
            let mut writer = Writer::new();
            writer.count(0).run(&[3; 16]).number(1).number(1).raw(time).text("").count(0).count(0);
            scanned(&with_checksum(rebuild(writer.as_slice(), None).0)).map(|scanned| scanned.time)
        };
        assert!(with_time(short).is_ok());
        assert!(with_time(long).is_err(), "one change would have two names");
    }
}
