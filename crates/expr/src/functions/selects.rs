//! Functions over selections: codes separated by spaces, and lists of yes and no.

use super::{Call, Given};
use crate::error::EvalError;
use crate::eval::truth;
use crate::instance::Instance;
use crate::value::Value;

pub(super) fn call<I: Instance>(call: &Call<'_, '_, '_, I>, name: &str) -> Option<Given<I>> {
    Some(match name {
        "selected" => selected(call),
        "selected-at" => selected_at(call),
        "count-selected" => call.text(0).map(|text| count(text.split_whitespace().count())),
        "checklist" => checklist(call),
        "weighted-checklist" => weighted(call),
        "randomize" => randomize(call),
        _ => return None,
    })
}

#[expect(clippy::cast_precision_loss, reason = "selections are short")]
fn count<N>(number: usize) -> Value<N> {
    Value::Number(number as f64)
}

fn selected<I: Instance>(call: &Call<'_, '_, '_, I>) -> Given<I> {
    let (codes, code) = (call.text(0)?, call.text(1)?);
    let (codes, code) = (codes.trim(), code.trim());
    let found =
        if codes.is_empty() { code.is_empty() } else { codes.split_whitespace().any(|known| known == code) };
    Ok(Value::Boolean(found))
}

fn selected_at<I: Instance>(call: &Call<'_, '_, '_, I>) -> Given<I> {
    let (codes, place) = (call.text(0)?, call.number(1)?);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be a place")]
    let code = if place >= 0.0 { codes.split_whitespace().nth(place as usize) } else { None };
    Ok(Value::Text(code.unwrap_or_default().to_owned()))
}

/// `checklist(least, most, yes or no …)`; -1 for no bound.
fn checklist<I: Instance>(call: &Call<'_, '_, '_, I>) -> Given<I> {
    let (least, most) = (call.number(0)?, call.number(1)?);
    let mut holding = 0.0;
    for index in 2..call.arguments.len() {
        for yes in truths(call, index)? {
            holding += f64::from(u8::from(yes));
        }
    }
    Ok(Value::Boolean(within(holding, least, most)))
}

/// `weighted-checklist(least, most, yes or no, weight …)`.
fn weighted<I: Instance>(call: &Call<'_, '_, '_, I>) -> Given<I> {
    let (least, most) = (call.number(0)?, call.number(1)?);
    let mut holding = 0.0;
    for pair in 1..call.arguments.len() / 2 {
        let weights: Vec<f64> = match call.value(pair * 2 + 1)? {
            Value::Nodes(nodes) => nodes
                .into_iter()
                .map(|node| call.run.number(&Value::Text(call.run.context.instance.text(node))))
                .collect(),
            other => vec![call.run.number(&other)],
        };
        let truths = truths(call, pair * 2)?;
        holding +=
            truths.iter().zip(&weights).filter(|(yes, _)| **yes).map(|(_, weight)| weight).sum::<f64>();
    }
    Ok(Value::Boolean(within(holding, least, most)))
}

fn truths<I: Instance>(call: &Call<'_, '_, '_, I>, index: usize) -> Result<Vec<bool>, EvalError> {
    Ok(match call.value(index)? {
        Value::Nodes(nodes) => nodes
            .into_iter()
            .map(|node| {
                let text = call.run.context.instance.text(node);
                !matches!(text.as_str(), "" | "0" | "false")
            })
            .collect(),
        other => vec![truth(&other)],
    })
}

fn within(holding: f64, least: f64, most: f64) -> bool {
    (least < 0.0 || holding >= least) && (most < 0.0 || holding <= most)
}

/// The nodes in an order that the seed decides; without one, that chance does.
fn randomize<I: Instance>(call: &Call<'_, '_, '_, I>) -> Given<I> {
    let mut nodes = call.nodes(0)?;
    let mut state = if call.arguments.len() > 1 {
        call.number(1)?.to_bits()
    } else {
        let mut bytes = [0u8; 8];
        (call.run.context.random.borrow_mut())(&mut bytes);
        u64::from_le_bytes(bytes)
    };
    for last in (1..nodes.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let chosen = usize::try_from(state >> 33).unwrap_or_default() % (last + 1);
        nodes.swap(last, chosen);
    }
    Ok(Value::Nodes(nodes))
}
