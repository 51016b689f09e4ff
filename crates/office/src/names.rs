//! Names that a replica is introduced by. An empty one leaves everybody asking who wrote a value, and one over the
//! protocol's limit could never be sent: both are refused where they are typed.

use teranga_core::problem::Explain;
use teranga_sync::limits::NAME_BYTES_MAX;

/// Why a name cannot be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// There is nothing in it.
    #[error("the {0} has no name")]
    Empty(&'static str),
    /// It is longer than the protocol carries.
    #[error("the {0}'s name exceeds {NAME_BYTES_MAX} bytes")]
    TooLong(&'static str),
}

impl Explain for NameError {
    fn code(&self) -> &'static str {
        match self {
            Self::Empty(_) => "name-empty",
            Self::TooLong(_) => "name-too-long",
        }
    }

    fn arguments(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Empty(field) => vec![("field", (*field).to_owned())],
            Self::TooLong(field) => {
                vec![("field", (*field).to_owned()), ("limit", NAME_BYTES_MAX.to_string())]
            }
        }
    }
}

/// Whether what was given for `field` can be a name.
pub fn check(field: &'static str, name: &str) -> Result<(), NameError> {
    if name.trim().is_empty() {
        return Err(NameError::Empty(field));
    }
    if name.len() > NAME_BYTES_MAX { Err(NameError::TooLong(field)) } else { Ok(()) }
}
