//! Functions over numbers.

use super::Call;
use crate::error::EvalError;
use crate::instance::Instance;
use crate::value::number_text;

#[derive(Debug, Clone, Copy)]
pub(super) enum Numbers {
    Max,
    Min,
    Number,
    Pi,
    Random,
    Round,
    Sum,
}

/// More decimal places than this, to either side, have no meaning: Collect gives NaN.
const PLACES_MAX: f64 = 30.0;

pub(super) fn call<I: Instance>(call: &Call<'_, '_, '_, I>, function: Numbers) -> Result<f64, EvalError> {
    match function {
        Numbers::Number => call.number(0),
        Numbers::Pi => Ok(std::f64::consts::PI),
        Numbers::Sum => sum(call),
        Numbers::Min => extreme(call, f64::min),
        Numbers::Max => extreme(call, f64::max),
        Numbers::Round => round(call),
        Numbers::Random => Ok(random(call)),
    }
}

/// The sum over nodes; those that are no number count for nothing, as in Collect.
fn sum<I: Instance>(call: &Call<'_, '_, '_, I>) -> Result<f64, EvalError> {
    call.nodes(0)?;
    Ok(numbers(call)?.into_iter().sum())
}

/// The least or greatest of all that is a number; NaN where nothing is.
fn extreme<I: Instance>(call: &Call<'_, '_, '_, I>, choose: fn(f64, f64) -> f64) -> Result<f64, EvalError> {
    Ok(numbers(call)?.into_iter().reduce(choose).unwrap_or(f64::NAN))
}

fn numbers<I: Instance>(call: &Call<'_, '_, '_, I>) -> Result<Vec<f64>, EvalError> {
    let numbers = call.all_values(0)?.into_iter().map(|value| call.run.number(&value));
    Ok(numbers.filter(|number| !number.is_nan()).collect())
}

/// To decimal places: a half goes up. For negative places, tens and hundreds, it goes as it does in Collect: a half
/// is added and the rest is cut off, below zero too.
fn round<I: Instance>(call: &Call<'_, '_, '_, I>) -> Result<f64, EvalError> {
    let number = call.number(0)?;
    let places = if call.arguments.len() > 1 { call.number(1)?.trunc() } else { 0.0 };
    if !number.is_finite() {
        return Ok(number);
    }
    if places == 0.0 || places.is_nan() {
        return Ok((number + 0.5).floor());
    }
    if places.abs() > PLACES_MAX {
        return Ok(f64::NAN);
    }
    // Decimal digits, not binary ones: 2.675 has three of them, and rounds as people do.
    #[expect(clippy::cast_possible_truncation, reason = "at most thirty")]
    let shift = places as i32;
    let shifted: f64 = format!("{number}e{shift}").parse().unwrap_or(number);
    let whole = if shift > 0 { (shifted + 0.5).floor() } else { (shifted + 0.5).trunc() };
    Ok(format!("{}e{}", number_text(whole), -shift).parse().unwrap_or(number))
}

/// From 0 to below 1, with 53 random bits.
fn random<I: Instance>(call: &Call<'_, '_, '_, I>) -> f64 {
    let mut bytes = [0u8; 8];
    (call.run.context.random.borrow_mut())(&mut bytes);
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
    let number = (u64::from_le_bytes(bytes) >> 11) as f64;
    number / 9_007_199_254_740_992.0
}
