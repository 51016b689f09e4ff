//! Checks over the whole form: names that texts refer to, names that differ by case only, and the form's own check,
//! whose findings are brought back to the rows of the workbook.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value as Json;
use teranga_core::form::{self, Form, nearest};

use crate::choices::Choices;
use crate::export_error::ExportError;
use crate::expression::{references, referred};
use crate::finding::{Finding, Flaw};
use crate::heading::{Heading, is_media};
use crate::outline::Outline;
use crate::report::{Note, Report};
use crate::settings::Settings;
use crate::sheet::{Line, Sheet};
use crate::xform_out::check_entities;

/// The name by which forms refer to their own identity.
const INSTANCE_ID: &str = "instanceID";

/// Checks the `${names}` of cells outside the survey: choices' texts and media, declarations of entities, the name of
/// a filled form.
pub(crate) fn references_exist(
    sheets: &[&Sheet],
    settings: Settings<'_>,
    outline: &Outline<'_>,
    findings: &mut Vec<Finding>,
) {
    let mut names: BTreeSet<&str> = outline.items.iter().map(|item| item.name.as_str()).collect();
    if settings.get("omit_instanceID").is_none() {
        names.insert(INSTANCE_ID);
    }
    let instance_name = settings.get("instance_name").zip(settings.line());
    let of_settings = instance_name.map(|(text, line)| (line, "instance_name".to_owned(), text));
    let lines = sheets.iter().flat_map(|sheet| sheet.lines());
    let cells = lines.flat_map(|line| {
        let spoken = line.cells().filter(|(heading, _)| may_refer(heading));
        spoken.map(move |(heading, text)| (line, heading.written.clone(), text))
    });
    for (line, column, text) in cells.chain(of_settings) {
        let unknown = references(text).map(referred).find(|name| !names.contains(name));
        if let Some(name) = unknown {
            let similar = nearest(name, names.iter().copied()).map(str::to_owned).into_iter().collect();
            let flaw = Flaw::UnknownReference { name: name.to_owned(), similar };
            findings.push(Finding { column, ..line.finding("-", flaw) });
        }
    }
}

/// Whether a column of choices or entities may name questions; further columns are a form's own business.
fn may_refer(heading: &Heading) -> bool {
    let name = heading.name.as_str();
    ["label", "entity_id", "create_if", "update_if"].contains(&name) || is_media(name)
}

/// Remarks names of one section that differ by case only: people who read the data will mix them up.
pub(crate) fn case_twins(outline: &Outline<'_>, report: &mut Report) {
    let mut seen: HashMap<(Option<usize>, String), (&str, usize)> = HashMap::new();
    for item in &outline.items {
        let entry = seen.entry((item.parent, item.name.to_lowercase()));
        let (name, row) = *entry.or_insert((item.name.as_str(), item.line.number()));
        if name != item.name {
            report.at(item.line, "name", Note::CaseTwin { name: item.name.clone(), row });
        }
    }
}

/// What a form was read from.
#[derive(Clone, Copy)]
pub(crate) struct Written<'s, 'a> {
    pub(crate) outline: &'s Outline<'a>,
    pub(crate) choices: &'s Choices<'a>,
    pub(crate) entities: Option<&'s Sheet>,
}

/// Has the form checked as every form is, and brings what is found back to its cells. What was found in a cell
/// before is not told again.
pub(crate) fn whole(form: &Json, written: Written<'_, '_>, findings: &mut Vec<Finding>, report: &mut Report) {
    let Written { outline, choices, entities } = written;
    let lines: HashMap<&str, Line<'_>> =
        outline.items.iter().map(|item| (item.path.as_str(), item.line)).collect();
    let locate =
        |place: &form::Place| lines.get(place.path.as_str()).copied().or_else(|| choices.line(&place.path));
    match Form::parse(form) {
        Ok(checked) => {
            if let Err(ExportError::Entity { number, path }) = check_entities(&checked) {
                let saved = path.as_deref().and_then(|path| lines.get(path)).map(|line| (*line, "save_to"));
                let declared = entities.and_then(|sheet| sheet.lines().nth(number)).map(|line| (line, "-"));
                let rule = "no group or repeat of its own holds all that is saved to the entity";
                findings.extend(
                    saved.or(declared).map(|(line, column)| line.finding(column, Flaw::Entity(rule))),
                );
            }
            for warning in checked.warnings() {
                let note = match &warning.flaw {
                    form::Flaw::UnsupportedType { kind, .. } => Note::TypeKept(kind.clone()),
                    flaw => Note::Form(flaw.clone()),
                };
                let column = column(&warning.place);
                match locate(&warning.place) {
                    Some(line) => report.at(line, column, note),
                    None => report.sheet("-", column, note),
                }
            }
        }
        Err(errors) => {
            let known = findings.len();
            for error in errors.0.into_iter().filter(|error| error.severity() == form::Severity::Error) {
                let column = column(&error.place);
                let finding = match locate(&error.place) {
                    Some(line) => line.finding(column, flaw(error.flaw)),
                    None => {
                        Finding { column: column.to_owned(), ..Finding::sheet("survey", flaw(error.flaw)) }
                    }
                };
                let told = |before: &Finding| {
                    let same_cell = before.column == finding.column || column == "-";
                    before.sheet == finding.sheet && before.row == finding.row && same_cell
                };
                if !findings.iter().take(known).any(told) {
                    findings.push(finding);
                }
            }
        }
    }
}

/// The column that a member of the form came from.
fn column(place: &form::Place) -> &str {
    match place.member.as_deref() {
        None if place.path.starts_with("choices/") => "name",
        None => "-",
        Some("list") => "type",
        Some("id") => "name",
        Some("sensitivity") => "teranga_sensitivity",
        Some(member) => member,
    }
}

/// The form's finding in the words of a workbook.
fn flaw(flaw: form::Flaw) -> Flaw {
    let near = |suggestion: Option<String>| suggestion.into_iter().collect();
    match flaw {
        form::Flaw::UnknownReference { name, suggestion } => {
            Flaw::UnknownReference { name, similar: near(suggestion) }
        }
        form::Flaw::UnknownList { list, suggestion } => {
            Flaw::UnknownList { name: list, similar: near(suggestion) }
        }
        form::Flaw::BadParameter { parameter } => Flaw::BadParameter(parameter),
        other => Flaw::Form(Box::new(other)),
    }
}
