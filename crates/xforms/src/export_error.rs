//! Why a form cannot be written as an XForm or a workbook.

use teranga_core::problem::Explain;

/// Why a form cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExportError {
    /// The form draws from a code list that was not handed in.
    #[error("the code list {list} is not at hand")]
    NoList {
        /// The code list.
        list: String,
    },
    /// An entity has no section of its own: what is saved to it stands in several repeats, or another entity is kept
    /// in the section that holds it.
    #[error("the entity in row {} of the entities sheet has no section of its own", number + 2)]
    Entity {
        /// The entity, counted from 0 in the order of its sheet.
        number: usize,
        /// The question that stands apart, by its path; none where the entities are in each other's way.
        path: Option<String>,
    },
    /// A text that is longer than a spreadsheet's cell may be.
    #[error("{place} is longer than a cell may be")]
    CellTooLong {
        /// The sheet and the row.
        place: String,
    },
    /// What the workbook would lose: it was read back, and did not give the same form.
    #[error("a workbook does not keep {what}")]
    NotKept {
        /// The first thing that is not kept.
        what: String,
    },
    /// The workbook could not be put together.
    #[error("the workbook could not be written: {0}")]
    Workbook(String),
}

impl Explain for ExportError {
    fn code(&self) -> &'static str {
        match self {
            Self::NoList { .. } => "export-no-list",
            Self::Entity { .. } => "export-entity",
            Self::CellTooLong { .. } => "export-cell-too-long",
            Self::NotKept { .. } => "export-not-kept",
            Self::Workbook(_) => "export-workbook",
        }
    }

    fn arguments(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::NoList { list: detail }
            | Self::CellTooLong { place: detail }
            | Self::NotKept { what: detail }
            | Self::Workbook(detail) => vec![("detail", detail.clone())],
            Self::Entity { number, path } => {
                vec![("row", (number + 2).to_string()), ("detail", path.clone().unwrap_or_default())]
            }
        }
    }
}
