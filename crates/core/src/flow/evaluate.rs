//! Evaluating one expression at one node of a filling.

use std::cell::{Cell, RefCell};

use sha2::{Digest, Sha256};
use teranga_expr::{Context, EvalError, EvalErrorKind, Expr, Instance as _, Value as XValue, evaluate};

use crate::form::Expression;

use super::Filling;
use super::instance::NodeId;
use super::outcome::{Outcome, day, moment};
use super::view::{Place, View};

/// The randomness of one evaluation (`random()`, `uuid()`): SHA-256 of the filling's seed, the number of the
/// evaluation and a counter, so that a filling replays.
struct Dice {
    seed: [u8; 32],
    evaluation: u64,
    rolled: u64,
}

impl Dice {
    fn fill(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(32) {
            self.rolled += 1;
            let hash = Sha256::new().chain_update(self.seed).chain_update(self.evaluation.to_be_bytes());
            let block = hash.chain_update(self.rolled.to_be_bytes()).finalize();
            for (byte, random) in chunk.iter_mut().zip(block) {
                *byte = random;
            }
        }
    }
}

/// How deep an evaluation stands in others: labels of choices may be asked for by what computes the choices.
struct Depth<'a>(&'a Cell<u32>);

/// Deeper than any form needs.
const DEPTH_MAX: u32 = 8;

impl<'a> Depth<'a> {
    fn enter(depth: &'a Cell<u32>) -> Result<Self, EvalError> {
        if depth.get() >= DEPTH_MAX {
            return Err(EvalErrorKind::TooMuchWork.into());
        }
        depth.set(depth.get() + 1);
        Ok(Self(depth))
    }
}

impl Drop for Depth<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get().saturating_sub(1));
    }
}

fn outcome(view: &View<'_>, value: XValue<Place>) -> Outcome {
    match value {
        XValue::Nodes(nodes) => {
            Outcome::Text(nodes.first().map(|place| view.text(*place)).unwrap_or_default())
        }
        XValue::Number(number) => Outcome::Number(number),
        XValue::Text(text) => Outcome::Text(text),
        XValue::Boolean(yes) => Outcome::Truth(yes),
        XValue::Date(date) => {
            let text = if date.has_time { moment(date.days, date.offset_minutes) } else { day(date.days) };
            Outcome::Text(text.unwrap_or_default())
        }
    }
}

impl Filling {
    /// The number of the next evaluation.
    fn next(&self) -> u64 {
        let evaluation = self.evaluations.get().wrapping_add(1);
        self.evaluations.set(evaluation);
        evaluation
    }

    /// What expressions see, looked at from a node.
    pub(super) fn view(&self, node: NodeId) -> View<'_> {
        View {
            filling: self,
            form: &self.form,
            instance: &self.instance,
            tables: &self.tables,
            context: &self.context,
            row: self.row_of(node),
            node,
        }
    }

    /// Evaluates an expression at a node.
    pub(super) fn evaluate(&self, expression: &Expression, node: NodeId) -> Result<Outcome, EvalError> {
        let view = self.view(node);
        let value = self.evaluate_in(&view, expression.expr(), view.place(node), self.next())?;
        Ok(outcome(&view, value))
    }

    /// Evaluates an expression at a place that a node's nodeset gave, as text.
    pub(super) fn text_at(&self, expr: &Expr, node: NodeId, place: Place) -> Result<String, EvalError> {
        let view = self.view(node);
        let value = self.evaluate_in(&view, expr, place, self.next())?;
        Ok(outcome(&view, value).text())
    }

    /// Evaluates an expression that gives nodes: those of a choice filter.
    pub(super) fn evaluate_nodes(
        &self,
        expression: &Expression,
        node: NodeId,
    ) -> Result<Vec<Place>, EvalError> {
        let view = self.view(node);
        // Choices must not come in another order each time they are looked at.
        let own = u64::MAX - u64::from(node.number());
        Ok(match self.evaluate_in(&view, expression.expr(), view.place(node), own)? {
            XValue::Nodes(nodes) => nodes,
            XValue::Number(_) | XValue::Text(_) | XValue::Boolean(_) | XValue::Date(_) => Vec::new(),
        })
    }

    fn evaluate_in(
        &self,
        view: &View<'_>,
        expr: &Expr,
        place: Place,
        evaluation: u64,
    ) -> Result<XValue<Place>, EvalError> {
        let _depth = Depth::enter(&self.depth)?;
        let mut dice = Dice { seed: self.context.seed, evaluation, rolled: 0 };
        let random = RefCell::new(move |bytes: &mut [u8]| dice.fill(bytes));
        let context = Context {
            instance: view,
            form: view,
            node: place,
            now_ms: self.context.now.0,
            offset_minutes: self.context.offset_minutes,
            random: &random,
        };
        evaluate(expr, &context)
    }
}
