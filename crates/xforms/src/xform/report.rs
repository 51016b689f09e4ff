//! What reading a form finds and remarks, with the lines where, and the elements that it keeps without understanding.

use std::collections::HashSet;

use serde_json::Value as Json;

use crate::finding::{Finding, Flaw};
use crate::report::{Note, Remark};

use super::xml::{Element, Lines, SHEET, finding, verbatim};

/// Gathers while a form is read.
#[derive(Debug, Default)]
pub(super) struct Reading {
    /// What must be mended.
    pub(super) findings: Vec<Finding>,
    /// What there is to know.
    pub(super) remarks: Vec<Remark>,
    /// Elements that are kept as they are written.
    pub(super) kept: Vec<Json>,
    lines: Lines,
    told: HashSet<(usize, String)>,
}

impl Reading {
    /// Nothing gathered yet of a text.
    pub(super) fn new(text: &str) -> Self {
        Self { lines: Lines::of(text), ..Self::default() }
    }

    /// The line of a byte.
    pub(super) fn line(&self, byte: usize) -> usize {
        self.lines.at(byte)
    }

    /// A finding at an element.
    pub(super) fn find(&mut self, element: Element<'_>, what: &str, flaw: Flaw) {
        let row = self.line(element.range().start);
        self.findings.push(finding(row, what, flaw));
    }

    /// A remark at an element.
    pub(super) fn note(&mut self, element: Element<'_>, what: &str, note: Note) {
        self.note_line(self.line(element.range().start), what, note);
    }

    /// A remark at a line.
    pub(super) fn note_line(&mut self, row: usize, what: &str, note: Note) {
        if self.told.insert((row, note.to_string())) {
            self.remarks.push(Remark { sheet: SHEET.to_owned(), row, column: what.to_owned(), note });
        }
    }

    /// Keeps an element as it is written, and says so.
    pub(super) fn keep(&mut self, element: Element<'_>, what: &str) {
        self.note(element, what, Note::Kept(format!("<{what}>")));
        self.kept.push(verbatim(element).into());
    }
}
