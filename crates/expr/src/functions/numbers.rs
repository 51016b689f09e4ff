//! Functions over numbers.

use super::{Call, Given};
use crate::error::EvalError;
use crate::instance::Instance;
use crate::value::{Value, number_text};

pub(super) fn call<I: Instance>(call: &Call<'_, '_, '_, I>, name: &str) -> Option<Given<I>> {
    let one = |apply: fn(f64) -> f64| call.number(0).map(apply).map(Value::Number);
    let two = |apply: fn(f64, f64) -> f64| Ok(Value::Number(apply(call.number(0)?, call.number(1)?)));
    Some(match name {
        "number" => call.value_or_context().map(|value| Value::Number(call.run.number(&value))),
        "int" => one(f64::trunc),
        "abs" => one(f64::abs),
        "floor" => one(f64::floor),
        "ceiling" => one(f64::ceil),
        "sqrt" => one(f64::sqrt),
        "exp" => one(f64::exp),
        "exp10" => one(|power| 10f64.powf(power)),
        "log" => one(f64::ln),
        "log10" => one(f64::log10),
        "sin" => one(f64::sin),
        "cos" => one(f64::cos),
        "tan" => one(f64::tan),
        "asin" => one(f64::asin),
        "acos" => one(f64::acos),
        "atan" => one(f64::atan),
        "atan2" => two(f64::atan2),
        "pow" => two(f64::powf),
        "pi" => Ok(Value::Number(std::f64::consts::PI)),
        "sum" => call.all_numbers().map(|numbers| Value::Number(numbers.iter().sum())),
        "min" => extreme(call, f64::min),
        "max" => extreme(call, f64::max),
        "round" => round(call).map(Value::Number),
        "random" => Ok(Value::Number(random(call))),
        _ => return None,
    })
}

/// The least or greatest of all that is not empty; NaN where nothing is.
fn extreme<I: Instance>(call: &Call<'_, '_, '_, I>, choose: fn(f64, f64) -> f64) -> Given<I> {
    let numbers = call.all_numbers()?;
    if numbers.iter().any(|number| number.is_nan()) {
        return Ok(Value::Number(f64::NAN));
    }
    Ok(Value::Number(numbers.into_iter().reduce(choose).unwrap_or(f64::NAN)))
}

/// Half away from zero for positive numbers and towards it for negative ones, as Collect does; to tens and hundreds
/// for negative places.
fn round<I: Instance>(call: &Call<'_, '_, '_, I>) -> Result<f64, EvalError> {
    let number = call.number(0)?;
    let places = if call.arguments.len() > 1 { call.number(1)? } else { 0.0 };
    if !number.is_finite() || places.is_nan() {
        return Ok(number);
    }
    let places = places.trunc().clamp(-30.0, 30.0);
    if places == 0.0 {
        return Ok((number + 0.5).floor());
    }
    // Decimal digits, not binary ones: 2.675 has three of them, and rounds as people do.
    #[expect(clippy::cast_possible_truncation, reason = "clamped to thirty")]
    let shift = places as i32;
    let shifted: f64 = format!("{}e{shift}", number_text(number)).parse().unwrap_or(number);
    Ok(format!("{}e{}", number_text((shifted + 0.5).floor()), -shift).parse().unwrap_or(number))
}

/// From 0 to below 1, with 53 random bits.
fn random<I: Instance>(call: &Call<'_, '_, '_, I>) -> f64 {
    let mut bytes = [0u8; 8];
    (call.run.context.random.borrow_mut())(&mut bytes);
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
    let number = (u64::from_le_bytes(bytes) >> 11) as f64;
    number / 9_007_199_254_740_992.0
}
