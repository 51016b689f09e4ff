//! One cell of a register as the answer of a question.

use chrono::NaiveDate;
use serde_json::Value as Json;
use teranga_core::answers::{AnswerError, parse_typed};
use teranga_core::catalogue::Catalogue;
use teranga_core::form::{Choice, ChoicesDocument, Form, Kind, Lists, Question};
use teranga_core::list::fold;

use super::map::{DateOrder, SourceSpec};

/// What cells are read with.
pub(super) struct Reading<'a> {
    pub(super) form: &'a Form,
    pub(super) lists: &'a Lists,
    pub(super) catalogue: &'a Catalogue,
}

impl Reading<'_> {
    /// The answer as an answers file has it; none for a cell that says nothing.
    pub(super) fn read(
        &self,
        question: &Question,
        spec: &SourceSpec,
        cell: &str,
    ) -> Result<Option<Json>, AnswerError> {
        let cell = cell.trim();
        if cell.is_empty() {
            return Ok(spec.value.clone());
        }
        if question.kind.has_choices() {
            return self.codes(question, spec, cell);
        }
        let text = match question.kind {
            Kind::Date | Kind::DateTime => date(cell, spec.dates.unwrap_or_default()),
            // A day of birth may be known by its year alone; a day that is written otherwise is made plain.
            Kind::Text => day(cell, spec.dates.unwrap_or_default()),
            _ => None,
        };
        let value = parse_typed(question, &[], text.as_deref().unwrap_or(cell), "fr")?;
        Ok(Some(value.to_json()))
    }

    fn codes(&self, question: &Question, spec: &SourceSpec, cell: &str) -> Result<Option<Json>, AnswerError> {
        let choices = self.form.choices_of(question, self.lists).unwrap_or_default();
        let unknown = || AnswerError::UnknownCode {
            question: question.id.clone(),
            allowed: choices.iter().map(|choice| choice.name.clone()).collect(),
        };
        if let Some(code) = self.code(question, spec, &choices, cell) {
            return Ok((!code.is_empty()).then_some(Json::String(code)));
        }
        if question.kind != Kind::SelectMultiple {
            return Err(unknown());
        }
        let several = |separators: &[char]| -> Option<Vec<String>> {
            let pieces = cell.split(separators).map(str::trim).filter(|piece| !piece.is_empty());
            pieces.map(|piece| self.code(question, spec, &choices, piece)).collect()
        };
        let codes = several(&[',', ';', '/']).or_else(|| several(&[' '])).ok_or_else(unknown)?;
        let codes = codes.into_iter().filter(|code| !code.is_empty()).map(Json::String);
        Ok(Some(Json::Array(codes.collect())))
    }

    /// The code that is meant: by the map, by itself, its label in any language, another spelling of its list.
    fn code(&self, question: &Question, spec: &SourceSpec, choices: &[Choice], text: &str) -> Option<String> {
        let wanted = fold(text);
        let mapped = spec.codes.iter().find(|(spelling, _)| fold(spelling) == wanted);
        let own = || choices.iter().find(|choice| choice.name == text);
        let labelled = || {
            choices.iter().find(|choice| {
                let labels = choice.label.iter().flat_map(|label| label.all());
                labels
                    .map(|(_, label)| label)
                    .chain([choice.name.as_str()])
                    .any(|label| fold(label) == wanted)
            })
        };
        let listed = || {
            let list = question.list.as_deref()?;
            let Some(ChoicesDocument::FromList { from_list }) = self.form.document().choices.get(list) else {
                return None;
            };
            self.catalogue.list(from_list)?.meant(text).map(|entry| entry.code.clone())
        };
        let chosen = mapped.map(|(_, code)| code.clone());
        chosen.or_else(|| own().or_else(labelled).map(|choice| choice.name.clone())).or_else(listed)
    }
}

/// A day, whichever way it is written.
fn date(text: &str, order: DateOrder) -> Option<String> {
    let plain = text.get(..10).unwrap_or(text);
    let formats = match order {
        DateOrder::DayMonthYear => ["%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y"],
        DateOrder::MonthDayYear => ["%m/%d/%Y", "%m-%d-%Y", "%m.%d.%Y"],
        DateOrder::YearMonthDay => ["%Y/%m/%d", "%Y-%m-%d", "%Y.%m.%d"],
    };
    let parsed =
        ["%Y-%m-%d"].iter().chain(&formats).find_map(|f| NaiveDate::parse_from_str(plain, f).ok())?;
    Some(parsed.to_string())
}

/// A day within a text question, only where all of the text is one.
fn day(text: &str, order: DateOrder) -> Option<String> {
    if text.len() == 10 || text.len() == "2026-12-31T00:00:00".len() { date(text, order) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_in_the_order_that_the_register_writes_them() {
        let (dmy, mdy) = (DateOrder::DayMonthYear, DateOrder::MonthDayYear);
        assert_eq!(date("31/12/2025", dmy).as_deref(), Some("2025-12-31"));
        assert_eq!(date("12/31/2025", mdy).as_deref(), Some("2025-12-31"));
        assert_eq!(date("12/31/2025", dmy), None);
        assert_eq!(date("2025-12-31T08:00:00", mdy).as_deref(), Some("2025-12-31"));
        assert_eq!(day("1994", dmy), None);
        assert_eq!(day("Rue 12/31/2025 bis", mdy), None);
    }
}
