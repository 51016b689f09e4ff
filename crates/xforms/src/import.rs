//! A workbook as a form: settings, choices, survey, and the check of what comes out. Every finding is told at once.

use serde_json::{Map, Value as Json, json};

use crate::cell::Cleaning;
use crate::check::{self, Written};
use crate::choices::Choices;
use crate::entities::Entities;
use crate::finding::{Finding, Flaw};
use crate::heading::SheetKind;
use crate::instances::Instances;
use crate::languages::Languages;
use crate::limits::FINDINGS_MAX;
use crate::loops;
use crate::outline::{Item, Outline};
use crate::report::{Remark, Report};
use crate::settings::Settings;
use crate::sheet::Sheet;
use crate::sheets::Sheets;
use crate::survey::Survey;
use crate::tables;
use crate::types::QuestionType;
use crate::workbook::{self, RawSheet};

/// The class of questions that nothing marks.
const DEFAULT_CLASS: &str = "personal";

/// A form that was imported.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    /// The form document, which `teranga_core::form::Form::parse` accepts.
    pub form: Json,
    /// What was kept without being carried, what was changed, and what will not run elsewhere.
    pub remarks: Vec<Remark>,
}

/// Imports a workbook: `.xlsx`, `.xlsm` or `.xls`. `file_name` names the form where its settings do not.
pub fn import_xlsx(bytes: &[u8], file_name: &str) -> Result<Imported, Vec<Finding>> {
    let sheets = workbook::read(bytes).map_err(|finding| vec![finding])?;
    import(&sheets, file_name)
}

/// Imports a form that is written as Markdown tables: a table for each sheet, its name in the first column.
pub fn import_markdown(text: &str, file_name: &str) -> Result<Imported, Vec<Finding>> {
    let sheets = tables::markdown(text).map_err(|finding| vec![finding])?;
    import(&sheets, file_name)
}

/// Imports a form that is written as a CSV file: the sheets below each other, their names in the first column.
pub fn import_csv(bytes: &[u8], file_name: &str) -> Result<Imported, Vec<Finding>> {
    let sheets = tables::comma_separated(bytes).map_err(|finding| vec![finding])?;
    import(&sheets, file_name)
}

/// Imports sheets that were read from a file.
pub(crate) fn import(raw: &[RawSheet], file_name: &str) -> Result<Imported, Vec<Finding>> {
    let mut findings = Vec::new();
    let mut report = Report::default();
    let sheets = Sheets::new(raw);
    let settings = sheets.read(SheetKind::Settings, Cleaning::Clean, &mut findings, &mut report);
    let settings = Settings::read(settings.as_ref(), &mut findings, &mut report);
    let mut sheet = |kind| sheets.read(kind, settings.cleaning(), &mut findings, &mut report);
    let (survey, choices, entities) =
        (sheet(SheetKind::Survey), sheet(SheetKind::Choices), sheet(SheetKind::Entities));
    let Some(survey) = survey else {
        findings.push(Finding::sheet("survey", Flaw::NoSheet(sheets.similar("survey"))));
        return Err(findings);
    };
    if !survey.has("type") {
        let column = "type".to_owned();
        findings.push(Finding { sheet: survey.name, row: survey.head, column, flaw: Flaw::NoColumn });
        return Err(findings);
    }
    let survey = loops::unrolled(survey, choices.as_ref(), &mut findings);
    let stem = file_name.rsplit_once('.').map_or(file_name, |(stem, _)| stem);
    let book =
        Book { sheets, survey: &survey, choices: choices.as_ref(), entities: entities.as_ref(), settings };
    let form = book.form(stem, &mut findings, &mut report);
    if let Some(more) = findings.len().checked_sub(FINDINGS_MAX).filter(|more| *more > 0) {
        findings.truncate(FINDINGS_MAX);
        findings.push(Finding::workbook(Flaw::More(more)));
    }
    if findings.is_empty() { Ok(Imported { form, remarks: report.into_remarks() }) } else { Err(findings) }
}

/// The sheets of a form.
#[derive(Clone, Copy)]
struct Book<'a> {
    sheets: Sheets<'a>,
    survey: &'a Sheet,
    choices: Option<&'a Sheet>,
    entities: Option<&'a Sheet>,
    settings: Settings<'a>,
}

impl Book<'_> {
    /// The form document; what is wrong with it stands among the findings.
    fn form(&self, file_stem: &str, findings: &mut Vec<Finding>, report: &mut Report) -> Json {
        let texts: Vec<&Sheet> = std::iter::once(self.survey).chain(self.choices).collect();
        let languages = Languages::find(self.settings.default_language(), &texts, report);
        let choices = self.choices.map(|sheet| {
            Choices::read(sheet, &languages.default, self.settings.duplicates(), findings, report)
        });
        let mut choices = choices.unwrap_or_default();
        let mut rest = self.settings.rest(findings);
        if let Some(Json::Object(lists)) = rest.remove("choices") {
            choices.take_from_catalogue(lists, report);
        }
        let entities = Entities::read(self.entities, findings, report);
        let outline = Outline::read(self.survey, findings, report);
        entities.check_saves(self.survey, &outline, findings);
        let form_id = self.settings.form_id(file_stem, report);
        let mut instances = Instances::gather(&outline, &choices);
        let rows = Survey {
            outline: &outline,
            choices: &choices,
            instances: &mut instances,
            default_language: &languages.default,
            translated: languages.all.len() > 1,
            roots: &self.roots(&form_id, file_stem),
            findings,
            report,
        }
        .read();
        instances.check_geometry(&outline, &choices, &entities, findings);
        instances.check(findings);
        self.check_names(&outline, findings, report);
        let mut form = json!({
            "form_id": form_id,
            "version": self.settings.version(report),
            "title": self.settings.get("form_title").or(self.settings.get("form_id")).unwrap_or(file_stem),
            "default_language": languages.default,
            "languages": languages.all,
            "sensitivity": self.settings.get("teranga_sensitivity").unwrap_or(DEFAULT_CLASS).to_lowercase(),
        });
        let mut others = self.settings.others(report);
        others.extend(entities.into_json().map(|rows| ("entities".to_owned(), rows)));
        others.extend(self.sheets.kept(report));
        if let Some(members) = form.as_object_mut() {
            insert_filled(members, "language_names", languages.names);
            insert_filled(members, "settings", others);
            members.insert("survey".into(), Json::Array(rows));
            insert_filled(members, "choices", choices.json());
            put_back(members, rest);
        }
        let written = Written { outline: &outline, choices: &choices, entities: self.entities };
        check::whole(&form, written, findings, report);
        form
    }

    fn check_names(&self, outline: &Outline<'_>, findings: &mut Vec<Finding>, report: &mut Report) {
        check::case_twins(outline, report);
        let others: Vec<&Sheet> = self.choices.into_iter().chain(self.entities).collect();
        check::references_exist(&others, self.settings, outline, findings);
        let questions = || outline.items.iter().filter_map(Item::question);
        let needed = [
            ("choices", outline.items.iter().any(Item::has_own_list)),
            ("external_choices", questions().any(QuestionType::has_external_list)),
        ];
        for (sheet, _) in needed.into_iter().filter(|(sheet, needed)| *needed && !self.sheets.has(sheet)) {
            findings.push(Finding::sheet(sheet, Flaw::NoSheet(self.sheets.similar(sheet))));
        }
    }

    /// What the author may call the root of the instance in absolute paths.
    fn roots(&self, form_id: &str, file_stem: &str) -> Vec<String> {
        let named = [self.settings.get("name"), self.settings.get("form_id"), Some(form_id), Some(file_stem)];
        named.into_iter().flatten().map(str::to_owned).collect()
    }
}

/// Puts back what a workbook that was written by us says beside what XLSForm can say.
fn put_back(form: &mut Map<String, Json>, mut rest: Map<String, Json>) {
    rest.remove("as_typed");
    if let Some(Json::Object(settings)) = rest.remove("settings") {
        let mut own = match form.remove("settings") {
            Some(Json::Object(own)) => own,
            _ => Map::new(),
        };
        overlay(&mut own, settings);
        insert_filled(form, "settings", own);
    }
    overlay(form, rest);
}

/// Sets the members of one object in another one; `null` takes a member away.
fn overlay(object: &mut Map<String, Json>, members: Map<String, Json>) {
    for (member, value) in members {
        if value.is_null() {
            object.remove(&member);
        } else {
            object.insert(member, value);
        }
    }
}

fn insert_filled(form: &mut Map<String, Json>, member: &str, value: Map<String, Json>) {
    if !value.is_empty() {
        form.insert(member.to_owned(), Json::Object(value));
    }
}
