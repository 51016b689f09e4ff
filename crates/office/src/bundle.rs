//! What comes to a hub in files: a child's bundle, taken like the packs of an exchange, with a return for it; and, at a
//! hub that has a parent, what the parent gives back for a bundle of its own. A file comes message by message, each in a
//! letter of its own, the same from a person at the hub and from another child's link.

use teranga_core::id::{Entropy, Line};
use teranga_core::problem::Problem;
use teranga_core::time::Millis;
use teranga_store::bundle::ReturnTaken;
use teranga_store::children::Standing;
use teranga_store::ingest::Ingested;
use teranga_store::uplink::TakeError;
use teranga_store::{Applied, Unapplied};
use teranga_sync::bundle::{Bundle, RefusedPush, Return};
use teranga_sync::introduction::Introduction;
use teranga_sync::limits;
use teranga_sync::manifest::Mark;
use teranga_sync::message::{Asker, More, Push};
use teranga_sync::parcel::{Head, Parcel, ParcelError, ParcelKind, ParcelWriter};

use crate::exchange::Rejected;
use crate::office::Office;
use crate::revoked::{heard_in_file, revoked};
use crate::sender::Sender;

/// How much of the feed goes back for a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReturnRows {
    /// All that fits into a file.
    File,
    /// As much as another device's link should bear.
    Letter,
}

/// What became of a bundle's message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BundleTaken {
    /// Who made it.
    pub child: Introduction,
    /// Whether they are in service. What somebody brings who is not is held aside and counted nowhere; what goes back says what they
    /// are to destroy.
    pub standing: Standing,
    /// Packs that are in the log now.
    pub logged: u64,
    /// Packs that were there already.
    pub known: u64,
    /// Packs that were not taken because others before them are missing here.
    pub after_gap: u64,
    /// Packs that must not be taken.
    pub refused: Vec<RefusedPush>,
    /// Whether another message follows in the file.
    pub continues: bool,
    /// What was applied; what is left of it is to be applied soon after.
    pub applied: Applied,
    /// What goes back, sealed for the child.
    pub back: Vec<u8>,
}

impl From<ParcelError> for Rejected {
    fn from(error: ParcelError) -> Self {
        let problem = match error {
            ParcelError::Foreign | ParcelError::Damaged => Problem::Malformed,
            ParcelError::Version { .. } => Problem::UpgradeNeeded,
            ParcelError::TooLarge => Problem::TooLarge,
            ParcelError::Recipient => Problem::Internal,
        };
        Self::new(problem, error.to_string())
    }
}

/// What was refused of the messages of a file so far.
#[derive(Debug)]
pub(crate) struct RefusedBefore {
    /// The line and the opening that made the file.
    maker: (Line, Asker),
    refused: Vec<RefusedPush>,
}

impl Office {
    /// Takes one message of a child's bundle.
    pub fn take_bundle(
        &mut self,
        letter: &[u8],
        rows: ReturnRows,
        entropy: &mut dyn Entropy,
        now: Millis,
    ) -> Result<BundleTaken, Rejected> {
        let (Sender { introduction: child, standing }, mut bundle) = self.read_bundle(letter)?;
        self.replica_mut().note_bundle(&bundle, now)?;
        if standing == Standing::Revoked {
            bundle = heard_in_file(child.kind, bundle);
            let erased = self.hold_aside(&child, &bundle.pushes, |office, push| {
                Ok(office.replica_mut().ingest_bundled(&child, bundle.line, push, now)?)
            })?;
            return self.give_back_word((child, &bundle), erased, (entropy, now));
        }
        let (mut logged, mut known, mut after_gap) = (0, 0, 0);
        let (mut refused, mut applied) = (Vec::new(), Applied::default());
        for push in &bundle.pushes {
            match self.replica_mut().ingest_bundled(&child, bundle.line, push, now)? {
                Ingested::Logged => {
                    logged += 1;
                    if applied.left != Unapplied::Saves {
                        // Before the next is measured against what may wait.
                        applied += self.apply_usual(limits::ROUNDS_PER_EXCHANGE)?;
                    }
                }
                Ingested::Known => known += 1,
                Ingested::Gap => after_gap += 1,
                Ingested::Refused(problem) => refused.extend(named(push, problem)),
            }
        }
        refused.truncate(limits::REFUSED_MAX);
        let all_refused = self.refused_of_file(&bundle, &refused);
        if applied.left != Unapplied::Saves {
            applied += self.apply_usual(1)?;
        }
        let back = self.give_back((&child, &bundle), &all_refused, rows, (entropy, now))?;
        let continues = bundle.continues;
        Ok(BundleTaken { child, standing, logged, known, after_gap, refused, continues, applied, back })
    }

    /// The home's word for a revoked device, on what it is to destroy; else it is refused. The return does not name the pack that brings
    /// something of that: it is to come again in its place.
    fn give_back_word(
        &self,
        (child, bundle): (Introduction, &Bundle),
        erased: Option<&Push>,
        (entropy, now): (&mut dyn Entropy, Millis),
    ) -> Result<BundleTaken, Rejected> {
        let back = self.replica().return_to_revoked(bundle, now)?.ok_or_else(revoked)?;
        let mut file = ParcelWriter::new(ParcelKind::Return, &child.key, self.replica().id());
        file.add(&back.encode(self.replica().identity()), entropy)?;
        Ok(BundleTaken {
            child,
            standing: Standing::Revoked,
            logged: 0,
            known: 0,
            after_gap: 0,
            refused: erased.and_then(|push| named(push, Problem::Erased)).into_iter().collect(),
            continues: bundle.continues,
            applied: Applied::default(),
            back: file.finish(),
        })
    }

    fn read_bundle(&self, letter: &[u8]) -> Result<(Sender, Bundle), Rejected> {
        let letter = Parcel::read(letter)?;
        self.check_place(letter.head.to)?;
        // Whoever is not enrolled here does not get as far as the hub's key.
        let sender = self.sender(letter.head.from)?;
        let (head, message) = self.open_letter(letter, ParcelKind::Bundle)?;
        let bundle = Bundle::read(&message, &sender.introduction.key, self.replica().spoken())?;
        self.check_meant(bundle.hub)?;
        if bundle.replica != head.from {
            return Err(Rejected::new(Problem::Malformed, "the file names another sender than its message"));
        }
        Ok((sender, bundle))
    }

    fn open_letter(&self, parcel: Parcel, kind: ParcelKind) -> Result<(Head, Vec<u8>), Rejected> {
        self.check_meant(parcel.head.to)?;
        let ([sealed], false, true) = (parcel.sealed.as_slice(), parcel.cut, parcel.head.kind == kind) else {
            return Err(Rejected::new(Problem::Malformed, "not a letter with one whole message of its kind"));
        };
        Ok((parcel.head, parcel.head.open(self.replica().identity(), sealed)?))
    }

    /// The packs that were refused of this message and of those before it in its file: mostly the return for the last one alone
    /// goes back.
    fn refused_of_file(&mut self, bundle: &Bundle, refused: &[RefusedPush]) -> Vec<RefusedPush> {
        let maker = (bundle.line, bundle.opening);
        let before = self.refused_before.remove(&bundle.replica).filter(|before| before.maker == maker);
        let mut all = before.map(|before| before.refused).unwrap_or_default();
        all.extend_from_slice(refused);
        all.truncate(limits::REFUSED_MAX);
        if bundle.continues {
            self.refused_before.insert(bundle.replica, RefusedBefore { maker, refused: all.clone() });
        }
        all
    }

    /// The return for a message, in as many messages as its rows need.
    fn give_back(
        &mut self,
        (child, bundle): (&Introduction, &Bundle),
        refused: &[RefusedPush],
        rows: ReturnRows,
        (entropy, now): (&mut dyn Entropy, Millis),
    ) -> Result<Vec<u8>, Rejected> {
        let (bytes_max, one) = match rows {
            ReturnRows::File => (limits::ROWS_CUT_BYTES_MAX, false),
            ReturnRows::Letter => (limits::LETTER_ROWS_BYTES_MAX, true),
        };
        let identity = self.replica().identity().clone();
        let mut file = ParcelWriter::new(ParcelKind::Return, &child.key, self.replica().id());
        let mut from = bundle.cursor;
        loop {
            let mut back = self.replica_mut().return_of(child, bundle, (from, bytes_max), now)?;
            back.refused = refused.to_vec();
            let message = back.encode(&identity);
            if !file.is_empty() && file.len() + message.len() + AROUND_BYTES > limits::PARCEL_BYTES_MAX {
                break;
            }
            file.add(&message, entropy)?;
            // Where the hub does not know the place, the child looks for an earlier one.
            let goes_on = back.more == More::Rows && back.cursor.position > from.position;
            if one || !goes_on {
                break;
            }
            from = back.cursor;
        }
        Ok(file.finish())
    }

    /// Takes one message of what the parent gives back.
    pub fn take_return(&mut self, letter: &[u8]) -> Result<ReturnTaken, Rejected> {
        let parent = self.replica().uplink()?;
        let parent = parent.ok_or_else(|| Rejected::new(Problem::Forbidden, "this hub has no parent"))?;
        let (_, message) = self.open_letter(Parcel::read(letter)?, ParcelKind::Return)?;
        let back = Return::read(&message, &parent.key, self.replica().spoken())?;
        let taken = self.replica_mut().take_return(&back);
        let taken = taken.map_err(|error| match error {
            TakeError::Store(error) => Rejected::from(error),
            TakeError::SomebodyElse => Rejected::new(Problem::Replayed, error.to_string()),
            TakeError::NotForUs | TakeError::NotTheHome | TakeError::Rows(_) => {
                Rejected::new(Problem::Malformed, error.to_string())
            }
        })?;
        self.reload_catalogue()?;
        Ok(taken)
    }
}

/// What stands around a message in a file is less than this.
const AROUND_BYTES: usize = 1024;

/// A refused pack as the return names it. What is no pack has no name: its maker learns it from the acknowledgement.
fn named(push: &Push, problem: Problem) -> Option<RefusedPush> {
    let mark = Mark::of(&push.pack().ok()?.hash());
    Some(RefusedPush { number: push.number, mark, problem })
}
