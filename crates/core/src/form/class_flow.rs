//! Whether what a form reads may flow to where it is read: an expression, a label or a filter of a freer class must
//! not read an answer of a stricter one, since from what it shows or computes the answer could be told.

use std::collections::BTreeSet;

use crate::class::ClassId;
use crate::text::Text;

use super::Form;
use super::expression::Expression;
use super::finding::{Finding, Flaw, Place};
use super::graph::Role;
use super::kind::Kind;
use super::question::{Question, RowId};

/// Every place where a freer class reads a stricter one. `flows(from, to)` says whether what is of class `from` may
/// be read into class `to`; it must hold for a class and itself.
pub fn check_flow(form: &Form, flows: impl Fn(&str, &str) -> bool) -> Vec<Finding> {
    let mut checker = Checker { form, flows, findings: Vec::new() };
    for logic in &form.program().logics {
        let member = match logic.role {
            Role::Calculate => "calculation",
            Role::Relevant => "relevant",
            Role::Readonly => "readonly",
            Role::Required => "required",
        };
        checker.expression(logic.row, member, &logic.expression);
    }
    for (row, asked) in form.rows().zip(&form.program().asked) {
        let expressions = [
            ("constraint", &asked.constraint),
            ("choice_filter", &asked.filter),
            ("default", &asked.default),
            ("repeat_count", &asked.count),
            ("calculation", &asked.triggered),
        ];
        for (member, expression) in expressions {
            if let Some(expression) = expression {
                checker.expression(row.row, member, expression);
            }
        }
        if let Some(itemset) = &asked.itemset {
            checker.expression(row.row, "itemset", &itemset.nodes);
            itemset.reads.iter().for_each(|read| checker.read(row, "itemset", read.row));
        }
        checker.texts(row);
    }
    checker.outputs();
    checker.actions();
    let mut findings = checker.findings;
    findings.sort_by(|one, other| one.place.path.cmp(&other.place.path));
    findings.dedup();
    findings
}

struct Checker<'a, F> {
    form: &'a Form,
    flows: F,
    findings: Vec<Finding>,
}

impl<F: Fn(&str, &str) -> bool> Checker<'_, F> {
    fn expression(&mut self, row: RowId, member: &str, expression: &Expression) {
        let Some(row) = self.form.row(row) else { return };
        for read in expression.rows() {
            self.read(row, member, read);
        }
    }

    /// The expressions in texts. One that looks a text up by its identity may find any.
    fn outputs(&mut self) {
        let form = self.form;
        for ((row, _), expression) in &form.program().outputs {
            self.expression(*row, "label", expression);
            let Some(row) = form.row(*row).filter(|_| expression.calls("jr:itext")) else { continue };
            for text in form.document().texts.values() {
                self.text(row, "label", text);
            }
        }
    }

    /// What an action sets shows what its value reads.
    fn actions(&mut self) {
        for action in &self.form.program().actions {
            self.expression(action.aim, "actions", &action.target);
            if let Some(value) = &action.value {
                self.expression(action.aim, "actions", value);
            }
        }
    }

    fn texts(&mut self, row: &Question) {
        let texts = [
            ("label", &row.label),
            ("hint", &row.hint),
            ("guidance_hint", &row.guidance),
            ("required_message", &row.required_message),
            ("constraint_message", &row.constraint_message),
        ];
        for (member, text) in texts {
            self.text(row, member, text);
        }
        for choice in row.list.as_deref().and_then(|list| self.form.choices(list)).unwrap_or(&[]) {
            if let Some(label) = &choice.label {
                self.text(row, "list", label);
            }
        }
    }

    fn text(&mut self, row: &Question, member: &str, text: &Text) {
        for (_, text) in text.all() {
            for name in names_in(text) {
                for read in self.form.rows_named(name) {
                    self.read(row, member, *read);
                }
            }
        }
    }

    fn read(&mut self, row: &Question, member: &str, read: RowId) {
        // Whether a group has answers is no answer; a repeat's items are.
        let Some(read) = self.form.row(read).filter(|read| read.kind != Kind::Group) else { return };
        for class in self.classes_of(row) {
            if !(self.flows)(read.class.as_str(), class.as_str()) {
                let flaw = Flaw::ClassFlow {
                    class: class.as_str().to_owned(),
                    reads: read.path.clone(),
                    stricter: read.class.as_str().to_owned(),
                };
                self.findings.push(Finding::new(Place::member(row.path.as_str(), member), flaw));
            }
        }
    }

    /// The classes that what is said of a row shows in: of a section those of all that it holds.
    fn classes_of(&self, row: &Question) -> BTreeSet<ClassId> {
        let mut classes = BTreeSet::new();
        let mut ahead = vec![row.row];
        while let Some(row) = ahead.pop().and_then(|row| self.form.row(row)) {
            if row.kind != Kind::Group {
                classes.insert(row.class.clone());
            }
            ahead.extend(&row.children);
        }
        classes
    }
}

/// The names in `${…}` of a text.
pub(super) fn names_in(text: &str) -> impl Iterator<Item = &str> {
    text.split("${").skip(1).filter_map(|piece| piece.split_once('}')).map(|(name, _)| {
        let name = name.trim();
        name.strip_prefix("last-saved#").unwrap_or(name)
    })
}
