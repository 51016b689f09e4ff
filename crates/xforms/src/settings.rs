//! The settings sheet: what the form document has its own members for, and the rest as it is written.

use serde_json::{Map, Value as Json};

use crate::cell::Cleaning;
use crate::choices::Duplicates;
use crate::finding::{Finding, Flaw};
use crate::names::is_name;
use crate::report::{Note, Report};
use crate::sheet::{Line, Sheet};

/// Settings that the form document has members for.
const CARRIED: [&str; 5] = ["form_id", "form_title", "version", "default_language", "teranga_sensitivity"];
/// Settings of which the form document holds a changed value: what the author wrote is kept too.
const KEPT_TOO: [&str; 2] = ["form_id", "default_language"];
/// Settings that are kept among the others and have their effect.
const EFFECTIVE: [&str; 4] = ["instance_name", "allow_choice_duplicates", "clean_text_values", "name"];
/// The setting of what no other setting can say.
const REST: &str = crate::workbook_out::settings::REST;
/// The version of a workbook that names none.
const FIRST_VERSION: &str = "1";

/// The settings of a workbook: the first row of their sheet.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Settings<'a> {
    line: Option<Line<'a>>,
}

impl<'a> Settings<'a> {
    /// Reads the sheet, if there is one.
    pub(crate) fn read(sheet: Option<&'a Sheet>, findings: &mut Vec<Finding>, report: &mut Report) -> Self {
        let mut lines = sheet.into_iter().flat_map(Sheet::lines);
        let settings = Self { line: lines.next() };
        for line in lines {
            report.at(line, "-", Note::Skipped);
        }
        if let (Some(line), Some(name)) = (settings.line, settings.get("name"))
            && !is_name(name)
        {
            findings.push(line.finding("name", Flaw::BadName(name.to_owned())));
        }
        settings
    }

    /// A setting.
    pub(crate) fn get(&self, name: &str) -> Option<&'a str> {
        self.line.and_then(|line| line.get(name))
    }

    /// The row of the settings.
    pub(crate) fn line(&self) -> Option<Line<'a>> {
        self.line
    }

    /// What stands in the setting of our own, beside what XLSForm has settings for: members of the form document,
    /// `null` for one that it lacks.
    pub(crate) fn rest(&self, findings: &mut Vec<Finding>) -> Map<String, Json> {
        let Some((line, text)) = self.line.zip(self.get(REST)) else { return Map::new() };
        object(text).unwrap_or_else(|flaw| {
            findings.push(line.finding(REST, flaw));
            Map::new()
        })
    }

    /// Whether texts are cleaned.
    pub(crate) fn cleaning(&self) -> Cleaning {
        let as_it_stands = self.rest(&mut Vec::new()).get("as_typed") == Some(&Json::Bool(true));
        if as_it_stands {
            Cleaning::Nothing
        } else if self.is("clean_text_values", "no") {
            Cleaning::AsTyped
        } else {
            Cleaning::Clean
        }
    }

    /// Whether a list may hold a code twice.
    pub(crate) fn duplicates(&self) -> Duplicates {
        if self.is("allow_choice_duplicates", "yes") { Duplicates::Allowed } else { Duplicates::Refused }
    }

    fn is(&self, setting: &str, value: &str) -> bool {
        self.get(setting).is_some_and(|given| given.eq_ignore_ascii_case(value))
    }

    /// The default language, as its author wrote it.
    pub(crate) fn default_language(&self) -> Option<&'a str> {
        self.get("default_language")
    }

    /// The identity of the form: the setting, or the name of the file.
    pub(crate) fn form_id(&self, file_stem: &str, report: &mut Report) -> String {
        let wanted = self.get("form_id").unwrap_or(file_stem);
        let form_id = form_id(wanted);
        if form_id != wanted {
            self.remark("form_id", Note::FormRenamed(form_id.clone()), report);
        }
        form_id
    }

    /// The version of the form.
    pub(crate) fn version(&self, report: &mut Report) -> String {
        let version = self.get("version");
        if version.is_none() {
            self.remark("version", Note::NoVersion, report);
        }
        version.unwrap_or(FIRST_VERSION).to_owned()
    }

    /// The settings without a member of their own.
    pub(crate) fn others(&self, report: &mut Report) -> Map<String, Json> {
        let mut kept = Map::new();
        for (heading, text) in self.line.into_iter().flat_map(Line::cells) {
            let name = heading.name.as_str();
            let carried = CARRIED.contains(&name) && !KEPT_TOO.contains(&name);
            if carried || name == REST || (name == "form_id" && form_id(text) == text) {
                continue;
            }
            if !EFFECTIVE.contains(&name) && !KEPT_TOO.contains(&name) {
                self.remark(name, Note::Kept(heading.written.clone()), report);
            }
            // What has an effect is kept under the name by which it is asked for.
            let has_effect = EFFECTIVE.contains(&name) || KEPT_TOO.contains(&name);
            let member = if has_effect { name } else { heading.written.as_str() };
            let agreed = name == "allow_choice_duplicates" && self.duplicates() == Duplicates::Allowed;
            kept.insert(member.to_owned(), if agreed { "yes" } else { text }.into());
        }
        kept
    }

    fn remark(&self, column: &str, note: Note, report: &mut Report) {
        match self.line {
            Some(line) => report.at(line, column, note),
            None => report.sheet("settings", column, note),
        }
    }
}

/// The identity of a form that is called so.
fn form_id(wanted: &str) -> String {
    let forbidden = |letter: char| letter.is_whitespace() || letter == '@' || letter == '/';
    let form_id = wanted.trim_start_matches('_').replace(forbidden, "_");
    if form_id.is_empty() { "form".to_owned() } else { form_id }
}

/// A cell that holds a JSON object, as our own columns do.
pub(crate) fn object(text: &str) -> Result<Map<String, Json>, Flaw> {
    serde_json::from_str(text).map_err(|error| Flaw::NotJson(error.to_string()))
}
