//! What whoever carries the bytes of a session says and hears: what to send next, what came back, and how it ended.

use teranga_core::problem::{Explain as _, Problem, Retry};
use teranga_core::time::Millis;
use teranga_sync::signed::MessageError;
use teranga_sync::succession::Succession;

use crate::erase::Destroyed;
use crate::error::StoreError;
use crate::lane::FileFailure;
use crate::replica::Replica;
use crate::uplink::TakeError;

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
    /// Lines that were begun: the hub had met somebody else with this replica's key.
    pub lines: u64,
    /// Hubs that were joined because they took the place of the one before.
    pub heirs: u64,
    /// What was erased here.
    pub destroyed: Destroyed,
    /// The outbox number of the last pack sent.
    pub(super) last_pack: u64,
}

/// What came back for a request.
#[derive(Debug, Clone, Copy)]
pub enum Reply<'a> {
    /// The bytes of an answer.
    Answer(&'a [u8]),
    /// The hub refused.
    Refused(Problem),
    /// It does not speak the version of the request: the oldest and the newest that it does.
    Speaks([u8; 2]),
    /// It has the place of the hub that was asked for, and gives the home's word for it.
    Succeeded(&'a Succession),
    /// Nothing, or nothing that a hub says; and whether asking again may help.
    Nothing(Retry),
}

/// What to do next.
#[derive(Debug)]
pub enum Turn {
    /// Send these bytes and tell what came back.
    Send(Vec<u8>),
    /// Wait so many milliseconds, then ask for the next turn.
    Pause(u64),
    /// The session is over. What was acknowledged stays acknowledged, however it ended.
    Over(Result<(), Failure>),
}

/// Why a session ended early, or with something left.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// This replica is enrolled nowhere.
    #[error("this replica is not enrolled at a hub")]
    NotEnrolled,
    /// The hub answers, but nothing moves on.
    #[error("the hub answers, but takes and gives nothing")]
    Standstill,
    /// The hub refused: the request, or some of the packs while everything else went through.
    #[error("the hub answers {}", problem.code())]
    Refused {
        /// The problem.
        problem: Problem,
    },
    /// Nothing came back that a hub says; the carrier knows what.
    #[error("nothing came back")]
    Nothing(Retry),
    /// The answer is not one of the pinned hub.
    #[error(transparent)]
    Message(#[from] MessageError),
    /// The answer could not be taken.
    #[error(transparent)]
    Take(#[from] TakeError),
    /// A file was passed over, while everything else went on.
    #[error(transparent)]
    File(#[from] FileFailure),
    /// The replica failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Whoever says what to send and what to make of what came back: a session of answers, or a run of the lane of files.
pub trait Talk {
    /// What to send first, or after a pause.
    fn next(&mut self, replica: &mut Replica, now: Millis, random: u64) -> Turn;
    /// Takes what came back, and says what to do next.
    fn hear(&mut self, replica: &mut Replica, reply: Reply<'_>, now: Millis, random: u64) -> Turn;
}

impl Failure {
    /// Whether trying again may help.
    pub fn retry(&self) -> Retry {
        match self {
            Self::Refused { problem } => problem.retry(),
            Self::Nothing(retry) => *retry,
            Self::Take(TakeError::Store(error)) | Self::Store(error) => error.retry(),
            Self::Standstill => Retry::Later,
            Self::File(failure) => failure.retry(),
            Self::NotEnrolled | Self::Message(_) | Self::Take(_) => Retry::Never,
        }
    }
}
