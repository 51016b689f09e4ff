//! Conditions: expressions over a form that stand outside it, in an alert or a release, compiled once like its own.

use super::Form;
use super::expression::{Expression, Scope};
use super::finding::{Finding, Place};
use super::question::{Question, RowId};
use super::reference::FormRef;

/// An expression that is evaluated over the whole of a filling.
#[derive(Debug, Clone)]
pub struct Condition {
    form: FormRef,
    expression: Expression,
}

impl Form {
    /// Compiles a condition. `owner` is what findings name as its place: an alert, a release.
    pub fn condition(&self, owner: &str, source: &str) -> Result<Condition, Vec<Finding>> {
        let Some(root) = self.row(RowId::ROOT) else { return Err(Vec::new()) };
        let scope = Scope::new(&self.rows, &self.names);
        let expression = Expression::compile(&scope, root, source).map_err(|flaws| {
            let finding = |(flaw, span)| Finding::new(Place::member(owner, "when").at(span), flaw);
            flaws.into_iter().map(finding).collect::<Vec<_>>()
        })?;
        Ok(Condition { form: self.reference(), expression })
    }
}

impl Condition {
    /// The version of the form that it was compiled for.
    pub(crate) fn form(&self) -> &FormRef {
        &self.form
    }

    /// What is evaluated.
    pub(crate) fn expression(&self) -> &Expression {
        &self.expression
    }

    /// The questions that it reads of the form that it was compiled for.
    pub fn reads<'a>(&self, form: &'a Form) -> Vec<&'a Question> {
        self.expression.rows().into_iter().filter_map(|row| form.row(row)).collect()
    }
}
