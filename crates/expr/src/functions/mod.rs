//! Calls of functions: the arguments are evaluated when a function asks for them.

mod calendar;
mod dates;
mod digests;
mod forms;
mod nodes;
mod numbers;
mod patterns;
mod places;
mod registry;
mod selects;
mod shuffle;
mod symbols;
mod texts;
mod truths;

use crate::error::{EvalError, EvalErrorKind};
use crate::eval::{Focus, Run};
use crate::instance::Instance;
use crate::tree::Node;
use crate::value::Value;

pub(crate) use calendar::{date_text, parse_date};
pub(crate) use patterns::Pattern;
pub(crate) use registry::nearest;
pub use registry::{Callee, Dialect, Function, all, find, runs_in_collect};

/// What a function does.
#[derive(Debug, Clone, Copy)]
enum Body {
    OfNumber(fn(f64) -> f64),
    OfNumbers(fn(f64, f64) -> f64),
    OfTexts(fn(&str, &str) -> bool),
    Days(dates::Days),
    Digests(digests::Digests),
    Forms(forms::Forms),
    Nodes(nodes::Nodes),
    Numbers(numbers::Numbers),
    Places(places::Places),
    Selects(selects::Selects),
    Texts(texts::Texts),
    Truths(truths::Truths),
}

/// A call on its way: the run, the focus and the arguments, evaluated when asked for.
pub(crate) struct Call<'r, 'a, 'c, I: Instance> {
    pub(crate) run: &'r Run<'a, 'c, I>,
    pub(crate) focus: &'r Focus<I::Node>,
    pub(crate) arguments: &'r [Node],
}

type Given<I> = Result<Value<<I as Instance>::Node>, EvalError>;

impl<I: Instance> Call<'_, '_, '_, I> {
    pub(crate) fn value(&self, index: usize) -> Given<I> {
        let argument = self.arguments.get(index).ok_or(EvalErrorKind::Type("an argument is missing"))?;
        self.run.node(argument, self.focus)
    }

    pub(crate) fn text(&self, index: usize) -> Result<String, EvalError> {
        let text = self.run.owned_text(self.value(index)?);
        self.run.reads(&text)?;
        Ok(text)
    }

    pub(crate) fn number(&self, index: usize) -> Result<f64, EvalError> {
        Ok(self.run.number(&self.value(index)?))
    }

    pub(crate) fn boolean(&self, index: usize) -> Result<bool, EvalError> {
        Ok(self.run.truth(&self.value(index)?))
    }

    pub(crate) fn nodes(&self, index: usize) -> Result<Vec<I::Node>, EvalError> {
        match self.value(index)? {
            Value::Nodes(nodes) => Ok(nodes),
            _ => Err(EvalErrorKind::Type("nodes are needed here").into()),
        }
    }

    /// The first argument's text, or the context node's where there is no argument.
    pub(crate) fn text_or_context(&self) -> Result<String, EvalError> {
        if self.arguments.is_empty() {
            Ok(self.run.context.instance.text(self.focus.node))
        } else {
            self.text(0)
        }
    }

    /// The values of the arguments from `from` on; sets of nodes give the text of each node.
    pub(crate) fn all_values(&self, from: usize) -> Result<Vec<Value<I::Node>>, EvalError> {
        let mut values = Vec::new();
        for index in from..self.arguments.len() {
            match self.value(index)? {
                Value::Nodes(nodes) => {
                    self.run.work(nodes.len())?;
                    values.extend(nodes.into_iter().map(|node| self.run.text_of(node)));
                }
                other => values.push(other),
            }
        }
        Ok(values)
    }
}

/// Calls a function.
pub(crate) fn call<I: Instance>(
    run: &Run<'_, '_, I>,
    callee: &Callee,
    arguments: &[Node],
    focus: &Focus<I::Node>,
) -> Given<I> {
    let function = callee.function().filter(|function| function.takes(arguments.len()));
    let unknown = || EvalErrorKind::Function(callee.as_str().to_owned(), arguments.len());
    let call = Call { run, focus, arguments };
    match function.ok_or_else(unknown)?.body {
        Body::OfNumber(apply) => Ok(Value::Number(apply(call.number(0)?))),
        Body::OfNumbers(apply) => Ok(Value::Number(apply(call.number(0)?, call.number(1)?))),
        Body::OfTexts(holds) => Ok(Value::Boolean(holds(&call.text(0)?, &call.text(1)?))),
        Body::Days(function) => dates::call(&call, function),
        Body::Digests(function) => digests::call(&call, function).map(Value::Text),
        Body::Forms(function) => forms::call(&call, function).map(Value::Text),
        Body::Nodes(function) => nodes::call(&call, function),
        Body::Numbers(function) => numbers::call(&call, function).map(Value::Number),
        Body::Places(function) => places::call(&call, function),
        Body::Selects(function) => selects::call(&call, function),
        Body::Texts(function) => texts::call(&call, function),
        Body::Truths(function) => truths::call(&call, function),
    }
}

/// A count as a number.
#[expect(clippy::cast_precision_loss, reason = "counts of nodes and letters are far below 2^52")]
fn counted<N>(count: usize) -> Value<N> {
    Value::Number(count as f64)
}
