//! Ways to be dear that the limits leave.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use teranga_client::invent::Seeded;
use teranga_core::class::ClassId;
use teranga_core::id::{ActorId, RecordId, Salt};
use teranga_core::key::Key;
use teranga_core::record::Envelope;
use teranga_core::value::Value;
use teranga_document::part::Part;
use teranga_examples::NOW;
use teranga_sync::limits;
use teranga_sync::pack::Entry;

use super::thief::Thief;

/// As many changes as one pack holds, of a hundred bytes and more each.
const SMALL_CHANGES: usize = 20_000;
/// Answers of one change: what 64 KiB hold.
const ANSWERS_AT_ONCE: usize = 3_000;

/// What one pack brings: saves, of some changes each.
type Saves = Vec<Vec<Entry>>;

/// A way to be dear.
#[derive(Debug, Clone, Copy)]
pub(super) enum Attack {
    /// The signature does not fit, in the largest request.
    Forged,
    /// What little comes unpacks to a hundred times what is taken.
    Unpacks,
    /// One pack opens records, as many as it may touch.
    ManyRecords,
    /// One pack changes one answer, as often as it may.
    ManySaves,
    /// Nearly as many answers in one part as it may have, and then one at a time.
    LargePart,
    /// Changes of one part whose dependency never comes, more than may wait.
    WaitsInOne,
    /// One such change for each of many records.
    WaitsInMany,
}

impl Attack {
    pub(super) const ALL: [Self; 7] = [
        Self::Forged,
        Self::Unpacks,
        Self::ManyRecords,
        Self::ManySaves,
        Self::LargePart,
        Self::WaitsInOne,
        Self::WaitsInMany,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Forged => "forged",
            Self::Unpacks => "unpacks",
            Self::ManyRecords => "many_records",
            Self::ManySaves => "many_saves",
            Self::LargePart => "large_part",
            Self::WaitsInOne => "waits_in_one",
            Self::WaitsInMany => "waits_in_many",
        }
    }

    pub(super) const fn told(self) -> &'static str {
        match self {
            Self::Forged => "the largest request, with a signature that does not fit",
            Self::Unpacks => "64 packs that unpack to 4 MiB each",
            Self::ManyRecords => "as many new records as one pack holds",
            Self::ManySaves => "20,000 saves of one answer",
            Self::LargePart => "45,000 answers in one part, then a thousand saves of one each",
            Self::WaitsInOne => "20,000 changes of one part that wait for one that never comes",
            Self::WaitsInMany => "as many records as one pack holds, in each a change that waits for ever",
        }
    }

    /// What is sent, in this order.
    pub(super) fn requests(self, thief: &mut Thief, seed: &mut Seeded) -> Result<Vec<Vec<u8>>> {
        let actor = thief.actor();
        Ok(match self {
            Self::Forged => {
                let mut body = thief.bring(one_part(actor, seed)?);
                body.resize(limits::REQUEST_BYTES_MAX, 0);
                vec![body]
            }
            Self::Unpacks => {
                vec![thief.bring_instead(vec![vec![0; limits::PACK_RAW_BYTES_MAX]; limits::PUSHES_MAX])]
            }
            Self::ManyRecords => vec![thief.bring(many_records(actor, seed)?)],
            Self::ManySaves => vec![thief.bring(one_part(actor, seed)?)],
            Self::LargePart => {
                let (large, small) = large_part(actor, seed)?;
                vec![thief.bring(large), thief.bring(small)]
            }
            Self::WaitsInOne => {
                let mut saves = one_part(actor, seed)?;
                saves.remove(1);
                vec![thief.bring(saves)]
            }
            Self::WaitsInMany => vec![thief.bring(orphans(actor, seed)?)],
        })
    }
}

fn entry(part: &mut Part, of: (RecordId, &str), actor: ActorId, edits: &[(Key, Value)]) -> Result<Entry> {
    let change = part.edit(actor, NOW, "rss@1", edits)?.context("a change")?;
    let (record, class) = (of.0, ClassId::new(of.1));
    Ok(Entry { record, salt: SALT, class, hash: change.hash, body: Some(change.bytes) })
}

const SALT: Salt = Salt([7; 16]);

fn part_of(record: RecordId, class: &str) -> Part {
    Part::open(record, &ClassId::new(class), SALT.0)
}

/// The envelope of a new record.
fn opened(actor: ActorId, seed: &mut Seeded) -> Result<Entry> {
    let record = RecordId::generate(NOW, seed);
    let (form, region) = ("rss@1".to_owned(), "SN-KL".to_owned());
    let envelope = Envelope { form, case: None, wave: None, region, events: BTreeMap::new() };
    entry(&mut part_of(record, "open"), (record, "open"), actor, &envelope.write())
}

/// As many of these saves as one pack holds unpacked, each weighed at its changes and what names them.
fn as_many_as_fit(saves: impl Iterator<Item = Result<Vec<Entry>>>) -> Result<Saves> {
    let (mut taken, mut bytes, mut entries) = (Vec::new(), 0, 0);
    for save in saves {
        let save = save?;
        bytes += save.iter().map(|entry| entry.body.as_ref().map_or(0, Vec::len) + 64).sum::<usize>();
        entries += save.len();
        if bytes > limits::PACK_RAW_BYTES_MAX || entries > limits::PACK_ENTRIES_MAX {
            break;
        }
        taken.push(save);
    }
    ensure!(taken.len() > 1_000, "so few are no attack");
    Ok(taken)
}

fn many_records(actor: ActorId, seed: &mut Seeded) -> Result<Saves> {
    as_many_as_fit((0..SMALL_CHANGES).map(|_| Ok(vec![opened(actor, seed)?])))
}

/// A record, and one answer about it again and again.
fn one_part(actor: ActorId, seed: &mut Seeded) -> Result<Saves> {
    let open = opened(actor, seed)?;
    let record = open.record;
    let mut survey = part_of(record, "survey");
    let again = (0..).map(|number| {
        let edits = [(Key::question("men"), Value::Int(number))];
        Ok(vec![entry(&mut survey, (record, "survey"), actor, &edits)?])
    });
    as_many_as_fit(std::iter::once(Ok(vec![open])).chain(again.take(SMALL_CHANGES)))
}

/// A part of nearly the most answers, and a thousand saves of one of them.
fn large_part(actor: ActorId, seed: &mut Seeded) -> Result<(Saves, Saves)> {
    let open = opened(actor, seed)?;
    let record = open.record;
    let mut survey = part_of(record, "survey");
    let mut large = vec![vec![open]];
    for change in 0..limits::PART_KEYS_MAX * 9 / 10 / ANSWERS_AT_ONCE {
        let numbers = change * ANSWERS_AT_ONCE..(change + 1) * ANSWERS_AT_ONCE;
        let edits: Vec<(Key, Value)> =
            numbers.map(|number| (Key::question(&format!("Q{number}")), Value::Bool(true))).collect();
        large.push(vec![entry(&mut survey, (record, "survey"), actor, &edits)?]);
    }
    let small = (0..1_000).map(|number| {
        let edits = [(Key::question("men"), Value::Int(number))];
        Ok(vec![entry(&mut survey, (record, "survey"), actor, &edits)?])
    });
    Ok((large, small.collect::<Result<_>>()?))
}

/// Records, of each its envelope and the second of two changes of an answer.
fn orphans(actor: ActorId, seed: &mut Seeded) -> Result<Saves> {
    let never = ActorId([9; 16]);
    as_many_as_fit((0..SMALL_CHANGES / 2).map(|_| {
        let open = opened(actor, seed)?;
        let mut survey = part_of(open.record, "survey");
        let mut answer = |who, number| {
            let edits = [(Key::question("men"), Value::Int(number))];
            entry(&mut survey, (open.record, "survey"), who, &edits)
        };
        // Nobody sends the first.
        answer(never, 1)?;
        let change = answer(actor, 2)?;
        Ok(vec![open, change])
    }))
}
