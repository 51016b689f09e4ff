//! Answers from a JSON file: members by question id, or nested in their groups; repeats as arrays of objects;
//! `{"no_answer": "dont_know"}` where the person gave none, null to take an answer back. Every mistake is reported, not
//! the first.

use serde_json::{Map, Value as Json};

use crate::form::{Form, Kind, Lists, Question, RowId, nearest};
use crate::value::{NoAnswer, Value};

use super::check::check;
use super::error::AnswerError;

/// Items of one repeat that a file may hold.
const ITEMS_MAX: usize = 1_000;

/// Answers by row, typed and checked against the form; not yet against skip logic, filters and constraints, which
/// only the live form can do.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AnswerSheet {
    /// Answers, in the order of the form. Selections are codes separated by spaces; what is taken back is cleared.
    pub answers: Vec<(RowId, Value)>,
    /// The items of each repeat, in the order of the form.
    pub repeats: Vec<(RowId, Vec<AnswerSheet>)>,
}

/// Reads answers from JSON.
pub fn answers_from_json(form: &Form, lists: &Lists, json: &Json) -> Result<AnswerSheet, Vec<AnswerError>> {
    let mut reader = Reader { form, lists, errors: Vec::new() };
    let mut sheet = AnswerSheet::default();
    if let Some(root) = form.row(RowId::ROOT) {
        reader.section(root, json, &mut sheet);
    }
    if reader.errors.is_empty() { Ok(sheet) } else { Err(reader.errors) }
}

struct Reader<'a> {
    form: &'a Form,
    lists: &'a Lists,
    errors: Vec<AnswerError>,
}

impl<'a> Reader<'a> {
    /// Reads the members of a section. A question outside a repeat may stand in the file's outermost object, or in
    /// the object of any group around it: the file need not repeat the form's nesting.
    fn section(&mut self, section: &Question, json: &Json, sheet: &mut AnswerSheet) {
        let Json::Object(members) = json else {
            self.errors.push(AnswerError::wrong_type(section));
            return;
        };
        self.members(section, members, sheet);
        sheet.answers.sort_by_key(|(row, _)| *row);
        sheet.repeats.sort_by_key(|(row, _)| *row);
    }

    fn members(&mut self, section: &Question, members: &Map<String, Json>, sheet: &mut AnswerSheet) {
        for (name, json) in members {
            match self.find(section, name) {
                Some(row) if row.kind == Kind::Group => match json {
                    Json::Object(members) => self.members(row, members, sheet),
                    Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Array(_) => {
                        self.errors.push(AnswerError::wrong_type(row));
                    }
                },
                Some(row) if row.kind == Kind::Repeat => self.items(row, json, sheet),
                // A file that lists every row of a form may list what is never asked, with nothing in it.
                Some(row) if json.is_null() && !row.kind.is_asked() => {}
                Some(row) if json.is_null() => sheet.answers.push((row.row, Value::Cleared)),
                Some(row) => match self.answer(row, json) {
                    Ok(value) => sheet.answers.push((row.row, value)),
                    Err(error) => self.errors.push(error),
                },
                None => self.unknown(section, name),
            }
        }
    }

    /// The row that a member names: by id anywhere in the same item of a repeat, or a group by its name here.
    fn find(&self, section: &Question, name: &str) -> Option<&'a Question> {
        let around = if section.kind == Kind::Repeat { Some(section.row) } else { section.repeat };
        let mut children = section.children.iter().filter_map(|row| self.form.row(*row));
        self.form
            .row_by_id(name)
            .filter(|row| row.repeat == around)
            .or_else(|| children.find(|child| child.name == name))
    }

    fn unknown(&mut self, section: &Question, name: &str) {
        let around = if section.kind == Kind::Repeat { Some(section.row) } else { section.repeat };
        let known = self.form.rows().filter(|row| row.repeat == around && row.row != RowId::ROOT);
        let suggestion = nearest(name, known.map(|row| row.id.as_str())).map(str::to_owned);
        self.errors.push(AnswerError::UnknownQuestion { name: name.to_owned(), suggestion });
    }

    fn items(&mut self, repeat: &Question, json: &Json, sheet: &mut AnswerSheet) {
        let Json::Array(items) = json else {
            self.errors.push(AnswerError::wrong_type(repeat));
            return;
        };
        if items.len() > ITEMS_MAX {
            self.errors.push(AnswerError::TooMany { question: repeat.id.clone(), limit: ITEMS_MAX });
            return;
        }
        let mut sheets = Vec::new();
        for item in items {
            let mut inner = AnswerSheet::default();
            self.section(repeat, item, &mut inner);
            sheets.push(inner);
        }
        sheet.repeats.push((repeat.row, sheets));
    }

    fn answer(&self, question: &Question, json: &Json) -> Result<Value, AnswerError> {
        let value = match json {
            Json::Object(object) if object.len() == 1 => object
                .get("no_answer")
                .and_then(Json::as_str)
                .and_then(NoAnswer::from_code)
                .map(Value::NoAnswer)
                .ok_or_else(|| AnswerError::wrong_type(question))?,
            Json::Array(codes) if matches!(question.kind, Kind::SelectMultiple | Kind::Rank) => {
                let codes: Option<Vec<String>> = codes.iter().map(code).collect();
                Value::Text(codes.ok_or_else(|| AnswerError::wrong_type(question))?.join(" "))
            }
            Json::Number(_) if question.kind.has_choices() => Value::Text(code(json).unwrap_or_default()),
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {
                Value::from_json(json).ok_or_else(|| AnswerError::wrong_type(question))?
            }
            Json::Object(_) | Json::Array(_) => return Err(AnswerError::wrong_type(question)),
        };
        let choices = self.form.choices_of(question, self.lists);
        check(question, choices.as_deref(), value)
    }
}

/// A code as a file may write it: a text without spaces, or a number.
fn code(json: &Json) -> Option<String> {
    match json {
        Json::String(code) if !code.contains(char::is_whitespace) => Some(code.clone()),
        Json::Number(code) => Some(code.to_string()),
        Json::Null | Json::Bool(_) | Json::String(_) | Json::Array(_) | Json::Object(_) => None,
    }
}
