//! What an expression gave, as the value that a question stores.

use chrono::{DateTime, Days, FixedOffset, NaiveDate, SecondsFormat};
use teranga_expr::{number_text, text_number};

use crate::form::{Kind, Question};
use crate::value::Value;

/// What an expression gave.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Outcome {
    /// A text, or the text of a node.
    Text(String),
    /// A number; NaN where there is none.
    Number(f64),
    /// Yes or no.
    Truth(bool),
}

/// Whole numbers that a double holds exactly.
const EXACT_MAX: f64 = 9_007_199_254_740_992.0;

impl Outcome {
    /// Whether it counts as yes. As in ODK Collect a node counts by its text.
    pub(super) fn truth(&self) -> bool {
        match self {
            Self::Text(text) => !text.is_empty(),
            Self::Number(number) => *number != 0.0 && !number.is_nan(),
            Self::Truth(yes) => *yes,
        }
    }

    /// The text.
    pub(super) fn text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Number(number) => number_text(number),
            Self::Truth(yes) => yes.to_string(),
        }
    }

    /// The number; NaN where there is none.
    pub(super) fn number(&self) -> f64 {
        match self {
            Self::Text(text) => text_number(text),
            Self::Number(number) => *number,
            Self::Truth(yes) => f64::from(u8::from(*yes)),
        }
    }

    /// The value that a question stores for it. What is not of the question's type is kept as text, so that
    /// validation can name it.
    pub(super) fn value(self, question: &Question) -> Value {
        let number = self.number();
        match (question.holds, self) {
            (_, Self::Text(text)) if text.is_empty() => Value::Cleared,
            (_, Self::Number(number)) if number.is_nan() => Value::Cleared,
            (Kind::Integer, _) if number.is_finite() => {
                whole(number.trunc()).unwrap_or(Value::Decimal(number))
            }
            (Kind::Decimal, _) if number.is_finite() => Value::Decimal(number),
            (Kind::Range, _) if number.is_finite() => whole(number).unwrap_or(Value::Decimal(number)),
            (Kind::Date, Self::Number(days)) => day(days).map_or(Value::Cleared, Value::Text),
            (Kind::Date, Self::Text(text)) => Value::Text(day_of(text)),
            (Kind::Acknowledge, outcome) => {
                if outcome.truth() {
                    Value::Bool(true)
                } else {
                    Value::Cleared
                }
            }
            (Kind::Calculate | Kind::Hidden, Self::Number(number)) if number.is_finite() => {
                whole(number).unwrap_or(Value::Decimal(number))
            }
            (Kind::Calculate | Kind::Hidden, Self::Truth(yes)) => Value::Bool(yes),
            (_, Self::Number(number)) => Value::Text(number_text(number)),
            (_, Self::Truth(yes)) => Value::text(if yes { "true" } else { "false" }),
            (_, Self::Text(text)) => Value::Text(text),
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "whole and within ±2^53")]
fn whole(number: f64) -> Option<Value> {
    (number.fract() == 0.0 && number.abs() <= EXACT_MAX).then_some(Value::Int(number as i64))
}

/// The day of a moment; anything else as it is.
fn day_of(mut text: String) -> String {
    if text.get(10..11) == Some("T") && text.get(..10).is_some_and(|day| day.parse::<NaiveDate>().is_ok()) {
        text.truncate(10);
    }
    text
}

/// The day that lies so many days after 1970-01-01, as ISO 8601 writes it.
pub(super) fn day(days: f64) -> Option<String> {
    date(days.floor()).map(|date| date.to_string())
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded just before")]
fn date(days: f64) -> Option<NaiveDate> {
    let epoch = NaiveDate::from_ymd_opt(1970, 1, 1)?;
    if days.abs() > 4_000_000.0 {
        return None;
    }
    let distance = Days::new(days.abs() as u64);
    if days < 0.0 { epoch.checked_sub_days(distance) } else { epoch.checked_add_days(distance) }
}

/// A moment as ISO 8601 writes it on a wall clock so many minutes ahead of UTC.
#[expect(clippy::cast_possible_truncation, reason = "chrono refuses what lies outside its calendar")]
pub(super) fn moment(days: f64, offset_minutes: i32) -> Option<String> {
    let offset = FixedOffset::east_opt(offset_minutes * 60)?;
    let utc_ms = days * 86_400_000.0 - f64::from(offset_minutes) * 60_000.0;
    let moment = DateTime::from_timestamp_millis(utc_ms.round() as i64)?;
    Some(moment.with_timezone(&offset).to_rfc3339_opts(SecondsFormat::Millis, false))
}
