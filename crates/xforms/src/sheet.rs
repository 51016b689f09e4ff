//! A sheet with its headings understood, and its rows by column.

use std::collections::HashSet;

use serde_json::{Map, Value as Json};

use crate::cell::Cleaning;
use crate::finding::{Finding, Flaw};
use crate::heading::{Heading, SheetKind, heading, language_code};
use crate::workbook::RawSheet;

/// A sheet.
#[derive(Debug, Clone)]
pub(crate) struct Sheet {
    /// The name as its author wrote it.
    pub(crate) name: String,
    /// The row of the headings.
    pub(crate) head: usize,
    pub(crate) headings: Vec<Option<Heading>>,
    pub(crate) rows: Vec<Row>,
}

/// A row that holds something.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    /// As the spreadsheet numbers it.
    pub(crate) number: usize,
    /// The cells that are not empty, by the place of their heading.
    pub(crate) cells: Vec<(usize, String)>,
}

/// One row, for reading.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line<'a> {
    sheet: &'a Sheet,
    row: &'a Row,
}

impl Sheet {
    /// Understands a sheet: its first row that is not empty holds the headings. Columns that stand twice are told,
    /// and the first of them is read.
    pub(crate) fn read(
        raw: &RawSheet,
        kind: SheetKind,
        cleaning: Cleaning,
        findings: &mut Vec<Finding>,
    ) -> Self {
        let mut rows = raw.rows.iter().filter(|(_, cells)| cells.iter().any(|cell| !cell.trim().is_empty()));
        let (head, cells) = rows.next().map_or((0, &[][..]), |(number, cells)| (*number, cells));
        let mut headings: Vec<Option<Heading>> = cells.iter().map(|cell| heading(kind, cell)).collect();
        let mut seen = HashSet::new();
        for slot in &mut headings {
            let Some(heading) = slot else { continue };
            let language = heading.language.as_deref().map(language_code).map(str::to_owned);
            if kind == SheetKind::Settings
                && heading.is_older()
                && cells.iter().any(|cell| heading.is_renamed(cell))
            {
                // Both spellings stand there: today's is read, the older one kept as it is.
                heading.name.clone_from(&heading.written);
            } else if !seen.insert((heading.name.clone(), language)) {
                let column = heading.written.clone();
                let flaw = Flaw::DuplicateColumn;
                findings.push(Finding { sheet: raw.name.clone(), row: head, column, flaw });
                *slot = None;
            }
        }
        // What is no text for people is always cleaned.
        let of_text = |at: usize| headings.get(at).and_then(Option::as_ref).is_some_and(Heading::is_text);
        let applied = |at: usize| {
            if of_text(at) || cleaning == Cleaning::Nothing { cleaning } else { Cleaning::Clean }
        };
        let rows = rows.map(|(number, cells)| {
            let filled = cells.iter().enumerate().filter(|(_, cell)| !cell.trim().is_empty());
            Row { number: *number, cells: filled.map(|(at, cell)| (at, applied(at).apply(cell))).collect() }
        });
        let rows = rows.collect();
        Self { name: raw.name.clone(), head, headings, rows }
    }

    /// The rows below the headings.
    pub(crate) fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        self.rows.iter().map(|row| Line { sheet: self, row })
    }

    /// The columns.
    pub(crate) fn headings(&self) -> impl Iterator<Item = &Heading> {
        self.headings.iter().flatten()
    }

    /// Whether there is a column of this name, in any language.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.headings().any(|heading| heading.name == name)
    }

    /// The rows with a cell below no heading.
    pub(crate) fn stray(&self) -> impl Iterator<Item = usize> {
        let headless = |at: &usize| self.headings.get(*at).is_none_or(Option::is_none);
        self.rows.iter().filter(move |row| row.cells.iter().any(|(at, _)| headless(at))).map(|row| row.number)
    }
}

impl<'a> Line<'a> {
    /// The row as the spreadsheet numbers it.
    pub(crate) fn number(self) -> usize {
        self.row.number
    }

    /// The sheet.
    pub(crate) fn sheet(self) -> &'a Sheet {
        self.sheet
    }

    /// The cells that stand below a heading and are not empty.
    pub(crate) fn cells(self) -> impl Iterator<Item = (&'a Heading, &'a str)> {
        let Self { sheet, row } = self;
        row.cells
            .iter()
            .filter_map(move |(at, text)| Some((sheet.headings.get(*at)?.as_ref()?, text.as_str())))
    }

    /// A cell without a language.
    pub(crate) fn get(self, name: &str) -> Option<&'a str> {
        self.cells()
            .find(|(heading, _)| heading.name == name && heading.language.is_none())
            .map(|(_, text)| text)
    }

    /// Whether any column of this name is filled, in whatever language.
    pub(crate) fn has(self, name: &str) -> bool {
        self.cells().any(|(heading, _)| heading.name == name)
    }

    /// A text in every language it is given in; as it stands where no language is named. Beside texts with a language,
    /// one without is that of the default language, and yields to a text that is named for it.
    pub(crate) fn text(self, name: &str, default_language: &str) -> Option<Json> {
        let mut texts = Map::new();
        let cells = self.cells().filter(|(heading, _)| heading.name == name);
        let (named, unnamed): (Vec<_>, Vec<_>) = cells.partition(|(heading, _)| heading.language.is_some());
        if let ([], [(_, text)]) = (named.as_slice(), unnamed.as_slice()) {
            return Some((*text).into());
        }
        for (heading, text) in named.into_iter().chain(unnamed) {
            let language = heading.language.as_deref().map_or(default_language, language_code);
            texts.entry(language).or_insert_with(|| text.into());
        }
        (!texts.is_empty()).then_some(Json::Object(texts))
    }

    /// The heading of a column as its author wrote it; the name itself where the sheet lacks it.
    pub(crate) fn column(self, name: &str) -> String {
        let found = self.sheet.headings().find(|heading| heading.name == name);
        found.map_or_else(|| name.to_owned(), |heading| heading.written.clone())
    }

    /// A finding in a column of this row.
    pub(crate) fn finding(self, column: &str, flaw: Flaw) -> Finding {
        Finding { sheet: self.sheet.name.clone(), row: self.row.number, column: self.column(column), flaw }
    }

    /// Every cell as it was written.
    pub(crate) fn verbatim(self) -> Map<String, Json> {
        self.cells().map(|(heading, text)| (heading.written.clone(), text.into())).collect()
    }
}
