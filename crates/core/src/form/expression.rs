//! One expression of a form: parsed, its `${names}` turned into paths, and what it reads found out, so that nothing
//! of it is looked up by name again while a form is filled.

use std::collections::HashMap;
use std::ops::Range;

use teranga_expr::Expr;
use teranga_expr::tree::{Axis, Node, Path, Start, Step, Test};

use super::build;
use super::choices::repeated_name;
use super::contextual::contextualise;
use super::finding::Flaw;
use super::kind::Kind;
use super::nearest::nearest;
use super::question::{Question, RowId};
use super::reads::{Reach, Read, leads_to, reads};

/// The secondary instance that `${last-saved#name}` reads: what the device saved last.
pub(crate) const LAST_SAVED: &str = "__last-saved";

/// The secondary instance that stands for the choices of the row at hand, whatever their list is called.
pub(crate) const OWN_CHOICES: &str = "__choices";

/// An expression, ready to be evaluated.
#[derive(Debug, Clone)]
pub(crate) struct Expression {
    expr: Expr,
    reads: Vec<Read>,
}

/// Something wrong with an expression, and the bytes where.
pub(super) type Located = (Flaw, Range<usize>);

/// The rows that expressions can name.
#[derive(Clone, Copy)]
pub(super) struct Scope<'a> {
    pub(super) rows: &'a [Question],
    names: &'a HashMap<String, Vec<RowId>>,
}

impl<'a> Scope<'a> {
    pub(super) fn new(rows: &'a [Question], names: &'a HashMap<String, Vec<RowId>>) -> Self {
        Self { rows, names }
    }

    pub(super) fn row(&self, row: RowId) -> Option<&'a Question> {
        self.rows.get(row.index())
    }

    /// Every row of this name.
    pub(super) fn every_named(&self, name: &str) -> &'a [RowId] {
        self.names.get(name).map_or(&[], Vec::as_slice)
    }

    /// The one row of this name.
    pub(super) fn named(&self, name: &str) -> Result<RowId, Flaw> {
        match self.names.get(name).map(Vec::as_slice) {
            Some([row]) => Ok(*row),
            Some([_, ..]) => Err(Flaw::AmbiguousReference { name: name.to_owned() }),
            Some([]) | None => {
                let known = self.rows.iter().skip(1).map(|row| row.name.as_str());
                let suggestion = nearest(name, known).map(str::to_owned);
                Err(Flaw::UnknownReference { name: name.to_owned(), suggestion })
            }
        }
    }
}

impl Expression {
    /// Compiles an expression that is evaluated at a row.
    pub(super) fn compile(scope: &Scope<'_>, row: &Question, source: &str) -> Result<Self, Vec<Located>> {
        Self::compile_at(scope, row, source, None)
    }

    /// Compiles the choice filter of a row into the path of the choices that it leaves: those of the row's list, or
    /// the items of the repeat that the choices are made of. What stands in the brackets is looked for at each.
    pub(super) fn compile_filter(
        scope: &Scope<'_>,
        row: &Question,
        filter: &str,
    ) -> Result<Self, Vec<Located>> {
        let repeat = repeat_of_choices(scope, row);
        let items = match repeat {
            Some(repeat) => path_to(scope, row, repeat, None, Reach::Own).to_string(),
            None => format!("instance('{OWN_CHOICES}')/root/item"),
        };
        // The same seed gives the same order; without one the order is the filling's own.
        let (open, close) = match (row.parameter("randomize"), row.parameter("seed")) {
            (Some("true"), Some(seed)) => ("randomize(", format!(", {seed})")),
            (Some("true"), None) => ("randomize(", ")".to_owned()),
            _ => ("", String::new()),
        };
        let before = open.len() + items.len() + 1;
        Self::compile_at(scope, row, &format!("{open}{items}[{filter}]{close}"), repeat).map_err(|flaws| {
            let shift = |at: usize| at.saturating_sub(before).min(filter.len());
            flaws.into_iter().map(|(flaw, span)| (flaw, shift(span.start)..shift(span.end))).collect()
        })
    }

    fn compile_at(
        scope: &Scope<'_>,
        row: &Question,
        source: &str,
        item: Option<RowId>,
    ) -> Result<Self, Vec<Located>> {
        let parsed = Expr::parse(source).map_err(|error| {
            let advice = error.advice().map(|advice| format!(" ({advice})"));
            let message = format!("{}{}", error.kind, advice.unwrap_or_default());
            vec![(Flaw::Expression { message }, error.span.start..error.span.end)]
        })?;
        let mut flaws = Vec::new();
        for (name, span) in parsed.references() {
            if let Err(flaw) = scope.named(plain(name)) {
                flaws.push((flaw, span.start..span.end));
            }
        }
        if !flaws.is_empty() {
            return Err(flaws);
        }
        let reaches = reference_reaches(parsed.root());
        let mut index = 0;
        let resolved = parsed.resolve(&mut |name| {
            let reach = reaches.get(index).copied().unwrap_or(Reach::Own);
            index += 1;
            let target = scope.named(plain(name)).ok()?;
            Some(if name == plain(name) {
                path_to(scope, row, target, item, reach)
            } else {
                last_saved(scope, target)
            })
        });
        let expr = resolved.map_err(|(name, span)| {
            vec![(Flaw::UnknownReference { name, suggestion: None }, span.start..span.end)]
        })?;
        let expr = own_paths(scope, row, expr);
        let reads = reads(scope, row.row, expr.root())
            .map_err(|name| vec![(unknown_path(scope, name), 0..source.len())])?;
        Ok(Self { expr, reads })
    }

    /// Whether a default must be computed rather than taken as it stands: it calls a function or names an answer.
    pub(super) fn is_dynamic(source: &str) -> bool {
        source.contains("${") || Expr::parse(source).is_ok_and(|expr| !expr.functions().is_empty())
    }

    /// The one row that it leads to from a row, when it is a path within the form.
    pub(super) fn leads_to(&self, scope: &Scope<'_>, row: RowId) -> Option<RowId> {
        leads_to(scope, row, self.expr.root())
    }

    /// Whether it is nothing but a call of a function.
    pub(crate) fn is_call(&self, function: &str) -> bool {
        matches!(self.expr.root(), Node::Call(name, _) if name == function)
    }

    /// Whether it calls a function.
    pub(crate) fn calls(&self, function: &str) -> bool {
        self.expr.functions().contains(&function)
    }

    /// The tree to evaluate.
    pub(crate) fn expr(&self) -> &Expr {
        &self.expr
    }

    /// What it reads.
    pub(crate) fn reads(&self) -> &[Read] {
        &self.reads
    }

    /// The rows of which it reads what may be computed.
    pub(super) fn needs(&self) -> Vec<RowId> {
        self.reads.iter().filter(|read| read.reach != Reach::Place).map(|read| read.row).collect()
    }

    /// The rows that it reads.
    pub(crate) fn rows(&self) -> Vec<RowId> {
        self.reads.iter().map(|read| read.row).collect()
    }
}

/// The expression with its paths as they are meant at a row.
fn own_paths(scope: &Scope<'_>, row: &Question, expr: Expr) -> Expr {
    let mut root = expr.root().clone();
    if !contextualise(scope, row, &mut root) {
        return expr;
    }
    Expr::parse(&root.to_string()).unwrap_or(expr)
}

/// The name without the mark that asks for what was saved last.
fn plain(name: &str) -> &str {
    name.strip_prefix("last-saved#").unwrap_or(name)
}

fn unknown_path(scope: &Scope<'_>, name: String) -> Flaw {
    let known = scope.rows.iter().skip(1).map(|row| row.name.as_str());
    let suggestion = nearest(name.rsplit('/').next().unwrap_or(&name), known).map(str::to_owned);
    Flaw::UnknownReference { name, suggestion }
}

/// For each `${name}` in the order of the tree, whether it means the own item's: in the arguments of
/// `indexed-repeat` it means those of all items.
fn reference_reaches(root: &Node) -> Vec<Reach> {
    fn visit(node: &Node, reach: Reach, found: &mut Vec<Reach>) {
        match node {
            Node::Number(_) | Node::Text(_) => {}
            Node::Reference(..) => found.push(reach),
            Node::Negate(inner) => visit(inner, reach, found),
            Node::Binary(_, left, right) => {
                visit(left, reach, found);
                visit(right, reach, found);
            }
            Node::Call(name, arguments) if name == "indexed-repeat" => {
                // Its first argument and every second one are paths; the others are ordinary numbers.
                for (index, argument) in arguments.iter().enumerate() {
                    let is_path = index == 0 || index % 2 == 1;
                    visit(argument, if is_path { Reach::All } else { reach }, found);
                }
            }
            Node::Call(_, arguments) => arguments.iter().for_each(|argument| visit(argument, reach, found)),
            Node::Path(path) => {
                if let Start::From(from) = &path.start {
                    visit(from, reach, found);
                }
                let predicates = path.steps.iter().flat_map(|step| &step.predicates);
                predicates.for_each(|predicate| visit(predicate, reach, found));
            }
        }
    }
    let mut found = Vec::new();
    visit(root, Reach::Own, &mut found);
    found
}

/// The repeat whose items are the choices of a row (`select_one ${name}`).
fn repeat_of_choices(scope: &Scope<'_>, row: &Question) -> Option<RowId> {
    let name = repeated_name(row.list.as_deref()?)?;
    scope.row(scope.named(name).ok()?)?.repeat
}

/// A step without conditions.
pub(super) fn step(axis: Axis, test: Test) -> Step {
    Step { axis, test, predicates: Vec::new() }
}

/// The rows from the form itself (left out) down to a row.
pub(super) fn ancestry<'a>(scope: &Scope<'a>, row: RowId) -> Vec<&'a Question> {
    let mut path = Vec::new();
    let mut at = row;
    while let Some(question) = scope.row(at).filter(|_| at != RowId::ROOT) {
        path.push(question);
        at = question.parent;
    }
    path.reverse();
    path
}

/// The path from `row` to `target`: within the innermost item of a repeat that holds both, or from the root. Within
/// `item`, a repeat whose items an expression is looking at, the path begins at the item.
fn path_to(scope: &Scope<'_>, row: &Question, target: RowId, item: Option<RowId>, reach: Reach) -> Path {
    let from = ancestry(scope, row.row);
    let to = ancestry(scope, target);
    let down = |skip: usize| to.iter().skip(skip).map(|row| step(Axis::Child, Test::Name(row.name.clone())));
    if let Some(depth) = item.and_then(|repeat| to.iter().position(|row| row.row == repeat)) {
        return Path { start: Start::Context, steps: down(depth + 1).collect() };
    }
    let inner = from.iter().zip(&to).take_while(|(from, to)| from.row == to.row && to.row != target);
    let shared = inner.enumerate().filter(|(_, (row, _))| row.kind == Kind::Repeat).last();
    match shared {
        Some((depth, _)) if reach == Reach::Own => {
            let up = std::iter::repeat_with(|| step(Axis::Parent, Test::Node)).take(from.len() - depth - 1);
            let current = Start::From(Box::new(Node::Call("current".into(), Vec::new())));
            Path { start: current, steps: up.chain(down(depth + 1)).collect() }
        }
        _ => {
            let root = step(Axis::Child, Test::Name(build::ROOT.to_owned()));
            Path { start: Start::Root, steps: [root].into_iter().chain(down(0)).collect() }
        }
    }
}

fn last_saved(scope: &Scope<'_>, target: RowId) -> Path {
    let instance = Node::Call("instance".into(), vec![Node::Text(LAST_SAVED.to_owned())]);
    let names = ancestry(scope, target).into_iter().map(|row| row.name.clone());
    let steps =
        [build::ROOT.to_owned()].into_iter().chain(names).map(|name| step(Axis::Child, Test::Name(name)));
    Path { start: Start::From(Box::new(instance)), steps: steps.collect() }
}
