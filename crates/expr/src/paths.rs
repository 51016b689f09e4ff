//! Location paths: each step goes along its axis from every node so far, keeps what its test and predicates keep, in
//! document order and each node once.

use crate::error::{EvalError, EvalErrorKind};
use crate::eval::{Focus, Run};
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
    let mut steps = path.steps.as_slice();
    while let Some((step, further)) = steps.split_first() {
        steps = further;
        // `//name` is one walk, not one list of everything and then the children of each.
        if let Some((next, further)) = further.split_first()
            && is_everything(step)
            && next.axis == Axis::Child
            && next.predicates.is_empty()
        {
            steps = further;
            nodes = take_step(run, Axis::Descendant, next, nodes)?;
        } else {
            nodes = take_step(run, step.axis, step, nodes)?;
        }
    }
    Ok(nodes)
}

fn is_everything(step: &Step) -> bool {
    step.axis == Axis::DescendantOrSelf && step.test == Test::Node && step.predicates.is_empty()
}

fn take_step<I: Instance>(
    run: &Run<'_, '_, I>,
    axis: Axis,
    step: &Step,
    from: Vec<I::Node>,
) -> Result<Vec<I::Node>, EvalError> {
    // Predicates right after a bracket or a call filter the whole set; in a step, each node's own.
    let filters_all = axis == Axis::Itself && step.test == Test::Node && !step.predicates.is_empty();
    if filters_all {
        return keep(run, &step.predicates, from);
    }
    let mut found = Vec::new();
    for node in &from {
        let reached = keep(run, &step.predicates, along(run, axis, &step.test, *node)?)?;
        if found.is_empty() {
            found = reached;
        } else {
            found.extend(reached);
        }
    }
    if !found.is_sorted() {
        found.sort_unstable();
    }
    if from.len() > 1 {
        found.dedup();
    }
    Ok(found)
}

/// The nodes along an axis that pass a test, the nearest first.
fn along<I: Instance>(
    run: &Run<'_, '_, I>,
    axis: Axis,
    test: &Test,
    node: I::Node,
) -> Result<Vec<I::Node>, EvalError> {
    let instance = run.context.instance;
    if let (Axis::Child, Test::Name(name)) = (axis, test) {
        let children = instance.children_named(node, name);
        run.work(children.len())?;
        return Ok(children);
    }
    let mut reached = match axis {
        Axis::Child => instance.children(node),
        Axis::Parent => instance.parent(node).into_iter().collect(),
        Axis::Itself => vec![node],
        Axis::Attribute => instance.attributes(node),
        Axis::DescendantOrSelf => subtree(run, node)?,
        Axis::Descendant => descendants(run, node)?,
        Axis::Ancestor => ancestors(instance, instance.parent(node)),
        Axis::AncestorOrSelf => ancestors(instance, Some(node)),
        Axis::FollowingSibling => siblings(instance, node, |other| other > node),
        Axis::PrecedingSibling => before(instance, node),
        Axis::Following => following(run, node)?,
        Axis::Preceding => preceding(run, node)?,
        Axis::Namespace => Vec::new(),
    };
    run.work(reached.len())?;
    reached.retain(|node| passes(instance, test, *node));
    Ok(reached)
}

fn passes<I: Instance>(instance: &I, test: &Test, node: I::Node) -> bool {
    match test {
        Test::Name(name) => instance.name(node) == name,
        Test::Any => !instance.name(node).is_empty(),
        Test::Prefix(prefix) => instance.name(node).split_once(':').is_some_and(|(found, _)| found == prefix),
        Test::Node => true,
        // A leaf's text stands for its text node.
        Test::Text => instance.children(node).is_empty(),
        Test::Comment | Test::Instruction => false,
    }
}

fn ancestors<I: Instance>(instance: &I, from: Option<I::Node>) -> Vec<I::Node> {
    std::iter::successors(from, |node| instance.parent(*node)).collect()
}

fn siblings<I: Instance>(instance: &I, node: I::Node, wanted: impl Fn(I::Node) -> bool) -> Vec<I::Node> {
    if instance.is_attribute(node) {
        return Vec::new();
    }
    let mut siblings = instance.parent(node).map(|parent| instance.children(parent)).unwrap_or_default();
    siblings.retain(|other| wanted(*other));
    siblings
}

fn before<I: Instance>(instance: &I, node: I::Node) -> Vec<I::Node> {
    let mut before = siblings(instance, node, |other| other < node);
    before.reverse();
    before
}

/// All that begins after the node ends.
fn following<I: Instance>(run: &Run<'_, '_, I>, node: I::Node) -> Result<Vec<I::Node>, EvalError> {
    let instance = run.context.instance;
    let mut found = Vec::new();
    // What its element holds comes after an attribute.
    if instance.is_attribute(node)
        && let Some(element) = instance.parent(node)
    {
        found = descendants(run, element)?;
    }
    for above in ancestors(instance, Some(node)) {
        for sibling in siblings(instance, above, |other| other > above) {
            found.extend(subtree(run, sibling)?);
        }
    }
    Ok(found)
}

/// All that ends before the node begins.
fn preceding<I: Instance>(run: &Run<'_, '_, I>, node: I::Node) -> Result<Vec<I::Node>, EvalError> {
    let instance = run.context.instance;
    let mut found = Vec::new();
    for above in ancestors(instance, Some(node)) {
        for sibling in before(instance, above) {
            let mut within = subtree(run, sibling)?;
            within.reverse();
            found.extend(within);
        }
    }
    Ok(found)
}

fn subtree<I: Instance>(run: &Run<'_, '_, I>, node: I::Node) -> Result<Vec<I::Node>, EvalError> {
    below(run, node, vec![node])
}

/// All that a node holds.
pub(crate) fn descendants<I: Instance>(
    run: &Run<'_, '_, I>,
    node: I::Node,
) -> Result<Vec<I::Node>, EvalError> {
    below(run, node, Vec::new())
}

fn below<I: Instance>(
    run: &Run<'_, '_, I>,
    node: I::Node,
    mut found: Vec<I::Node>,
) -> Result<Vec<I::Node>, EvalError> {
    let mut open = run.context.instance.children(node);
    open.reverse();
    while let Some(next) = open.pop() {
        run.work(1)?;
        found.push(next);
        let within = run.context.instance.children(next);
        open.extend(within.into_iter().rev());
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
        let mut position = 0;
        let mut failed = None;
        nodes.retain(|node| {
            position += 1;
            if failed.is_some() {
                return false;
            }
            match run.node(predicate, &Focus { node: *node, position, size }) {
                #[expect(
                    clippy::float_cmp,
                    clippy::cast_precision_loss,
                    reason = "a position is a small whole number"
                )]
                Ok(Value::Number(number)) => number == position as f64,
                Ok(other) => run.truth(&other),
                Err(error) => {
                    failed = Some(error);
                    false
                }
            }
        });
        if let Some(error) = failed {
            return Err(error);
        }
    }
    Ok(nodes)
}
