//! What an import kept without carrying it, changed, or would warn of, as data: nothing of a workbook is dropped in
//! silence. Remarks that say the same of many rows are told once, at the first.

use std::collections::HashSet;
use std::fmt;

use teranga_core::problem::Explain;

use crate::sheet::Line;

/// One thing to know about an import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// The sheet.
    pub sheet: String,
    /// The row as the spreadsheet numbers it; 0 for the sheet itself.
    pub row: usize,
    /// The column by its heading; `-` for the row itself.
    pub column: String,
    /// What it is.
    pub note: Note,
}

/// The kinds of [`Remark`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Note {
    /// A column or setting that is kept with the form and has no effect.
    #[error("{0} is kept and has no effect")]
    Kept(String),
    /// A sheet that belongs to no form and is left out.
    #[error("the sheet is left out")]
    SheetLeftOut,
    /// A sheet that may be a misspelt one.
    #[error("the sheet is left out; is {0} meant?")]
    SheetMisspelt(&'static str),
    /// A row that is a comment, disabled, or without a type.
    #[error("the row is skipped")]
    Skipped,
    /// Cells below no heading.
    #[error("cells below no heading are left out")]
    NoHeading,
    /// A choice without a list.
    #[error("a choice without a list is left out")]
    NoList,
    /// A row that was given a name.
    #[error("the row has no name and is called {0}")]
    NameGiven(String),
    /// A row whose answers are stored under another identity than its name.
    #[error("answers to {name} are stored as {id}")]
    StoredAs {
        /// The name.
        name: String,
        /// The storage identity.
        id: String,
    },
    /// The form's identity had to be changed.
    #[error("the form is called {0}: spaces, `@` and `/` cannot stand in the name of a form")]
    FormRenamed(String),
    /// The form names no version.
    #[error("the form names no version; it is version 1")]
    NoVersion,
    /// A type that is kept and not asked.
    #[error("the type {0} is kept and not asked")]
    TypeKept(String),
    /// A question with a calculation and nothing to show, which is carried as a calculation.
    #[error("{0} has a calculation and nothing to show; it is carried as a calculation")]
    Calculation(String),
    /// An expression that was rewritten.
    #[error("{from} is written as {to} here")]
    Rewritten {
        /// What the workbook says.
        from: String,
        /// What the form says.
        to: String,
    },
    /// A function or operator that ODK Collect does not have.
    #[error("{0} does not run in ODK Collect")]
    NotInCollect(String),
    /// A pattern that is matched whole here and in Collect, and searched for by web forms.
    #[error(
        "the pattern is matched as a whole here and in ODK Collect; web forms search for it: begin it with ^ and end it with $"
    )]
    Unanchored,
    /// A language without its code.
    #[error("the language {0} gives no code; write it as in French (fr)")]
    NoLanguageCode(String),
    /// A text that is not given in every language.
    #[error("the column is not given in {0}")]
    NotTranslated(String),
    /// A name that differs from another one by its case only.
    #[error("the name {name} differs from that of row {row} by its case only")]
    CaseTwin {
        /// The name.
        name: String,
        /// The other row.
        row: usize,
    },
    /// A choice or section without a label.
    #[error("there is no label")]
    NoLabel,
    /// "Other, specify" in a form of several languages.
    #[error(
        "or_other adds a choice and a question that other programs show in English; write them out to translate them"
    )]
    OtherNotTranslated,
    /// A picture that is kept at the size at which it was taken.
    #[error("the picture is kept at its full size; max-pixels=1024 keeps it small")]
    PictureSize,
    /// Choices of a list that the form takes from the catalogue.
    #[error("the list {0} comes from the catalogue; what stands here is for other programs")]
    OfCatalogue(String),
    /// Codes of a list that are valid on some days only, which other programs do not ask.
    #[error("other programs offer the codes of {0} on every day; their days of validity stand beside them")]
    ValidityNotAsked(String),
    /// A bind of an XForm whose node is not there.
    #[error("nothing of the instance is at {0}; what is said of it reaches nothing")]
    NoNode(String),
    /// Something that the form's own check warns of.
    #[error("{0}")]
    Form(teranga_core::form::Flaw),
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.sheet)?;
        if self.row > 0 {
            write!(f, ", row {}", self.row)?;
        }
        if self.column != "-" {
            write!(f, ", column {}", self.column)?;
        }
        write!(f, ": {}", self.note)
    }
}

impl Explain for Remark {
    fn code(&self) -> &'static str {
        match self.note {
            Note::Kept(_) => "xlsform-kept",
            Note::SheetLeftOut => "xlsform-sheet-left-out",
            Note::SheetMisspelt(_) => "xlsform-sheet-misspelt",
            Note::Skipped => "xlsform-skipped",
            Note::NoHeading => "xlsform-no-heading",
            Note::NoList => "xlsform-no-list",
            Note::NameGiven(_) => "xlsform-name-given",
            Note::StoredAs { .. } => "xlsform-stored-as",
            Note::FormRenamed(_) => "xlsform-form-renamed",
            Note::NoVersion => "xlsform-no-version",
            Note::TypeKept(_) => "xlsform-type-kept",
            Note::Calculation(_) => "xlsform-calculation",
            Note::Rewritten { .. } => "xlsform-rewritten",
            Note::NotInCollect(_) => "xlsform-not-in-collect",
            Note::Unanchored => "xlsform-unanchored",
            Note::NoLanguageCode(_) => "xlsform-no-language-code",
            Note::NotTranslated(_) => "xlsform-not-translated",
            Note::CaseTwin { .. } => "xlsform-case-twin",
            Note::NoLabel => "xlsform-without-label",
            Note::OtherNotTranslated => "xlsform-other-not-translated",
            Note::PictureSize => "xlsform-picture-size",
            Note::OfCatalogue(_) => "xlsform-of-catalogue",
            Note::ValidityNotAsked(_) => "xlsform-validity-not-asked",
            Note::NoNode(_) => "xform-nothing-bound",
            Note::Form(_) => "xlsform-form-warning",
        }
    }

    fn arguments(&self) -> Vec<(&'static str, String)> {
        let mut arguments = vec![
            ("sheet", self.sheet.clone()),
            ("row", self.row.to_string()),
            ("column", self.column.clone()),
        ];
        let (detail, other) = match &self.note {
            Note::Kept(detail)
            | Note::NameGiven(detail)
            | Note::FormRenamed(detail)
            | Note::TypeKept(detail)
            | Note::Calculation(detail)
            | Note::NotInCollect(detail)
            | Note::OfCatalogue(detail)
            | Note::NoLanguageCode(detail)
            | Note::ValidityNotAsked(detail)
            | Note::NoNode(detail)
            | Note::NotTranslated(detail) => (Some(detail.clone()), None),
            Note::SheetMisspelt(name) => (Some((*name).to_owned()), None),
            Note::StoredAs { name, id } => (Some(name.clone()), Some(id.clone())),
            Note::Rewritten { from, to } => (Some(from.clone()), Some(to.clone())),
            Note::CaseTwin { name, row } => (Some(name.clone()), Some(row.to_string())),
            Note::Form(flaw) => (Some(flaw.to_string()), None),
            Note::SheetLeftOut
            | Note::Skipped
            | Note::NoHeading
            | Note::NoList
            | Note::NoVersion
            | Note::Unanchored
            | Note::NoLabel
            | Note::OtherNotTranslated
            | Note::PictureSize => (None, None),
        };
        arguments.extend(detail.map(|detail| ("detail", detail)));
        arguments.extend(other.map(|other| ("other", other)));
        arguments
    }
}

/// Remarks as they are gathered.
#[derive(Debug, Default)]
pub(crate) struct Report {
    remarks: Vec<Remark>,
    told: HashSet<(String, String)>,
}

impl Report {
    /// A remark at a cell.
    pub(crate) fn at(&mut self, line: Line<'_>, column: &str, note: Note) {
        let sheet = line.sheet().name.clone();
        self.remarks.push(Remark { sheet, row: line.number(), column: line.column(column), note });
    }

    /// A remark at a cell that is made once for the whole sheet, however many rows it is true of.
    pub(crate) fn once(&mut self, line: Line<'_>, column: &str, note: Note) {
        if self.told.insert((line.sheet().name.clone(), note.to_string())) {
            self.at(line, column, note);
        }
    }

    /// A remark about a sheet.
    pub(crate) fn sheet(&mut self, sheet: &str, column: &str, note: Note) {
        self.remarks.push(Remark { sheet: sheet.to_owned(), row: 0, column: column.to_owned(), note });
    }

    /// Everything that was remarked, in the order in which it was met.
    pub(crate) fn into_remarks(self) -> Vec<Remark> {
        self.remarks
    }
}
