//! A sheet with its headings understood: older spellings, languages (`label::French (fr)`), media.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use crate::finding::{Finding, Flaw};
use crate::workbook::RawSheet;

/// A column: what it says, and in which language.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Heading {
    pub(crate) name: String,
    pub(crate) language: Option<String>,
}

/// One row: its number and its cells that are not empty.
#[derive(Debug, Clone)]
pub(crate) struct SheetRow {
    pub(crate) number: usize,
    pub(crate) cells: BTreeMap<Heading, String>,
}

/// A sheet.
#[derive(Debug, Clone)]
pub(crate) struct Sheet {
    pub(crate) name: String,
    pub(crate) rows: Vec<SheetRow>,
}

/// Columns whose texts may be given in several languages.
const TRANSLATED: [&str; 6] =
    ["label", "hint", "guidance_hint", "required_message", "constraint_message", "media"];

/// Older spellings.
const ALIASES: [(&str, &str); 12] = [
    ("relevance", "relevant"),
    ("caption", "label"),
    ("command", "type"),
    ("tag", "name"),
    ("calculate", "calculation"),
    ("read_only", "readonly"),
    ("id_string", "form_id"),
    ("title", "form_title"),
    ("jr:count", "repeat_count"),
    ("count", "repeat_count"),
    ("list name", "list_name"),
    ("value", "name"),
];

impl Sheet {
    /// Understands a sheet: its first row that is not empty holds the headings.
    pub(crate) fn read(raw: &RawSheet) -> Result<Self, Vec<Finding>> {
        let mut rows = raw.rows.iter().filter(|(_, cells)| cells.iter().any(|cell| !cell.is_empty()));
        let Some((head, cells)) = rows.next() else {
            return Ok(Self { name: raw.name.clone(), rows: Vec::new() });
        };
        let headings: Vec<Option<Heading>> = cells.iter().map(|cell| heading(cell)).collect();
        let mut findings = Vec::new();
        for (index, heading) in headings.iter().enumerate() {
            if heading.is_some() && headings.iter().take(index).any(|before| before == heading) {
                findings.push(Finding {
                    sheet: raw.name.clone(),
                    row: *head,
                    column: cells.get(index).cloned().unwrap_or_default(),
                    flaw: Flaw::DuplicateColumn,
                });
            }
        }
        if !findings.is_empty() {
            return Err(findings);
        }
        let rows = rows.map(|(number, cells)| {
            let filled = headings.iter().zip(cells).filter(|(_, cell)| !cell.is_empty());
            let cells = filled.filter_map(|(heading, cell)| Some((heading.clone()?, cell.clone()))).collect();
            SheetRow { number: *number, cells }
        });
        Ok(Self { name: raw.name.clone(), rows: rows.collect() })
    }
}

fn heading(cell: &str) -> Option<Heading> {
    let text = cell.trim();
    if text.is_empty() {
        return None;
    }
    let (name, language) = match text.split_once("::").or_else(|| {
        text.split_once(':').filter(|(name, _)| TRANSLATED.contains(&name.trim().to_lowercase().as_str()))
    }) {
        Some((name, rest)) if name.trim().eq_ignore_ascii_case("media") => {
            let (medium, language) = rest.split_once("::").map_or((rest, None), |(m, l)| (m, Some(l)));
            (medium.to_owned(), language.map(language_code))
        }
        Some((name, language)) if TRANSLATED.contains(&normal(name).as_str()) => {
            (name.to_owned(), Some(language_code(language)))
        }
        _ => (text.to_owned(), None),
    };
    let name = normal(&name);
    let name =
        ALIASES.iter().find(|(old, _)| *old == name).map_or(name.clone(), |(_, new)| (*new).to_owned());
    Some(Heading { name, language })
}

fn normal(name: &str) -> String {
    let name = name.trim().to_lowercase();
    if ALIASES.iter().any(|(old, _)| *old == name) { name } else { name.replace(' ', "_") }
}

/// `French (fr)` is `fr`; a name without a code stands for itself.
pub(crate) fn language_code(language: &str) -> String {
    let language = language.trim();
    let code = language.rsplit_once('(').and_then(|(_, code)| code.strip_suffix(')')).map(str::trim);
    code.filter(|code| !code.is_empty()).unwrap_or(language).to_owned()
}

impl SheetRow {
    /// A cell without a language.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.cells.get(&Heading { name: name.to_owned(), language: None }).map(String::as_str)
    }

    /// A text in every language it is given in; the default language where none is named.
    pub(crate) fn text(&self, name: &str, default_language: &str) -> Option<Json> {
        let texts: Map<String, Json> = self
            .cells
            .iter()
            .filter(|(heading, _)| heading.name == name)
            .map(|(heading, text)| {
                let language = heading.language.clone().unwrap_or_else(|| default_language.to_owned());
                (language, Json::from(text.clone()))
            })
            .collect();
        (!texts.is_empty()).then_some(Json::Object(texts))
    }
}
