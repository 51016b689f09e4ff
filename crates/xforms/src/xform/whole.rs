//! The check of the whole form, as every form is checked; what it finds is brought back to the lines of the XForm.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value as Json};
use teranga_core::form::{self, Form, Severity};

use crate::finding::Flaw;
use crate::report::Note;

use super::facts::Fact;
use super::report::Reading;
use super::xml::finding;

/// Checks a form that was read.
pub(super) fn check(form: &Json, facts: &HashMap<String, Fact>, root: &str, reading: &mut Reading) {
    let line = |place: &form::Place, reading: &Reading| {
        let path = place.path.strip_prefix("/data").map(|rest| format!("{root}{rest}"));
        path.and_then(|path| facts.get(&path)).map_or(0, |fact| reading.line(fact.at))
    };
    let column = |place: &form::Place| match &place.member {
        Some(member) => format!("{} · {member}", place.path),
        None if place.path.is_empty() => "-".to_owned(),
        None => place.path.clone(),
    };
    match Form::parse(form) {
        Ok(checked) => {
            for warning in checked.warnings() {
                let note = match &warning.flaw {
                    form::Flaw::UnsupportedType { kind, .. } => Note::TypeKept(kind.clone()),
                    flaw => Note::Form(flaw.clone()),
                };
                let row = line(&warning.place, reading);
                reading.note_line(row, &column(&warning.place), note);
            }
        }
        Err(errors) => {
            for error in errors.0.into_iter().filter(|error| error.severity() == Severity::Error) {
                let (row, column) = (line(&error.place, reading), column(&error.place));
                reading.findings.push(finding(row, &column, Flaw::Form(Box::new(error.flaw))));
            }
        }
    }
}

/// Whether some list holds a code twice, which XForms allow.
pub(super) fn has_twins(lists: &Map<String, Json>) -> bool {
    lists.values().filter_map(Json::as_array).any(|choices| {
        let mut codes = HashSet::new();
        choices.iter().filter_map(|choice| choice.get("name")).any(|code| !codes.insert(code.to_string()))
    })
}
