//! The survey sheet as an outline: which row stands in which group or repeat, under which path. Begins and ends that
//! do not match are told with both rows, and the rest is still read, so that one slip hides nothing behind it.

use std::collections::HashMap;

use crate::finding::{Finding, Flaw};
use crate::limits::DEPTH_MAX;
use crate::names::is_name;
use crate::report::{Note, Report};
use crate::settings::object;
use crate::sheet::{Line, Sheet};
use crate::types::{self, QuestionType, RowType, Section};
use crate::workbook_out::survey::{MEMBERS, TYPE};

/// A row that becomes a row of the form: a question, or the beginning of a section.
#[derive(Debug, Clone)]
pub(crate) struct Item<'a> {
    pub(crate) line: Line<'a>,
    pub(crate) kind: RowType,
    pub(crate) name: String,
    /// The path in expressions: `/data/household/age`.
    pub(crate) path: String,
    /// The section around it.
    pub(crate) parent: Option<usize>,
}

impl Item<'_> {
    /// The type of a question.
    pub(crate) fn question(&self) -> Option<&QuestionType> {
        match &self.kind {
            RowType::Question(question) => Some(question),
            RowType::Begin(_) | RowType::End(_) => None,
        }
    }

    /// Whether a person sees something here: shown by its type, and not only computed (a `text` or `integer` that
    /// has a calculation and says nothing is a calculation with a type).
    pub(crate) fn is_seen(&self) -> bool {
        self.question().is_some_and(QuestionType::is_shown) && !self.is_typed_calculation()
    }

    /// Whether its choices are those of a list on the choices sheet.
    pub(crate) fn has_own_list(&self) -> bool {
        self.question().is_some_and(QuestionType::has_own_list) && !self.line.has(MEMBERS)
    }

    /// Whether the workbook says that this is a question though it says nothing.
    pub(crate) fn is_silent(&self) -> bool {
        self.line
            .get(MEMBERS)
            .is_some_and(|text| object(text).is_ok_and(|members| members.contains_key(TYPE)))
    }

    /// Whether this is a calculation that was given a type.
    pub(crate) fn is_typed_calculation(&self) -> bool {
        if self.is_silent() {
            return false;
        }
        let computed = self.line.has("calculation") || (self.line.has("trigger") && self.line.has("default"));
        self.question().is_some_and(QuestionType::is_shown) && computed && !says_something(self.line)
    }
}

/// Whether a row has anything to show: a label, a hint, or media in the label's place.
pub(crate) fn says_something(line: Line<'_>) -> bool {
    ["label", "hint", "image", "big-image", "audio", "video", "media"].iter().any(|column| line.has(column))
}

/// The rows of the survey that become rows of the form.
#[derive(Debug, Clone, Default)]
pub(crate) struct Outline<'a> {
    pub(crate) items: Vec<Item<'a>>,
}

impl<'a> Outline<'a> {
    /// Reads the outline of a survey sheet.
    pub(crate) fn read(sheet: &'a Sheet, findings: &mut Vec<Finding>, report: &mut Report) -> Self {
        let mut reader = Reader {
            outline: Self::default(),
            open: Vec::new(),
            names: HashMap::new(),
            repeats: HashMap::new(),
            findings,
            report,
        };
        for line in sheet.lines() {
            reader.line(line);
        }
        for open in std::mem::take(&mut reader.open) {
            if let Some(item) = reader.outline.items.get(open.item) {
                reader.findings.push(item.line.finding("type", Flaw::NoEnd));
            }
        }
        reader.outline
    }

    /// The row of this name, if there is one.
    pub(crate) fn named(&self, name: &str) -> Option<&Item<'a>> {
        self.items.iter().find(|item| item.name == name)
    }
}

struct Open {
    section: Section,
    item: usize,
}

struct Reader<'a, 'f> {
    outline: Outline<'a>,
    open: Vec<Open>,
    /// The rows of the names of each section.
    names: HashMap<(Option<usize>, String), usize>,
    /// The rows of the repeats, whose names are unique in the whole form.
    repeats: HashMap<String, usize>,
    findings: &'f mut Vec<Finding>,
    report: &'f mut Report,
}

impl<'a> Reader<'a, '_> {
    fn line(&mut self, line: Line<'a>) {
        let disabled =
            line.get("disabled").is_some_and(|value| matches!(value.to_lowercase().as_str(), "yes" | "true"));
        let kind = line.get("type");
        if disabled || kind.is_some_and(|kind| kind.starts_with('#')) {
            self.report.at(line, "type", Note::Skipped);
            return;
        }
        let Some(kind) = kind else {
            if line.has("name") && line.has("label") {
                self.findings.push(line.finding("type", Flaw::Needed));
            } else if line.cells().next().is_some() {
                self.report.at(line, "type", Note::Skipped);
            }
            return;
        };
        match types::read(kind) {
            None => {
                let flaw = Flaw::UnknownType { name: kind.to_owned(), similar: types::similar(kind) };
                self.findings.push(line.finding("type", flaw));
                // Its name may be read elsewhere, and shall not be missed there too.
                self.item(line, RowType::Question(QuestionType::unknown()));
            }
            Some(RowType::End(section)) => self.end(line, section),
            Some(RowType::Begin(section)) => {
                let item = self.item(line, RowType::Begin(section));
                if self.open.len() >= DEPTH_MAX {
                    self.findings.push(line.finding("type", Flaw::TooLarge("levels of groups")));
                }
                self.open.push(Open { section, item });
            }
            Some(question @ RowType::Question(_)) => {
                self.item(line, question);
            }
        }
    }

    /// Ends the innermost section of this kind; those within it that are still open are told.
    fn end(&mut self, line: Line<'a>, section: Section) {
        let row = |open: &Open, items: &[Item<'_>]| items.get(open.item).map_or(0, |item| item.line.number());
        let innermost = self.open.last().map_or(0, |open| row(open, &self.outline.items));
        if self.open.last().is_some_and(|open| open.section == section) {
            self.open.pop();
            return;
        }
        self.findings.push(line.finding("type", Flaw::WrongEnd(innermost)));
        if let Some(at) = self.open.iter().rposition(|open| open.section == section) {
            self.open.truncate(at);
        }
    }

    fn item(&mut self, line: Line<'a>, kind: RowType) -> usize {
        // Deeper sections are refused anyway; their rows are hung up here so that paths stay short.
        let parent = self.open.iter().take(DEPTH_MAX).next_back().map(|open| open.item);
        let name = self.name(line, &kind, parent);
        let around = parent.and_then(|parent| self.outline.items.get(parent));
        let path = format!("{}/{name}", around.map_or("/data", |section| section.path.as_str()));
        self.outline.items.push(Item { line, kind, name, path, parent });
        self.outline.items.len() - 1
    }

    /// The name of a row, checked.
    fn name(&mut self, line: Line<'a>, kind: &RowType, parent: Option<usize>) -> String {
        let Some(name) = line.get("name") else {
            let generated = format!("generated_note_name_{}", line.number());
            if matches!(kind, RowType::Question(question) if question.kind == "note") {
                self.report.at(line, "name", Note::NameGiven(generated.clone()));
            } else {
                self.findings.push(line.finding("name", Flaw::Needed));
            }
            return generated;
        };
        if !is_name(name) {
            self.findings.push(line.finding("name", Flaw::BadName(name.to_owned())));
        } else if name == "meta" && matches!(kind, RowType::Begin(_)) {
            self.findings.push(line.finding("name", Flaw::ReservedName(name.to_owned())));
        }
        let row = line.number();
        let mut other = self.names.insert((parent, name.to_owned()), row);
        if *kind == RowType::Begin(Section::Repeat) {
            other = other.or(self.repeats.insert(name.to_owned(), row));
        }
        if let Some(other) = other {
            let flaw = Flaw::DuplicateName { name: name.to_owned(), row: other };
            self.findings.push(line.finding("name", flaw));
        }
        name.to_owned()
    }
}
