//! What can go wrong on a device, beside its store.

use teranga_core::answers::AnswerError;
use teranga_core::catalogue::CatalogueError;
use teranga_core::flow::Finding;
use teranga_core::id::RecordId;
use teranga_core::problem::{Explain, Retry};
use teranga_core::score::FractionError;
use teranga_store::StoreError;

use crate::register::MapProblem;

/// Why something was not done. Nothing was half done.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The replica.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What ships with the program does not agree with itself.
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
    /// There is no such form here.
    #[error("no form {form}")]
    UnknownForm {
        /// What was asked for.
        form: String,
        /// The forms that there are.
        known: String,
    },
    /// There is no such record here.
    #[error("no record {0}")]
    UnknownRecord(RecordId),
    /// The record is no case.
    #[error("{0} is not a case")]
    NotACase(RecordId),
    /// The record is a case, and the act is for assessments.
    #[error("{0} is a case")]
    IsACase(RecordId),
    /// An assessment needs a case.
    #[error("{form} is filled for a case")]
    NeedsCase {
        /// The form.
        form: String,
    },
    /// No interview is under way for this record.
    #[error("no draft of {0}")]
    NoDraft(RecordId),
    /// An interview of this record is under way already.
    #[error("there is a draft of {0}")]
    DraftUnderWay(RecordId),
    /// The record has the latest version of its form already.
    #[error("{record} has {form}, the latest version")]
    LatestVersion {
        /// The record.
        record: RecordId,
        /// The form and version.
        form: String,
    },
    /// The map of a register does not fit the form or the register.
    #[error("{} lines of the map do not fit", .0.len())]
    RegisterMap(Vec<MapProblem>),
    /// An answer was refused.
    #[error(transparent)]
    Answer(#[from] AnswerError),
    /// Answers that are missing or wrong.
    #[error("{} answers are missing or wrong", .0.len())]
    Findings(Vec<Finding>),
    /// Answers of a file that were refused.
    #[error("{} answers were refused", .0.len())]
    Answers(Vec<AnswerError>),
    /// Nobody of this name is known in the region.
    #[error("nobody here is {to}")]
    UnknownAssignee {
        /// Whom the case was to be assigned to.
        to: String,
        /// Who is known.
        known: String,
    },
    /// Somebody has as many records as one may have.
    #[error("{to} has {most} records")]
    CaseloadFull {
        /// Whom the case was to be assigned to.
        to: String,
        /// How many one may have.
        most: u64,
    },
    /// This device holds its person's caseload, and an office reviews.
    #[error("{0} is reviewed at its office")]
    ReviewElsewhere(RecordId),
    /// The record was not handed in, or is void: there is nothing to review.
    #[error("{0} is not handed in, or void")]
    NotSubmitted(RecordId),
    /// An answer holds two values: nobody can approve both.
    #[error("{key} of {record} holds two values")]
    ApproveConflict {
        /// The record.
        record: RecordId,
        /// The answer.
        key: String,
    },
    /// No answer of this record is held aside.
    #[error("no answer of {0} is held aside")]
    NothingHeld(RecordId),
    /// The device does not know its region yet.
    #[error("the region of this device is not known")]
    NoRegion,
    /// The answer is not in conflict, or not one of this record.
    #[error("{key} of {record} does not hold two values")]
    NotInConflict {
        /// The record.
        record: RecordId,
        /// The answer.
        key: String,
    },
    /// A fact of the envelope was settled with something else than a value that it may have.
    #[error("{key} of {record} takes one of {}", allowed.join(", "))]
    SettleFact {
        /// The record.
        record: RecordId,
        /// The fact.
        key: String,
        /// The values in conflict.
        allowed: Vec<String>,
    },
    /// What nobody types an answer to was settled with something else than a value in conflict.
    #[error("{key} of {record} takes one of the values in conflict")]
    SettleStanding {
        /// The record.
        record: RecordId,
        /// The answer.
        key: String,
    },
    /// A scheme's numbers do not fit.
    #[error(transparent)]
    Score(#[from] FractionError),
}

impl Explain for ClientError {
    fn code(&self) -> &'static str {
        match self {
            Self::Store(error) => error.code(),
            Self::Catalogue(error) => error.code(),
            Self::UnknownForm { .. } => "form-unknown",
            Self::UnknownRecord(_) => "record-unknown",
            Self::NotACase(_) => "record-not-a-case",
            Self::IsACase(_) => "record-is-a-case",
            Self::NeedsCase { .. } => "form-needs-case",
            Self::NoDraft(_) => "draft-absent",
            Self::DraftUnderWay(_) => "draft-under-way",
            Self::LatestVersion { .. } => "version-latest",
            Self::RegisterMap(_) => "register-map",
            Self::Answer(error) => error.code(),
            Self::Findings(_) => "answers-incomplete",
            Self::Answers(_) => "answers-refused",
            Self::NoRegion => "region-missing",
            Self::UnknownAssignee { .. } => "assignee-unknown",
            Self::CaseloadFull { .. } => "caseload-full",
            Self::ReviewElsewhere(_) => "review-elsewhere",
            Self::NotSubmitted(_) => "not-submitted",
            Self::ApproveConflict { .. } => "approve-conflict",
            Self::NothingHeld(_) => "nothing-held",
            Self::NotInConflict { .. } => "not-in-conflict",
            Self::SettleFact { .. } => "settle-fact",
            Self::SettleStanding { .. } => "settle-standing",
            Self::Score(_) => "score-overflow",
        }
    }

    fn arguments(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Store(error) => error.arguments(),
            Self::Catalogue(error) => error.arguments(),
            Self::UnknownForm { form, known } => vec![("form", form.clone()), ("known", known.clone())],
            Self::UnknownRecord(record)
            | Self::NotACase(record)
            | Self::IsACase(record)
            | Self::NoDraft(record)
            | Self::NothingHeld(record)
            | Self::ReviewElsewhere(record)
            | Self::NotSubmitted(record)
            | Self::DraftUnderWay(record) => {
                vec![("record", record.to_string())]
            }
            Self::LatestVersion { record, form } => {
                vec![("record", record.to_string()), ("form", form.clone())]
            }
            Self::UnknownAssignee { to, known } => vec![("to", to.clone()), ("known", known.clone())],
            Self::CaseloadFull { to, most } => vec![("to", to.clone()), ("most", most.to_string())],
            Self::NeedsCase { form } => vec![("form", form.clone())],
            Self::Answer(error) => error.arguments(),
            Self::Findings(findings) => vec![("count", findings.len().to_string())],
            Self::RegisterMap(problems) => vec![("count", problems.len().to_string())],
            Self::Answers(errors) => vec![("count", errors.len().to_string())],
            Self::NoRegion | Self::Score(_) => Vec::new(),
            Self::NotInConflict { record, key }
            | Self::SettleStanding { record, key }
            | Self::ApproveConflict { record, key } => {
                vec![("record", record.to_string()), ("key", key.clone())]
            }
            Self::SettleFact { record, key, allowed } => {
                vec![("record", record.to_string()), ("key", key.clone()), ("allowed", allowed.join(", "))]
            }
        }
    }

    fn retry(&self) -> Retry {
        match self {
            Self::Store(error) => error.retry(),
            _ => Retry::Never,
        }
    }
}
