//! Functions over selections: codes separated by spaces, and lists of yes and no.

use super::{Call, Given, counted, shuffle};
use crate::error::EvalError;
use crate::instance::Instance;
use crate::value::{Value, text_number};

#[derive(Debug, Clone, Copy)]
pub(super) enum Selects {
    Checklist,
    CountSelected,
    Randomize,
    Selected,
    SelectedAt,
    WeightedChecklist,
}

pub(super) fn call<I: Instance>(call: &Call<'_, '_, '_, I>, function: Selects) -> Given<I> {
    match function {
        Selects::Selected => selected(call),
        Selects::SelectedAt => selected_at(call),
        Selects::CountSelected => call.text(0).map(|text| counted(text.split_whitespace().count())),
        Selects::Checklist => checklist(call),
        Selects::WeightedChecklist => weighted(call),
        Selects::Randomize => randomize(call),
    }
}

fn selected<I: Instance>(call: &Call<'_, '_, '_, I>) -> Given<I> {
    let (codes, code) = (call.text(0)?, call.text(1)?);
    let (codes, code) = (codes.trim(), code.trim());
    let found =
        if codes.is_empty() { code.is_empty() } else { codes.split_whitespace().any(|known| known == code) };
    Ok(Value::Boolean(found))
}

fn selected_at<I: Instance>(call: &Call<'_, '_, '_, I>) -> Given<I> {
    let (codes, place) = (call.text(0)?, call.number(1)?.trunc());
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
            Value::Nodes(nodes) => {
                nodes.into_iter().map(|node| call.run.number(&call.run.text_of(node))).collect()
            }
            other => vec![call.run.number(&other)],
        };
        let truths = truths(call, pair * 2)?;
        holding +=
            truths.iter().zip(&weights).filter(|(yes, _)| **yes).map(|(_, weight)| weight).sum::<f64>();
    }
    Ok(Value::Boolean(within(holding, least, most)))
}

/// One for each node; the texts `0` and `false` say no, as the specification has it.
fn truths<I: Instance>(call: &Call<'_, '_, '_, I>, index: usize) -> Result<Vec<bool>, EvalError> {
    Ok(match call.value(index)? {
        Value::Nodes(nodes) => {
            call.run.work(nodes.len())?;
            nodes
                .into_iter()
                .map(|node| {
                    let text = call.run.context.instance.text(node);
                    !(text.is_empty() || text == "false" || text_number(&text) == 0.0)
                })
                .collect()
        }
        other => vec![call.run.truth(&other)],
    })
}

fn within(holding: f64, least: f64, most: f64) -> bool {
    (least < 0.0 || holding >= least) && (most < 0.0 || holding <= most)
}

/// The nodes in an order that the seed decides; without one, that chance does. A seed that is no number counts by
/// its text.
fn randomize<I: Instance>(call: &Call<'_, '_, '_, I>) -> Given<I> {
    let nodes = call.nodes(0)?;
    call.run.work(nodes.len())?;
    let seed = if call.arguments.len() > 1 {
        let seed = call.value(1)?;
        let number = call.run.number(&seed);
        if number.is_nan() { shuffle::seed_of_text(&call.run.text(&seed)) } else { shuffle::seed_of(number) }
    } else {
        let mut bytes = [0u8; 8];
        (call.run.context.random.borrow_mut())(&mut bytes);
        i64::from_le_bytes(bytes)
    };
    Ok(Value::Nodes(shuffle::shuffled(nodes, seed)))
}
