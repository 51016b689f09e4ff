//! Functions over nodes: how many, where, what they are called.

use super::{Call, Given, counted};
use crate::error::{EvalError, EvalErrorKind};
use crate::instance::Instance;
use crate::paths;
use crate::value::Value;

#[derive(Debug, Clone, Copy)]
pub(super) enum Nodes {
    Count,
    CountNonEmpty,
    Current,
    Id,
    IndexedRepeat,
    Instance,
    Lang,
    Last,
    LocalName,
    Name,
    NamespaceUri,
    Position,
}

pub(super) fn call<I: Instance>(call: &Call<'_, '_, '_, I>, function: Nodes) -> Given<I> {
    let instance = call.run.context.instance;
    match function {
        Nodes::Count => call.nodes(0).map(|nodes| counted(nodes.len())),
        Nodes::CountNonEmpty => {
            let nodes = call.nodes(0)?;
            call.run.work(nodes.len())?;
            Ok(counted(nodes.into_iter().filter(|node| !instance.text(*node).is_empty()).count()))
        }
        Nodes::Current => Ok(Value::Nodes(vec![call.run.context.node])),
        Nodes::Id => by_id(call),
        Nodes::IndexedRepeat => indexed_repeat(call),
        Nodes::Instance => {
            let id = call.text(0)?;
            let root = instance.secondary(&id);
            root.map(|root| Value::Nodes(vec![root])).ok_or_else(|| EvalErrorKind::Instance(id).into())
        }
        Nodes::Lang => lang(call).map(Value::Boolean),
        Nodes::Last => Ok(counted(call.focus.size)),
        Nodes::Name => name(call).map(|name| Value::Text(name.to_owned())),
        Nodes::LocalName => {
            name(call).map(|name| Value::Text(name.rsplit(':').next().unwrap_or(name).to_owned()))
        }
        // Instances know prefixes and no namespaces.
        Nodes::NamespaceUri => name(call).map(|_| Value::Text(String::new())),
        Nodes::Position if call.arguments.is_empty() => Ok(counted(call.focus.position)),
        Nodes::Position => match call.nodes(0)?.first() {
            Some(node) => place(call, *node).map(counted),
            None => Ok(Value::Number(f64::NAN)),
        },
    }
}

/// The name of the first node; of the context node where there is no argument.
fn name<'c, I: Instance>(call: &Call<'_, '_, 'c, I>) -> Result<&'c str, EvalError> {
    let node =
        if call.arguments.is_empty() { Some(call.focus.node) } else { call.nodes(0)?.first().copied() };
    Ok(node.map_or("", |node| call.run.context.instance.name(node)))
}

/// The place of a node among its siblings of the same name, from 1.
fn place<I: Instance>(call: &Call<'_, '_, '_, I>, node: I::Node) -> Result<usize, EvalError> {
    let instance = call.run.context.instance;
    let Some(parent) = instance.parent(node) else { return Ok(1) };
    let siblings = instance.children_named(parent, instance.name(node));
    call.run.work(siblings.len())?;
    Ok(siblings.iter().position(|other| *other == node).map_or(1, |index| index + 1))
}

/// `indexed-repeat(node, repeat, index, …)`: the node within the named item of each repeat. An index below 1 means
/// the first item, as in Collect: it is what a form has before its answer is there.
fn indexed_repeat<I: Instance>(call: &Call<'_, '_, '_, I>) -> Given<I> {
    let instance = call.run.context.instance;
    let mut within = call.nodes(0)?;
    for pair in 0..(call.arguments.len() - 1) / 2 {
        let name = call.nodes(pair * 2 + 1)?.first().map(|node| instance.name(*node).to_owned());
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "an index is a small number"
        )]
        let index = call.number(pair * 2 + 2)?.max(1.0) as usize;
        let mut kept = Vec::new();
        for node in within {
            let mut above = std::iter::successors(Some(node), |node| instance.parent(*node));
            let item = above.find(|above| Some(instance.name(*above)) == name.as_deref());
            if let Some(item) = item
                && place(call, item)? == index
            {
                kept.push(node);
            }
        }
        within = kept;
    }
    Ok(Value::Nodes(within))
}

/// The elements whose `id` is one of the argument's words.
fn by_id<I: Instance>(call: &Call<'_, '_, '_, I>) -> Given<I> {
    let instance = call.run.context.instance;
    let ids: Vec<String> = match call.value(0)? {
        Value::Nodes(nodes) => nodes.into_iter().map(|node| instance.text(node)).collect(),
        other => vec![call.run.owned_text(other)],
    };
    let ids: Vec<&str> = ids.iter().flat_map(|ids| ids.split_whitespace()).collect();
    let mut found = Vec::new();
    for node in paths::descendants(call.run, instance.root())? {
        let attributes = instance.attributes(node);
        call.run.work(attributes.len() * ids.len())?;
        let mut named = attributes.into_iter().filter(|id| matches!(instance.name(*id), "id" | "xml:id"));
        if named.any(|id| ids.contains(&instance.text(id).as_str())) {
            found.push(node);
        }
    }
    Ok(Value::Nodes(found))
}

/// Whether the context node is in a language: the nearest `xml:lang` says so, with or without a region.
fn lang<I: Instance>(call: &Call<'_, '_, '_, I>) -> Result<bool, EvalError> {
    let wanted = call.text(0)?.to_lowercase();
    let instance = call.run.context.instance;
    let above = std::iter::successors(Some(call.focus.node), |node| instance.parent(*node));
    let mut languages = above.flat_map(|node| instance.attributes(node)).filter(|attribute| {
        let name = instance.name(*attribute);
        name == "xml:lang" || name == "lang"
    });
    let language = languages.next().map(|attribute| instance.text(attribute).to_lowercase());
    Ok(language.is_some_and(|language| {
        language.strip_prefix(wanted.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    }))
}
