//! An answer as a person reads it: labels for codes, and numbers and days as the language writes them.

use chrono::NaiveDate;

use crate::form::{Choice, Kind, Question};
use crate::text::Text;
use crate::value::Value;

/// The answer as text in this language. A kind of no answer comes as its stable code, which shells translate; an
/// answer taken back is empty. Codes that the list does not hold are shown as they are.
pub fn render(question: &Question, choices: &[Choice], value: &Value, language: &str) -> String {
    match value {
        Value::Cleared => String::new(),
        Value::NoAnswer(kind) => kind.code().to_owned(),
        Value::Bool(yes) => if *yes { "✓" } else { "" }.to_owned(),
        Value::Int(number) => number.to_string(),
        Value::Decimal(number) if is_french(language) => number.to_string().replace('.', ","),
        Value::Decimal(number) => number.to_string(),
        Value::Text(text) if question.kind.has_choices() => {
            let labels: Vec<&str> =
                text.split_whitespace().map(|code| label(choices, code, language)).collect();
            labels.join(", ")
        }
        Value::Text(text) if question.kind == Kind::Date && is_french(language) => {
            NaiveDate::parse_from_str(text, "%Y-%m-%d")
                .map_or_else(|_| text.clone(), |date| date.format("%d/%m/%Y").to_string())
        }
        Value::Text(text) => text.clone(),
    }
}

fn label<'a>(choices: &'a [Choice], code: &'a str, language: &str) -> &'a str {
    choices
        .iter()
        .find(|choice| choice.name == code)
        .and_then(|choice| choice.label.as_ref())
        .map(|label: &Text| label.get(language, language))
        .filter(|label| !label.is_empty())
        .unwrap_or(code)
}

fn is_french(language: &str) -> bool {
    let language = language.to_lowercase();
    language == "fr"
        || language.starts_with("fr-")
        || language.starts_with("fran")
        || language.ends_with("(fr)")
}
