//! What an expression reads, found from its paths without any answer: the rows, and whether only those of the item
//! that it is evaluated in.

use teranga_expr::tree::{Axis, Node, Path, Start, Step, Test};

use super::expression::Scope;
use super::question::RowId;

/// In which items an expression reads a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reach {
    /// In the item that holds both, where one does.
    Own,
    /// In any item.
    All,
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
                for row in &reached.rows {
                    let reach = self.reach(*row, reached.top);
                    self.found.push(Read { row: *row, reach });
                }
                Ok(())
            }
        }
    }

    fn path(&mut self, path: &Path, context: &Reached) -> Result<Reached, String> {
        let mut at = match &path.start {
            Start::Root => Reached { rows: Vec::new(), top: None, document: true, foreign: false },
            Start::Context => context.clone(),
            Start::From(from) => match from.as_ref() {
                Node::Call(name, _) if name == "current" => Reached::at(self.row),
                Node::Path(inner) => self.path(inner, context)?,
                other => {
                    self.visit(other, context)?;
                    Reached::elsewhere()
                }
            },
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
        if at.foreign || step.axis == Axis::Attribute || is_meta(step) {
            return Reached::elsewhere();
        }
        let mut next = Reached { rows: Vec::new(), top: at.top, document: false, foreign: false };
        if at.document {
            next.document = step.axis == Axis::Itself;
            next.rows = match step.axis {
                Axis::Child => vec![RowId::ROOT],
                Axis::Descendant | Axis::DescendantOrSelf => {
                    self.scope.rows.iter().map(|row| row.row).collect()
                }
                _ => Vec::new(),
            };
            // `//name` comes as two steps, and the second looks among the children of the first.
            next.document |= step.axis == Axis::DescendantOrSelf;
        } else {
            next.rows = at.rows.iter().flat_map(|row| self.along(*row, step.axis)).collect();
        }
        if at.document && step.axis == Axis::Child && !at.rows.is_empty() {
            next.rows.extend(at.rows.iter().flat_map(|row| self.along(*row, Axis::Child)));
        }
        if let Test::Name(name) = &step.test {
            next.rows.retain(|row| self.scope.row(*row).is_some_and(|row| row.name == *name));
        }
        next.rows.sort_unstable();
        next.rows.dedup();
        if !matches!(step.axis, Axis::Child | Axis::Itself | Axis::Descendant | Axis::DescendantOrSelf) {
            // The highest row reached on the way up decides whose items can be read below it.
            next.top = next.rows.first().copied().min(at.top).or(at.top);
        }
        next
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
            Axis::Attribute => Vec::new(),
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

/// The submission's own metadata, which no row of the survey stands for.
fn is_meta(step: &Step) -> bool {
    matches!(&step.test, Test::Name(name) if name == "meta" || name.ends_with(":meta") || name.contains("instanceID"))
}
