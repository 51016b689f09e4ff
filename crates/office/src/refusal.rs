//! Why an office does not do what its own people ask. They stand at the hub itself, so unlike a stranger they are told
//! everything: what is wrong, where, and each finding of a form. It travels as codes and arguments; whoever shows it
//! has the words.

use serde::{Deserialize, Serialize};
use teranga_core::form::FormErrors;
use teranga_core::problem::{Explain, Problem, Retry};

use crate::exchange::Rejected;

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The stable code.
    pub code: String,
    /// The arguments of its message.
    pub arguments: Vec<(String, String)>,
    /// Whether to try again.
    pub retry: Retry,
    /// What it consists of, such as the findings of a form.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Refusal>,
}

impl Refusal {
    /// A refusal that the same request meets again.
    pub fn new(code: &str, arguments: &[(&str, &str)]) -> Self {
        let arguments = arguments.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Self {
            code: code.to_owned(),
            arguments: arguments.collect(),
            retry: Retry::Never,
            findings: Vec::new(),
        }
    }

    /// A form is refused for each of its findings.
    pub fn form(errors: FormErrors) -> Self {
        let count = errors.0.len().to_string();
        let findings = errors.0.into_iter().map(Self::from).collect();
        Self { findings, ..Self::new("form-refused", &[("count", &count)]) }
    }
}

impl<E: Explain> From<E> for Refusal {
    fn from(error: E) -> Self {
        let arguments = error.arguments().into_iter().map(|(name, value)| (name.to_owned(), value));
        Self {
            code: error.code().to_owned(),
            arguments: arguments.collect(),
            retry: error.retry(),
            findings: Vec::new(),
        }
    }
}

impl From<Rejected> for Refusal {
    fn from(rejected: Rejected) -> Self {
        // What the hub's log would say of its own failure is for the people of the hub.
        if rejected.problem == Problem::Internal {
            return Self::new("office-refused", &[("detail", &rejected.detail)]);
        }
        Self::from(rejected.problem)
    }
}
