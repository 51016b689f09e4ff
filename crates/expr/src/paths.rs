//! Location paths: each step goes along its axis from every node so far, keeps what its test and predicates keep, in
//! document order and each node once.

use crate::error::{EvalError, EvalErrorKind};
use crate::eval::{Focus, Run, truth};
use crate::instance::Instance;
use crate::tree::{Axis, Node, Path, Start, Step, Test};
use crate::value::Value;

pub(crate) fn evaluate<I: Instance>(
    run: &Run<'_, '_, I>,
    path: &Path,
    focus: &Focus<I::Node>,
) -> Result<Vec<I::Node>, EvalError> {
    let mut nodes = match &path.start {
        Start::Root => vec![run.context.instance.root()],
        Start::Context => vec![focus.node],
        Start::From(from) => match run.node(from, focus)? {
            Value::Nodes(nodes) => nodes,
            _ => return Err(EvalErrorKind::Type("a path goes on from nodes only").into()),
        },
    };
    for step in &path.steps {
        nodes = take_step(run, step, &nodes)?;
    }
    Ok(nodes)
}

fn take_step<I: Instance>(
    run: &Run<'_, '_, I>,
    step: &Step,
    from: &[I::Node],
) -> Result<Vec<I::Node>, EvalError> {
    // Predicates right after a bracket or a call filter the whole set; in a step, each node's own.
    let filters_all = step.axis == Axis::Itself && step.test == Test::Node && !step.predicates.is_empty();
    if filters_all {
        return keep(run, &step.predicates, from.to_vec());
    }
    let mut found = Vec::new();
    for node in from {
        let reached = along(run, step, *node)?;
        found.extend(keep(run, &step.predicates, reached)?);
    }
    if from.len() > 1 || matches!(step.axis, Axis::Ancestor | Axis::AncestorOrSelf | Axis::PrecedingSibling) {
        found.sort_unstable();
        found.dedup();
    }
    Ok(found)
}

fn along<I: Instance>(run: &Run<'_, '_, I>, step: &Step, node: I::Node) -> Result<Vec<I::Node>, EvalError> {
    let instance = run.context.instance;
    if let (Axis::Child, Test::Name(name)) = (step.axis, &step.test) {
        let children = instance.children_named(node, name);
        run.work(children.len())?;
        return Ok(children);
    }
    let reached = match step.axis {
        Axis::Child => instance.children(node),
        Axis::Parent => instance.parent(node).into_iter().collect(),
        Axis::Itself => vec![node],
        Axis::Attribute => instance.attributes(node),
        Axis::DescendantOrSelf => descendants(run, node, vec![node])?,
        Axis::Descendant => descendants(run, node, Vec::new())?,
        Axis::Ancestor => ancestors(instance, instance.parent(node)),
        Axis::AncestorOrSelf => ancestors(instance, Some(node)),
        Axis::FollowingSibling => {
            siblings(instance, node).into_iter().filter(|other| *other > node).collect()
        }
        Axis::PrecedingSibling => {
            let mut before: Vec<I::Node> =
                siblings(instance, node).into_iter().filter(|other| *other < node).collect();
            before.reverse();
            before
        }
    };
    run.work(reached.len())?;
    Ok(reached.into_iter().filter(|node| passes(instance, &step.test, *node)).collect())
}

fn passes<I: Instance>(instance: &I, test: &Test, node: I::Node) -> bool {
    match test {
        Test::Name(name) => instance.name(node) == name,
        Test::Any => !instance.name(node).is_empty(),
        Test::Node => true,
        // A leaf's text stands for its text node.
        Test::Text => instance.children(node).is_empty(),
    }
}

fn ancestors<I: Instance>(instance: &I, from: Option<I::Node>) -> Vec<I::Node> {
    std::iter::successors(from, |node| instance.parent(*node)).collect()
}

fn siblings<I: Instance>(instance: &I, node: I::Node) -> Vec<I::Node> {
    if instance.is_attribute(node) {
        return Vec::new();
    }
    instance.parent(node).map(|parent| instance.children(parent)).unwrap_or_default()
}

fn descendants<I: Instance>(
    run: &Run<'_, '_, I>,
    node: I::Node,
    mut found: Vec<I::Node>,
) -> Result<Vec<I::Node>, EvalError> {
    let mut open = run.context.instance.children(node);
    open.reverse();
    while let Some(next) = open.pop() {
        run.work(1)?;
        found.push(next);
        let mut within = run.context.instance.children(next);
        within.reverse();
        open.extend(within);
    }
    Ok(found)
}

/// The nodes for which every predicate holds; a number stands for a position.
fn keep<I: Instance>(
    run: &Run<'_, '_, I>,
    predicates: &[Node],
    mut nodes: Vec<I::Node>,
) -> Result<Vec<I::Node>, EvalError> {
    for predicate in predicates {
        let size = nodes.len();
        let mut kept = Vec::new();
        for (node, position) in nodes.into_iter().zip(1..) {
            let holds = match run.node(predicate, &Focus { node, position, size })? {
                #[expect(
                    clippy::float_cmp,
                    clippy::cast_precision_loss,
                    reason = "a position is a small whole number"
                )]
                Value::Number(number) => number == position as f64,
                other => truth(&other),
            };
            if holds {
                kept.push(node);
            }
        }
        nodes = kept;
    }
    Ok(nodes)
}
