//! A form's expressions, compiled once: which rows each reads, in which order what is computed is computed, and who
//! must be told when an answer changes.

use std::collections::HashMap;

use serde_json::{Map, Value as Json};

use crate::text::Text;

use super::action::Action;
use super::build::is_name;
use super::class_flow::names_in;
use super::document::{ActionDocument, Choice, ChoicesDocument, FormDocument, ItemsetDocument, NodeDocument};
use super::expression::{self, Expression, Scope};
use super::finding::{Finding, Flaw, Place};
use super::graph::{self, Role, Vertex};
use super::itemset::Itemset;
use super::question::{Question, RowId};
use super::reads::Reach;

/// One computed thing of a row.
#[derive(Debug, Clone)]
pub(crate) struct Logic {
    /// The row that it decides about.
    pub(crate) row: RowId,
    /// What it decides.
    pub(crate) role: Role,
    /// How.
    pub(crate) expression: Expression,
}

/// Who reads a row: the rank of its logic, and whether it reads the row in its own items only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Reader {
    /// The place of the logic in the order of evaluation.
    pub(crate) rank: usize,
    /// In which items it reads the row.
    pub(crate) reach: Reach,
}

/// The expressions of one row that are evaluated when asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Asked {
    /// What an answer must fulfil.
    pub(crate) constraint: Option<Expression>,
    /// Which choices are offered.
    pub(crate) filter: Option<Expression>,
    /// The value at the start, when it is computed.
    pub(crate) default: Option<Expression>,
    /// The value at the start, when it is constant.
    pub(crate) constant: Option<String>,
    /// How many items a repeat has.
    pub(crate) count: Option<Expression>,
    /// The value that a trigger computes.
    pub(crate) triggered: Option<Expression>,
    /// The choices, when they are drawn from whatever nodes.
    pub(crate) itemset: Option<Itemset>,
    /// The items that a repeat begins with.
    pub(crate) instances: Vec<Map<String, Json>>,
}

/// Everything compiled.
#[derive(Debug, Clone, Default)]
pub(crate) struct Program {
    /// What is computed, in the order of evaluation.
    pub(crate) logics: Vec<Logic>,
    /// For each row, who reads it.
    pub(crate) readers: Vec<Vec<Reader>>,
    /// For each row, the ranks of the logics that decide about it.
    pub(crate) deciders: Vec<Vec<usize>>,
    /// For each row, what is evaluated when asked for.
    pub(crate) asked: Vec<Asked>,
    /// For each row, the rows that a change of its answer computes anew.
    pub(crate) triggers: HashMap<RowId, Vec<RowId>>,
    /// Every action, in the order of the form, its own first.
    pub(crate) actions: Vec<Action>,
    /// The expressions in the texts of each row, by their source: `${../age + 1}`.
    pub(crate) outputs: HashMap<(RowId, String), Expression>,
}

/// Compiles every expression of a form.
pub(super) fn compile(
    form: &FormDocument,
    rows: &[Question],
    documents: &[Option<NodeDocument>],
    names: &HashMap<String, Vec<RowId>>,
    findings: &mut Vec<Finding>,
) -> Program {
    let mut compiler = Compiler { scope: Scope::new(rows, names), findings, program: Program::default() };
    compiler.program.asked = vec![Asked::default(); rows.len()];
    if let Some(root) = rows.first() {
        compiler.actions(root, &form.actions);
    }
    for (row, document) in rows.iter().zip(documents) {
        if let Some(document) = document {
            compiler.row(row, document);
            let choices = document.list.as_ref().and_then(|list| form.choices.get(list));
            if let Some(ChoicesDocument::Inline(choices)) = choices {
                compiler.choice_texts(row, choices);
            }
        }
    }
    let Compiler { mut program, .. } = compiler;
    sort(rows, &mut program, findings);
    index(rows.len(), &mut program);
    program
}

struct Compiler<'a> {
    scope: Scope<'a>,
    findings: &'a mut Vec<Finding>,
    program: Program,
}

impl Compiler<'_> {
    fn row(&mut self, row: &Question, document: &NodeDocument) {
        let triggers = self.triggers(row, document.trigger.as_deref());
        let calculation = self.compile(row, "calculation", document.calculation.as_deref());
        let triggered = if triggers.is_empty() {
            self.logic(row, Role::Calculate, calculation);
            None
        } else {
            calculation
        };
        for trigger in triggers {
            self.program.triggers.entry(trigger).or_default().push(row.row);
        }
        self.texts(row);
        self.actions(row, &document.actions);
        let relevant = self.compile(row, "relevant", document.relevant.as_deref());
        self.logic(row, Role::Relevant, relevant);
        let readonly = self.compile(row, "readonly", truth(document.readonly.as_deref()));
        self.logic(row, Role::Readonly, readonly);
        let required = self.compile(row, "required", truth(document.required.as_deref()));
        self.logic(row, Role::Required, required);
        let (default, constant) = self.default(row, document.default.as_deref());
        let asked = Asked {
            constraint: self.compile(row, "constraint", document.constraint.as_deref()),
            filter: self.filter(row, document.choice_filter.as_deref()),
            default,
            constant,
            count: self.count(row, document.repeat_count.as_deref()),
            triggered,
            itemset: self.itemset(row, document.itemset.as_ref()),
            instances: document.instances.clone(),
        };
        if let Some(slot) = self.program.asked.get_mut(row.row.index()) {
            *slot = asked;
        }
    }

    fn logic(&mut self, row: &Question, role: Role, expression: Option<Expression>) {
        if let Some(expression) = expression {
            self.program.logics.push(Logic { row: row.row, role, expression });
        }
    }

    fn compile(&mut self, row: &Question, member: &str, source: Option<&str>) -> Option<Expression> {
        let source = source.filter(|source| !source.trim().is_empty())?;
        let compiled = Expression::compile(&self.scope, row, source);
        self.take(row, member, compiled)
    }

    /// The number of items belongs to the section that holds the repeat: none of the items is there yet.
    fn count(&mut self, row: &Question, source: Option<&str>) -> Option<Expression> {
        let source = source.filter(|source| !source.trim().is_empty())?;
        let section = self.scope.row(row.parent)?;
        let compiled = Expression::compile(&self.scope, section, source);
        self.take(row, "repeat_count", compiled)
    }

    fn filter(&mut self, row: &Question, source: Option<&str>) -> Option<Expression> {
        let source = source.filter(|source| !source.trim().is_empty());
        let shuffled = row.kind.has_choices() && row.parameter("randomize") == Some("true");
        let source = source.or_else(|| (shuffled && row.itemset.is_none()).then_some("true()"))?;
        let compiled = Expression::compile_filter(&self.scope, row, source);
        self.take(row, "choice_filter", compiled)
    }

    fn take(
        &mut self,
        row: &Question,
        member: &str,
        compiled: Result<Expression, Vec<expression::Located>>,
    ) -> Option<Expression> {
        match compiled {
            Ok(expression) => Some(expression),
            Err(flaws) => {
                for (flaw, span) in flaws {
                    let place = Place::member(row.path.as_str(), member).at(span);
                    self.findings.push(Finding::new(place, flaw));
                }
                None
            }
        }
    }

    /// A default is computed when it calls a function or refers to an answer; anything else stands for itself.
    fn default(&mut self, row: &Question, source: Option<&str>) -> (Option<Expression>, Option<String>) {
        let Some(source) = source.filter(|source| !source.trim().is_empty()) else { return (None, None) };
        if Expression::is_dynamic(source) {
            (self.compile(row, "default", Some(source)), None)
        } else {
            (None, Some(source.to_owned()))
        }
    }

    fn actions(&mut self, row: &Question, actions: &[ActionDocument]) {
        for (at, document) in actions.iter().enumerate() {
            match Action::compile(&self.scope, row, document) {
                Ok(action) => self.program.actions.push(action),
                Err(flaws) => {
                    for (member, (flaw, span)) in flaws {
                        let member = format!("actions[{}].{member}", at + 1);
                        let place = Place::member(row.path.as_str(), member).at(span);
                        self.findings.push(Finding::new(place, flaw));
                    }
                }
            }
        }
    }

    fn itemset(&mut self, row: &Question, document: Option<&ItemsetDocument>) -> Option<Itemset> {
        match Itemset::compile(&self.scope, row, document?) {
            Ok(itemset) => Some(itemset),
            Err(flaws) => {
                for (member, (flaw, span)) in flaws {
                    let place = Place::member(row.path.as_str(), format!("itemset.{member}")).at(span);
                    self.findings.push(Finding::new(place, flaw));
                }
                None
            }
        }
    }

    /// Compiles the expressions in the labels of choices; a name that the form does not have stays as it is there.
    fn choice_texts(&mut self, row: &Question, choices: &[Choice]) {
        for (_, text) in choices.iter().filter_map(|choice| choice.label.as_ref()).flat_map(Text::all) {
            for source in names_in(text).filter(|source| !is_name(source)) {
                self.output(row, "list", source);
            }
        }
    }

    /// Compiles an expression in a text, once for each row.
    fn output(&mut self, row: &Question, member: &str, source: &str) {
        let key = (row.row, source.to_owned());
        if !self.program.outputs.contains_key(&key)
            && let Some(expression) = self.compile(row, member, Some(source))
        {
            self.program.outputs.insert(key, expression);
        }
    }

    /// Checks that labels and messages name questions that there are, and compiles the expressions in them.
    fn texts(&mut self, row: &Question) {
        let texts = [
            ("label", &row.label),
            ("hint", &row.hint),
            ("guidance_hint", &row.guidance),
            ("required_message", &row.required_message),
            ("constraint_message", &row.constraint_message),
        ];
        for (member, text) in texts {
            for (_, text) in text.all() {
                for name in names_in(text) {
                    if !is_name(name) && !name.contains('#') {
                        self.output(row, member, name);
                    } else if let Err(flaw) = self.scope.named(name) {
                        self.findings.push(Finding::new(Place::member(row.path.as_str(), member), flaw));
                    }
                }
            }
        }
    }

    /// The rows that a `trigger` column names: `${a}, ${b}`.
    fn triggers(&mut self, row: &Question, source: Option<&str>) -> Vec<RowId> {
        let mut triggers = Vec::new();
        for piece in source.unwrap_or("").split([',', ' ']).filter(|piece| !piece.is_empty()) {
            let name = piece.strip_prefix("${").and_then(|name| name.strip_suffix('}')).unwrap_or(piece);
            match self.scope.named(name) {
                Ok(found) => triggers.push(found),
                Err(flaw) => {
                    self.findings.push(Finding::new(Place::member(row.path.as_str(), "trigger"), flaw));
                }
            }
        }
        triggers
    }
}

/// XLSForm writes plain yes and no where an expression may stand.
fn truth(source: Option<&str>) -> Option<&str> {
    let source = source?.trim();
    match source.to_lowercase().as_str() {
        "yes" | "true" | "true()" | "1" | "oui" => Some("true()"),
        "no" | "false" | "false()" | "0" | "non" | "" => None,
        _ => Some(source),
    }
}

/// Puts the logics into the order of evaluation, or reports the cycles.
fn sort(rows: &[Question], program: &mut Program, findings: &mut Vec<Finding>) {
    let reads: Vec<Vec<RowId>> = program.logics.iter().map(|logic| logic.expression.needs()).collect();
    let vertices: Vec<Vertex<'_>> = program
        .logics
        .iter()
        .zip(&reads)
        .map(|(logic, reads)| Vertex { row: logic.row, role: logic.role, reads })
        .collect();
    let path = |row: &RowId| rows.get(row.index()).map(|row| row.path.clone()).unwrap_or_default();
    match graph::order(rows, &vertices) {
        Ok(order) => {
            let mut unsorted: Vec<Option<Logic>> = program.logics.drain(..).map(Some).collect();
            program.logics = order
                .into_iter()
                .filter_map(|index| unsorted.get_mut(index).and_then(Option::take))
                .collect();
        }
        Err(cycles) => findings.extend(cycles.into_iter().map(|cycle| {
            let place = Place::row(cycle.first().map(path).unwrap_or_default());
            Finding::new(place, Flaw::Cycle { path: cycle.iter().map(path).collect() })
        })),
    }
}

/// Notes for each row who reads it and what decides about it.
fn index(rows: usize, program: &mut Program) {
    program.readers = vec![Vec::new(); rows];
    program.deciders = vec![Vec::new(); rows];
    for (rank, logic) in program.logics.iter().enumerate() {
        if let Some(deciders) = program.deciders.get_mut(logic.row.index()) {
            deciders.push(rank);
        }
        for read in logic.expression.reads() {
            if let Some(readers) = program.readers.get_mut(read.row.index()) {
                readers.push(Reader { rank, reach: read.reach });
            }
        }
    }
    for readers in &mut program.readers {
        readers.sort_unstable();
        readers.dedup();
    }
}
