//! What a failed connection says of TLS. To be told "try again later" about a certificate that will never be trusted
//! costs a volunteer days, so the causes are searched for the one that somebody can mend.

use std::error::Error;

use rustls::{CertificateError, Error as TlsError};

use crate::link::LinkError;

/// Why a request failed, as far as its causes say.
pub(crate) fn failure(url: &str, error: &reqwest::Error) -> LinkError {
    let url = url.to_owned();
    match causes(error).find_map(|cause| cause.downcast_ref::<TlsError>()) {
        Some(TlsError::InvalidCertificate(wrong)) => LinkError::Untrusted { url, why: Distrust::of(wrong) },
        // The first bytes that came back are not TLS: a server without it.
        Some(TlsError::InvalidMessage(_)) => LinkError::Scheme { url },
        // The first bytes that came back are not HTTP: most often the alert of a server that awaits TLS.
        None if url.starts_with("http://") && causes(error).any(is_parse) => LinkError::Scheme { url },
        Some(_) | None => LinkError::Unreachable { url },
    }
}

/// An error and everything that caused it. `std::io::Error` hides what it carries from `source`.
fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
    let first: &(dyn Error + 'static) = error;
    std::iter::successors(Some(first), |cause| {
        let cause = *cause;
        let carried = cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        carried.map(|inner| inner as &(dyn Error + 'static)).or_else(|| cause.source())
    })
}

fn is_parse(cause: &(dyn Error + 'static)) -> bool {
    cause.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_parse)
}

/// What is wrong with a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Distrust {
    /// Nobody here vouches for it.
    Unknown,
    /// Its time has passed, or this machine's clock is wrong.
    Expired,
    /// Its time has not come, or this machine's clock is wrong.
    NotYet,
    /// It is that of another address.
    OtherName,
}

impl Distrust {
    /// The stable code.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Unknown => "hub-certificate-untrusted",
            Self::Expired => "hub-certificate-expired",
            Self::NotYet => "hub-certificate-not-yet",
            Self::OtherName => "hub-certificate-other-name",
        }
    }

    fn of(wrong: &CertificateError) -> Self {
        match wrong {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => Self::Expired,
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => Self::NotYet,
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                Self::OtherName
            }
            _ => Self::Unknown,
        }
    }
}
