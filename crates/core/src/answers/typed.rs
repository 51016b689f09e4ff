//! What a person types in a terminal, as an answer: the code, the number or the label of a choice; numbers with
//! a decimal comma; days as YYYY-MM-DD or DD/MM/YYYY.

use chrono::NaiveDate;

use crate::form::{Choice, Kind, Question};
use crate::list::fold;
use crate::text::Text;
use crate::value::Value;

use super::check::check;
use super::error::AnswerError;

/// Reads what was typed. `choices` are those offered, in the order in which they are shown; their numbers count
/// from 1. Labels are understood in every language; the language decides only what is tried first.
pub fn parse_typed(
    question: &Question,
    choices: &[Choice],
    text: &str,
    language: &str,
) -> Result<Value, AnswerError> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(Value::Cleared);
    }
    let value = if question.kind.has_choices() {
        Value::Text(codes(question, choices, text, language)?.join(" "))
    } else if matches!(question.kind, Kind::Integer | Kind::Decimal | Kind::Range) {
        number(text).ok_or_else(|| AnswerError::wrong_type(question))?
    } else if question.kind == Kind::Date {
        Value::Text(date(text).ok_or_else(|| AnswerError::wrong_type(question))?)
    } else if question.kind == Kind::Acknowledge {
        Value::Bool(is_assent(text))
    } else {
        Value::text(text)
    };
    check(question, Some(choices), value)
}

fn codes(
    question: &Question,
    choices: &[Choice],
    text: &str,
    language: &str,
) -> Result<Vec<String>, AnswerError> {
    let unknown = || AnswerError::UnknownCode {
        question: question.id.clone(),
        allowed: choices.iter().map(|choice| choice.name.clone()).collect(),
    };
    if let Some(choice) = find(choices, text, language) {
        return Ok(vec![choice.name.clone()]);
    }
    if question.kind == Kind::SelectOne {
        return Err(unknown());
    }
    let mut codes = Vec::new();
    for piece in text.split([',', ';']).map(str::trim).filter(|piece| !piece.is_empty()) {
        if let Some(choice) = find(choices, piece, language) {
            codes.push(choice.name.clone());
            continue;
        }
        for word in piece.split_whitespace() {
            codes.push(find(choices, word, language).ok_or_else(unknown)?.name.clone());
        }
    }
    Ok(codes)
}

/// The choice that was meant: by its code, else its place in the list, else its label.
fn find<'a>(choices: &'a [Choice], text: &str, language: &str) -> Option<&'a Choice> {
    let wanted = fold(text);
    let by_code = choices.iter().find(|choice| choice.name == text);
    let by_place = || text.parse::<usize>().ok()?.checked_sub(1).and_then(|place| choices.get(place));
    let by_label = || {
        let labelled = |choice: &&Choice| {
            choice.label.as_ref().is_some_and(|label| fold(label.get(language, language)) == wanted)
        };
        choices.iter().find(labelled)
    };
    let by_any_label = || {
        let labelled = |label: &Text| label.all().iter().any(|(_, text)| fold(text) == wanted);
        choices.iter().find(|choice| choice.label.as_ref().is_some_and(labelled))
    };
    let by_code_nearly = || choices.iter().find(|choice| fold(&choice.name) == wanted);
    by_code.or_else(by_place).or_else(by_label).or_else(by_any_label).or_else(by_code_nearly)
}

/// A number with a decimal point or comma; thousands may be set apart by spaces.
fn number(text: &str) -> Option<Value> {
    let plain: String = text
        .chars()
        .filter(|letter| !letter.is_whitespace())
        .map(|letter| if letter == ',' { '.' } else { letter })
        .collect();
    let written = |letter: char| letter.is_ascii_digit() || matches!(letter, '.' | '-' | '+');
    if !plain.chars().all(written) {
        return None;
    }
    plain.parse().map(Value::Int).or_else(|_| plain.parse().map(Value::Decimal)).ok()
}

fn date(text: &str) -> Option<String> {
    ["%Y-%m-%d", "%d/%m/%Y"]
        .iter()
        .find_map(|form| NaiveDate::parse_from_str(text, form).ok())
        .filter(|date| (1000..=9999).contains(&chrono::Datelike::year(date)))
        .map(|date| date.to_string())
}

fn is_assent(text: &str) -> bool {
    ["ok", "oui", "yes", "o", "y", "x", "1"].contains(&text.to_lowercase().as_str())
}
