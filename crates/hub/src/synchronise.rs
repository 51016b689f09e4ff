//! One session with a hub over a real link: carries the bytes of a [`Conversation`], and after it those of a [`Lane`] of
//! files, and waits when they say so. The same for a device and for the relay of a regional hub.

use std::time::Duration;

use teranga_core::id::Entropy;
use teranga_core::problem::{Explain, Problem, Retry};
use teranga_store::Replica;
use teranga_store::conversation::{Conversation, Failure, Reply, Summary, Talk, Turn};
use teranga_store::lane::{FileFailure, Lane, LaneSummary};
use teranga_store::uplink::TakeError;
use teranga_sync::limits;
use teranga_sync::signed::MessageError;

use crate::link::{Link, LinkError, Road};
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
    /// The protocol's own failures and pauses.
    pub const FIELD: Self = Self { failures_max: limits::FAILURES_MAX, pause_permille: 1_000 };

    /// How long to wait where the protocol's own pause is so long. What a busy hub asks for comes before it: the pause
    /// is drawn at random, and spreads those who were told the same.
    fn pause(self, ms: u64, broken: Option<&LinkError>) -> Duration {
        let asked_ms = match broken {
            Some(LinkError::Busy { after_ms }) => *after_ms,
            _ => 0,
        };
        Duration::from_millis((ms + asked_ms) * self.pause_permille / 1_000)
    }
}

/// Why a session ended early. What was acknowledged before stays acknowledged.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    /// The network, or something else than a hub at its other end.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// The hub, or this replica.
    #[error(transparent)]
    Failure(#[from] Failure),
}

impl SyncError {
    /// Whether a hub that was heard refuses something for good.
    fn is_a_refusal(&self) -> bool {
        match self {
            Self::Failure(Failure::Refused { problem }) => problem.retry() == Retry::Never,
            Self::Failure(Failure::Take(TakeError::NotTheHome)) => true,
            Self::Failure(_) | Self::Link(_) => false,
        }
    }
}

impl Explain for SyncError {
    fn code(&self) -> &'static str {
        match self {
            Self::Link(error) => error.code(),
            Self::Failure(failure) => match failure {
                Failure::NotEnrolled => "not-enrolled",
                Failure::Standstill => "hub-standstill",
                Failure::Refused { problem } => LinkError::Refused { problem: *problem }.code(),
                Failure::Nothing(_) => "hub-unreachable",
                Failure::Message(MessageError::Signature) => "hub-not-the-one",
                Failure::Message(error) => error.problem().code(),
                Failure::File(FileFailure::Unproven) => "file-unproven",
                Failure::File(FileFailure::Spoilt) => "file-spoilt",
                Failure::File(FileFailure::Damaged) => "file-damaged",
                Failure::File(FileFailure::NoRoom) => "file-no-room",
                Failure::Take(TakeError::Store(error)) | Failure::Store(error) => error.code(),
                Failure::Take(TakeError::NotTheHome) => "erasure-not-home",
                Failure::Take(TakeError::NotForUs | TakeError::SomebodyElse | TakeError::Rows(_)) => {
                    "malformed"
                }
            },
        }
    }

    fn arguments(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Link(error) => error.arguments(),
            Self::Failure(Failure::Take(TakeError::Store(error)) | Failure::Store(error)) => {
                error.arguments()
            }
            Self::Failure(_) => Vec::new(),
        }
    }

    fn retry(&self) -> Retry {
        match self {
            Self::Link(error) => error.retry(),
            Self::Failure(failure) => failure.retry(),
        }
    }
}

/// How a session ended whose hub was heard.
#[derive(Debug)]
pub struct Session {
    /// What it did.
    pub summary: Summary,
    /// What the hub refused for good, while everything else went on: said once all that comes after a session was done.
    pub refused: Result<(), SyncError>,
}

/// Runs a session. `progress` is told after every exchange. Fails where the hub was not heard, or may be heard later: then nothing
/// that comes after a session would get through either.
pub async fn synchronise(
    holder: &impl Holder,
    link: &Link,
    patience: Patience,
    mut progress: impl FnMut(&Summary),
) -> Result<Session, SyncError> {
    let begun = holder.with(|replica| Conversation::begin(replica, patience.failures_max));
    let mut conversation = begun.map_err(Failure::from)?;
    let carrier = Carrier { holder, link, patience, road: Road::Answers };
    let refused = carrier.carry(&mut conversation, |talk: &Conversation| progress(talk.summary())).await;
    match refused {
        Err(error) if !error.is_a_refusal() => Err(error),
        Err(_) | Ok(()) => Ok(Session { summary: *conversation.summary(), refused }),
    }
}

/// Carries files, after the answers. What it did is told however it ended. `progress` is told after every exchange.
pub async fn carry_files(
    holder: &impl Holder,
    link: &Link,
    patience: Patience,
    mut lane: Lane,
    mut progress: impl FnMut(&LaneSummary),
) -> (LaneSummary, Result<(), SyncError>) {
    let carrier = Carrier { holder, link, patience, road: Road::Files };
    let ended = carrier.carry(&mut lane, |talk: &Lane| progress(talk.summary())).await;
    (*lane.summary(), ended)
}

/// Carries the bytes of a talk between a replica and its hub.
struct Carrier<'a, H> {
    holder: &'a H,
    link: &'a Link,
    patience: Patience,
    road: Road,
}

impl<H: Holder> Carrier<'_, H> {
    async fn carry<T: Talk>(&self, talk: &mut T, mut progress: impl FnMut(&T)) -> Result<(), SyncError> {
        let mut broken = None;
        let mut turn = self.holder.with(|replica| talk.next(replica, world::now(), random()));
        loop {
            turn = match turn {
                Turn::Send(body) => {
                    let came = self.link.exchange(self.road, body).await;
                    let reply = reply(&came);
                    let next = self.holder.with(|replica| talk.hear(replica, reply, world::now(), random()));
                    broken = came.err();
                    progress(talk);
                    next
                }
                Turn::Pause(ms) => {
                    tokio::time::sleep(self.patience.pause(ms, broken.as_ref())).await;
                    self.holder.with(|replica| talk.next(replica, world::now(), random()))
                }
                Turn::Over(Ok(())) => return Ok(()),
                Turn::Over(Err(failure @ Failure::Nothing(_))) => {
                    return Err(broken.map_or(SyncError::Failure(failure), SyncError::Link));
                }
                Turn::Over(Err(failure)) => return Err(failure.into()),
            };
        }
    }
}

fn reply(came: &Result<Vec<u8>, LinkError>) -> Reply<'_> {
    match came {
        Ok(bytes) => Reply::Answer(bytes),
        Err(LinkError::Refused { problem }) => Reply::Refused(*problem),
        Err(LinkError::Busy { .. }) => Reply::Refused(Problem::Busy),
        Err(LinkError::Speaks { versions }) => Reply::Speaks(*versions),
        Err(LinkError::Succeeded { word }) => Reply::Succeeded(word),
        Err(error) => Reply::Nothing(error.retry()),
    }
}

fn random() -> u64 {
    let mut bytes = [0u8; 8];
    SystemEntropy.fill(&mut bytes);
    u64::from_le_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_hub_is_left_alone_for_as_long_as_it_asks_and_the_pause_beyond() {
        let busy = LinkError::Busy { after_ms: 5_000 };
        let broken = LinkError::Unreachable { url: String::new() };
        assert_eq!(Patience::FIELD.pause(700, Some(&busy)), Duration::from_millis(5_700));
        assert_eq!(Patience::FIELD.pause(700, Some(&broken)), Duration::from_millis(700));
        assert_eq!(Patience::FIELD.pause(700, None), Duration::from_millis(700));
    }
}
