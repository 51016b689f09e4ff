//! The hub's half of an exchange: check who asks, take the packs, apply them, answer with what follows in the feed.

use teranga_core::problem::{Explain, Problem};
use teranga_core::time::Millis;
use teranga_store::StoreError;
use teranga_store::ingest::Ingested;
use teranga_sync::feed::Introduction;
use teranga_sync::message::{MessageError, Request};

use crate::office::Office;

/// A request that was not answered: the problem for the sender, and the detail for the hub's own log.
#[derive(Debug, thiserror::Error)]
#[error("{}: {detail}", problem.code())]
pub struct Rejected {
    /// What the sender is told.
    pub problem: Problem,
    /// The exchange number above which the sender must go on, where it was used before.
    pub last_exchange: Option<u64>,
    /// What the hub's log says; never answers, names or secrets.
    pub detail: String,
}

impl Rejected {
    /// A rejection with a detail for the log.
    pub fn new(problem: Problem, detail: impl Into<String>) -> Self {
        Self { problem, last_exchange: None, detail: detail.into() }
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
        Self::new(error.problem(), error.to_string())
    }
}

/// What one exchange did, for the log and for `status`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchanged {
    /// The signed answer.
    pub answer: Vec<u8>,
    /// Changes applied.
    pub applied: usize,
    /// Changes quarantined.
    pub quarantined: usize,
}

impl Office {
    /// Answers one request.
    pub fn exchange(&mut self, body: &[u8], now: Millis) -> Result<Exchanged, Rejected> {
        let (child, request) = self.authenticate(body)?;
        if let Err(last) = self.replica_mut().begin_exchange(request.replica, request.exchange, now)? {
            let rejected = Rejected::new(Problem::Replayed, "the exchange number was used before");
            return Err(Rejected { last_exchange: Some(last), ..rejected });
        }
        for push in &request.pushes {
            match self.replica_mut().ingest(&child, push, now)? {
                Ingested::Logged | Ingested::Known => {}
                Ingested::Gap => break,
                Ingested::Refused(problem) => {
                    return Err(Rejected::new(problem, format!("pack {} was refused", push.number)));
                }
            }
        }
        let (mut applied, mut quarantined) = (0, 0);
        loop {
            let round = self.replica_mut().apply_logged()?;
            applied += round.changes;
            quarantined += round.quarantined;
            if !round.left {
                break;
            }
        }
        let answer = self.replica().answer(&child, &request, now)?;
        Ok(Exchanged { answer: answer.encode(self.replica().identity()), applied, quarantined })
    }

    fn authenticate(&self, body: &[u8]) -> Result<(Introduction, Request), Rejected> {
        let unverified = Request::decode(body)?;
        let unknown = || Rejected::new(Problem::Unauthorised, "the replica is not enrolled here");
        let child = self.replica().child(unverified.message.replica)?.ok_or_else(unknown)?;
        let request = unverified.verify(&child.key)?;
        if request.hub == self.replica().id() {
            Ok((child, request))
        } else {
            Err(Rejected::new(Problem::Unauthorised, "the request is meant for another hub"))
        }
    }
}
