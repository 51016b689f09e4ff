//! The choices sheet as lists of the form document.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value as Json};

use crate::finding::{Finding, Flaw};
use crate::report::{Note, Report};
use crate::settings::object;
use crate::sheet::{Line, Sheet};
use crate::workbook_out::choices::REST;

/// The lists of a form by name, and the row of each choice.
#[derive(Debug, Default)]
pub(crate) struct Choices<'a> {
    lists: BTreeMap<String, Vec<Choice<'a>>>,
    /// The lists in the order of the sheet.
    order: Vec<String>,
    /// The lists that are code lists of the catalogue, as the form document holds them.
    of_catalogue: Map<String, Json>,
}

#[derive(Debug)]
struct Choice<'a> {
    line: Line<'a>,
    name: &'a str,
    json: Json,
}

/// Whether one list may hold a code twice: the setting `allow_choice_duplicates`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Duplicates {
    Allowed,
    Refused,
}

impl<'a> Choices<'a> {
    /// Reads the sheet.
    pub(crate) fn read(
        sheet: &'a Sheet,
        default_language: &str,
        duplicates: Duplicates,
        findings: &mut Vec<Finding>,
        report: &mut Report,
    ) -> Self {
        let mut choices = Self::default();
        let missing = ["list_name", "name"].into_iter().filter(|column| !sheet.has(column));
        let missing: Vec<&str> = missing.filter(|_| sheet.lines().next().is_some()).collect();
        for column in &missing {
            let column = (*column).to_owned();
            findings.push(Finding {
                sheet: sheet.name.clone(),
                row: sheet.head,
                column,
                flaw: Flaw::NoColumn,
            });
        }
        if !missing.is_empty() {
            return choices;
        }
        let mut seen: HashMap<(&str, &str), usize> = HashMap::new();
        for line in sheet.lines() {
            let Some(list) = line.get("list_name") else {
                report.at(line, "list_name", Note::NoList);
                continue;
            };
            let Some(name) = line.get("name") else {
                findings.push(line.finding("name", Flaw::Needed));
                continue;
            };
            if let Some(row) = seen.insert((list, name), line.number())
                && duplicates == Duplicates::Refused
            {
                findings.push(line.finding("name", Flaw::DuplicateName { name: name.to_owned(), row }));
            }
            if !choices.lists.contains_key(list) {
                choices.order.push(list.to_owned());
            }
            let json = choice(line, name, default_language, findings, report);
            choices.lists.entry(list.to_owned()).or_default().push(Choice { line, name, json });
        }
        choices
    }

    /// Makes lists those of the catalogue; what the sheet says of them is for other programs.
    pub(crate) fn take_from_catalogue(&mut self, lists: Map<String, Json>, report: &mut Report) {
        for list in lists.keys() {
            if let Some(first) = self.lists.get(list).and_then(|choices| choices.first()) {
                report.at(first.line, "list_name", Note::OfCatalogue(list.clone()));
            }
        }
        self.of_catalogue = lists;
    }

    /// Whether there is such a list.
    pub(crate) fn has(&self, list: &str) -> bool {
        self.lists.contains_key(list) || self.of_catalogue.contains_key(list)
    }

    /// The names of the lists.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.order.iter().map(String::as_str)
    }

    /// The codes of a list.
    pub(crate) fn codes(&self, list: &str) -> Option<Vec<&'a str>> {
        Some(self.lists.get(list)?.iter().map(|choice| choice.name).collect())
    }

    /// The row of a choice, by the place that the form gives it: `choices/LIST/CODE`.
    pub(crate) fn line(&self, place: &str) -> Option<Line<'a>> {
        let rest = place.strip_prefix("choices/")?;
        let of_list = |(list, choices): (&String, &Vec<Choice<'a>>)| {
            let code = rest.strip_prefix(list.as_str())?.strip_prefix('/')?;
            choices.iter().find(|choice| choice.name == code).map(|choice| choice.line)
        };
        self.lists.iter().find_map(of_list)
    }

    /// The lists as the form document holds them.
    pub(crate) fn json(&self) -> Map<String, Json> {
        let choices =
            |list: &str| self.lists.get(list).into_iter().flatten().map(|choice| choice.json.clone());
        let mut lists: Map<String, Json> =
            self.order.iter().map(|list| (list.clone(), choices(list).collect())).collect();
        lists.extend(self.of_catalogue.clone());
        lists
    }
}

/// A choice: its code, its label, and every other column as a property that filters read.
fn choice(
    line: Line<'_>,
    name: &str,
    default_language: &str,
    findings: &mut Vec<Finding>,
    report: &mut Report,
) -> Json {
    let mut json = Map::new();
    json.insert("name".into(), name.into());
    match line.text("label", default_language) {
        Some(label) => {
            json.insert("label".into(), label);
        }
        None if !says_something(line) => report.at(line, "label", Note::NoLabel),
        None => {}
    }
    let mut properties = Map::new();
    for (heading, text) in line.cells() {
        if !["list_name", "name", "label", REST].contains(&heading.name.as_str()) {
            if crate::heading::is_media(&heading.name) {
                report.once(line, &heading.name, Note::Kept(heading.written.clone()));
            }
            properties.insert(heading.written.clone(), text.into());
        }
    }
    match line.get(REST).map(object) {
        Some(Ok(rest)) => properties.extend(rest),
        Some(Err(flaw)) => findings.push(line.finding(REST, flaw)),
        None => {}
    }
    if !properties.is_empty() {
        json.insert("properties".into(), Json::Object(properties));
    }
    Json::Object(json)
}

fn says_something(line: Line<'_>) -> bool {
    ["image", "big-image", "audio", "video"].iter().any(|medium| line.has(medium))
}
