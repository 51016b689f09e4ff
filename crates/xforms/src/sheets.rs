//! Which sheet of a workbook is which: by name, whatever its case; misspelt ones are pointed at.

use serde_json::{Map, Value as Json};
use teranga_core::form::nearest;

use crate::cell::Cleaning;
use crate::finding::Finding;
use crate::heading::SheetKind;
use crate::report::{Note, Report};
use crate::sheet::{Line, Sheet};
use crate::workbook::RawSheet;

/// Sheets that are understood.
const UNDERSTOOD: [&str; 4] = ["survey", "choices", "settings", "entities"];
/// Sheets that belong to a form and are kept without being understood.
const KEPT: [&str; 2] = ["external_choices", "osm"];

/// The sheets of a workbook.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sheets<'a> {
    raw: &'a [RawSheet],
}

impl<'a> Sheets<'a> {
    /// Takes the sheets as they were read.
    pub(crate) fn new(raw: &'a [RawSheet]) -> Self {
        Self { raw }
    }

    fn named(&self, name: &str) -> Option<&'a RawSheet> {
        self.raw.iter().find(|sheet| sheet.name.trim().eq_ignore_ascii_case(name))
    }

    /// Reads a sheet, if there is one of its name.
    pub(crate) fn read(
        &self,
        kind: SheetKind,
        cleaning: Cleaning,
        findings: &mut Vec<Finding>,
        report: &mut Report,
    ) -> Option<Sheet> {
        let name = match kind {
            SheetKind::Survey => "survey",
            SheetKind::Choices => "choices",
            SheetKind::Settings => "settings",
            SheetKind::Entities => "entities",
            SheetKind::Kept => return None,
        };
        let sheet = Sheet::read(self.named(name)?, kind, cleaning, findings);
        if sheet.stray().next().is_some() {
            report.sheet(&sheet.name, "-", Note::NoHeading);
        }
        Some(sheet)
    }

    /// Sheets whose names are near to one that is missing. A name that begins with `_` is meant to be left out.
    pub(crate) fn similar(&self, name: &str) -> Vec<String> {
        let free = self.raw.iter().map(|sheet| sheet.name.as_str()).filter(|sheet| !is_known(sheet));
        free.filter(|sheet| !sheet.starts_with('_') && nearest(sheet, [name]).is_some())
            .map(str::to_owned)
            .collect()
    }

    /// Whether there is a sheet of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.named(name).is_some()
    }

    /// The sheets that are kept as they are written; the others are remarked.
    pub(crate) fn kept(&self, report: &mut Report) -> Map<String, Json> {
        let mut kept = Map::new();
        for raw in self.raw {
            let name = raw.name.trim().to_lowercase();
            if KEPT.contains(&name.as_str()) {
                let sheet = Sheet::read(raw, SheetKind::Kept, Cleaning::Clean, &mut Vec::new());
                let rows: Vec<Json> =
                    sheet.lines().map(|line: Line<'_>| Json::Object(line.verbatim())).collect();
                report.sheet(&raw.name, "-", Note::Kept(raw.name.clone()));
                kept.insert(name, Json::Array(rows));
            } else if !is_known(&name) {
                let missing = UNDERSTOOD.into_iter().chain(KEPT).filter(|known| self.named(known).is_none());
                let meant = nearest(&name, missing).filter(|_| !name.starts_with('_'));
                let meant =
                    meant.and_then(|meant| UNDERSTOOD.into_iter().chain(KEPT).find(|known| *known == meant));
                report.sheet(&raw.name, "-", meant.map_or(Note::SheetLeftOut, Note::SheetMisspelt));
            }
        }
        kept
    }
}

fn is_known(name: &str) -> bool {
    let name = name.trim().to_lowercase();
    UNDERSTOOD.contains(&name.as_str()) || KEPT.contains(&name.as_str())
}
