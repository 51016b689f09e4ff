//! Functions of truth, and those that choose between values.

use super::{Call, Given};
use crate::error::EvalError;
use crate::instance::Instance;
use crate::value::Value;

#[derive(Debug, Clone, Copy)]
pub(super) enum Truths {
    Boolean,
    BooleanFromString,
    Coalesce,
    Depend,
    False,
    If,
    Not,
    Once,
    True,
}

pub(super) fn call<I: Instance>(call: &Call<'_, '_, '_, I>, function: Truths) -> Given<I> {
    match function {
        Truths::True => Ok(Value::Boolean(true)),
        Truths::False => Ok(Value::Boolean(false)),
        Truths::Not => call.boolean(0).map(|yes| Value::Boolean(!yes)),
        Truths::Boolean => call.boolean(0).map(Value::Boolean),
        Truths::BooleanFromString => from_text(call).map(Value::Boolean),
        Truths::If => call.value(if call.boolean(0)? { 1 } else { 2 }),
        Truths::Coalesce => coalesce(call),
        Truths::Once => once(call),
        // All that follow the first are there to be depended on only.
        Truths::Depend => call.value(0),
    }
}

fn from_text<I: Instance>(call: &Call<'_, '_, '_, I>) -> Result<bool, EvalError> {
    let text = call.text(0)?;
    Ok(text == "1" || text.eq_ignore_ascii_case("true"))
}

/// The first value that is neither empty nor NaN; the last one where all are.
fn coalesce<I: Instance>(call: &Call<'_, '_, '_, I>) -> Given<I> {
    let mut value = Value::Text(String::new());
    for index in 0..call.arguments.len() {
        value = call.value(index)?;
        let empty = match &value {
            Value::Number(number) => number.is_nan(),
            other => call.run.text(other).is_empty(),
        };
        if !empty {
            break;
        }
    }
    Ok(value)
}

/// The value that stands already, or the argument where none does.
fn once<I: Instance>(call: &Call<'_, '_, '_, I>) -> Given<I> {
    let node = call.run.context.node;
    if call.run.context.instance.text(node).is_empty() { call.value(0) } else { Ok(Value::Nodes(vec![node])) }
}
