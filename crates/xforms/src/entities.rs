//! The entities sheet and the `save_to` column, by which ODK keeps lists of things between forms. They are checked as
//! far as a row can be wrong by itself, and kept; this system has its own cases in their place.

use std::collections::HashSet;

use serde_json::Value as Json;

use crate::finding::{Finding, Flaw};
use crate::names::is_name;
use crate::outline::Outline;
use crate::report::{Note, Report};
use crate::sheet::{Line, Sheet};

/// The columns of the sheet.
const COLUMNS: [&str; 6] = ["list_name", "label", "entity_id", "create_if", "update_if", "repeat"];

/// The entity lists that a form declares.
#[derive(Debug, Clone, Default)]
pub(crate) struct Entities<'a> {
    lists: Vec<&'a str>,
    rows: Vec<Json>,
}

impl<'a> Entities<'a> {
    /// Reads and checks the sheet.
    pub(crate) fn read(sheet: Option<&'a Sheet>, findings: &mut Vec<Finding>, report: &mut Report) -> Self {
        let mut entities = Self::default();
        let Some(sheet) = sheet else { return entities };
        let unknown = sheet.headings().find(|heading| !COLUMNS.contains(&heading.name.as_str()));
        if let Some(heading) = unknown {
            let (row, column) = (sheet.head, heading.written.clone());
            findings.push(Finding { sheet: sheet.name.clone(), row, column, flaw: Flaw::UnknownColumn });
        }
        for line in sheet.lines() {
            report.once(line, "-", Note::Kept(sheet.name.clone()));
            entities.rows.push(Json::Object(line.verbatim()));
            entities.lists.extend(line.get("list_name"));
            if let Some(flaw) = list_flaw(line.get("list_name")) {
                findings.push(line.finding("list_name", flaw));
            } else if let Some(rule) = row_rule(line) {
                findings.push(line.finding("-", Flaw::Entity(rule)));
            }
        }
        entities
    }

    /// Whether there is such a list.
    pub(crate) fn declares(&self, list: &str) -> bool {
        self.lists.contains(&list)
    }

    /// The rows as they are written.
    pub(crate) fn into_json(self) -> Option<Json> {
        (!self.rows.is_empty()).then_some(Json::Array(self.rows))
    }

    /// Checks what rows of the survey save to.
    pub(crate) fn check_saves(&self, sheet: &Sheet, outline: &Outline<'_>, findings: &mut Vec<Finding>) {
        let mut saved: HashSet<(&str, &str)> = HashSet::new();
        let questions: HashSet<usize> = outline
            .items
            .iter()
            .filter(|item| item.question().is_some())
            .map(|item| item.line.number())
            .collect();
        for line in sheet.lines() {
            let Some(save_to) = line.get("save_to") else { continue };
            let flaw = if questions.contains(&line.number()) {
                self.save_flaw(save_to, &mut saved)
            } else {
                Some(Flaw::NotHere("groups and repeats are not saved to entities"))
            };
            findings.extend(flaw.map(|flaw| line.finding("save_to", flaw)));
        }
    }

    fn save_flaw<'s>(&'s self, save_to: &'s str, saved: &mut HashSet<(&'s str, &'s str)>) -> Option<Flaw> {
        let Some(only) = self.lists.first() else {
            return Some(Flaw::Entity("there is no entities sheet to save to"));
        };
        let (list, property) = save_to.split_once('#').unwrap_or((only, save_to));
        if property.contains('#') {
            Some(Flaw::Entity("list and property are separated by one #"))
        } else if save_to.contains('#') && !self.declares(list) {
            Some(Flaw::Entity("the entities sheet declares no such list"))
        } else if !save_to.contains('#') && self.lists.len() > 1 {
            Some(Flaw::Entity("the form declares several lists; write list#property"))
        } else if !is_name(property) {
            Some(Flaw::BadName(property.to_owned()))
        } else if matches!(property.to_lowercase().as_str(), "name" | "label") || property.starts_with("__") {
            Some(Flaw::ReservedName(property.to_owned()))
        } else if !saved.insert((list, property)) {
            Some(Flaw::Entity("another row saves to the same property"))
        } else {
            None
        }
    }
}

fn list_flaw(list: Option<&str>) -> Option<Flaw> {
    match list {
        None => Some(Flaw::Needed),
        Some(list) if list.starts_with("__") => Some(Flaw::ReservedName(list.to_owned())),
        Some(list) if list.contains('.') || !is_name(list) => Some(Flaw::BadName(list.to_owned())),
        Some(_) => None,
    }
}

/// The rule on creating and updating that a declaration breaks.
fn row_rule(line: Line<'_>) -> Option<&'static str> {
    let has = |column: &str| line.has(column);
    if has("update_if") && !has("entity_id") {
        Some("update_if needs an entity_id")
    } else if has("create_if") && has("entity_id") && !has("update_if") {
        Some("create_if with an entity_id needs an update_if too")
    } else if !has("label") && (has("create_if") || !has("entity_id")) {
        Some("entities that are created need a label")
    } else {
        None
    }
}
