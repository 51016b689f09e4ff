//! Whether a value is of a question's type, and the one form in which it is stored.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime};

use crate::form::{Choice, Kind, NoAnswerPolicy, Question};
use crate::value::Value;

use super::error::AnswerError;

/// Longest text of one answer, in bytes: several pages.
const TEXT_BYTES_MAX: usize = 64 * 1024;

/// The value as it is stored, or why it is not of the question's type. `choices` are all codes of the question's
/// list, before any filter; `None` when the list is not at hand. Selections come as codes separated by spaces.
pub fn check(question: &Question, choices: Option<&[Choice]>, value: Value) -> Result<Value, AnswerError> {
    if !question.kind.is_asked() {
        return Err(AnswerError::NotAsked { question: question.id.clone() });
    }
    match value {
        Value::Cleared => Ok(Value::Cleared),
        Value::NoAnswer(kind) => match question.no_answer {
            NoAnswerPolicy::Accepted => Ok(Value::NoAnswer(kind)),
            NoAnswerPolicy::Refused => Err(AnswerError::NoAnswerRefused { question: question.id.clone() }),
        },
        Value::Text(text) if text.is_empty() => Ok(Value::Cleared),
        Value::Text(text) => check_text(question, choices, text),
        Value::Int(number) if question.kind == Kind::Integer => Ok(Value::Int(number)),
        Value::Int(number) => check_number(question, as_decimal(number)),
        Value::Decimal(number) => check_number(question, number),
        Value::Bool(true) if question.kind == Kind::Acknowledge => Ok(Value::Bool(true)),
        Value::Bool(false) if question.kind == Kind::Acknowledge => Ok(Value::Cleared),
        Value::Bool(_) => Err(AnswerError::wrong_type(question)),
    }
}

#[expect(clippy::cast_precision_loss, reason = "a decimal question holds what a double holds")]
const fn as_decimal(number: i64) -> f64 {
    number as f64
}

#[expect(clippy::cast_possible_truncation, reason = "only called for whole numbers within ±2^53")]
pub(super) const fn as_whole(number: f64) -> i64 {
    number as i64
}

/// Whole numbers that a double holds exactly.
const EXACT_MAX: f64 = 9_007_199_254_740_992.0;

fn check_number(question: &Question, number: f64) -> Result<Value, AnswerError> {
    let whole = number.fract() == 0.0 && number.abs() <= EXACT_MAX;
    match (question.kind, question.range) {
        _ if !number.is_finite() => Err(AnswerError::wrong_type(question)),
        (Kind::Range, Some(range)) if !range.holds(number) => Err(AnswerError::OutOfRange {
            question: question.id.clone(),
            start: range.start,
            end: range.end,
            step: range.step,
        }),
        (Kind::Range, Some(range)) if range.is_whole() && whole => Ok(Value::Int(as_whole(number))),
        (Kind::Decimal | Kind::Range, _) => Ok(Value::Decimal(number)),
        (Kind::Integer, _) if whole => Ok(Value::Int(as_whole(number))),
        _ => Err(AnswerError::wrong_type(question)),
    }
}

fn check_text(question: &Question, choices: Option<&[Choice]>, text: String) -> Result<Value, AnswerError> {
    if text.len() > TEXT_BYTES_MAX {
        return Err(AnswerError::TooLong { question: question.id.clone(), limit: TEXT_BYTES_MAX });
    }
    let stored = match question.kind {
        Kind::Text | Kind::Barcode | Kind::Image | Kind::Audio | Kind::Video | Kind::File => Some(text),
        Kind::Date => NaiveDate::parse_from_str(&text, "%Y-%m-%d").ok().map(|date| date.to_string()),
        Kind::Time => is_time(&text).then_some(text),
        Kind::DateTime => is_date_time(&text).then_some(text),
        Kind::GeoPoint => is_point(&text).then_some(text),
        Kind::GeoTrace => is_line(&text, 2).then_some(text),
        Kind::GeoShape => is_line(&text, 3).then_some(text),
        Kind::SelectOne => return check_codes(question, choices, &[text.as_str()], Selection::One),
        Kind::SelectMultiple => {
            let codes: Vec<&str> = text.split_whitespace().collect();
            return check_codes(question, choices, &codes, Selection::Any);
        }
        Kind::Rank => {
            let codes: Vec<&str> = text.split_whitespace().collect();
            return check_codes(question, choices, &codes, Selection::Order);
        }
        Kind::Acknowledge if text == "OK" => return Ok(Value::Bool(true)),
        Kind::Acknowledge
        | Kind::Integer
        | Kind::Decimal
        | Kind::Range
        | Kind::Note
        | Kind::Calculate
        | Kind::Hidden
        | Kind::Metadata(_)
        | Kind::Group
        | Kind::Repeat
        | Kind::Unsupported => None,
    };
    stored.map(Value::Text).ok_or_else(|| AnswerError::wrong_type(question))
}

/// How many codes an answer may hold.
#[derive(Clone, Copy, PartialEq)]
enum Selection {
    One,
    Any,
    Order,
}

fn check_codes(
    question: &Question,
    choices: Option<&[Choice]>,
    codes: &[&str],
    selection: Selection,
) -> Result<Value, AnswerError> {
    let Some(choices) = choices else {
        let list = question.list.clone().unwrap_or_default();
        return Err(AnswerError::MissingList { question: question.id.clone(), list });
    };
    if codes.iter().any(|code| !choices.iter().any(|choice| choice.name == **code)) {
        let allowed = choices.iter().map(|choice| choice.name.clone()).collect();
        return Err(AnswerError::UnknownCode { question: question.id.clone(), allowed });
    }
    // One order for one selection, the list's, so that the same answer is the same text on every replica.
    let stored: Vec<&str> = match selection {
        Selection::One | Selection::Order => codes.to_vec(),
        Selection::Any => {
            choices.iter().map(|choice| choice.name.as_str()).filter(|code| codes.contains(code)).collect()
        }
    };
    let twice =
        codes.iter().enumerate().any(|(index, code)| codes.iter().skip(index + 1).any(|next| next == code));
    if twice && selection == Selection::Order {
        return Err(AnswerError::wrong_type(question));
    }
    Ok(if stored.is_empty() { Value::Cleared } else { Value::Text(stored.join(" ")) })
}

fn is_time(text: &str) -> bool {
    let (clock, offset) = split_offset(text);
    offset
        && ["%H:%M", "%H:%M:%S", "%H:%M:%S%.f"]
            .iter()
            .any(|form| NaiveTime::parse_from_str(clock, form).is_ok())
}

fn is_date_time(text: &str) -> bool {
    let forms = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%.f"];
    DateTime::parse_from_rfc3339(text).is_ok()
        || forms.iter().any(|form| NaiveDateTime::parse_from_str(text, form).is_ok())
}

/// A clock time without its offset, and whether the offset (`Z`, `+01:00`, or none) is well formed.
fn split_offset(text: &str) -> (&str, bool) {
    if let Some(clock) = text.strip_suffix('Z') {
        return (clock, true);
    }
    match text.rfind(['+', '-']).and_then(|at| Some((text.get(..at)?, text.get(at + 1..)?))) {
        Some((clock, offset)) => (clock, NaiveTime::parse_from_str(offset, "%H:%M").is_ok()),
        None => (text, true),
    }
}

fn is_point(text: &str) -> bool {
    let numbers: Option<Vec<f64>> = text.split_whitespace().map(|number| number.parse().ok()).collect();
    match numbers.as_deref() {
        Some([latitude, longitude, rest @ ..]) => {
            latitude.abs() <= 90.0
                && longitude.abs() <= 180.0
                && rest.len() <= 2
                && rest.iter().all(|n| n.is_finite())
        }
        _ => false,
    }
}

fn is_line(text: &str, points_min: usize) -> bool {
    let points: Vec<&str> = text.split(';').map(str::trim).filter(|point| !point.is_empty()).collect();
    points.len() >= points_min && points.into_iter().all(is_point)
}
