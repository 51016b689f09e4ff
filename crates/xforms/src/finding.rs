//! What is wrong with a workbook, and where.

use teranga_core::problem::Explain;

/// Something that an author must mend.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{sheet}, row {row}, column {column}: {flaw}")]
pub struct Finding {
    /// The sheet; `-` for the workbook itself.
    pub sheet: String,
    /// The row as the spreadsheet numbers it; 0 for the sheet itself.
    pub row: usize,
    /// The column by its heading; `-` for the row itself.
    pub column: String,
    /// What is wrong.
    pub flaw: Flaw,
}

/// The kinds of [`Finding`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// The file is no workbook, or damaged.
    #[error("not a workbook that can be read: {0}")]
    Unreadable(String),
    /// The file claims to hold more than any form does.
    #[error("the workbook is larger than any form: {0}")]
    TooLarge(&'static str),
    /// A sheet that every form has is missing.
    #[error("the sheet is missing")]
    NoSheet,
    /// Two columns say the same.
    #[error("the column stands twice")]
    DuplicateColumn,
    /// A cell that must be filled is empty.
    #[error("a value is needed here")]
    Needed,
    /// A type that there is not.
    #[error("there is no type {0}")]
    UnknownType(String),
    /// A list that is not on the choices sheet.
    #[error("there is no list {0} on the choices sheet")]
    UnknownList(String),
    /// A group or repeat that ends without having begun, or ends another one.
    #[error("this ends what row {0} did not begin")]
    WrongEnd(usize),
    /// A group or repeat that does not end.
    #[error("this group or repeat does not end")]
    NoEnd,
    /// The form that comes out is refused.
    #[error("{0}")]
    Form(String),
}

impl Finding {
    /// A finding about the workbook itself.
    pub(crate) fn workbook(flaw: Flaw) -> Self {
        Self { sheet: "-".into(), row: 0, column: "-".into(), flaw }
    }
}

impl Explain for Finding {
    fn code(&self) -> &'static str {
        match self.flaw {
            Flaw::Unreadable(_) => "xlsform-unreadable",
            Flaw::TooLarge(_) => "xlsform-too-large",
            Flaw::NoSheet => "xlsform-no-sheet",
            Flaw::DuplicateColumn => "xlsform-duplicate-column",
            Flaw::Needed => "xlsform-needed",
            Flaw::UnknownType(_) => "xlsform-unknown-type",
            Flaw::UnknownList(_) => "xlsform-unknown-list",
            Flaw::WrongEnd(_) => "xlsform-wrong-end",
            Flaw::NoEnd => "xlsform-no-end",
            Flaw::Form(_) => "xlsform-form",
        }
    }

    fn arguments(&self) -> Vec<(&'static str, String)> {
        let mut arguments = vec![
            ("sheet", self.sheet.clone()),
            ("row", self.row.to_string()),
            ("column", self.column.clone()),
        ];
        let detail = match &self.flaw {
            Flaw::Unreadable(detail)
            | Flaw::UnknownType(detail)
            | Flaw::UnknownList(detail)
            | Flaw::Form(detail) => Some(detail.clone()),
            Flaw::TooLarge(what) => Some((*what).to_owned()),
            Flaw::WrongEnd(row) => Some(row.to_string()),
            Flaw::NoSheet | Flaw::DuplicateColumn | Flaw::Needed | Flaw::NoEnd => None,
        };
        arguments.extend(detail.map(|detail| ("detail", detail)));
        arguments
    }
}
