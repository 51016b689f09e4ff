//! What can go wrong between a client and a hub: each with its stable code, and whether to try again.

use teranga_core::problem::{Explain, Problem, Retry};
use teranga_office::Refusal;
use teranga_sync::succession::Succession;

use crate::trust::Distrust;

/// Why an exchange over the network failed.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The hub cannot be reached, or the link broke.
    #[error("the hub at {url} cannot be reached")]
    Unreachable {
        /// The address.
        url: String,
    },
    /// The address is none.
    #[error("{url} is not an address of a hub")]
    Address {
        /// The address.
        url: String,
    },
    /// The certificate file cannot be used.
    #[error("the certificate {path} cannot be used")]
    Certificate {
        /// The file.
        path: String,
    },
    /// The hub refused.
    #[error("the hub answers {}", problem.code())]
    Refused {
        /// The problem.
        problem: Problem,
    },
    /// The hub is busy; nothing was taken.
    #[error("the hub is busy")]
    Busy {
        /// After how long it asks to be tried again, at most [`BACKOFF_MS_MAX`](teranga_sync::limits::BACKOFF_MS_MAX).
        after_ms: u64,
    },
    /// The hub does not speak the version of what was sent.
    #[error("the hub speaks versions {} to {}", versions[0], versions[1])]
    Speaks {
        /// The oldest and the newest that it does.
        versions: [u8; 2],
    },
    /// Another hub has the place of the one that was asked for.
    #[error("another hub answers in the place of the one that was asked")]
    Succeeded {
        /// The home's word for it.
        word: Box<Succession>,
    },
    /// Something answers that is not a hub, or a hub that fails.
    #[error("{url} answers with status {status}, which a hub does not")]
    Foreign {
        /// The address.
        url: String,
        /// The HTTP status.
        status: u16,
    },
    /// Whoever answers shows a certificate that is not trusted here.
    #[error("the certificate of {url} is not trusted: {why:?}")]
    Untrusted {
        /// The address.
        url: String,
        /// What is wrong with it.
        why: Distrust,
    },
    /// One end speaks TLS and the other does not.
    #[error("{url} does not speak this scheme")]
    Scheme {
        /// The address.
        url: String,
    },
    /// A page where a hub's answer was due: a portal that wants a person to sign in.
    #[error("something else than a hub answers for {url}")]
    Portal {
        /// The address.
        url: String,
    },
    /// The answer is larger than any hub's.
    #[error("the answer of {url} exceeds its limit")]
    TooLarge {
        /// The address.
        url: String,
    },
}

impl Explain for LinkError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => "hub-unreachable",
            Self::Address { .. } => "hub-address",
            Self::Certificate { .. } => "hub-certificate",
            // The same words would send a volunteer to make room on the wrong machine.
            Self::Refused { problem: Problem::DiskFull, .. } => "hub-disk-full",
            Self::Refused { problem, .. } => problem.code(),
            Self::Busy { .. } => Problem::Busy.code(),
            Self::Speaks { .. } => Problem::UpgradeNeeded.code(),
            Self::Succeeded { .. } => Problem::Succeeded.code(),
            Self::Untrusted { why, .. } => why.code(),
            Self::Scheme { .. } => "hub-scheme",
            Self::Portal { .. } => "hub-portal",
            Self::Foreign { .. } => "hub-foreign",
            Self::TooLarge { .. } => "hub-answer-too-large",
        }
    }

    fn arguments(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Unreachable { url }
            | Self::Address { url }
            | Self::Scheme { url }
            | Self::Portal { url }
            | Self::Untrusted { url, .. }
            | Self::TooLarge { url } => vec![("url", url.clone())],
            Self::Certificate { path } => vec![("path", path.clone())],
            Self::Refused { .. } | Self::Busy { .. } | Self::Speaks { .. } | Self::Succeeded { .. } => {
                Vec::new()
            }
            Self::Foreign { url, status } => vec![("url", url.clone()), ("status", status.to_string())],
        }
    }

    fn retry(&self) -> Retry {
        match self {
            Self::Unreachable { .. } | Self::Busy { .. } => Retry::Later,
            Self::Refused { problem, .. } => problem.retry(),
            Self::Foreign { status, .. } if *status >= 500 => Retry::Later,
            Self::Address { .. }
            | Self::Certificate { .. }
            | Self::Foreign { .. }
            | Self::Speaks { .. }
            | Self::Succeeded { .. }
            | Self::Untrusted { .. }
            | Self::Scheme { .. }
            | Self::Portal { .. }
            | Self::TooLarge { .. } => Retry::Never,
        }
    }
}

/// Why the office at the local door did not do something.
#[derive(Debug, thiserror::Error)]
pub enum DoorError {
    /// It could not be asked.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// It refuses, and says why.
    #[error("the office refuses: {}", .0.code)]
    Refused(Refusal),
}
