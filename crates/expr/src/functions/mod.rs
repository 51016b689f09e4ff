//! The functions of ODK XPath: one table of names, numbers of arguments and implementations, which the parser, the
//! evaluator and suggestions read.

mod dates;
mod nodes;
mod numbers;
mod selects;
mod texts;

use std::ops::RangeInclusive;

use crate::error::{EvalError, EvalErrorKind};
use crate::eval::{Focus, Run, truth};
use crate::instance::Instance;
use crate::tree::Node;
use crate::value::Value;

pub(crate) use dates::{date_text, parse_date};

const MANY: usize = 1_000;

/// Names with the least and the most arguments.
const ARITIES: &[(&str, usize, usize)] = &[
    ("abs", 1, 1),
    ("acos", 1, 1),
    ("asin", 1, 1),
    ("atan", 1, 1),
    ("atan2", 2, 2),
    ("base64-decode", 1, 1),
    ("boolean", 1, 1),
    ("boolean-from-string", 1, 1),
    ("ceiling", 1, 1),
    ("checklist", 3, MANY),
    ("coalesce", 2, MANY),
    ("concat", 0, MANY),
    ("contains", 2, 2),
    ("cos", 1, 1),
    ("count", 1, 1),
    ("count-non-empty", 1, 1),
    ("count-selected", 1, 1),
    ("current", 0, 0),
    ("date", 1, 1),
    ("date-time", 1, 1),
    ("decimal-date-time", 1, 1),
    ("decimal-time", 1, 1),
    ("digest", 2, 3),
    ("ends-with", 2, 2),
    ("exp", 1, 1),
    ("exp10", 1, 1),
    ("false", 0, 0),
    ("floor", 1, 1),
    ("format-date", 2, 2),
    ("format-date-time", 2, 2),
    ("if", 3, 3),
    ("indexed-repeat", 3, 7),
    ("instance", 1, 1),
    ("int", 1, 1),
    ("join", 1, MANY),
    ("jr:choice-name", 2, 2),
    ("jr:itext", 1, 1),
    ("last", 0, 0),
    ("local-name", 0, 1),
    ("log", 1, 1),
    ("log10", 1, 1),
    ("max", 1, MANY),
    ("min", 1, MANY),
    ("name", 0, 1),
    ("normalize-space", 0, 1),
    ("not", 1, 1),
    ("now", 0, 0),
    ("number", 0, 1),
    ("once", 1, 1),
    ("pi", 0, 0),
    ("position", 0, 1),
    ("pow", 2, 2),
    ("property", 1, 1),
    ("pulldata", 4, 4),
    ("random", 0, 0),
    ("randomize", 1, 2),
    ("regex", 2, 2),
    ("round", 1, 2),
    ("selected", 2, 2),
    ("selected-at", 2, 2),
    ("sin", 1, 1),
    ("sqrt", 1, 1),
    ("starts-with", 2, 2),
    ("string", 0, 1),
    ("string-length", 0, 1),
    ("substr", 2, 3),
    ("substring", 2, 3),
    ("substring-after", 2, 2),
    ("substring-before", 2, 2),
    ("sum", 1, 1),
    ("tan", 1, 1),
    ("today", 0, 0),
    ("translate", 3, 3),
    ("true", 0, 0),
    ("uuid", 0, 1),
    ("version", 0, 0),
    ("weighted-checklist", 4, MANY),
];

/// Functions that this engine runs and ODK Collect does not: a form that uses one breaks there.
pub const NOT_IN_COLLECT: &[&str] = &["ceiling", "floor", "last", "local-name", "name", "substring"];

/// How many arguments a function takes; none for a function that there is not.
pub(crate) fn arity(name: &str) -> Option<RangeInclusive<usize>> {
    let name = canonical(name);
    ARITIES.iter().find(|(known, ..)| *known == name).map(|(_, least, most)| *least..=*most)
}

/// Older spellings.
fn canonical(name: &str) -> &str {
    match name {
        "format_date" => "format-date",
        "format_date_time" => "format-date-time",
        other => other,
    }
}

/// The nearest name, if one is near.
pub(crate) fn nearest(name: &str) -> Option<&'static str> {
    ARITIES
        .iter()
        .map(|(known, ..)| (edits(name, known), *known))
        .min()
        .filter(|(distance, known)| *distance <= 1 + known.len() / 4)
        .map(|(_, known)| known)
}

/// The Levenshtein distance.
fn edits(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (index, symbol) in left.chars().take(64).enumerate() {
        let mut diagonal = index;
        let mut before = index + 1;
        for (cell, other) in row.iter_mut().skip(1).zip(&right) {
            let replaced = diagonal + usize::from(*other != symbol);
            diagonal = *cell;
            *cell = replaced.min(before + 1).min(diagonal + 1);
            before = *cell;
        }
        if let Some(first) = row.first_mut() {
            *first = index + 1;
        }
    }
    row.last().copied().unwrap_or_default()
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
        Ok(self.run.text(&self.value(index)?))
    }

    pub(crate) fn number(&self, index: usize) -> Result<f64, EvalError> {
        Ok(self.run.number(&self.value(index)?))
    }

    pub(crate) fn boolean(&self, index: usize) -> Result<bool, EvalError> {
        Ok(truth(&self.value(index)?))
    }

    pub(crate) fn nodes(&self, index: usize) -> Result<Vec<I::Node>, EvalError> {
        match self.value(index)? {
            Value::Nodes(nodes) => Ok(nodes),
            _ => Err(EvalErrorKind::Type("nodes are needed here").into()),
        }
    }

    /// The argument, or the context node where there is none.
    pub(crate) fn value_or_context(&self) -> Given<I> {
        if self.arguments.is_empty() { Ok(Value::Nodes(vec![self.focus.node])) } else { self.value(0) }
    }

    /// The texts of every argument; sets of nodes give one for each node.
    pub(crate) fn all_texts(&self, from: usize) -> Result<Vec<String>, EvalError> {
        let mut texts = Vec::new();
        for index in from..self.arguments.len() {
            match self.value(index)? {
                Value::Nodes(nodes) => {
                    self.run.work(nodes.len())?;
                    texts.extend(nodes.into_iter().map(|node| self.run.context.instance.text(node)));
                }
                other => texts.push(self.run.text(&other)),
            }
        }
        Ok(texts)
    }

    /// The numbers of every argument; sets of nodes give one for each node that is not empty.
    pub(crate) fn all_numbers(&self) -> Result<Vec<f64>, EvalError> {
        let texts = self.all_texts(0)?;
        let number = |text: String| self.run.number(&Value::Text(text));
        Ok(texts.into_iter().filter(|text| !text.trim().is_empty()).map(number).collect())
    }
}

/// Calls a function whose number of arguments was checked.
pub(crate) fn call<I: Instance>(
    run: &Run<'_, '_, I>,
    name: &str,
    arguments: &[Node],
    focus: &Focus<I::Node>,
) -> Given<I> {
    let call = Call { run, focus, arguments };
    let name = canonical(name);
    nodes::call(&call, name)
        .or_else(|| numbers::call(&call, name))
        .or_else(|| texts::call(&call, name))
        .or_else(|| selects::call(&call, name))
        .or_else(|| dates::call(&call, name))
        .unwrap_or_else(|| Err(EvalErrorKind::NeedsForm("this function").into()))
}
