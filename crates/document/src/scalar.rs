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
        ScalarValueRef::Bytes(bytes) => {
            NoAnswer::from_code(std::str::from_utf8(bytes).ok()?).map(Value::NoAnswer)
        }
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
        ScalarValue::Bytes(bytes) => {
            NoAnswer::from_code(std::str::from_utf8(bytes).ok()?).map(Value::NoAnswer)
        }
        ScalarValue::Uint(_)
        | ScalarValue::Counter(_)
        | ScalarValue::Timestamp(_)
        | ScalarValue::Unknown { .. } => None,
    }
}
