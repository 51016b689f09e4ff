//! Hundreds of real changes, each with the part that it was made on: fresh parts, long histories, answers in conflict
//! and their settlements, and what only other software writes: nested objects, lists, text with marks, counters.

use automerge::marks::{ExpandMark, Mark};
use automerge::transaction::Transactable;
use automerge::{Automerge, ObjType, ROOT, ScalarValue};
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use sha2::{Digest, Sha256};
use teranga_core::class::ClassId;
use teranga_core::id::{ActorId, RecordId};
use teranga_core::key::Key;
use teranga_core::time::Millis;
use teranga_core::value::{NoAnswer, Value};
use teranga_document::guard::Guard;
use teranga_document::part::Part;

/// A change and the part that it was made on.
pub(crate) struct Made {
    pub(crate) base: Part,
    pub(crate) change: Vec<u8>,
}

/// A seeded source of numbers, so that a failing run can be run again.
pub(crate) struct Seeded(ChaCha8Rng);

impl Seeded {
    pub(crate) fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.0.next_u64() % end as u64).unwrap()
    }

    pub(crate) fn byte(&mut self) -> u8 {
        self.0.next_u64().to_le_bytes()[0]
    }

    pub(crate) fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

/// The changes.
pub(crate) fn pool() -> Vec<Made> {
    let mut seeded = Seeded::new(1);
    let mut pool = Vec::new();
    for record in 0..40 {
        live(&mut pool, &mut seeded, part(record));
    }
    for record in 40..70 {
        live_elsewhere(&mut pool, &part(record), usize::from(record));
    }
    pool
}

pub(crate) fn part(record: u8) -> Part {
    Part::open(RecordId([record; 16]), &ClassId::new("personal"), [1; 16])
}

/// Puts a checksum that holds on a chunk, as whoever forges one does.
pub(crate) fn with_checksum(mut chunk: Vec<u8>) -> Vec<u8> {
    let hash = Sha256::digest(&chunk[8..]);
    chunk[4..8].copy_from_slice(&hash[..4]);
    chunk
}

fn random_edits(seeded: &mut Seeded) -> Vec<(Key, Value)> {
    (0..=seeded.below(12))
        .map(|_| {
            let key = Key::question(&format!("question_{}", seeded.below(12)));
            let value = match seeded.below(6) {
                0 => Value::Int(i64::from(seeded.byte()) << seeded.below(50)),
                1 => Value::text(format!("réponse {}", seeded.below(9))),
                2 => Value::Bool(seeded.below(2) == 0),
                3 => Value::Decimal(f64::from(seeded.byte()) / 8.0),
                4 => Value::NoAnswer(NoAnswer::Declined),
                _ => Value::Cleared,
            };
            (key, value)
        })
        .collect()
}

/// Two openings write a part, together and apart.
fn live(pool: &mut Vec<Made>, seeded: &mut Seeded, mut here: Part) {
    let time = |seeded: &mut Seeded| Millis(1_700_000_000_000 + i64::from(seeded.byte()));
    for round in 0..6 {
        let mut there = here.clone();
        let base = here.clone();
        let edits = random_edits(seeded);
        let made = here.edit(ActorId([1 + round / 3; 16]), time(seeded), "rss@1", &edits).unwrap();
        pool.extend(made.map(|made| Made { base, change: made.bytes }));
        if seeded.below(2) == 0 {
            let base = there.clone();
            let made =
                there.edit(ActorId([0x80 + round; 16]), time(seeded), "", &random_edits(seeded)).unwrap();
            let Some(made) = made else { continue };
            here = Guard::new().apply(&here, &made.bytes).unwrap().part;
            pool.push(Made { base, change: made.bytes });
        }
    }
}

/// Other software writes a part.
fn live_elsewhere(pool: &mut Vec<Made>, part: &Part, turn: usize) {
    let mut doc = Automerge::load(&part.snapshot()).unwrap();
    doc.set_actor(automerge::ActorId::from(&[9; 16][..]));
    for round in 0..4 {
        let base = Part::load(&doc.save_nocompress()).unwrap();
        write_foreign(&mut doc, turn + round);
        let change = doc.get_last_local_change().unwrap().raw_bytes().to_vec();
        pool.push(Made { base, change });
    }
}

fn write_foreign(doc: &mut Automerge, kind: usize) {
    let mut transaction = doc.transaction();
    match kind % 5 {
        0 => {
            let list = transaction.put_object(ROOT, "list", ObjType::List).unwrap();
            for place in 0..6 {
                transaction.insert(&list, place, ScalarValue::Int(7)).unwrap();
            }
            transaction.delete(&list, 2).unwrap();
        }
        1 => {
            let map = transaction.put_object(ROOT, "map", ObjType::Map).unwrap();
            transaction.put(&map, "a", 1).unwrap();
            let inner = transaction.put_object(&map, "inner", ObjType::Map).unwrap();
            transaction.put(&inner, "b", "x").unwrap();
        }
        2 => {
            let text = transaction.put_object(ROOT, "text", ObjType::Text).unwrap();
            transaction.splice_text(&text, 0, 0, "une longue note").unwrap();
            transaction.splice_text(&text, 3, 2, "é").unwrap();
            transaction.mark(&text, Mark::new("bold".into(), true, 1, 5), ExpandMark::Both).unwrap();
        }
        3 => {
            transaction.put(ROOT, "counter", ScalarValue::counter(3)).unwrap();
            transaction.increment(ROOT, "counter", 2).unwrap();
            transaction.put(ROOT, "question_0", ScalarValue::Uint(5)).unwrap();
        }
        _ => {
            transaction.put(ROOT, "question_0", "v").unwrap();
            transaction.delete(ROOT, "question_0").unwrap();
            transaction.put(ROOT, "stamp", ScalarValue::Timestamp(5)).unwrap();
        }
    }
    transaction.commit();
}
