//! Functions over texts.

use super::{Call, Given, counted, symbols};
use crate::error::{EvalError, EvalErrorKind};
use crate::instance::Instance;
use crate::value::Value;

#[derive(Debug, Clone, Copy)]
pub(super) enum Texts {
    Concat,
    Join,
    NormalizeSpace,
    Regex,
    String,
    StringLength,
    Substr,
    Substring,
    SubstringAfter,
    SubstringBefore,
    Translate,
    Uuid,
}

/// The longest text that is put together, in bytes: a hundred times the longest label.
const TEXT_BYTES_MAX: usize = 4 << 20;
/// The longest random text, in letters.
const RANDOM_LETTERS_MAX: f64 = 1_000.0;

pub(super) fn call<I: Instance>(call: &Call<'_, '_, '_, I>, function: Texts) -> Given<I> {
    let text = match function {
        Texts::StringLength => return Ok(counted(call.text_or_context()?.chars().count())),
        Texts::Regex => {
            return call.run.matches(&call.text(0)?, &call.text(1)?).map(Value::Boolean);
        }
        Texts::String => call.text(0)?,
        Texts::Concat => joined(call, "", 0)?,
        Texts::Join => joined(call, &call.text(0)?, 1)?,
        Texts::SubstringBefore => {
            call.text(0)?.split_once(&call.text(1)?).map_or("", |(before, _)| before).to_owned()
        }
        Texts::SubstringAfter => {
            call.text(0)?.split_once(&call.text(1)?).map_or("", |(_, after)| after).to_owned()
        }
        Texts::Substr => substr(call)?,
        Texts::Substring => substring(call)?,
        Texts::NormalizeSpace => normalized(&call.text_or_context()?),
        Texts::Translate => translate(call)?,
        Texts::Uuid => uuid(call)?,
    };
    Ok(Value::Text(text))
}

/// The texts of the arguments from `from` on, of every node of a set, with a separator between them.
fn joined<I: Instance>(
    call: &Call<'_, '_, '_, I>,
    separator: &str,
    from: usize,
) -> Result<String, EvalError> {
    let mut text = String::new();
    for (index, value) in call.all_values(from)?.iter().enumerate() {
        let more = call.run.text(value);
        if text.len() + separator.len() + more.len() > TEXT_BYTES_MAX {
            return Err(EvalErrorKind::TooMuchWork.into());
        }
        text.push_str(if index == 0 { "" } else { separator });
        text.push_str(&more);
    }
    call.run.reads(&text)?;
    Ok(text)
}

/// White space as XML knows it: a space that must not break is a letter like others.
fn normalized(text: &str) -> String {
    let words = text.split([' ', '\t', '\n', '\r']).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

/// `substr(text, from, to)`: from 0, the end left out; negative places count from the end.
fn substr<I: Instance>(call: &Call<'_, '_, '_, I>) -> Result<String, EvalError> {
    let symbols: Vec<char> = call.text(0)?.chars().collect();
    let place = |number: f64| -> usize {
        #[expect(clippy::cast_precision_loss, reason = "texts are short")]
        let length = symbols.len() as f64;
        let place = if number < 0.0 { number.trunc() + length } else { number };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the text")]
        let place = place.clamp(0.0, length) as usize;
        place
    };
    let from = place(call.number(1)?);
    let to = if call.arguments.len() > 2 { place(call.number(2)?) } else { symbols.len() };
    Ok(symbols.get(from..to.max(from)).unwrap_or_default().iter().collect())
}

/// XPath's own: from 1, by rounding, and a length.
fn substring<I: Instance>(call: &Call<'_, '_, '_, I>) -> Result<String, EvalError> {
    let text = call.text(0)?;
    let round = |number: f64| (number + 0.5).floor();
    let from = round(call.number(1)?);
    let to = if call.arguments.len() > 2 { from + round(call.number(2)?) } else { f64::INFINITY };
    let within = |place: &u32| f64::from(*place) >= from && f64::from(*place) < to;
    Ok(text.chars().zip(1u32..).filter(|(_, place)| within(place)).map(|(symbol, _)| symbol).collect())
}

fn translate<I: Instance>(call: &Call<'_, '_, '_, I>) -> Result<String, EvalError> {
    let (text, from, to) = (call.text(0)?, call.text(1)?, call.text(2)?);
    call.run.work(text.len().saturating_mul(from.len()) / 64)?;
    let to: Vec<char> = to.chars().collect();
    Ok(text
        .chars()
        .filter_map(|symbol| match from.chars().position(|known| known == symbol) {
            None => Some(symbol),
            Some(place) => to.get(place).copied(),
        })
        .collect())
}

/// A version 4 UUID, or as many random letters as were asked for.
fn uuid<I: Instance>(call: &Call<'_, '_, '_, I>) -> Result<String, EvalError> {
    let random = |count: usize| {
        let mut bytes = vec![0u8; count];
        (call.run.context.random.borrow_mut())(&mut bytes);
        bytes
    };
    if !call.arguments.is_empty() {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
        let count = call.number(0)?.clamp(0.0, RANDOM_LETTERS_MAX) as usize;
        return Ok(symbols::letters(&random(count)));
    }
    let text = symbols::hex(&random(16));
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
    Ok(format!("{}-{}-4{}-a{}-{}", part(0, 8), part(8, 12), part(13, 16), part(17, 20), part(20, 32)))
}
