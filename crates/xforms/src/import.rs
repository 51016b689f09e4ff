//! A workbook as a form: settings, choices, survey, and the check of what comes out.

use serde_json::{Map, Value as Json, json};
use teranga_core::form::Form;

use crate::finding::{Finding, Flaw};
use crate::sheet::{Sheet, SheetRow, language_code};
use crate::survey::Survey;
use crate::workbook::{self, RawSheet};

/// The language of a workbook that names none.
const DEFAULT_LANGUAGE: &str = "default";

/// A form that was imported.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    /// The form document.
    pub form: Json,
    /// What is kept and not carried, and what will not run elsewhere.
    pub remarks: Vec<String>,
}

/// Imports an `.xlsx` workbook. `file_name` names the form where its settings do not.
pub fn import_xlsx(bytes: &[u8], file_name: &str) -> Result<Imported, Vec<Finding>> {
    let sheets = workbook::read(bytes).map_err(|finding| vec![finding])?;
    import(&sheets, file_name)
}

fn import(sheets: &[RawSheet], file_name: &str) -> Result<Imported, Vec<Finding>> {
    let sheet = |name: &str| sheets.iter().find(|sheet| sheet.name == name).map(Sheet::read).transpose();
    let Some(survey) = sheet("survey")? else {
        return Err(vec![Finding {
            sheet: "survey".into(),
            row: 0,
            column: "-".into(),
            flaw: Flaw::NoSheet,
        }]);
    };
    let settings = sheet("settings")?.and_then(|sheet| sheet.rows.into_iter().next());
    let setting = |name: &str| settings.as_ref().and_then(|row| row.get(name)).map(str::to_owned);
    let default_language = setting("default_language")
        .map(|language| language_code(&language))
        .unwrap_or_else(|| first_language(&survey).unwrap_or_else(|| DEFAULT_LANGUAGE.to_owned()));
    let mut findings = Vec::new();
    let choices =
        sheet("choices")?.map(|sheet| lists(&sheet, &default_language, &mut findings)).unwrap_or_default();
    let mut reading =
        Survey { default_language: &default_language, lists: &choices, findings, remarks: Vec::new() };
    let rows = reading.read(&survey);
    let Survey { findings, mut remarks, .. } = reading;
    if !findings.is_empty() {
        return Err(findings);
    }
    let stem = file_name.rsplit_once('.').map_or(file_name, |(stem, _)| stem);
    let title = setting("form_title").unwrap_or_else(|| stem.to_owned());
    let mut form = json!({
        "form_id": setting("form_id").unwrap_or_else(|| stem.to_owned()),
        "version": setting("version").unwrap_or_else(|| "1".to_owned()),
        "title": { default_language.clone(): title },
        "default_language": default_language,
        "languages": languages(&survey, &default_language),
        "sensitivity": setting("teranga_sensitivity").unwrap_or_else(|| "personal".to_owned()),
        "settings": other_settings(settings.as_ref(), &mut remarks),
        "survey": rows,
        "choices": choices,
    });
    for member in ["settings", "choices"] {
        if form.get(member).and_then(Json::as_object).is_some_and(Map::is_empty)
            && let Some(object) = form.as_object_mut()
        {
            object.shift_remove(member);
        }
    }
    let checked = Form::parse(&form).map_err(|errors| {
        errors.0.iter().map(|finding| located(finding, &survey)).collect::<Vec<Finding>>()
    })?;
    remarks.extend(checked.warnings().iter().map(ToString::to_string));
    Ok(Imported { form, remarks })
}

/// A finding of the form at its row of the survey sheet.
fn located(finding: &teranga_core::form::Finding, survey: &Sheet) -> Finding {
    let name = finding.place.path.rsplit('/').next().unwrap_or_default();
    let row = survey.rows.iter().find(|row| row.get("name") == Some(name)).map_or(0, |row| row.number);
    Finding {
        sheet: survey.name.clone(),
        row,
        column: finding.place.member.clone().unwrap_or_else(|| "-".to_owned()),
        flaw: Flaw::Form(finding.to_string()),
    }
}

fn first_language(survey: &Sheet) -> Option<String> {
    survey.rows.iter().flat_map(|row| row.cells.keys()).find_map(|heading| heading.language.clone())
}

fn languages(survey: &Sheet, default_language: &str) -> Vec<String> {
    let mut languages = vec![default_language.to_owned()];
    for language in
        survey.rows.iter().flat_map(|row| row.cells.keys()).filter_map(|heading| heading.language.as_ref())
    {
        if !languages.contains(language) {
            languages.push(language.clone());
        }
    }
    languages
}

fn lists(sheet: &Sheet, default_language: &str, findings: &mut Vec<Finding>) -> Map<String, Json> {
    let mut lists: Map<String, Json> = Map::new();
    for row in &sheet.rows {
        let Some(list) = row.get("list_name") else { continue };
        let Some(name) = row.get("name") else {
            let flaw = Flaw::Needed;
            findings.push(Finding {
                sheet: sheet.name.clone(),
                row: row.number,
                column: "name".into(),
                flaw,
            });
            continue;
        };
        let mut choice = Map::new();
        choice.insert("name".into(), name.into());
        if let Some(label) = row.text("label", default_language) {
            choice.insert("label".into(), label);
        }
        let properties: Map<String, Json> = row
            .cells
            .iter()
            .filter(|(heading, _)| !["list_name", "name", "label"].contains(&heading.name.as_str()))
            .map(|(heading, text)| (heading.name.clone(), text.clone().into()))
            .collect();
        if !properties.is_empty() {
            choice.insert("properties".into(), Json::Object(properties));
        }
        let entry = lists.entry(list.to_owned()).or_insert_with(|| Json::Array(Vec::new()));
        if let Some(choices) = entry.as_array_mut() {
            choices.push(Json::Object(choice));
        }
    }
    lists
}

fn other_settings(row: Option<&SheetRow>, remarks: &mut Vec<String>) -> Map<String, Json> {
    const CARRIED: [&str; 5] =
        ["form_id", "form_title", "version", "default_language", "teranga_sensitivity"];
    let mut kept = Map::new();
    for (heading, text) in row.iter().flat_map(|row| &row.cells) {
        if !CARRIED.contains(&heading.name.as_str()) {
            if heading.name != "instance_name" {
                remarks.push(format!("settings: {} is kept and has no effect", heading.name));
            }
            kept.insert(heading.name.clone(), text.clone().into());
        }
    }
    kept
}
