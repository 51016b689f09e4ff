//! What is shown of one question: its answer, or which of the five kinds of no answer it is.

use crate::value::{NoAnswer, Value};

/// The state of one question of one filling.
#[derive(Debug, Clone, PartialEq)]
pub enum Shown {
    /// There is an answer; selections are codes separated by spaces.
    Answered(Value),
    /// Nobody asked yet, or the answer was taken back.
    NotAsked,
    /// Skip logic leaves it out; an answer given before is kept aside.
    Skipped,
    /// The person does not know.
    DontKnow,
    /// The person declined to answer.
    Declined,
    /// Its class, or that of something it depends on, is not held here.
    Hidden,
}

impl Shown {
    /// The state of a stored answer that is neither skipped nor hidden.
    pub(super) fn of(answer: Option<&Value>) -> Self {
        match answer {
            None | Some(Value::Cleared) => Self::NotAsked,
            Some(Value::NoAnswer(NoAnswer::DontKnow)) => Self::DontKnow,
            Some(Value::NoAnswer(NoAnswer::Declined)) => Self::Declined,
            Some(value) => Self::Answered(value.clone()),
        }
    }

    /// The stable code in exports; `answered` for an answer.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Answered(_) => "answered",
            Self::NotAsked => "not_asked",
            Self::Skipped => "skipped",
            Self::DontKnow => "dont_know",
            Self::Declined => "declined",
            Self::Hidden => "hidden",
        }
    }

    /// The answer, if there is one.
    pub const fn answer(&self) -> Option<&Value> {
        match self {
            Self::Answered(value) => Some(value),
            Self::NotAsked | Self::Skipped | Self::DontKnow | Self::Declined | Self::Hidden => None,
        }
    }
}
