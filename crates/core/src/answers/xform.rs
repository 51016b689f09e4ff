//! Answers as the elements of an XForm's instance hold them (ODK XForms specification, "data types"): the same
//! answer in another spelling.

use crate::form::{Kind, Question};
use crate::value::Value;

use super::check::as_whole;

/// The answer that an element's text is. What is not of the question's type is kept as text, so that whoever takes
/// it can say so; a whole number cuts what follows its point, a day what follows its date.
pub fn read_element(question: &Question, text: &str) -> Value {
    if text.is_empty() {
        return Value::Cleared;
    }
    let number = || text.trim().parse::<f64>().ok().filter(|number| number.is_finite());
    match question.holds {
        Kind::Integer => {
            number().map_or_else(|| Value::text(text), |number| Value::Int(as_whole(number.trunc())))
        }
        Kind::Decimal | Kind::Range => number().map_or_else(|| Value::text(text), Value::Decimal),
        Kind::Date if text.get(10..11) == Some("T") => Value::text(text.get(..10).unwrap_or(text)),
        Kind::Acknowledge => Value::Bool(true),
        _ => Value::text(text),
    }
}

/// The text of an element that holds an answer; nothing where there is no answer, whatever the reason.
pub fn write_element(question: &Question, value: &Value) -> String {
    match value {
        Value::Cleared | Value::NoAnswer(_) => String::new(),
        Value::Bool(yes) if question.kind == Kind::Acknowledge => if *yes { "OK" } else { "" }.to_owned(),
        Value::Bool(yes) => yes.to_string(),
        Value::Int(number) if question.holds == Kind::Decimal => format!("{number}.0"),
        Value::Int(number) => number.to_string(),
        Value::Decimal(number) if number.fract() == 0.0 && question.holds != Kind::Calculate => {
            format!("{number:.1}")
        }
        Value::Decimal(number) => number.to_string(),
        Value::Text(text) => text.clone(),
    }
}
