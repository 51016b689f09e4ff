//! Evaluation, within a bound of work.

use std::cell::{Cell, RefCell};

use crate::compare;
use crate::error::{EvalError, EvalErrorKind};
use crate::functions;
use crate::instance::{Form, Instance};
use crate::paths;
use crate::tree::{Expr, Node, Operator};
use crate::value::{DateValue, Value, number_text, text_number};

/// Steps of one evaluation: a thousand times what the largest form needs for one expression.
const STEPS_MAX: u64 = 20_000_000;

/// Fills bytes with randomness.
pub(crate) type Draw<'a> = dyn FnMut(&mut [u8]) + 'a;

/// What an evaluation is given besides the expression.
pub struct Context<'a, I: Instance> {
    /// The tree.
    pub instance: &'a I,
    /// The form around.
    pub form: &'a dyn Form<I::Node>,
    /// The node at which the expression stands.
    pub node: I::Node,
    /// The moment, in milliseconds since 1970-01-01T00:00:00Z.
    pub now_ms: i64,
    /// The offset of the device's wall clock from UTC, in minutes.
    pub offset_minutes: i32,
    /// Randomness.
    pub random: &'a RefCell<Draw<'a>>,
}

/// The value of an expression.
pub fn evaluate<I: Instance>(expr: &Expr, context: &Context<'_, I>) -> Result<Value<I::Node>, EvalError> {
    let run = Run { context, steps: Cell::new(STEPS_MAX) };
    run.node(&expr.root, &Focus { node: context.node, position: 1, size: 1 })
}

/// Where within a predicate an expression stands.
#[derive(Clone, Copy)]
pub(crate) struct Focus<N> {
    pub(crate) node: N,
    pub(crate) position: usize,
    pub(crate) size: usize,
}

pub(crate) struct Run<'a, 'c, I: Instance> {
    pub(crate) context: &'a Context<'c, I>,
    steps: Cell<u64>,
}

pub(crate) type Evaluated<T> = Result<T, EvalError>;

impl<I: Instance> Run<'_, '_, I> {
    /// Counts work done; an error once there was too much.
    pub(crate) fn work(&self, steps: usize) -> Evaluated<()> {
        let left = self.steps.get().checked_sub(steps as u64 + 1).ok_or(EvalErrorKind::TooMuchWork)?;
        self.steps.set(left);
        Ok(())
    }

    pub(crate) fn node(&self, node: &Node, focus: &Focus<I::Node>) -> Evaluated<Value<I::Node>> {
        self.work(0)?;
        match node {
            Node::Number(number) => Ok(Value::Number(*number)),
            Node::Text(text) => Ok(Value::Text(text.clone())),
            Node::Reference(name, _) => Err(EvalErrorKind::Reference(name.clone()).into()),
            Node::Negate(inner) => {
                let value = self.node(inner, focus)?;
                Ok(Value::Number(-self.number(&value)))
            }
            Node::Binary(operator, left, right) => self.binary(*operator, left, right, focus),
            Node::Call(name, arguments) => functions::call(self, name, arguments, focus),
            Node::Path(path) => paths::evaluate(self, path, focus).map(Value::Nodes),
        }
    }

    fn binary(
        &self,
        operator: Operator,
        left: &Node,
        right: &Node,
        focus: &Focus<I::Node>,
    ) -> Evaluated<Value<I::Node>> {
        let left = self.node(left, focus)?;
        match (operator, truth(&left)) {
            (Operator::Or, true) => return Ok(Value::Boolean(true)),
            (Operator::And, false) => return Ok(Value::Boolean(false)),
            _ => {}
        }
        let right = self.node(right, focus)?;
        let arithmetic =
            |apply: fn(f64, f64) -> f64| Value::Number(apply(self.number(&left), self.number(&right)));
        Ok(match operator {
            Operator::Or | Operator::And => Value::Boolean(truth(&right)),
            Operator::Add => arithmetic(|a, b| a + b),
            Operator::Subtract => arithmetic(|a, b| a - b),
            Operator::Multiply => arithmetic(|a, b| a * b),
            Operator::Divide => arithmetic(|a, b| a / b),
            Operator::Modulo => arithmetic(|a, b| a % b),
            Operator::Union => {
                let (Value::Nodes(mut all), Value::Nodes(more)) = (left, right) else {
                    return Err(EvalErrorKind::Type("a union needs nodes on both sides").into());
                };
                all.extend(more);
                all.sort_unstable();
                all.dedup();
                Value::Nodes(all)
            }
            comparison => Value::Boolean(compare::compare(self, comparison, &left, &right)?),
        })
    }

    /// The value as a text.
    pub(crate) fn text(&self, value: &Value<I::Node>) -> String {
        match value {
            Value::Nodes(nodes) => {
                nodes.first().map_or_else(String::new, |node| self.context.instance.text(*node))
            }
            Value::Number(number) => number_text(*number),
            Value::Text(text) => text.clone(),
            Value::Boolean(yes) => yes.to_string(),
            Value::Date(date) => functions::date_text(*date),
        }
    }

    /// The value as a number.
    pub(crate) fn number(&self, value: &Value<I::Node>) -> f64 {
        match value {
            Value::Number(number) => *number,
            Value::Boolean(yes) => f64::from(u8::from(*yes)),
            Value::Date(date) => days(*date),
            Value::Nodes(_) | Value::Text(_) => {
                let text = self.text(value);
                let number = text_number(&text);
                if number.is_nan() {
                    functions::parse_date(&text, self.context.offset_minutes).map_or(number, days)
                } else {
                    number
                }
            }
        }
    }
}

/// A value as yes or no.
pub(crate) fn truth<N>(value: &Value<N>) -> bool {
    match value {
        Value::Nodes(nodes) => !nodes.is_empty(),
        Value::Number(number) => *number != 0.0 && !number.is_nan(),
        Value::Text(text) => !text.is_empty(),
        Value::Boolean(yes) => *yes,
        Value::Date(_) => true,
    }
}

/// A date as a number: days since 1970-01-01; of a moment in UTC, with its fraction.
fn days(date: DateValue) -> f64 {
    if date.has_time { date.days - f64::from(date.offset_minutes) / 1_440.0 } else { date.days }
}
