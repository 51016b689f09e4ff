//! Values as Automerge scalars. A kind of no answer is bytes, which no question's answer uses, so that it can never
//! be confused with a text that somebody typed.

use automerge::{ScalarValue, ScalarValueRef};
use teranga_core::value::{NoAnswer, Value};

/// A value as it is written.
pub(crate) fn write(value: &Value) -> ScalarValue {
    match value {
        Value::Cleared => ScalarValue::Null,
        Value::Bool(yes) => ScalarValue::Boolean(*yes),
        Value::Int(number) => ScalarValue::Int(*number),
        Value::Decimal(number) => ScalarValue::F64(*number),
        Value::Text(text) => ScalarValue::Str(text.as_str().into()),
        Value::NoAnswer(kind) => ScalarValue::Bytes(kind.code().as_bytes().to_vec()),
    }
}

/// A scalar as it is read; `None` for what no version of ours writes.
pub(crate) fn read(scalar: &ScalarValueRef<'_>) -> Option<Value> {
    match scalar {
        ScalarValueRef::Null => Some(Value::Cleared),
        ScalarValueRef::Boolean(yes) => Some(Value::Bool(*yes)),
        ScalarValueRef::Int(number) => Some(Value::Int(*number)),
        ScalarValueRef::F64(number) => number.is_finite().then_some(Value::Decimal(*number)),
        ScalarValueRef::Str(text) => Some(Value::text(text.as_ref())),
        ScalarValueRef::Bytes(bytes) => no_answer(bytes),
        ScalarValueRef::Uint(_)
        | ScalarValueRef::Counter(_)
        | ScalarValueRef::Timestamp(_)
        | ScalarValueRef::Unknown { .. } => None,
    }
}

/// A scalar that was read out of its document.
pub(crate) fn read_owned(scalar: &ScalarValue) -> Option<Value> {
    match scalar {
        ScalarValue::Null => Some(Value::Cleared),
        ScalarValue::Boolean(yes) => Some(Value::Bool(*yes)),
        ScalarValue::Int(number) => Some(Value::Int(*number)),
        ScalarValue::F64(number) => number.is_finite().then_some(Value::Decimal(*number)),
        ScalarValue::Str(text) => Some(Value::text(text.as_str())),
        ScalarValue::Bytes(bytes) => no_answer(bytes),
        ScalarValue::Uint(_)
        | ScalarValue::Counter(_)
        | ScalarValue::Timestamp(_)
        | ScalarValue::Unknown { .. } => None,
    }
}

fn no_answer(bytes: &[u8]) -> Option<Value> {
    NoAnswer::from_code(std::str::from_utf8(bytes).ok()?).map(Value::NoAnswer)
}

/// What makes a value distinct from another, as a key that sorts: equal exactly where the values are.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Identity {
    Cleared,
    Bool(bool),
    Int(i64),
    Decimal(u64),
    Text(String),
    NoAnswer(NoAnswer),
}

/// The identity of a value.
pub(crate) fn identity(value: &Value) -> Identity {
    match value {
        Value::Cleared => Identity::Cleared,
        Value::Bool(yes) => Identity::Bool(*yes),
        Value::Int(number) => Identity::Int(*number),
        // Adding zero makes the two zeros one; other numbers stay as they are.
        Value::Decimal(number) => Identity::Decimal((number + 0.0).to_bits()),
        Value::Text(text) => Identity::Text(text.clone()),
        Value::NoAnswer(kind) => Identity::NoAnswer(*kind),
    }
}
