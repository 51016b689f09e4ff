//! The hub's half of an exchange: check who asks, take the packs, apply them, answer with what follows in the feed.

use teranga_core::problem::{Explain, Problem};
use teranga_core::time::Millis;
use teranga_store::children::Standing;
use teranga_store::conversation::Reply;
use teranga_store::ingest::{Arrived, Ingested};
use teranga_store::{Applied, StoreError, Unapplied};
use teranga_sync::limits;
use teranga_sync::message::Request;
use teranga_sync::signed::MessageError;
use teranga_sync::succession::Succession;
use teranga_sync::version::Spoken;

use crate::heard::Heard;
use crate::office::Office;
use crate::revoked;
use crate::sender::Sender;

/// A request that was not answered: the problem for the sender, and the detail for the hub's own log.
#[derive(Debug, thiserror::Error)]
#[error("{}: {detail}", problem.code())]
pub struct Rejected {
    /// What the sender is told.
    pub problem: Problem,
    /// What the hub's log says; never answers, names or secrets.
    pub detail: String,
    /// What goes with it.
    pub beside: Beside,
}

/// What a refusal brings beside its problem.
#[derive(Debug, Clone)]
pub enum Beside {
    /// Nothing.
    Nothing,
    /// The oldest and the newest version of the protocol that are spoken here.
    Versions([u8; 2]),
    /// The home's word that this hub has the place of the one that was asked for.
    Succession(Box<Succession>),
}

impl Rejected {
    /// A rejection with a detail for the log.
    pub fn new(problem: Problem, detail: impl Into<String>) -> Self {
        Self { problem, detail: detail.into(), beside: Beside::Nothing }
    }

    /// A rejection of what is meant for a hub whose place this one has.
    pub(crate) fn succeeded(word: Succession) -> Self {
        let beside = Beside::Succession(Box::new(word));
        Self { beside, ..Self::new(Problem::Succeeded, "the message is meant for the hub before this one") }
    }

    /// A rejection of who speaks no version that is spoken here.
    pub(crate) fn upgrade(spoken: Spoken, detail: impl Into<String>) -> Self {
        let beside = Beside::Versions(spoken.numbers());
        Self { beside, ..Self::new(Problem::UpgradeNeeded, detail) }
    }

    /// What it is to whoever hears it.
    pub fn reply(&self) -> Reply<'_> {
        match &self.beside {
            Beside::Nothing => Reply::Refused(self.problem),
            Beside::Versions(versions) => Reply::Speaks(*versions),
            Beside::Succession(word) => Reply::Succeeded(word),
        }
    }
}

impl From<StoreError> for Rejected {
    fn from(error: StoreError) -> Self {
        let full = matches!(error, StoreError::DiskFull);
        let problem = if full { Problem::DiskFull } else { Problem::Internal };
        Self::new(problem, error.to_string())
    }
}

impl From<MessageError> for Rejected {
    fn from(error: MessageError) -> Self {
        match error {
            MessageError::Version { spoken, .. } => Self::upgrade(spoken, error.to_string()),
            MessageError::Decode(_) | MessageError::Signature => {
                Self::new(error.problem(), error.to_string())
            }
        }
    }
}

/// What one exchange did, for the log and for `status`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchanged {
    /// The signed answer.
    pub answer: Vec<u8>,
    /// What was applied; what is left of it is to be applied soon after.
    pub applied: Applied,
}

impl Office {
    /// Answers one request.
    pub fn exchange(&mut self, body: &[u8], now: Millis) -> Result<Exchanged, Rejected> {
        let key = self.caller(Request::ends(body)?)?;
        self.exchange_heard(Heard::read(body, &key, self.replica().spoken())?, now)
    }

    /// The same with a request that was read before its turn.
    pub fn exchange_heard(&mut self, heard: Heard, now: Millis) -> Result<Exchanged, Rejected> {
        let Heard { ends, request, mut first } = heard;
        self.check_place(ends.hub)?;
        let Sender { introduction: child, standing } = self.sender(ends.child)?;
        let mut request = request?;
        self.check_meant(request.hub)?;
        if standing == Standing::Revoked {
            request = revoked::heard(child.kind, request);
        }
        let replayed = || Rejected::new(Problem::Replayed, "the exchange number was used before");
        let before = self.replica_mut().begin_exchange(&request, now)?.ok_or_else(replayed)?;
        if standing == Standing::Revoked {
            drop(first);
            let answer = self.answer_revoked(&child, &request, before, now)?;
            return Ok(Exchanged { answer, applied: self.apply_some(1)? });
        }
        let mut applied = Applied::default();
        for push in &request.pushes {
            let arrived = first.take().unwrap_or_else(|| Arrived::of(push));
            let ingested = self.replica_mut().ingest_arrived(&child, request.line, &arrived, now)?;
            // Not while its changes are applied: they are in the log.
            drop(arrived);
            match ingested {
                // Before the next is measured against what may wait.
                Ingested::Logged | Ingested::Known => {
                    applied += self.apply_usual(limits::ROUNDS_PER_EXCHANGE)?;
                    if applied.left == Unapplied::Saves {
                        // More than its time allows: the others are not acknowledged, and are sent again.
                        break;
                    }
                }
                Ingested::Gap => break,
                Ingested::Refused(problem) => {
                    return Err(Rejected::new(problem, format!("pack {} was refused", push.number)));
                }
            }
        }
        if applied.left != Unapplied::Saves {
            applied += self.apply_usual(1)?;
        }
        let answer = self.replica_mut().answer(&child, &request, before, now)?;
        Ok(Exchanged { answer: answer.encode(self.replica().identity()), applied })
    }

    /// Applies what is logged, in at most this many transactions; whether anything is left is in the outcome.
    pub fn apply_some(&mut self, rounds: usize) -> Result<Applied, StoreError> {
        let mut total = Applied::default();
        for _ in 0..rounds {
            let round = self.replica_mut().apply_logged()?;
            total += round;
            if !round.is_left() {
                break;
            }
        }
        Ok(total)
    }

    /// The same while somebody waits: they do not wait for what is written to large parts.
    pub(crate) fn apply_usual(&mut self, rounds: usize) -> Result<Applied, StoreError> {
        let mut total = Applied::default();
        for _ in 0..rounds {
            let round = self.replica_mut().apply_usual()?;
            total += round;
            if round.left != Unapplied::Saves {
                break;
            }
        }
        Ok(total)
    }
}
