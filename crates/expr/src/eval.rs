//! Evaluation, within a bound of work.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

use crate::compare;
use crate::error::{EvalError, EvalErrorKind};
use crate::functions::{self, Pattern};
use crate::instance::{Form, Instance};
use crate::paths;
use crate::tree::{Expr, Node, Operator};
use crate::value::{NEAR, Value, number_text, text_number};

/// Steps of one evaluation: a thousand times what the largest form needs for one expression.
const STEPS_MAX: u64 = 20_000_000;
/// So many bytes of text are read in one step.
const STEP_BYTES: usize = 64;

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
    let run = Run { context, steps: Cell::new(STEPS_MAX), pattern: RefCell::new(None) };
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
    /// The pattern that was matched last: a predicate asks for one at every node.
    pattern: RefCell<Option<Rc<Pattern>>>,
}

pub(crate) type Evaluated<T> = Result<T, EvalError>;

impl<I: Instance> Run<'_, '_, I> {
    /// Counts work done; an error once there was too much.
    pub(crate) fn work(&self, steps: usize) -> Evaluated<()> {
        let steps = (steps as u64).saturating_add(1);
        let left = self.steps.get().checked_sub(steps).ok_or(EvalErrorKind::TooMuchWork)?;
        self.steps.set(left);
        Ok(())
    }

    /// Counts the reading of a text as work.
    pub(crate) fn reads(&self, text: &str) -> Evaluated<()> {
        self.work(text.len() / STEP_BYTES)
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
            Node::Call(callee, arguments) => functions::call(self, callee, arguments, focus),
            Node::Path(path) => paths::evaluate(self, path, focus).map(Value::Nodes),
        }
    }

    /// A chain of operators is as deep as it is long: its left sides are a loop, not calls within calls.
    fn binary(
        &self,
        operator: Operator,
        left: &Node,
        right: &Node,
        focus: &Focus<I::Node>,
    ) -> Evaluated<Value<I::Node>> {
        let mut first = left;
        let mut later = Vec::new();
        while let Node::Binary(operator, left, right) = first {
            later.push((*operator, &**right));
            first = left;
        }
        let mut value = self.node(first, focus)?;
        for (operator, right) in later.into_iter().rev() {
            self.work(0)?;
            value = self.apply(operator, value, right, focus)?;
        }
        self.apply(operator, value, right, focus)
    }

    fn apply(
        &self,
        operator: Operator,
        left: Value<I::Node>,
        right: &Node,
        focus: &Focus<I::Node>,
    ) -> Evaluated<Value<I::Node>> {
        if matches!(operator, Operator::Or | Operator::And) {
            // What the left side decides, the right is not asked.
            let decided = self.truth(&left) == (operator == Operator::Or);
            let yes = if decided { operator == Operator::Or } else { self.truth(&self.node(right, focus)?) };
            return Ok(Value::Boolean(yes));
        }
        let right = self.node(right, focus)?;
        let calculate: fn(f64, f64) -> f64 = match operator {
            Operator::Add => |left, right| left + right,
            Operator::Subtract => |left, right| left - right,
            Operator::Multiply => |left, right| left * right,
            Operator::Divide => |left, right| left / right,
            Operator::Modulo => |left, right| left % right,
            Operator::Union => return self.union(left, right),
            comparison => return compare::compare(self, comparison, &left, &right).map(Value::Boolean),
        };
        Ok(Value::Number(calculate(self.number(&left), self.number(&right))))
    }

    fn union(&self, left: Value<I::Node>, right: Value<I::Node>) -> Evaluated<Value<I::Node>> {
        let (Value::Nodes(mut all), Value::Nodes(more)) = (left, right) else {
            return Err(EvalErrorKind::Type("a union needs nodes on both sides").into());
        };
        self.work(all.len() + more.len())?;
        all.extend(more);
        all.sort_unstable();
        all.dedup();
        Ok(Value::Nodes(all))
    }

    /// Whether a pattern matches the whole of a text.
    pub(crate) fn matches(&self, text: &str, pattern: &str) -> Evaluated<bool> {
        self.work(text.len())?;
        let mut last = self.pattern.borrow_mut();
        match &mut *last {
            Some(known) if known.source() == pattern => Ok(known.matches(text)?),
            other => {
                // As much work where it was kept: whether an expression ends does not depend on what was asked before.
                self.work(pattern.len() * STEP_BYTES)?;
                Ok(other.insert(Pattern::of(pattern)?).matches(text)?)
            }
        }
    }

    /// The text of a node, as a value.
    pub(crate) fn text_of(&self, node: I::Node) -> Value<I::Node> {
        Value::Text(self.context.instance.text(node))
    }

    /// The value as a text: of nodes, the first one's.
    pub(crate) fn text<'v>(&self, value: &'v Value<I::Node>) -> Cow<'v, str> {
        match value {
            Value::Nodes(nodes) => {
                Cow::Owned(nodes.first().map_or_else(String::new, |node| self.context.instance.text(*node)))
            }
            Value::Number(number) => Cow::Owned(number_text(*number)),
            Value::Text(text) => Cow::Borrowed(text),
            Value::Boolean(yes) => Cow::Borrowed(if *yes { "true" } else { "false" }),
            Value::Date(date) => Cow::Owned(functions::date_text(*date)),
        }
    }

    /// The value made a text.
    pub(crate) fn owned_text(&self, value: Value<I::Node>) -> String {
        match value {
            Value::Text(text) => text,
            other => self.text(&other).into_owned(),
        }
    }

    /// The value as a number; a date, and a text that is one, as the day since 1970-01-01.
    pub(crate) fn number(&self, value: &Value<I::Node>) -> f64 {
        match value {
            Value::Number(number) => *number,
            Value::Boolean(yes) => f64::from(u8::from(*yes)),
            Value::Date(date) => date.days.floor(),
            Value::Nodes(_) | Value::Text(_) => {
                let text = self.text(value);
                let number = text_number(&text);
                if !number.is_nan() || text.is_empty() {
                    return number;
                }
                let date = functions::parse_date(&text, self.context.offset_minutes);
                date.map_or(number, |date| date.days.floor())
            }
        }
    }

    /// The value as yes or no. As in Collect one node counts by its text; several are there, which is yes.
    pub(crate) fn truth(&self, value: &Value<I::Node>) -> bool {
        match value {
            Value::Nodes(nodes) => match nodes.as_slice() {
                [node] => !self.context.instance.text(*node).is_empty(),
                nodes => !nodes.is_empty(),
            },
            Value::Number(number) => number.abs() > NEAR,
            Value::Text(text) => !text.is_empty(),
            Value::Boolean(yes) => *yes,
            Value::Date(_) => true,
        }
    }
}
