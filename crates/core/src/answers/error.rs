//! Why an answer is not taken. The messages name the question, the type and the codes; never the answer itself,
//! because what a person said may belong to a class that the reader of the message does not hold. One code is named: of
//! several, nothing else would tell whoever gives them which one is out of its days.

use chrono::NaiveDate;

use crate::attachment::FileFlaw;
use crate::form::Question;
use crate::list::Validity;
use crate::problem::Explain;

/// Codes listed in a message at most: more do not fit a screen.
const CODES_SHOWN_MAX: usize = 24;

/// Why one answer is not taken.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum AnswerError {
    /// No question of the form has this identity.
    #[error("the form has no question {name}{}", suggestion.as_ref().map(|near| format!(" (did you mean {near}?)")).unwrap_or_default())]
    UnknownQuestion {
        /// The name that was given.
        name: String,
        /// The nearest identity.
        suggestion: Option<String>,
    },
    /// The row takes no answer: a note, a section, a computed value.
    #[error("{question} takes no answer")]
    NotAsked {
        /// The question.
        question: String,
    },
    /// The answer is of another type.
    #[error("{question}: expected {expected}")]
    WrongType {
        /// The question.
        question: String,
        /// The name of the type.
        expected: &'static str,
    },
    /// The answer is none of the codes.
    #[error("{question}: expected one of {}", codes(allowed))]
    UnknownCode {
        /// The question.
        question: String,
        /// The codes.
        allowed: Vec<String>,
    },
    /// The code is in the list, but the choice filter leaves it out.
    #[error("{question}: with the answers given so far, expected one of {}", codes(allowed))]
    UnavailableCode {
        /// The question.
        question: String,
        /// The codes that are left.
        allowed: Vec<String>,
    },
    /// The code is not valid on the day of the interview.
    #[error("{question}: {code} is valid {validity}, and the interview is of {day}")]
    OutOfValidity {
        /// The question.
        question: String,
        /// The code.
        code: String,
        /// Its validity.
        validity: Validity,
        /// The day of the interview.
        day: NaiveDate,
    },
    /// The list of choices was not handed in.
    #[error("{question}: its list {list} is not here")]
    MissingList {
        /// The question.
        question: String,
        /// The list.
        list: String,
    },
    /// The number is outside the range or between its steps.
    #[error("{question}: expected a number from {start} to {end} in steps of {step}")]
    OutOfRange {
        /// The question.
        question: String,
        /// The first end.
        start: f64,
        /// The other end.
        end: f64,
        /// The step.
        step: f64,
    },
    /// The answer breaks the constraint.
    #[error("{question}: {}", if message.is_empty() { "the answer breaks the constraint" } else { message })]
    Constraint {
        /// The question.
        question: String,
        /// The form's message in the language of the filling; may be empty.
        message: String,
    },
    /// The question wants an answer, not a reason for having none.
    #[error("{question} must be answered; there is no other way out")]
    NoAnswerRefused {
        /// The question.
        question: String,
    },
    /// The answer may not be changed by hand.
    #[error("{question} is read-only")]
    ReadOnly {
        /// The question.
        question: String,
    },
    /// The question's class is not held here.
    #[error("{question} is hidden here")]
    Hidden {
        /// The question.
        question: String,
    },
    /// An item of a repeat that does not exist, or is not the user's to add or remove.
    #[error("{question}: no such item, or its number is computed")]
    NoItem {
        /// The repeat.
        question: String,
    },
    /// A text longer than one answer may be.
    #[error("{question}: at most {limit} bytes of text")]
    TooLong {
        /// The question.
        question: String,
        /// The most bytes that are taken.
        limit: usize,
    },
    /// The file that is to be attached cannot be.
    #[error("{question}: the file cannot be attached: {flaw:?}")]
    File {
        /// The question.
        question: String,
        /// What is wrong with the file.
        flaw: FileFlaw,
    },
    /// More than this engine takes.
    #[error("{question}: at most {limit}")]
    TooMany {
        /// The question.
        question: String,
        /// The most that is taken.
        limit: usize,
    },
}

fn codes(allowed: &[String]) -> String {
    let shown = allowed.iter().take(CODES_SHOWN_MAX).map(String::as_str).collect::<Vec<_>>().join(", ");
    if allowed.len() > CODES_SHOWN_MAX { format!("{shown}, … ({})", allowed.len()) } else { shown }
}

impl AnswerError {
    pub(crate) fn wrong_type(question: &Question) -> Self {
        Self::WrongType { question: question.id.clone(), expected: question.kind.expected() }
    }

    /// The question that it is about; for an unknown one the name that was given.
    pub fn question(&self) -> &str {
        match self {
            Self::UnknownQuestion { name: question, .. }
            | Self::NotAsked { question }
            | Self::WrongType { question, .. }
            | Self::UnknownCode { question, .. }
            | Self::UnavailableCode { question, .. }
            | Self::OutOfValidity { question, .. }
            | Self::MissingList { question, .. }
            | Self::OutOfRange { question, .. }
            | Self::Constraint { question, .. }
            | Self::NoAnswerRefused { question }
            | Self::ReadOnly { question }
            | Self::Hidden { question }
            | Self::NoItem { question }
            | Self::File { question, .. }
            | Self::TooLong { question, .. }
            | Self::TooMany { question, .. } => question,
        }
    }
}

impl Explain for AnswerError {
    fn code(&self) -> &'static str {
        match self {
            Self::UnknownQuestion { .. } => "answer-unknown-question",
            Self::NotAsked { .. } => "answer-not-asked",
            Self::WrongType { .. } => "answer-wrong-type",
            Self::UnknownCode { .. } => "answer-unknown-code",
            Self::UnavailableCode { .. } => "answer-unavailable-code",
            Self::OutOfValidity { .. } => "answer-out-of-validity",
            Self::MissingList { .. } => "answer-missing-list",
            Self::OutOfRange { .. } => "answer-out-of-range",
            Self::Constraint { .. } => "answer-constraint",
            Self::NoAnswerRefused { .. } => "answer-no-answer-refused",
            Self::ReadOnly { .. } => "answer-read-only",
            Self::Hidden { .. } => "answer-hidden",
            Self::NoItem { .. } => "answer-no-item",
            Self::File { flaw, .. } => flaw.code(),
            Self::TooLong { .. } => "answer-too-long",
            Self::TooMany { .. } => "answer-too-many",
        }
    }

    fn arguments(&self) -> Vec<(&'static str, String)> {
        let mut arguments = vec![("question", self.question().to_owned())];
        match self {
            Self::UnknownQuestion { name, suggestion } => {
                arguments.push(("name", name.clone()));
                arguments.push(("suggestion", suggestion.clone().unwrap_or_default()));
            }
            Self::WrongType { expected, .. } => arguments.push(("expected", (*expected).to_owned())),
            Self::UnknownCode { allowed, .. } | Self::UnavailableCode { allowed, .. } => {
                arguments.push(("allowed", codes(allowed)));
            }
            Self::OutOfValidity { code, validity, day, .. } => {
                arguments.push(("code", code.clone()));
                arguments.push(("validity", validity.to_string()));
                arguments.push(("day", day.to_string()));
            }
            Self::MissingList { list, .. } => arguments.push(("list", list.clone())),
            Self::OutOfRange { start, end, step, .. } => {
                arguments.push(("start", start.to_string()));
                arguments.push(("end", end.to_string()));
                arguments.push(("step", step.to_string()));
            }
            Self::Constraint { message, .. } => arguments.push(("message", message.clone())),
            Self::TooLong { limit, .. }
            | Self::TooMany { limit, .. }
            | Self::File { flaw: FileFlaw::TooLarge { limit }, .. } => {
                arguments.push(("limit", limit.to_string()));
            }
            Self::File { flaw: FileFlaw::OtherKind { expected }, .. } => {
                arguments.push(("expected", (*expected).to_owned()));
            }
            Self::File { flaw: FileFlaw::Absent | FileFlaw::Unreadable | FileFlaw::Empty, .. }
            | Self::NotAsked { .. }
            | Self::NoAnswerRefused { .. }
            | Self::ReadOnly { .. }
            | Self::Hidden { .. }
            | Self::NoItem { .. } => {}
        }
        arguments
    }
}
