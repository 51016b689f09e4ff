//! One session with a hub, over a link: exchanges until nothing is left, with pauses after failures. The same for a
//! device and for the relay of a regional hub.

use std::time::Duration;

use teranga_core::id::Entropy;
use teranga_core::problem::{Explain, Problem, Retry};
use teranga_core::time::Millis;
use teranga_store::uplink::{TakeError, Taken};
use teranga_store::{Replica, StoreError};
use teranga_sync::message::{Answer, MessageError, Request};
use teranga_sync::session::{Left, Next, Session};

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
    /// The hub answers, but nothing moves on.
    #[error("the hub answers, but takes and gives nothing")]
    Standstill,
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
            Self::Standstill => "hub-standstill",
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
            Self::NotEnrolled | Self::Standstill | Self::Message(_) | Self::Take(_) => Vec::new(),
        }
    }

    fn retry(&self) -> Retry {
        match self {
            Self::Link(error) => error.retry(),
            Self::Take(TakeError::Store(error)) | Self::Store(error) => error.retry(),
            Self::Standstill => Retry::Later,
            Self::NotEnrolled | Self::Message(_) | Self::Take(_) => Retry::Never,
        }
    }
}

/// Runs a session. `progress` is told after every exchange. Packs that the hub refuses do not stop the others, nor what
/// comes down; the first refusal is the session's outcome at its end.
pub async fn synchronise(
    holder: &impl Holder,
    link: &Link,
    patience: Patience,
    mut progress: impl FnMut(&Summary),
) -> Result<Summary, SyncError> {
    let mut session = Session::new();
    let mut summary = Summary::default();
    let mut refused = None;
    holder.with(Replica::begin_session)?;
    loop {
        let outcome = exchange(holder, link, &session, &mut summary).await;
        progress(&summary);
        match outcome {
            Ok(Step::Took(taken, elapsed_ms)) if taken.moved || taken.left == Left::Nothing => {
                if session.succeeded(elapsed_ms, taken.left) == Next::Done {
                    return refused.map_or(Ok(summary), Err);
                }
            }
            Ok(Step::PassedOver(error)) => {
                refused.get_or_insert(error);
            }
            // A hub that answers and takes nothing is asked again later, not in a loop.
            Ok(Step::Took(..)) => pause(&mut session, patience, &mut summary, SyncError::Standstill).await?,
            Err(error) => pause(&mut session, patience, &mut summary, error).await?,
        }
    }
}

/// Waits before the next exchange, or gives up.
async fn pause(
    session: &mut Session,
    patience: Patience,
    summary: &mut Summary,
    error: SyncError,
) -> Result<(), SyncError> {
    summary.failures += 1;
    if error.retry() == Retry::Never || session.failures() + 1 >= patience.failures_max {
        return Err(error);
    }
    let pause = session.failed(random()) * patience.pause_permille / 1_000;
    tokio::time::sleep(Duration::from_millis(pause)).await;
    Ok(())
}

/// What one exchange came to.
enum Step {
    /// The answer was taken, after so many milliseconds.
    Took(Taken, u64),
    /// The hub refused the packs for good; they are kept and passed over.
    PassedOver(SyncError),
}

async fn exchange(
    holder: &impl Holder,
    link: &Link,
    session: &Session,
    summary: &mut Summary,
) -> Result<Step, SyncError> {
    let begun = world::now();
    let (mut request, body) = next(holder, session, begun)?;
    let mut answer = send(link, &request, body, summary).await;
    if let Err(LinkError::Refused { problem: Problem::Replayed, last_exchange: Some(last) }) = answer
        && holder.with(|replica| replica.resume_exchanges_after(last))?
    {
        // Once more, with a number that the hub has not seen.
        let again = next(holder, session, begun)?;
        answer = send(link, &again.0, again.1, summary).await;
        request = again.0;
    }
    match answer {
        Err(LinkError::Refused { problem, last_exchange }) if is_about_packs(problem, &request) => {
            holder.with(|replica| replica.pass_over(&request, problem))?;
            Ok(Step::PassedOver(LinkError::Refused { problem, last_exchange }.into()))
        }
        answer => take(holder, &request, &answer?, begun, summary),
    }
}

async fn send(
    link: &Link,
    request: &Request,
    body: Vec<u8>,
    summary: &mut Summary,
) -> Result<Vec<u8>, LinkError> {
    summary.note_sent(request, &body);
    link.exchange(body).await
}

/// Whether a refusal may be of the packs that a request carries, and not of whoever sent it: then a request without
/// them is still answered.
fn is_about_packs(problem: Problem, request: &Request) -> bool {
    let packs = matches!(
        problem,
        Problem::Malformed
            | Problem::Unauthorised
            | Problem::Forbidden
            | Problem::BrokenChain
            | Problem::Erased
            | Problem::TooLarge
    );
    packs && !request.pushes.is_empty()
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
) -> Result<Step, SyncError> {
    summary.bytes_down += answer.len() as u64;
    let now = world::now();
    let taken = holder.with(|replica| {
        let hub = replica.uplink()?.ok_or(SyncError::NotEnrolled)?;
        let answer = Answer::read(answer, &hub.key)?;
        Ok::<_, SyncError>(replica.take_answer(request, &answer, now)?)
    })?;
    summary.applied += taken.applied.changes as u64;
    Ok(Step::Took(taken, u64::try_from(now.0 - begun.0).unwrap_or_default()))
}

fn random() -> u64 {
    let mut bytes = [0u8; 8];
    SystemEntropy.fill(&mut bytes);
    u64::from_le_bytes(bytes)
}
