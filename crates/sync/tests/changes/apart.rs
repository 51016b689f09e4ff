//! What is taken apart in a pack of version 2 comes back to the byte; what no form of ours writes travels whole.

use automerge::{Automerge, ROOT, ReadDoc};
use teranga_core::class::ClassId;
use teranga_core::id::{Batch, ChangeHash, ManifestHash, OpeningNonce, RecordId, Salt};
use teranga_sync::elide::{rebuild, without_frame};
use teranga_sync::identity::{Identity, actor_of};
use teranga_sync::manifest::{Authorship, Manifest};
use teranga_sync::pack::{Entry, Pack, Save, list};
use teranga_sync::version::Version;

use crate::pool::pool;

const NONCE: OpeningNonce = OpeningNonce([3; 16]);
/// The changes of the pool that are of a form's answers: those before other software writes.
const OF_FORMS: u8 = 40;

fn origin() -> Identity {
    Identity::from_secret([7; 32])
}

/// The changes of the pool, as one opening of this origin made them.
fn entries() -> Vec<Entry> {
    let actor = actor_of(&origin().public_key(), NONCE);
    let made = pool().into_iter().map(|made| {
        let mut body = without_frame(&made.change).to_vec();
        let at = 1 + 32 * usize::from(body[0]) + 1;
        body[at..at + 16].copy_from_slice(actor.as_bytes());
        let (change, hash) = rebuild(&body, None);
        let base = Automerge::load(&made.base.snapshot()).unwrap();
        let (record, _) = base.get(ROOT, "_record").unwrap().unwrap();
        let record = record.as_str().unwrap().parse().unwrap();
        (record, change, hash)
    });
    made.map(|(record, change, hash)| entry(record, hash, Some(change))).collect()
}

fn entry(record: RecordId, hash: ChangeHash, body: Option<Vec<u8>>) -> Entry {
    Entry { record, salt: Salt([1; 16]), class: ClassId::new("personal"), hash, body }
}

fn packed(saves: Vec<Save>) -> Pack {
    let listed: Vec<_> = saves.iter().map(|save| list(save)).collect();
    let by = Authorship::own(vec![NONCE]);
    let listed = listed.iter().map(Vec::as_slice);
    let manifest = Manifest::sign(&origin(), Batch(1), ManifestHash([0; 32]), by, listed);
    Pack { manifest, saves }
}

fn times(text: &str, bytes: &[u8]) -> usize {
    bytes.windows(text.len()).filter(|window| *window == text.as_bytes()).count()
}

#[test]
fn every_change_comes_back_to_the_byte() {
    let pack = packed(entries().into_iter().map(|entry| vec![entry]).collect());
    let bytes = pack.encode(Version::ByColumn);
    assert_eq!(Pack::decode(&bytes, Version::ByColumn), Ok(pack));
}

#[test]
fn a_question_that_many_changes_answer_stands_once() {
    let of_forms = entries().into_iter().filter(|entry| entry.record.0[0] < OF_FORMS);
    let pack = packed(of_forms.map(|entry| vec![entry]).collect());
    assert!(pack.saves.len() > 200);
    // A few changes delete what conflicts, and travel whole.
    assert!(times("question_7", &pack.encode(Version::ByColumn)) < 10);
    assert!(times("question_7", &pack.encode(Version::NamedOnce)) > 50);
}

#[test]
fn what_is_withheld_and_what_builds_on_several_comes_back_too() {
    let mut saves: Vec<Save> = entries().chunks(3).map(<[Entry]>::to_vec).collect();
    for entry in saves.iter_mut().flatten().step_by(5) {
        entry.body = None;
    }
    let pack = packed(saves);
    let bytes = pack.encode(Version::ByColumn);
    assert_eq!(Pack::decode(&bytes, Version::ByColumn), Ok(pack));
}

#[test]
fn cut_short_or_with_one_byte_wrong_it_is_refused_or_another_pack() {
    let pack = packed(entries().chunks(40).map(<[Entry]>::to_vec).take(1).collect());
    let bytes = pack.encode(Version::ByColumn);
    let taken = |bytes: &[u8]| {
        Pack::decode(bytes, Version::ByColumn).is_ok_and(|read| read.manifest.verify(&read.hash()))
    };
    assert!(taken(&bytes));
    for at in 0..bytes.len() {
        assert!(!taken(&bytes[..at]), "cut at {at}");
        let mut wrong = bytes.clone();
        wrong[at] ^= 0x11;
        // Which number a new thing has among equal ones is the sender's affair: the same changes come of it.
        assert!(!taken(&wrong) || Pack::decode(&wrong, Version::ByColumn).unwrap() == pack, "byte at {at}");
    }
}
