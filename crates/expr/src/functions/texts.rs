//! Functions over texts.

use sha2::{Digest, Sha256, Sha512};

use super::{Call, Given};
use crate::error::{EvalError, EvalErrorKind};
use crate::instance::Instance;
use crate::value::Value;

/// Compiled regular expressions stay below this size.
const REGEX_BYTES_MAX: usize = 1 << 20;

pub(super) fn call<I: Instance>(call: &Call<'_, '_, '_, I>, name: &str) -> Option<Given<I>> {
    let test = |apply: fn(&str, &str) -> bool| Ok(Value::Boolean(apply(&call.text(0)?, &call.text(1)?)));
    let text = |text: Result<String, EvalError>| text.map(Value::Text);
    Some(match name {
        "string" => call.value_or_context().map(|value| Value::Text(call.run.text(&value))),
        "concat" => text(call.all_texts(0).map(|texts| texts.concat())),
        "join" => text(join(call)),
        "contains" => test(|text, part| text.contains(part)),
        "starts-with" => test(|text, part| text.starts_with(part)),
        "ends-with" => test(|text, part| text.ends_with(part)),
        "substring-before" => text(halves(call, 0)),
        "substring-after" => text(halves(call, 1)),
        "substr" => text(substr(call)),
        "substring" => text(substring(call)),
        "string-length" => call.value_or_context().map(|value| length(&call.run.text(&value))),
        "normalize-space" => call
            .value_or_context()
            .map(|value| Value::Text(call.run.text(&value).split_whitespace().collect::<Vec<_>>().join(" "))),
        "translate" => text(translate(call)),
        "regex" => regex(call),
        "digest" => text(digest(call)),
        "base64-decode" => text(
            call.text(0).map(|text| String::from_utf8_lossy(&base64(&text).unwrap_or_default()).into_owned()),
        ),
        "uuid" => text(uuid(call)),
        _ => return None,
    })
}

#[expect(clippy::cast_precision_loss, reason = "texts are far shorter than 2^52")]
fn length<N>(text: &str) -> Value<N> {
    Value::Number(text.chars().count() as f64)
}

fn join<I: Instance>(call: &Call<'_, '_, '_, I>) -> Result<String, EvalError> {
    Ok(call.all_texts(1)?.join(&call.text(0)?))
}

fn halves<I: Instance>(call: &Call<'_, '_, '_, I>, half: usize) -> Result<String, EvalError> {
    let (text, separator) = (call.text(0)?, call.text(1)?);
    let split = text.split_once(&separator);
    Ok(split.map_or("", |(before, after)| if half == 0 { before } else { after }).to_owned())
}

/// `substr(text, from, to)`: from 0, the end left out; negative places count from the end.
fn substr<I: Instance>(call: &Call<'_, '_, '_, I>) -> Result<String, EvalError> {
    let symbols: Vec<char> = call.text(0)?.chars().collect();
    let place = |number: f64| -> usize {
        #[expect(clippy::cast_precision_loss, reason = "texts are short")]
        let length = symbols.len() as f64;
        let place = if number < 0.0 { number + length } else { number };
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
    let to: Vec<char> = to.chars().collect();
    Ok(text
        .chars()
        .filter_map(|symbol| match from.chars().position(|known| known == symbol) {
            None => Some(symbol),
            Some(place) => to.get(place).copied(),
        })
        .collect())
}

/// The whole text must match, as in Collect.
fn regex<I: Instance>(call: &Call<'_, '_, '_, I>) -> Given<I> {
    let (text, pattern) = (call.text(0)?, call.text(1)?);
    let compiled = ::regex::RegexBuilder::new(&format!("^(?:{pattern})$"))
        .size_limit(REGEX_BYTES_MAX)
        .build()
        .map_err(|_| EvalErrorKind::Regex)?;
    call.run.work(text.len())?;
    Ok(Value::Boolean(compiled.is_match(&text)))
}

fn digest<I: Instance>(call: &Call<'_, '_, '_, I>) -> Result<String, EvalError> {
    let (text, algorithm) = (call.text(0)?, call.text(1)?);
    let encoding = if call.arguments.len() > 2 { call.text(2)? } else { "base64".to_owned() };
    let bytes = match algorithm.as_str() {
        "SHA-256" => Sha256::digest(text.as_bytes()).to_vec(),
        "SHA-512" => Sha512::digest(text.as_bytes()).to_vec(),
        _ => return Err(EvalErrorKind::Type("this digest is not supported: use SHA-256 or SHA-512").into()),
    };
    Ok(if encoding == "hex" { hex(&bytes) } else { to_base64(&bytes) })
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn to_base64(bytes: &[u8]) -> String {
    bytes
        .chunks(3)
        .flat_map(|chunk| {
            let bits = chunk.iter().fold(0u32, |bits, byte| (bits << 8) | u32::from(*byte))
                << (8 * (3 - chunk.len()));
            let symbols = chunk.len() + 1;
            (0..4).map(move |place| {
                let index = (bits >> (18 - 6 * place)) & 63;
                let symbol = BASE64.get(index as usize).copied().unwrap_or(b'=');
                if place < symbols { char::from(symbol) } else { '=' }
            })
        })
        .collect()
}

fn base64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let (mut bits, mut held) = (0u32, 0);
    for symbol in text.bytes().filter(|byte| !byte.is_ascii_whitespace() && *byte != b'=') {
        let value = BASE64.iter().position(|known| *known == symbol)?;
        bits = (bits << 6) | u32::try_from(value).ok()?;
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held).to_le_bytes()[0]);
            bits &= (1 << held) - 1;
        }
    }
    Some(bytes)
}

/// A version 4 UUID, or as many random symbols as were asked for.
fn uuid<I: Instance>(call: &Call<'_, '_, '_, I>) -> Result<String, EvalError> {
    let length = if call.arguments.is_empty() { None } else { Some(call.number(0)?) };
    let random = |count: usize| {
        let mut bytes = vec![0u8; count];
        (call.run.context.random.borrow_mut())(&mut bytes);
        bytes
    };
    if let Some(length) = length {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
        let count = length.clamp(0.0, 1_000.0) as usize;
        let symbol = |byte: u8| BASE64.get(usize::from(byte) % 62).copied().map_or('A', char::from);
        return Ok(random(count).into_iter().map(symbol).collect());
    }
    let text = hex(&random(16));
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
    Ok(format!("{}-{}-4{}-a{}-{}", part(0, 8), part(8, 12), part(13, 16), part(17, 20), part(20, 32)))
}
