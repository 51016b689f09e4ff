//! Twists: what no change of bytes would come to in a day, since everything around it must fit. A message is read, one of
//! its fields is made to say something else, and it is written and signed again. Which twist, its tape says; where, follows
//! from its bytes.

use teranga_core::audience::{Audience, Clearance};
use teranga_core::class::ClassId;
use teranga_core::id::{Batch, ChangeHash, FeedPosition, PublicKey, RecordId, ReplicaId, Salt};
use teranga_core::time::Millis;
use teranga_sync::elide::{rebuild, without_frame};
use teranga_sync::erase::Erasure;
use teranga_sync::feed::{Cursor, Row};
use teranga_sync::introduction::{Introduction, ReplicaKind};
use teranga_sync::limits;
use teranga_sync::manifest::Mark;
use teranga_sync::message::{Acknowledged, Answer, Asker, More, Push, Request};
use teranga_sync::pack::{Entry, Pack, Save};

use crate::mutate::Mutator;
use crate::tape::Message;

/// A twist, and where it is done.
pub(super) struct Twist {
    which: u8,
    dice: Mutator,
}

impl Twist {
    /// The twist that a message asks for; none for most.
    pub(super) fn of(message: &Message) -> Option<Self> {
        let seed = message.bytes.iter().fold(u64::from(message.care), |seed, byte| {
            seed.wrapping_mul(0x0100_0000_01b3) ^ u64::from(*byte)
        });
        let which = message.twist();
        (which > 0).then_some(Self { which, dice: Mutator::new(seed) })
    }

    fn one_of<'a, T>(&mut self, many: &'a mut [T]) -> Option<&'a mut T> {
        let at = self.dice.below(many.len());
        many.get_mut(at)
    }

    /// Where a child says that it stands.
    fn cursor(&mut self, cursor: &mut Cursor) {
        match self.which {
            1 => *cursor = Cursor { within: 1, ..Cursor::default() },
            2 => cursor.within = u64::MAX,
            3 => cursor.position = FeedPosition(u64::MAX),
            4 => cursor.running = [9; 32],
            5 => *cursor = Cursor::default(),
            _ => {}
        }
    }

    pub(super) fn request(&mut self, request: &mut Request) {
        self.cursor(&mut request.cursor);
        match self.which {
            6 => request.pull_bytes_max = 0,
            7 => request.opening = Asker([7; 8]),
            8 => request.confirmations = twice(&request.confirmations),
            _ => self.pushes(&mut request.pushes),
        }
    }

    /// Packs; what they say is twisted in [`Self::pack`].
    pub(super) fn pushes(&mut self, pushes: &mut Vec<Push>) {
        match self.which {
            9 => *pushes = twice(pushes),
            10 => pushes.reverse(),
            11 => pushes.iter_mut().for_each(|push| push.introduction = None),
            _ => {}
        }
    }

    pub(super) fn pack(&mut self, pack: &mut Pack) {
        match self.which {
            12 => pack.manifest.by.openings.clear(),
            13 => pack.manifest.by.openings = twice(&pack.manifest.by.openings),
            14 => pack.manifest.batch = Batch(limits::BATCH_MAX),
            15 => pack.saves.reverse(),
            16 => pack.saves.push(Vec::new()),
            17 => pack.saves = vec![pack.saves.concat()],
            18 => pack.saves = pack.saves.concat().into_iter().map(|entry| vec![entry]).collect(),
            19 => pack.saves = twice(&pack.saves),
            27 => pack.manifest.by.author = Some(somebody(pack.manifest.origin)),
            _ => self.save_of(&mut pack.saves),
        }
    }

    fn save_of(&mut self, saves: &mut [Save]) {
        let others: Vec<Entry> = saves.concat();
        if let Some(save) = self.one_of(saves) {
            self.entry_of(save, &others);
        }
    }

    fn entry_of(&mut self, save: &mut Save, others: &[Entry]) {
        let random = self.dice.next();
        let other = others.get(self.dice.below(others.len())).cloned();
        let (Some(entry), Some(other)) = (self.one_of(save), other) else { return };
        match self.which {
            20 => entry.body = None,
            21 => entry.salt = Salt([7; 16]),
            22 => {
                let names = ["open", "survey", "identity", "", "x y", "classe inconnue"];
                let name = names.get(self.dice.below(names.len())).copied().unwrap_or_default();
                entry.class = ClassId::new(name);
            }
            23 => entry.record = other.record,
            24 => (entry.body, entry.hash) = (other.body, other.hash),
            25 => entry.record = RecordId([random.to_le_bytes()[0]; 16]),
            26 => save.push(other),
            _ => self.change(entry),
        }
    }

    /// A change with some bytes of its body changed, and its checksum and name made to fit.
    fn change(&mut self, entry: &mut Entry) {
        let Some(bytes) = &entry.body else { return };
        let mut body = without_frame(bytes).to_vec();
        for _ in 0..=self.dice.below(3) {
            let byte = self.dice.next().to_le_bytes()[0];
            if let Some(at) = self.one_of(&mut body) {
                *at = byte;
            }
        }
        let (change, hash) = rebuild(&body, None);
        (entry.body, entry.hash) = (Some(change), hash);
    }

    pub(super) fn answer(&mut self, answer: &mut Answer) {
        self.cursor(&mut answer.cursor);
        match self.which {
            6 => answer.acknowledged = Acknowledged { number: u64::MAX, mark: Mark::default() },
            7 => answer.acknowledged = Acknowledged::default(),
            8 => answer.more = if answer.more == More::Rows { More::Nothing } else { More::Rows },
            9 => answer.hub_time = Millis(i64::MAX),
            10 => answer.before = Asker([7; 8]),
            _ => {}
        }
    }

    pub(super) fn rows(&mut self, rows: &mut Vec<Row>) {
        let entries = || rows.iter().flat_map(entries_of);
        let known = entries().nth(self.dice.below(entries().count())).cloned();
        let record = known.as_ref().map_or(RecordId([7; 16]), |entry| entry.record);
        let class = known.as_ref().map(|entry| entry.class.clone());
        match self.which {
            11 => rows.reverse(),
            12 => *rows = twice(rows),
            13 => drop((!rows.is_empty()).then(|| rows.remove(self.dice.below(rows.len())))),
            14 => rows.push(Row::Leave { record, class: None }),
            15 => rows.push(Row::Leave { record, class }),
            16 => {
                let home = super::making::world().hq.identity.public_key();
                rows.push(Row::Erase(Erasure { record, at: Millis(1), home, signature: [7; 64] }));
            }
            17 => rows.insert(0, Row::Leave { record, class }),
            20 => rows
                .push(Row::Fork { origin: super::making::world().awa.identity.replica(), batch: Batch(1) }),
            _ => {
                if let Some(row) = self.one_of(rows) {
                    self.row(row, known);
                }
            }
        }
    }

    fn row(&mut self, row: &mut Row, known: Option<Entry>) {
        match row {
            Row::Save { batch, witness, save } => {
                let others: Vec<Entry> = save.iter().cloned().chain(known).collect();
                match self.which {
                    18 => *batch = Batch(limits::BATCH_MAX),
                    19 => save.clear(),
                    27 => *witness = Some(ReplicaId([7; 16])),
                    _ => self.entry_of(save, &others),
                }
            }
            Row::Replica(introduction) => {
                introduction.kind = ReplicaKind::Hub;
                introduction.audience.clearance = Clearance::Only([ClassId::new("open")].into());
            }
            Row::Opening { nonce, .. } => nonce.0 = [7; 16],
            Row::Resource(resource) => resource.json.truncate(self.dice.below(resource.json.len())),
            Row::Receipt(receipt) => receipt.batch = Batch(limits::BATCH_MAX),
            Row::Verdict(verdict) => verdict.hash = known.map_or(ChangeHash([7; 32]), |entry| entry.hash),
            Row::Leave { class, .. } => *class = None,
            Row::Erase(erasure) => erasure.signature = [7; 64],
            Row::Fork { batch, .. } => *batch = Batch(1),
        }
    }
}

/// Whoever has a key, as somebody else says who it is.
fn somebody(key: PublicKey) -> Introduction {
    let (person, office) = ("Quelqu'un".to_owned(), String::new());
    Introduction {
        key,
        kind: ReplicaKind::Device,
        person,
        office,
        audience: Audience::of_region(Some("SN-KL")),
    }
}

fn entries_of(row: &Row) -> &[Entry] {
    if let Row::Save { save, .. } = row { save } else { &[] }
}

fn twice<T: Clone>(many: &[T]) -> Vec<T> {
    [many, many].concat()
}
