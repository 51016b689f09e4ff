//! Forms: XLSForm's vocabulary as JSON, checked once and whole, and compiled for filling.

mod action;
mod build;
mod choices;
mod class_flow;
mod class_join;
mod condition;
mod contextual;
mod document;
mod expression;
mod finding;
mod graph;
mod itemset;
mod kind;
mod lists;
mod locate;
mod mappings;
mod nearest;
mod other;
mod parameters;
mod program;
mod question;
mod reads;
mod reference;
mod shape;

use std::collections::{BTreeMap, HashMap};

use serde_json::Value as Json;

use crate::class::ClassId;
use crate::key::Key;
use crate::text::Text;

pub(crate) use action::Action;
pub(crate) use build::is_name;
pub(crate) use choices::repeated_name;
pub use class_flow::check_flow;
pub use class_join::with_joined_classes;
pub use condition::Condition;
pub(crate) use contextual::PLACE;
pub use document::{
    ActionDocument, Choice, ChoicesDocument, Event, FormDocument, ItemsetDocument, NodeDocument, RecordKind,
    WaveWindow, Waves,
};
pub(crate) use expression::{Expression, LAST_SAVED, OWN_CHOICES};
pub use finding::{Finding, Flaw, FormErrors, Place, Severity};
pub(crate) use graph::Role;
pub(crate) use itemset::Itemset;
pub use kind::{Kind, Metadata};
pub use lists::Lists;
pub(crate) use lists::codes_as_choices;
pub use locate::Located;
pub use mappings::MappingsDocument;
pub use nearest::nearest;
pub(crate) use program::Program;
pub use question::{NoAnswerPolicy, Question, Range, RowId};
pub(crate) use reads::Reach;
pub use reference::{FormRef, FormRefError};

/// The language of a form that names none.
const DEFAULT_LANGUAGE: &str = "fr";

/// A form that was checked and found fit to be filled.
#[derive(Debug, Clone)]
pub struct Form {
    document: FormDocument,
    title: Text,
    rows: Vec<Question>,
    documents: Vec<Option<NodeDocument>>,
    ids: BTreeMap<String, RowId>,
    names: HashMap<String, Vec<RowId>>,
    lists: BTreeMap<String, choices::Source>,
    program: Program,
    /// For each section, the place of each child by its name.
    children: Vec<HashMap<String, usize>>,
    warnings: Vec<Finding>,
}

impl Form {
    /// Reads a form from the text of a JSON document. Either the form, with what its author should know in
    /// [`Form::warnings`], or everything that is wrong with it.
    pub fn read(text: &str) -> Result<Self, FormErrors> {
        let json: Json = serde_json::from_str(text).map_err(|error| not_json(&error))?;
        Self::parse(&json)
    }

    /// Reads a form from a JSON document.
    pub fn parse(json: &Json) -> Result<Self, FormErrors> {
        let shaped = shape::shape(json);
        let mut findings = shaped.findings;
        if !shaped.json.is_object() {
            return Err(FormErrors(findings));
        }
        let document: FormDocument = serde_json::from_value(shaped.json).map_err(|error| not_json(&error))?;
        check_head(&document, &mut findings);
        let tree = build::build(&document);
        findings.extend(tree.findings);
        let lists = choices::lists(&document, &mut findings);
        choices::check_lists(&tree.rows, &lists, &mut findings);
        let mut names: HashMap<String, Vec<RowId>> = HashMap::new();
        for row in &tree.rows {
            names.entry(row.name.clone()).or_default().push(row.row);
        }
        let program = program::compile(&document, &tree.rows, &tree.documents, &names, &mut findings);
        if findings.iter().any(|finding| finding.severity() == Severity::Error) {
            return Err(FormErrors(findings));
        }
        Ok(Self {
            title: document.title.clone().unwrap_or_default(),
            document,
            children: tree.rows.iter().map(|section| places(section, &tree.rows)).collect(),
            rows: tree.rows,
            documents: tree.documents,
            ids: tree.ids,
            names,
            lists,
            program,
            warnings: findings,
        })
    }

    /// The document, with every member that was read.
    pub fn document(&self) -> &FormDocument {
        &self.document
    }

    /// The document as JSON; reads back as the same form.
    pub fn to_json(&self) -> Json {
        serde_json::to_value(&self.document).unwrap_or(Json::Null)
    }

    /// What the author should know, though the form can be used.
    pub fn warnings(&self) -> &[Finding] {
        &self.warnings
    }

    /// The identity of the form over all its versions.
    pub fn form_id(&self) -> &str {
        &self.document.form_id
    }

    /// This version.
    pub fn version(&self) -> &str {
        &self.document.version
    }

    /// How other records refer to this version: `rss@2026-11`.
    pub fn reference(&self) -> FormRef {
        FormRef { form_id: self.document.form_id.clone(), version: self.document.version.clone() }
    }

    /// The title.
    pub fn title(&self) -> &Text {
        &self.title
    }

    /// The languages of the form, in the order in which they are offered; at least the default one.
    pub fn languages(&self) -> Vec<&str> {
        if self.document.languages.is_empty() {
            return vec![self.default_language()];
        }
        self.document.languages.iter().map(String::as_str).collect()
    }

    /// The language of plain texts and of texts that lack the one asked for.
    pub fn default_language(&self) -> &str {
        self.document
            .default_language
            .as_deref()
            .unwrap_or_else(|| self.document.languages.first().map_or(DEFAULT_LANGUAGE, String::as_str))
    }

    /// What a record of this form is.
    pub fn record_kind(&self) -> RecordKind {
        self.document.record.unwrap_or_default()
    }

    /// The rounds of a survey.
    pub fn waves(&self) -> Option<&Waves> {
        self.document.waves.as_ref()
    }

    /// A row by its number.
    pub fn row(&self, row: RowId) -> Option<&Question> {
        self.rows.get(row.index())
    }

    /// A row as the document has it; none for the form itself.
    pub fn row_document(&self, row: RowId) -> Option<&NodeDocument> {
        self.documents.get(row.index())?.as_ref()
    }

    /// Every row in the order of the form, sections and the form itself included.
    pub fn rows(&self) -> impl Iterator<Item = &Question> {
        self.rows.iter()
    }

    /// A question or a repeat by its storage identity.
    pub fn row_by_id(&self, id: &str) -> Option<&Question> {
        self.row(*self.ids.get(id)?)
    }

    /// A question by its storage identity.
    pub fn question(&self, id: &str) -> Option<&Question> {
        self.row_by_id(id).filter(|row| !row.kind.is_section())
    }

    /// The questions in the order of the form, computed and hidden ones included.
    pub fn questions(&self) -> impl Iterator<Item = &Question> {
        self.rows.iter().filter(|row| !row.kind.is_section())
    }

    /// The rows of this name, for `${name}`.
    pub(crate) fn rows_named(&self, name: &str) -> &[RowId] {
        self.names.get(name).map_or(&[], Vec::as_slice)
    }

    /// Whether an absolute path may begin with this name.
    pub(crate) fn is_root(&self, name: &str) -> bool {
        name == build::ROOT || self.rows.first().is_some_and(|root| root.name == name)
    }

    /// Compiles an expression that stands in none of the rows; `None` for one that is wrong.
    pub(crate) fn compile_at(&self, row: RowId, source: &str) -> Option<Expression> {
        let scope = expression::Scope::new(&self.rows, &self.names);
        Expression::compile(&scope, self.row(row)?, source).ok()
    }

    /// The compiled expressions.
    pub(crate) fn program(&self) -> &Program {
        &self.program
    }

    /// The place of a child among the rows of a section.
    pub(crate) fn place_named(&self, section: RowId, name: &str) -> Option<usize> {
        self.children.get(section.index())?.get(name).copied()
    }

    /// The class of whatever a key stores: an answer, an option, an item's order or mark; `None` for keys that this
    /// form does not know.
    pub fn class_of(&self, key: &Key) -> Option<&ClassId> {
        self.locate(key).map(|located| &located.question().class)
    }
}

fn not_json(error: &serde_json::Error) -> FormErrors {
    FormErrors(vec![Finding::new(Place::default(), Flaw::NotJson { message: error.to_string() })])
}

fn places(section: &Question, rows: &[Question]) -> HashMap<String, usize> {
    let names = section.children.iter().filter_map(|row| rows.get(row.index())).map(|row| row.name.clone());
    names.zip(0..).collect()
}

/// Checks what stands outside the rows.
fn check_head(document: &FormDocument, findings: &mut Vec<Finding>) {
    let id = &document.form_id;
    if id.contains(['@', '/']) || id.contains(char::is_whitespace) || id.starts_with('_') {
        findings.push(Finding::new(Place::member("", "form_id"), Flaw::BadId { id: id.clone() }));
    }
    let mut seen: Vec<&str> = Vec::new();
    for window in document.waves.iter().flat_map(|waves| &waves.windows) {
        if window.from_days > window.to_days || window.wave.is_empty() || seen.contains(&window.wave.as_str())
        {
            let flaw = Flaw::BadWave { wave: window.wave.clone() };
            findings.push(Finding::new(Place::member("", "waves"), flaw));
        }
        seen.push(&window.wave);
    }
}
