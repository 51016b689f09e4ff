//! The kinds of findings, each with its stable code.

use teranga_core::form;
use teranga_core::problem::Explain as _;

/// What is wrong at one place of a workbook.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// The file is no workbook, or damaged.
    #[error("not a workbook that can be read: {0}")]
    Unreadable(String),
    /// The file claims to hold more than any form does.
    #[error("the workbook is larger than any form: {0}")]
    TooLarge(&'static str),
    /// More findings than are told.
    #[error("and {0} further findings")]
    More(usize),
    /// A sheet that the form needs is missing; with sheets of similar names.
    #[error("the sheet is missing{}", did_you_mean(.0))]
    NoSheet(Vec<String>),
    /// A column that the sheet needs is missing.
    #[error("the column is missing")]
    NoColumn,
    /// Two columns say the same.
    #[error("the column stands twice")]
    DuplicateColumn,
    /// A column that the sheet has no place for.
    #[error("the sheet has no such column")]
    UnknownColumn,
    /// A cell that must be filled is empty.
    #[error("a value is needed here")]
    Needed,
    /// A cell that must be empty is filled.
    #[error("there may be no value here: {0}")]
    NotHere(&'static str),
    /// A question that is shown says nothing.
    #[error("a label or a hint is needed")]
    NoLabel,
    /// A type that there is not.
    #[error("there is no type {name}{}", did_you_mean(similar))]
    UnknownType {
        /// The type.
        name: String,
        /// Known types of similar names.
        similar: Vec<String>,
    },
    /// A list that is not on the choices sheet.
    #[error("there is no list {name} on the choices sheet{}", did_you_mean(similar))]
    UnknownList {
        /// The list.
        name: String,
        /// Lists of similar names.
        similar: Vec<String>,
    },
    /// A `${name}` that no row of the survey bears.
    #[error("no question is named {name}{}", did_you_mean(similar))]
    UnknownReference {
        /// The name.
        name: String,
        /// Questions of similar names.
        similar: Vec<String>,
    },
    /// A file whose kind cannot hold choices.
    #[error("{0} is not a .csv, .xml or .geojson file")]
    BadFile(String),
    /// A name that expressions could not hold.
    #[error("{0} is not a name: letters, digits, `_`, `-` and `.`, beginning with a letter or `_`")]
    BadName(String),
    /// A name that is kept for the form's own metadata.
    #[error("the name {0} is reserved")]
    ReservedName(String),
    /// A name that another row bears.
    #[error("the name {name} is already used in row {row}")]
    DuplicateName {
        /// The name.
        name: String,
        /// The other row.
        row: usize,
    },
    /// One secondary instance that would come from two sources.
    #[error("{name} stands for two things: {sources}")]
    DuplicateInstance {
        /// The instance.
        name: String,
        /// Both sources.
        sources: String,
    },
    /// A group or repeat that ends without having begun, or ends another one; with the row of that one, 0 for none.
    #[error("this ends what did not begin: what is open began in row {0}")]
    WrongEnd(usize),
    /// A group or repeat that does not end.
    #[error("this group or repeat does not end")]
    NoEnd,
    /// A parameter that the type does not know, or that cannot be read.
    #[error("the parameter {0} is not understood here")]
    BadParameter(String),
    /// Parameters whose values do not fit the type or each other.
    #[error("the parameter {name}: {rule}")]
    ParameterRule {
        /// The parameter.
        name: String,
        /// What it must be.
        rule: &'static str,
    },
    /// References that are not separated by commas.
    #[error("references must be separated by commas")]
    BadReferenceList,
    /// A rule of entities that a row breaks.
    #[error("{0}")]
    Entity(&'static str),
    /// A cell of ours that is not what the export wrote.
    #[error("this is no JSON object: {0}")]
    NotJson(String),
    /// The file is no XForm, or damaged.
    #[error("not an XForm that can be read: {0}")]
    NoXform(String),
    /// The file holds more than any form does.
    #[error("the XForm is larger than any form: {0}")]
    XformTooLarge(&'static str),
    /// A file that holds no list of choices that can be read.
    #[error("not a list that can be read: {0}")]
    BadList(String),
    /// A reference to a node that the instance does not have.
    #[error("nothing of the instance is at {0}; write the path of a node")]
    NoNode(String),
    /// The form that comes out is refused.
    #[error("{0}")]
    Form(Box<form::Flaw>),
}

impl Flaw {
    /// The stable code.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "xlsform-unreadable",
            Self::TooLarge(_) => "xlsform-too-large",
            Self::More(_) => "xlsform-more",
            Self::NoSheet(_) => "xlsform-no-sheet",
            Self::NoColumn => "xlsform-no-column",
            Self::DuplicateColumn => "xlsform-duplicate-column",
            Self::UnknownColumn => "xlsform-unknown-column",
            Self::Needed => "xlsform-needed",
            Self::NotHere(_) => "xlsform-not-here",
            Self::NoLabel => "xlsform-no-label",
            Self::UnknownType { .. } => "xlsform-unknown-type",
            Self::UnknownList { .. } => "xlsform-unknown-list",
            Self::UnknownReference { .. } => "xlsform-unknown-reference",
            Self::BadFile(_) => "xlsform-bad-file",
            Self::BadName(_) => "xlsform-bad-name",
            Self::ReservedName(_) => "xlsform-reserved-name",
            Self::DuplicateName { .. } => "xlsform-duplicate-name",
            Self::DuplicateInstance { .. } => "xlsform-duplicate-instance",
            Self::WrongEnd(_) => "xlsform-wrong-end",
            Self::NoEnd => "xlsform-no-end",
            Self::BadParameter(_) => "xlsform-bad-parameter",
            Self::ParameterRule { .. } => "xlsform-parameter-rule",
            Self::BadReferenceList => "xlsform-bad-reference-list",
            Self::Entity(_) => "xlsform-entity",
            Self::NotJson(_) => "xlsform-not-json",
            Self::NoXform(_) => "xform-unreadable",
            Self::XformTooLarge(_) => "xform-too-large",
            Self::BadList(_) => "xform-bad-list",
            Self::NoNode(_) => "xform-no-node",
            Self::Form(_) => "xlsform-form",
        }
    }

    /// What a message names besides the place: the thing itself, and what is near it or against it.
    pub(crate) fn details(&self) -> (Option<String>, Option<String>) {
        match self {
            Self::NoColumn
            | Self::DuplicateColumn
            | Self::UnknownColumn
            | Self::Needed
            | Self::NoLabel
            | Self::BadReferenceList
            | Self::NoEnd => (None, None),
            Self::Unreadable(detail)
            | Self::BadFile(detail)
            | Self::BadName(detail)
            | Self::ReservedName(detail)
            | Self::BadParameter(detail)
            | Self::NotJson(detail)
            | Self::NoXform(detail)
            | Self::BadList(detail)
            | Self::NoNode(detail) => (Some(detail.clone()), None),
            Self::TooLarge(detail)
            | Self::NotHere(detail)
            | Self::Entity(detail)
            | Self::XformTooLarge(detail) => (Some((*detail).to_owned()), None),
            Self::NoSheet(similar) => (None, Some(similar.join(", "))),
            Self::UnknownType { name, similar }
            | Self::UnknownList { name, similar }
            | Self::UnknownReference { name, similar } => (Some(name.clone()), Some(similar.join(", "))),
            Self::DuplicateName { name, row } => (Some(name.clone()), Some(row.to_string())),
            Self::DuplicateInstance { name, sources } => (Some(name.clone()), Some(sources.clone())),
            Self::ParameterRule { name, rule } => (Some(name.clone()), Some((*rule).to_owned())),
            Self::WrongEnd(number) | Self::More(number) => (Some(number.to_string()), None),
            Self::Form(flaw) => {
                let code = form::Finding::new(form::Place::default(), (**flaw).clone()).code();
                (Some(flaw.to_string()), Some(code.to_owned()))
            }
        }
    }
}

/// "(did you mean …?)", or nothing.
fn did_you_mean(similar: &[String]) -> String {
    if similar.is_empty() { String::new() } else { format!(" (did you mean {}?)", similar.join(", ")) }
}
