//! One session with a hub, over a link: exchanges until nothing is left, with pauses after failures. The same for a
//! device and for the relay of a regional hub.

use std::time::Duration;

use teranga_core::id::Entropy;
use teranga_core::problem::{Explain, Problem, Retry};
use teranga_core::time::Millis;
use teranga_store::uplink::{TakeError, Taken};
use teranga_store::{Replica, StoreError};
use teranga_sync::message::{Answer, MessageError, Request};
use teranga_sync::session::{Next, Session};

use crate::link::{Link, LinkError};
use crate::world::{self, SystemEntropy};

/// Whoever holds the replica: a device alone, or a hub that serves others between two exchanges.
pub trait Holder: Send + Sync {
    /// Does something with the replica, alone.
    fn with<T>(&self, work: impl FnOnce(&mut Replica) -> T) -> T;
}

/// How often to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Failures in a row after which the session gives up.
    pub failures_max: u32,
    /// A pause in thousandths of the protocol's; tests and demonstrations on loopback need not wait.
    pub pause_permille: u64,
}

impl Patience {
    /// Five failures in a row, the protocol's own pauses.
    pub const FIELD: Self = Self { failures_max: 5, pause_permille: 1_000 };
}

/// What a session did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Summary {
    /// Requests sent, failed ones included.
    pub round_trips: u64,
    /// Requests that failed.
    pub failures: u64,
    /// Bytes of request bodies.
    pub bytes_up: u64,
    /// Bytes of answer bodies.
    pub bytes_down: u64,
    /// Changes received and applied.
    pub applied: u64,
    /// Packs that were sent again, because a failure left open whether they had arrived.
    pub packs_again: u64,
    /// The outbox number of the last pack sent.
    last_pack: u64,
}

impl Summary {
    fn note_sent(&mut self, request: &Request, body: &[u8]) {
        self.round_trips += 1;
        self.bytes_up += body.len() as u64;
        for push in &request.pushes {
            self.packs_again += u64::from(push.number <= self.last_pack);
            self.last_pack = self.last_pack.max(push.number);
        }
    }
}

/// Why a session ended early. What was acknowledged before stays acknowledged.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    /// This replica is enrolled nowhere.
    #[error("this replica is not enrolled at a hub")]
    NotEnrolled,
    /// The network or the hub.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// The answer is not one of the pinned hub.
    #[error(transparent)]
    Message(#[from] MessageError),
    /// The answer could not be taken.
    #[error(transparent)]
    Take(#[from] TakeError),
    /// The replica failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Explain for SyncError {
    fn code(&self) -> &'static str {
        match self {
            Self::NotEnrolled => "not-enrolled",
            Self::Link(error) => error.code(),
            Self::Message(MessageError::Signature) => "hub-not-the-one",
            Self::Message(error) => error.problem().code(),
            Self::Take(TakeError::Store(error)) | Self::Store(error) => error.code(),
            Self::Take(TakeError::NotForUs | TakeError::Rows(_)) => "malformed",
        }
    }

    fn arguments(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Link(error) => error.arguments(),
            Self::Take(TakeError::Store(error)) | Self::Store(error) => error.arguments(),
            Self::NotEnrolled | Self::Message(_) | Self::Take(_) => Vec::new(),
        }
    }

    fn retry(&self) -> Retry {
        match self {
            Self::Link(error) => error.retry(),
            Self::Take(TakeError::Store(error)) | Self::Store(error) => error.retry(),
            Self::NotEnrolled | Self::Message(_) | Self::Take(_) => Retry::Never,
        }
    }
}

/// Runs a session. `progress` is told after every exchange.
pub async fn synchronise(
    holder: &impl Holder,
    link: &Link,
    patience: Patience,
    mut progress: impl FnMut(&Summary),
) -> Result<Summary, SyncError> {
    let mut session = Session::new();
    let mut summary = Summary::default();
    loop {
        match exchange(holder, link, &session, &mut summary).await {
            Ok((taken, elapsed_ms)) => {
                progress(&summary);
                if session.succeeded(elapsed_ms, taken.left) == Next::Done {
                    return Ok(summary);
                }
            }
            Err(error) => {
                summary.failures += 1;
                progress(&summary);
                if error.retry() == Retry::Never || session.failures() + 1 >= patience.failures_max {
                    return Err(error);
                }
                let pause = session.failed(random()) * patience.pause_permille / 1_000;
                tokio::time::sleep(Duration::from_millis(pause)).await;
            }
        }
    }
}

async fn exchange(
    holder: &impl Holder,
    link: &Link,
    session: &Session,
    summary: &mut Summary,
) -> Result<(Taken, u64), SyncError> {
    let begun = world::now();
    let (request, body) = next(holder, session, begun)?;
    summary.note_sent(&request, &body);
    let answer = match link.exchange(body).await {
        Err(LinkError::Refused { problem: Problem::Replayed, last_exchange: Some(last) }) => {
            holder.with(|replica| replica.resume_exchanges_after(last))?;
            let (_, body) = next(holder, session, begun)?;
            return Box::pin(resumed(holder, link, body, begun, summary)).await;
        }
        other => other?,
    };
    take(holder, &request, &answer, begun, summary)
}

/// The exchange once more, with a number that the hub has not seen.
async fn resumed(
    holder: &impl Holder,
    link: &Link,
    body: Vec<u8>,
    begun: Millis,
    summary: &mut Summary,
) -> Result<(Taken, u64), SyncError> {
    let request = Request::decode(&body)?.message;
    summary.note_sent(&request, &body);
    let answer = link.exchange(body).await?;
    take(holder, &request, &answer, begun, summary)
}

fn next(holder: &impl Holder, session: &Session, now: Millis) -> Result<(Request, Vec<u8>), SyncError> {
    holder.with(|replica| {
        let request = replica.next_request(&session.plan(), now)?.ok_or(SyncError::NotEnrolled)?;
        let body = request.encode(replica.identity());
        Ok((request, body))
    })
}

fn take(
    holder: &impl Holder,
    request: &Request,
    answer: &[u8],
    begun: Millis,
    summary: &mut Summary,
) -> Result<(Taken, u64), SyncError> {
    summary.bytes_down += answer.len() as u64;
    let now = world::now();
    let taken = holder.with(|replica| {
        let hub = replica.uplink()?.ok_or(SyncError::NotEnrolled)?;
        let answer = Answer::decode(answer)?.verify(&hub.key)?;
        Ok::<_, SyncError>(replica.take_answer(request, &answer, now)?)
    })?;
    summary.applied += taken.applied.changes as u64;
    Ok((taken, u64::try_from(now.0 - begun.0).unwrap_or_default()))
}

fn random() -> u64 {
    let mut bytes = [0u8; 8];
    SystemEntropy.fill(&mut bytes);
    u64::from_le_bytes(bytes)
}
