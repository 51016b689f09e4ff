//! What one key of a part holds, and the kinds of no answer that must never be confused.

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

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

    /// The value as it stands in views, answers files and exports: a scalar, `null` where the answer was taken
    /// back, and `{"no_answer": code}` where the person gave none.
    pub fn to_json(&self) -> Json {
        match self {
            Self::Cleared => Json::Null,
            Self::Bool(yes) => json!(yes),
            Self::Int(number) => json!(number),
            Self::Decimal(number) => json!(number),
            Self::Text(text) => json!(text),
            Self::NoAnswer(kind) => json!({ "no_answer": kind.code() }),
        }
    }

    /// Reads what [`Value::to_json`] wrote; `None` for anything else.
    pub fn from_json(json: &Json) -> Option<Self> {
        match json {
            Json::Null => Some(Self::Cleared),
            Json::Bool(yes) => Some(Self::Bool(*yes)),
            Json::Number(number) => {
                number.as_i64().map(Self::Int).or_else(|| number.as_f64().map(Self::Decimal))
            }
            Json::String(text) => Some(Self::text(text)),
            Json::Object(object) if object.len() == 1 => {
                NoAnswer::from_code(object.get("no_answer")?.as_str()?).map(Self::NoAnswer)
            }
            Json::Object(_) | Json::Array(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_reads_back_from_its_json() {
        let values = [
            Value::Cleared,
            Value::Bool(true),
            Value::Int(-7),
            Value::Decimal(2.0),
            Value::Decimal(0.1),
            Value::text("null"),
            Value::NoAnswer(NoAnswer::DontKnow),
            Value::NoAnswer(NoAnswer::Declined),
        ];
        for value in values {
            let text = value.to_json().to_string();
            assert_eq!(Value::from_json(&serde_json::from_str(&text).unwrap()), Some(value), "{text}");
        }
        assert_eq!(Value::from_json(&json!({"no_answer": "later"})), None);
        assert_eq!(Value::from_json(&json!([1])), None);
    }
}
