//! What is wrong with a workbook, and where: sheet, row and column as the spreadsheet shows them, so that an author
//! finds the cell.

use teranga_core::problem::Explain;

pub use crate::flaw::Flaw;

/// Something that an author must mend.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{sheet}, row {row}, column {column}: {flaw}")]
pub struct Finding {
    /// The sheet; `-` for the workbook itself.
    pub sheet: String,
    /// The row as the spreadsheet numbers it; 0 for the sheet itself.
    pub row: usize,
    /// The column by its heading as the author wrote it; `-` for the row itself.
    pub column: String,
    /// What is wrong.
    pub flaw: Flaw,
}

impl Finding {
    /// A finding about the workbook itself.
    pub(crate) fn workbook(flaw: Flaw) -> Self {
        Self::sheet("-", flaw)
    }

    /// A finding about a sheet as a whole.
    pub(crate) fn sheet(sheet: &str, flaw: Flaw) -> Self {
        Self { sheet: sheet.to_owned(), row: 0, column: "-".to_owned(), flaw }
    }
}

impl Explain for Finding {
    fn code(&self) -> &'static str {
        self.flaw.code()
    }

    fn arguments(&self) -> Vec<(&'static str, String)> {
        let mut arguments = vec![
            ("sheet", self.sheet.clone()),
            ("row", self.row.to_string()),
            ("column", self.column.clone()),
        ];
        let (detail, other) = self.flaw.details();
        arguments.extend(detail.map(|detail| ("detail", detail)));
        arguments.extend(other.map(|other| ("other", other)));
        arguments
    }
}
