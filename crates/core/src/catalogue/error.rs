//! Why something that is published is not taken in: it names the resource, and what is wrong with it.

use crate::form::FormErrors;
use crate::problem::Explain;

/// Why a resource is not taken into the catalogue.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CatalogueError {
    /// Not the JSON that this kind has.
    #[error("not a {kind}: {detail}")]
    Shape {
        /// The kind.
        kind: &'static str,
        /// What the JSON reader says: names of members, lines and columns.
        detail: String,
    },
    /// A form with findings.
    #[error("the form has {} findings", .0.0.len())]
    Form(FormErrors),
    /// Something that it refers to is not there.
    #[error("{resource} refers to {missing}, which is not there")]
    Missing {
        /// What refers.
        resource: String,
        /// To what.
        missing: String,
    },
    /// A code whose days of validity are none, or end before they begin.
    #[error("{list}: the days of validity of {code} are not days, or end before they begin")]
    Validity {
        /// The list and its version.
        list: String,
        /// The code.
        code: String,
    },
}

impl Explain for CatalogueError {
    fn code(&self) -> &'static str {
        match self {
            Self::Shape { .. } => "resource-shape",
            Self::Form(_) => "form-findings",
            Self::Missing { .. } => "resource-missing",
            Self::Validity { .. } => "resource-validity",
        }
    }

    fn arguments(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Shape { kind, detail } => vec![("kind", (*kind).to_owned()), ("detail", detail.clone())],
            Self::Form(errors) => vec![("count", errors.0.len().to_string())],
            Self::Missing { resource, missing } => {
                vec![("resource", resource.clone()), ("missing", missing.clone())]
            }
            Self::Validity { list, code } => vec![("resource", list.clone()), ("code", code.clone())],
        }
    }
}
