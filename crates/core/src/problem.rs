//! The one table of stable problem codes, shared by the protocol's rejects, HTTP and the command line. An error type
//! anywhere in the product explains itself through [`Explain`]: a stable code and named arguments, from which a
//! shell writes one clear message in the user's language. Arguments carry names of fields, files and rows; never
//! an answer, a name or a secret.

use serde::{Deserialize, Serialize};

/// Whether doing the same again can help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Retry {
    /// The same will fail again; something must be changed first.
    Never,
    /// It may work later without any change: the network, another process, a busy hub.
    Later,
}

/// An error that can be told to a person in their own language.
pub trait Explain {
    /// The stable code, the key of the message in every catalogue (`problem-<code>`), in kebab-case.
    fn code(&self) -> &'static str;

    /// The named arguments of the message.
    fn arguments(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    /// Whether to try again.
    fn retry(&self) -> Retry {
        Retry::Never
    }
}

/// What a hub answers when it will not do what was asked: the code, its HTTP status and whether to retry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// The bytes are not what the protocol says.
    Malformed,
    /// The signature is missing or wrong, or the replica is not enrolled here.
    Unauthorised,
    /// The replica is known and may not do this.
    Forbidden,
    /// The replica was revoked. What it brings lies aside at the hub; nothing is answered until its office takes it in again.
    Revoked,
    /// An exchange number that was used before; the reply names the last one.
    Replayed,
    /// The sender's chain of packs does not continue the one held here: a copied or restored replica.
    BrokenChain,
    /// The hub that is asked for has a successor: whoever knows the home is given its word, and asks that one.
    Succeeded,
    /// The record was erased; nothing of it is taken any more.
    Erased,
    /// Over one of the limits.
    TooLarge,
    /// What is brought builds on what is not here, and as much of that part as may wait does already; nothing was acknowledged.
    TooManyWaiting,
    /// Another version of the protocol is needed.
    UpgradeNeeded,
    /// Too busy; later.
    Busy,
    /// The disk is full; nothing was acknowledged.
    DiskFull,
    /// The hub failed; the detail is in its log.
    Internal,
}

impl Problem {
    /// Every problem, in the order of its status.
    pub const ALL: [Self; 14] = [
        Self::Malformed,
        Self::Unauthorised,
        Self::Forbidden,
        Self::Revoked,
        Self::Replayed,
        Self::BrokenChain,
        Self::Succeeded,
        Self::TooManyWaiting,
        Self::Erased,
        Self::TooLarge,
        Self::UpgradeNeeded,
        Self::Busy,
        Self::Internal,
        Self::DiskFull,
    ];

    /// The HTTP status of this problem.
    pub const fn status(self) -> u16 {
        match self {
            Self::Malformed => 400,
            Self::Unauthorised => 401,
            Self::Forbidden | Self::Revoked => 403,
            Self::Replayed | Self::BrokenChain | Self::Succeeded | Self::TooManyWaiting => 409,
            Self::Erased => 410,
            Self::TooLarge => 413,
            Self::UpgradeNeeded => 426,
            Self::Busy => 503,
            Self::Internal => 500,
            Self::DiskFull => 507,
        }
    }

    /// Reads a code; `None` for one that this version does not know.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|problem| problem.code() == code)
    }

    /// What a refusal with a code of a later version is treated as: the mildest that has its status, so that a child goes on as far
    /// as it can. `None` where the status is none of a refusal.
    pub const fn of_status(status: u16) -> Option<Self> {
        Some(match status {
            401 => Self::Unauthorised,
            403 => Self::Forbidden,
            409 => Self::TooManyWaiting,
            410 => Self::Erased,
            413 => Self::TooLarge,
            426 => Self::UpgradeNeeded,
            429 | 503 => Self::Busy,
            507 => Self::DiskFull,
            400..=499 => Self::Malformed,
            500..=599 => Self::Internal,
            _ => return None,
        })
    }
}

impl Explain for Problem {
    fn code(&self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Unauthorised => "unauthorised",
            Self::Forbidden => "forbidden",
            Self::Revoked => "revoked",
            Self::Replayed => "replayed",
            Self::BrokenChain => "broken-chain",
            Self::Succeeded => "succeeded",
            Self::Erased => "erased",
            Self::TooLarge => "too-large",
            Self::TooManyWaiting => "too-many-waiting",
            Self::UpgradeNeeded => "upgrade-needed",
            Self::Busy => "busy",
            Self::DiskFull => "disk-full",
            Self::Internal => "internal",
        }
    }

    fn retry(&self) -> Retry {
        match self {
            Self::TooManyWaiting | Self::Busy | Self::DiskFull | Self::Internal => Retry::Later,
            Self::Malformed
            | Self::Unauthorised
            | Self::Forbidden
            | Self::Revoked
            | Self::Replayed
            | Self::BrokenChain
            | Self::Succeeded
            | Self::Erased
            | Self::TooLarge
            | Self::UpgradeNeeded => Retry::Never,
        }
    }
}
