//! What one key of a part holds, and the kinds of no answer that must never be confused.

use serde::{Deserialize, Serialize};

/// Why there is no answer, as said by the person. "Not asked" is an absent key; "skipped by logic" and
/// "hidden from you" are derived when shown and never stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoAnswer {
    /// The person does not know.
    DontKnow,
    /// The person declined to answer.
    Declined,
}

impl NoAnswer {
    /// The stable code in exports and in storage.
    pub const fn code(self) -> &'static str {
        match self {
            Self::DontKnow => "dont_know",
            Self::Declined => "declined",
        }
    }

    /// Reads a code; `None` for any other text.
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::DontKnow, Self::Declined].into_iter().find(|kind| kind.code() == code)
    }
}

/// One stored value. Which of these a question may hold is its type's business; the store and the merge only see
/// scalars, so that two values of one answer can always be kept side by side.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// The answer was taken back: nothing is answered, but someone said so.
    Cleared,
    /// A yes or no: an acknowledgement, or one option of a select-multiple (`question/option`).
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A decimal number; never NaN or infinite.
    Decimal(f64),
    /// Text, and everything that XLSForm writes as text: codes, dates, places.
    Text(String),
    /// The person gave no answer, and said why.
    NoAnswer(NoAnswer),
}

impl Value {
    /// A text value.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }
}
