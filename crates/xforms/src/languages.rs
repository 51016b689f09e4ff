//! The languages of a workbook, from the headings of its texts.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json};

use crate::heading::{Heading, has_code, is_media, language_code};
use crate::report::{Note, Report};
use crate::sheet::Sheet;

/// The language of texts whose language nobody names.
const UNNAMED: &str = "default";

/// The languages of a form: the default one, and all in the order of the headings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Languages {
    pub(crate) default: String,
    pub(crate) all: Vec<String>,
    /// What those are called that are not called by their code.
    pub(crate) names: Map<String, Json>,
}

impl Languages {
    /// Finds the languages. The default one is the one set; else that of texts without a language, where there are
    /// any; else the first one named.
    pub(crate) fn find(set: Option<&str>, sheets: &[&Sheet], report: &mut Report) -> Self {
        let headings = || sheets.iter().flat_map(|sheet| sheet.headings());
        let named: Vec<&str> = headings().filter_map(|heading| heading.language.as_deref()).collect();
        let unnamed = sheets.iter().any(|sheet| has_unnamed(sheet));
        let first =
            || if unnamed { None } else { named.first().map(|language| language_code(language).to_owned()) };
        let default = set.map(language_code).map(str::to_owned).or_else(first);
        let default = default.unwrap_or_else(|| UNNAMED.to_owned());
        let mut all = vec![default.clone()];
        let mut names = Map::new();
        let mut told: Vec<&str> = Vec::new();
        for language in set.into_iter().chain(named) {
            let code = language_code(language);
            if code != language {
                names.entry(code).or_insert_with(|| language.into());
            }
            if !all.iter().any(|known| known == code) {
                all.push(code.to_owned());
            }
            if !has_code(language) && !told.contains(&language) {
                told.push(language);
                report.sheet("survey", "-", Note::NoLanguageCode(language.to_owned()));
            }
        }
        let languages = Self { default, all, names };
        for sheet in sheets {
            languages.check(sheet, report);
        }
        languages
    }

    /// Remarks the texts that are given in some languages and not in all that the sheet speaks.
    fn check(&self, sheet: &Sheet, report: &mut Report) {
        let texts = || sheet.headings().filter(|heading| heading.is_text() || is_media(&heading.name));
        if texts().all(|heading| heading.language.is_none()) {
            return;
        }
        let language = |heading: &Heading| {
            heading.language.as_deref().map_or(self.default.clone(), |name| language_code(name).to_owned())
        };
        let spoken: BTreeSet<String> = texts().map(language).collect();
        let mut seen: Vec<&str> = Vec::new();
        for heading in texts() {
            if seen.contains(&heading.name.as_str()) {
                continue;
            }
            seen.push(&heading.name);
            let given: Vec<String> =
                texts().filter(|other| other.name == heading.name).map(language).collect();
            for missing in spoken.iter().filter(|language| !given.contains(language)) {
                report.sheet(&sheet.name, &heading.name, Note::NotTranslated(missing.clone()));
            }
        }
    }
}

/// Whether a sheet says something in a language that it does not name: a label, media, or a text that it also gives in
/// a language that it names. A column of empty cells says nothing.
fn has_unnamed(sheet: &Sheet) -> bool {
    let filled = |heading: &Heading| sheet.lines().any(|line| line.get(&heading.name).is_some());
    let named = |name: &str| sheet.headings().any(|other| other.name == name && other.language.is_some());
    let unnamed =
        |heading: &&Heading| heading.language.is_none() && (heading.is_text() || is_media(&heading.name));
    sheet.headings().filter(unnamed).any(|heading| {
        let counts = heading.name == "label" || is_media(&heading.name) || named(&heading.name);
        counts && filled(heading)
    })
}
