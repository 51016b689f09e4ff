//! What an expression reads, found from its paths without any answer: the rows, and whether only those of the item
//! that it is evaluated in.

use std::collections::BTreeSet;

use teranga_expr::tree::{Axis, Node, Operator, Path, Start, Step, Test};

use super::build;
use super::contextual::PLACE;
use super::expression::Scope;
use super::question::RowId;

/// In which items an expression reads a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reach {
    /// In the item that holds both, where one does.
    Own,
    /// In any item.
    All,
    /// Only where it stands among the items of its repeat: nothing that is computed decides that.
    Place,
}

/// One row that an expression reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Read {
    /// The row.
    pub(crate) row: RowId,
    /// In which items.
    pub(crate) reach: Reach,
}

/// The nodes that a path has come to, as rows; with the highest section it went through.
#[derive(Debug, Clone)]
struct Reached {
    rows: Vec<RowId>,
    /// The highest section on the way; `None` once the path began at the root.
    top: Option<RowId>,
    /// Above the root element, where absolute paths begin.
    document: bool,
    /// Outside the instance: in a list of choices, at an attribute.
    foreign: bool,
}

impl Reached {
    fn at(row: RowId) -> Self {
        Self { rows: vec![row], top: Some(row), document: false, foreign: false }
    }

    fn elsewhere() -> Self {
        Self { rows: Vec::new(), top: None, document: false, foreign: true }
    }
}

/// What an expression of `row` reads; the error is a path that leads nowhere.
pub(super) fn reads(scope: &Scope<'_>, row: RowId, root: &Node) -> Result<Vec<Read>, String> {
    let mut reader = Reader { scope, row, found: Vec::new() };
    reader.visit(root, &Reached::at(row))?;
    reader.found.sort_unstable();
    reader.found.dedup();
    Ok(reader.found)
}

/// The one row that a path leads to; `None` for anything but a path within the form.
pub(super) fn leads_to(scope: &Scope<'_>, row: RowId, root: &Node) -> Option<RowId> {
    let mut reader = Reader { scope, row, found: Vec::new() };
    let reached = reader.nodes(root, &Reached::at(row)).ok()?;
    match reached.rows.as_slice() {
        [row] if !reached.foreign => Some(*row),
        _ => None,
    }
}

struct Reader<'a> {
    scope: &'a Scope<'a>,
    row: RowId,
    found: Vec<Read>,
}

impl Reader<'_> {
    fn visit(&mut self, node: &Node, context: &Reached) -> Result<(), String> {
        match node {
            Node::Number(_) | Node::Text(_) | Node::Reference(..) => Ok(()),
            Node::Negate(inner) => self.visit(inner, context),
            Node::Binary(_, left, right) => {
                self.visit(left, context)?;
                self.visit(right, context)
            }
            Node::Call(_, arguments) => {
                arguments.iter().try_for_each(|argument| self.visit(argument, context))
            }
            Node::Path(path) => {
                let reached = self.path(path, context)?;
                let of_place = path.steps.last().is_some_and(is_place);
                for row in &reached.rows {
                    let reach = if of_place { Reach::Place } else { self.reach(*row, reached.top) };
                    self.found.push(Read { row: *row, reach });
                }
                Ok(())
            }
        }
    }

    /// Where an expression that gives nodes leads to.
    fn nodes(&mut self, node: &Node, context: &Reached) -> Result<Reached, String> {
        match node {
            Node::Call(name, _) if name == "current" => Ok(Reached::at(self.row)),
            Node::Path(path) => self.path(path, context),
            Node::Binary(Operator::Union, left, right) => {
                let (mut left, right) = (self.nodes(left, context)?, self.nodes(right, context)?);
                left.rows.extend(right.rows);
                left.top = left.top.min(right.top);
                left.foreign &= right.foreign;
                Ok(left)
            }
            Node::Call(_, arguments) => {
                // What a function gives are nodes of its arguments, or of a list.
                let mut given = Reached::elsewhere();
                for argument in arguments {
                    let reached = self.nodes(argument, context)?;
                    given.rows.extend(reached.rows);
                }
                Ok(given)
            }
            Node::Number(_) | Node::Text(_) | Node::Reference(..) | Node::Negate(_) | Node::Binary(..) => {
                self.visit(node, context)?;
                Ok(Reached::elsewhere())
            }
        }
    }

    fn path(&mut self, path: &Path, context: &Reached) -> Result<Reached, String> {
        let mut at = match &path.start {
            Start::Root => Reached { rows: Vec::new(), top: None, document: true, foreign: false },
            Start::Context => context.clone(),
            Start::From(from) => self.nodes(from, context)?,
        };
        for step in &path.steps {
            let next = self.step(&at, step);
            if next.rows.is_empty() && !next.document && !next.foreign && !is_meta(step) {
                return Err(path.to_string());
            }
            for predicate in &step.predicates {
                self.visit(predicate, &next)?;
            }
            at = next;
        }
        Ok(at)
    }

    fn step(&self, at: &Reached, step: &Step) -> Reached {
        if is_place(step) {
            // Where an item stands changes as items come and go, as the repeat itself does.
            return at.clone();
        }
        if matches!(step.axis, Axis::Attribute | Axis::Namespace)
            || is_meta(step)
            || (at.foreign && at.rows.is_empty())
        {
            return Reached::elsewhere();
        }
        let rows: BTreeSet<RowId> = match (step.axis, &step.test) {
            _ if at.document => self.below_document(at, step.axis),
            (Axis::Child, Test::Name(name)) => self.children_named(at, name),
            _ => at.rows.iter().flat_map(|row| self.along(*row, step.axis)).collect(),
        };
        let mut next = Reached {
            rows: rows.into_iter().filter(|row| self.passes(*row, &step.test)).collect(),
            top: at.top,
            document: at.document && matches!(step.axis, Axis::Itself | Axis::DescendantOrSelf),
            foreign: at.foreign,
        };
        // The highest section on the way decides whose items can be read below it. Going sideways may lead into
        // another item, so it counts as going up.
        next.top = match step.axis {
            Axis::Parent | Axis::Ancestor | Axis::AncestorOrSelf => {
                next.rows.first().copied().min(at.top).or(at.top)
            }
            Axis::FollowingSibling | Axis::PrecedingSibling => {
                at.rows.first().and_then(|row| self.scope.row(*row)).map(|row| row.parent).min(at.top)
            }
            // Before and after lies everything.
            Axis::Following | Axis::Preceding => None,
            Axis::Child
            | Axis::Itself
            | Axis::Descendant
            | Axis::DescendantOrSelf
            | Axis::Attribute
            | Axis::Namespace => at.top,
        };
        next
    }

    /// The commonest step of all; a form of a thousand rows is not walked through for each.
    fn children_named(&self, at: &Reached, name: &str) -> BTreeSet<RowId> {
        let is_within = |row: &RowId| self.scope.row(*row).is_some_and(|row| at.rows.contains(&row.parent));
        self.scope.every_named(name).iter().copied().filter(is_within).collect()
    }

    /// `/data`, and `//name`, which comes as two steps: everything, and then the children of that.
    fn below_document(&self, at: &Reached, axis: Axis) -> BTreeSet<RowId> {
        let all = || self.scope.rows.iter().map(|row| row.row);
        match axis {
            Axis::Child if at.rows.is_empty() => BTreeSet::from([RowId::ROOT]),
            Axis::Child | Axis::Descendant | Axis::DescendantOrSelf => all().collect(),
            Axis::Parent
            | Axis::Itself
            | Axis::Attribute
            | Axis::Ancestor
            | Axis::AncestorOrSelf
            | Axis::FollowingSibling
            | Axis::PrecedingSibling
            | Axis::Following
            | Axis::Preceding
            | Axis::Namespace => BTreeSet::new(),
        }
    }

    fn passes(&self, row: RowId, test: &Test) -> bool {
        match test {
            Test::Name(name) if row == RowId::ROOT && name == build::ROOT => true,
            Test::Name(name) => self.scope.row(row).is_some_and(|row| row.name == *name),
            Test::Prefix(prefix) => self
                .scope
                .row(row)
                .and_then(|row| row.name.split_once(':'))
                .is_some_and(|(found, _)| found == prefix),
            Test::Any | Test::Node | Test::Text => true,
            Test::Comment | Test::Instruction => false,
        }
    }

    fn along(&self, row: RowId, axis: Axis) -> Vec<RowId> {
        let Some(question) = self.scope.row(row) else { return Vec::new() };
        let parent = question.parent;
        match axis {
            Axis::Child => question.children.clone(),
            Axis::Itself => vec![row],
            Axis::Parent if row == RowId::ROOT => Vec::new(),
            Axis::Parent => vec![parent],
            Axis::FollowingSibling | Axis::PrecedingSibling => {
                self.scope.row(parent).map(|parent| parent.children.clone()).unwrap_or_default()
            }
            Axis::Ancestor | Axis::AncestorOrSelf => {
                let mut found = if axis == Axis::Ancestor { Vec::new() } else { vec![row] };
                let mut at = row;
                while let Some(question) = self.scope.row(at).filter(|_| at != RowId::ROOT) {
                    at = question.parent;
                    found.push(at);
                }
                found
            }
            Axis::Descendant | Axis::DescendantOrSelf => {
                let mut found = if axis == Axis::Descendant { Vec::new() } else { vec![row] };
                let mut ahead = question.children.clone();
                while let Some(child) = ahead.pop() {
                    found.push(child);
                    ahead.extend(self.scope.row(child).into_iter().flat_map(|child| &child.children));
                }
                found
            }
            Axis::Following | Axis::Preceding => self.scope.rows.iter().map(|row| row.row).collect(),
            Axis::Attribute | Axis::Namespace => Vec::new(),
        }
    }

    /// A path that stays within the item that holds both the reader and the row reads that item's alone.
    fn reach(&self, row: RowId, top: Option<RowId>) -> Reach {
        let Some(top) = top else { return Reach::All };
        let mut at = top;
        loop {
            match self.scope.row(at) {
                Some(question) if question.kind == super::Kind::Repeat => break,
                Some(question) if at != RowId::ROOT => at = question.parent,
                _ => return Reach::All,
            }
        }
        // `at` is the innermost repeat around all of the way: within one of its items lies all that is read,
        // unless the way goes down into a further repeat.
        let inner = self.scope.row(row).and_then(|question| question.repeat);
        if row == at || inner == Some(at) { Reach::Own } else { Reach::All }
    }
}

fn is_place(step: &Step) -> bool {
    step.axis == Axis::Attribute && matches!(&step.test, Test::Name(name) if name == PLACE)
}

/// The submission's own metadata, which no row of the survey stands for.
fn is_meta(step: &Step) -> bool {
    matches!(&step.test, Test::Name(name) if name == "meta" || name.ends_with(":meta") || name.contains("instanceID"))
}
