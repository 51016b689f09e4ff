//! What a path means to a row of a repeat. As in ODK Collect, an absolute path through a repeat that holds its reader
//! too goes through the reader's own item, unless a predicate chooses another; in the arguments of `indexed-repeat`
//! every path means the nodes of all items.

use teranga_expr::tree::{Axis, Node, Path, Start, Step, Test};

use super::build;
use super::expression::{Scope, ancestry, step};
use super::kind::Kind;
use super::question::{Question, RowId};

/// The attribute by which an item tells its place among the items of its repeat, from 1.
pub(crate) const PLACE: &str = "__place";

/// Rewrites the paths of a tree that stands at a row; whether there was anything to rewrite. As deep as the parser
/// lets expressions be.
pub(super) fn contextualise(scope: &Scope<'_>, row: &Question, node: &mut Node) -> bool {
    Rewriter { scope, row, from: ancestry(scope, row.row) }.node(node)
}

struct Rewriter<'a> {
    scope: &'a Scope<'a>,
    row: &'a Question,
    /// The rows from the form itself (left out) down to the reader.
    from: Vec<&'a Question>,
}

/// Whether a path that ends at the reader's own repeat means its item.
#[derive(Clone, Copy, PartialEq)]
enum Last {
    /// It means all items: `count(/data/people)`.
    AllItems,
    /// It means the item: `position(/data/people)`.
    OwnItem,
}

impl Rewriter<'_> {
    fn node(&self, node: &mut Node) -> bool {
        match node {
            Node::Number(_) | Node::Text(_) | Node::Reference(..) => false,
            Node::Negate(inner) => self.node(inner),
            Node::Binary(_, left, right) => self.node(left) | self.node(right),
            Node::Call(name, arguments) if name.as_str() == "position" && arguments.len() == 1 => {
                self.place(node);
                true
            }
            Node::Call(name, arguments) => {
                let name = name.as_str();
                let mut done = false;
                for (index, argument) in arguments.iter_mut().enumerate() {
                    done |= match argument {
                        Node::Path(path) if name == "indexed-repeat" && (index == 0 || index % 2 == 1) => {
                            self.generic(path)
                        }
                        other => self.node(other),
                    };
                }
                done
            }
            Node::Path(path) => self.path(path, Last::AllItems),
        }
    }

    /// `position(node)` counts the items that skip logic leaves out, as ODK Collect does: paths do not lead to them,
    /// and so each item tells its own place.
    fn place(&self, node: &mut Node) {
        let Node::Call(_, arguments) = node else { return };
        let mut path = match arguments.pop() {
            Some(Node::Path(mut path)) => {
                self.path(&mut path, Last::OwnItem);
                path
            }
            Some(mut other) => {
                self.node(&mut other);
                Path { start: Start::From(Box::new(other)), steps: Vec::new() }
            }
            None => return,
        };
        path.steps.push(step(Axis::Attribute, Test::Name(PLACE.to_owned())));
        *node = Node::Call("number".into(), vec![Node::Path(path)]);
    }

    fn path(&self, path: &mut Path, last: Last) -> bool {
        let mut done = match &mut path.start {
            Start::From(from) => self.node(from),
            Start::Root | Start::Context => false,
        };
        for predicate in path.steps.iter_mut().flat_map(|step| &mut step.predicates) {
            done |= self.node(predicate);
        }
        let Some(shared) = self.shared(path, last) else { return done };
        let up = std::iter::repeat_with(|| step(Axis::Parent, Test::Node))
            .take(self.from.len().saturating_sub(shared));
        let down: Vec<Step> = path.steps.drain(..).skip(shared + 1).collect();
        path.steps = up.chain(down).collect();
        path.start = Start::From(Box::new(Node::Call("current".into(), Vec::new())));
        true
    }

    /// The step of an absolute path that names the innermost repeat which holds the reader too.
    fn shared(&self, path: &Path, last: Last) -> Option<usize> {
        if path.start != Start::Root {
            return None;
        }
        let mut shared = None;
        for (index, step) in path.steps.iter().enumerate() {
            let Test::Name(name) = &step.test else { break };
            if step.axis != Axis::Child || !step.predicates.is_empty() {
                break;
            }
            let Some(above) = index.checked_sub(1) else {
                if name != build::ROOT && self.scope.row(RowId::ROOT).is_none_or(|root| root.name != *name) {
                    break;
                }
                continue;
            };
            let Some(around) = self.from.get(above).filter(|row| row.name == *name) else { break };
            let goes_on = index + 1 < path.steps.len() || last == Last::OwnItem;
            if around.kind == Kind::Repeat && goes_on {
                shared = Some(index);
            }
        }
        shared
    }

    /// Makes a relative path the absolute one that leads to the same row in every item.
    fn generic(&self, path: &mut Path) -> bool {
        let at_reader = match &path.start {
            Start::Context => true,
            Start::From(from) => matches!(&**from, Node::Call(name, _) if name == "current"),
            Start::Root => false,
        };
        let plain = path.steps.iter().all(|step| step.predicates.is_empty());
        let Some(target) = Some(self.row.row).filter(|_| at_reader && plain) else { return false };
        let Some(target) = path.steps.iter().try_fold(target, |at, step| self.along(at, step)) else {
            return false;
        };
        let names = ancestry(self.scope, target).into_iter().map(|row| row.name.clone());
        let names = std::iter::once(build::ROOT.to_owned()).chain(names);
        path.steps = names.map(|name| step(Axis::Child, Test::Name(name))).collect();
        path.start = Start::Root;
        true
    }

    fn along(&self, at: RowId, step: &Step) -> Option<RowId> {
        let row = self.scope.row(at)?;
        match (step.axis, &step.test) {
            (Axis::Itself, Test::Node) => Some(at),
            (Axis::Parent, Test::Node) => (at != RowId::ROOT).then_some(row.parent),
            (Axis::Child, Test::Name(name)) => {
                let named = |child: &&RowId| self.scope.row(**child).is_some_and(|row| row.name == *name);
                row.children.iter().find(named).copied()
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::form::document::FormDocument;

    #[test]
    fn absolute_paths_stay_in_the_item_that_holds_both() {
        let document: FormDocument = serde_json::from_value(json!({
            "form_id": "f", "version": "1", "settings": {"name": "census"}, "survey": [
                {"type": "repeat", "name": "house", "children": [
                    {"type": "integer", "name": "rooms"},
                    {"type": "repeat", "name": "person", "children": [{"type": "integer", "name": "age"}]}]}]
        }))
        .unwrap();
        let tree = build::build(&document);
        let names = std::collections::HashMap::new();
        let scope = Scope::new(&tree.rows, &names);
        let row = tree.rows.iter().find(|row| row.name == "age").unwrap();
        let rewritten = |source: &str| {
            let mut node = teranga_expr::Expr::parse(source).unwrap().root().clone();
            contextualise(&scope, row, &mut node);
            node.to_string()
        };
        assert_eq!(rewritten("/census/house/rooms"), "current()/../../rooms");
        assert_eq!(rewritten("/data/house/person/age"), "current()/../age");
        assert_eq!(rewritten("count(/census/house)"), "count(/census/house)");
        assert_eq!(rewritten("count(/census/house/person)"), "count(current()/../../person)");
        assert_eq!(rewritten("position(/census/house)"), "number(current()/../../@__place)");
        assert_eq!(rewritten("/census/house[1]/rooms"), "/census/house[1]/rooms");
        let indexed = rewritten("indexed-repeat(../../rooms, /census/house, 1)");
        assert_eq!(indexed, "indexed-repeat(/data/house/rooms, /census/house, 1)");
    }
}
