//! Functions over nodes, truth and the form around.

use super::{Call, Given};
use crate::error::EvalErrorKind;
use crate::instance::Instance;
use crate::value::Value;

pub(super) fn call<I: Instance>(call: &Call<'_, '_, '_, I>, name: &str) -> Option<Given<I>> {
    Some(match name {
        "true" => Ok(Value::Boolean(true)),
        "false" => Ok(Value::Boolean(false)),
        "not" => call.boolean(0).map(|yes| Value::Boolean(!yes)),
        "boolean" => call.boolean(0).map(Value::Boolean),
        "boolean-from-string" => {
            call.text(0).map(|text| Value::Boolean(matches!(text.as_str(), "true" | "1")))
        }
        "if" => match call.boolean(0) {
            Ok(true) => call.value(1),
            Ok(false) => call.value(2),
            Err(error) => Err(error),
        },
        "coalesce" => coalesce(call),
        "once" => once(call),
        "current" => Ok(Value::Nodes(vec![call.run.context.node])),
        "instance" => call.text(0).and_then(|id| {
            let root = call.run.context.instance.secondary(&id);
            root.map(|root| Value::Nodes(vec![root])).ok_or_else(|| EvalErrorKind::Instance(id).into())
        }),
        "last" => Ok(number(call.focus.size)),
        "position" if call.arguments.is_empty() => Ok(number(call.focus.position)),
        "position" => call
            .nodes(0)
            .map(|nodes| nodes.first().map_or(Value::Number(f64::NAN), |node| number(place(call, *node)))),
        "count" => call.nodes(0).map(|nodes| number(nodes.len())),
        "count-non-empty" => {
            call.all_texts(0).map(|texts| number(texts.iter().filter(|text| !text.is_empty()).count()))
        }
        "name" | "local-name" => call.value_or_context().map(|value| match value {
            Value::Nodes(nodes) => Value::Text(
                nodes
                    .first()
                    .map_or_else(String::new, |node| call.run.context.instance.name(*node).to_owned()),
            ),
            _ => Value::Text(String::new()),
        }),
        "indexed-repeat" => indexed_repeat(call),
        "jr:itext" => call.text(0).and_then(|id| call.run.context.form.itext(&id)).map(Value::Text),
        "jr:choice-name" => choice_name(call),
        "property" => call.text(0).and_then(|name| call.run.context.form.property(&name)).map(Value::Text),
        "version" => call.run.context.form.property("version").map(Value::Text),
        "pulldata" => pull_data(call),
        _ => return None,
    })
}

#[expect(clippy::cast_precision_loss, reason = "counts of nodes are far below 2^52")]
fn number<N>(count: usize) -> Value<N> {
    Value::Number(count as f64)
}

fn coalesce<I: Instance>(call: &Call<'_, '_, '_, I>) -> Given<I> {
    for index in 0..call.arguments.len() {
        let value = call.value(index)?;
        if !call.run.text(&value).is_empty() {
            return Ok(value);
        }
    }
    Ok(Value::Text(String::new()))
}

/// The value that stands already, or the argument where none does.
fn once<I: Instance>(call: &Call<'_, '_, '_, I>) -> Given<I> {
    let held = call.run.context.instance.text(call.run.context.node);
    if held.is_empty() { call.value(0) } else { Ok(Value::Text(held)) }
}

/// The place of a node among its siblings of the same name, from 1.
fn place<I: Instance>(call: &Call<'_, '_, '_, I>, node: I::Node) -> usize {
    let instance = call.run.context.instance;
    let siblings = instance.parent(node).map(|parent| instance.children_named(parent, instance.name(node)));
    siblings.unwrap_or_default().iter().position(|other| *other == node).map_or(1, |index| index + 1)
}

/// `indexed-repeat(node, repeat, index, …)`: the node within the named item of each repeat.
fn indexed_repeat<I: Instance>(call: &Call<'_, '_, '_, I>) -> Given<I> {
    let instance = call.run.context.instance;
    let ancestors = |node: I::Node| std::iter::successors(Some(node), |node| instance.parent(*node));
    let mut within = call.nodes(0)?;
    for pair in 0..(call.arguments.len() - 1) / 2 {
        let name = call.nodes(pair * 2 + 1)?.first().map(|node| instance.name(*node).to_owned());
        let index = call.number(pair * 2 + 2)?;
        call.run.work(within.len() * 8)?;
        #[expect(
            clippy::cast_precision_loss,
            clippy::float_cmp,
            reason = "an index is a small whole number"
        )]
        within.retain(|node| {
            ancestors(*node)
                .find(|above| Some(instance.name(*above)) == name.as_deref())
                .is_some_and(|item| place(call, item) as f64 == index)
        });
    }
    Ok(Value::Nodes(within))
}

fn choice_name<I: Instance>(call: &Call<'_, '_, '_, I>) -> Given<I> {
    let (code, select) = (call.text(0)?, call.text(1)?);
    call.run.context.form.choice_name(&code, &select).map(Value::Text)
}

fn pull_data<I: Instance>(call: &Call<'_, '_, '_, I>) -> Given<I> {
    let (file, wanted, column, key) = (call.text(0)?, call.text(1)?, call.text(2)?, call.text(3)?);
    call.run.context.form.pull_data(&file, &wanted, &column, &key).map(Value::Text)
}
