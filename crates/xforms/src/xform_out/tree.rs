//! The form as an XForm has it: numbered nodes with their paths, and how they lie to each other.

use std::collections::HashMap;

use teranga_core::form::NodeDocument;

use super::columns;
use super::kinds::{self, Shape};

/// The node of the form itself.
pub(super) const ROOT: usize = 0;

/// What a node is to its children.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// The form itself.
    Root,
    Group,
    Repeat,
    /// The form's metadata, which nobody sees.
    Meta,
    Question,
}

/// A node of the primary instance.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) role: Role,
    /// The row, without its children.
    pub(super) row: NodeDocument,
    pub(super) parent: usize,
    pub(super) children: Vec<usize>,
    pub(super) path: String,
}

impl Node {
    /// The type by its name: a calculation may have kept that of a question.
    pub(super) fn kind(&self) -> String {
        let kept = (self.row.kind == "calculate").then(|| columns::column(&self.row, "type")).flatten();
        kept.unwrap_or_else(|| self.row.kind.clone())
    }

    /// What the type is in an XForm; none for what is no question.
    pub(super) fn shape(&self) -> Option<Shape> {
        (self.role == Role::Question).then(|| kinds::shape(&self.kind())).flatten()
    }

    /// The element of the body that shows this question; none for what nobody sees.
    pub(super) fn control(&self) -> Option<&'static str> {
        if self.row.kind == "calculate" { None } else { self.shape()?.control }
    }

    /// The appearance; empty where there is none.
    pub(super) fn appearance(&self) -> &str {
        self.row.appearance.as_deref().unwrap_or_default()
    }
}

/// Every node, the form itself first.
#[derive(Debug)]
pub(super) struct Tree {
    nodes: Vec<Node>,
    names: HashMap<String, Vec<usize>>,
}

impl Tree {
    /// The nodes in order, the form itself first.
    pub(super) fn of(nodes: Vec<Node>) -> Self {
        let mut names: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, node) in nodes.iter().enumerate().skip(1) {
            names.entry(node.row.name.clone()).or_default().push(at);
        }
        Self { nodes, names }
    }

    /// A node by its number.
    pub(super) fn get(&self, at: usize) -> Option<&Node> {
        self.nodes.get(at)
    }

    /// Every node with its number, in the order of the form.
    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, &Node)> {
        self.nodes.iter().enumerate()
    }

    /// The children of a node.
    pub(super) fn children(&self, at: usize) -> impl Iterator<Item = (usize, &Node)> {
        let children = self.get(at).map_or(&[][..], |node| &node.children);
        children.iter().filter_map(|child| Some((*child, self.get(*child)?)))
    }

    /// The section and those around it, from the inside out.
    pub(super) fn outwards(&self, from: usize) -> Vec<usize> {
        let mut chain = vec![from];
        let mut at = from;
        while at != ROOT {
            at = self.get(at).map_or(ROOT, |node| node.parent);
            chain.push(at);
        }
        chain
    }

    /// The node that a name means within a section: the one that shares most sections with it.
    pub(super) fn named(&self, name: &str, within: usize) -> Option<usize> {
        let around = self.outwards(within);
        let shared = |at: &usize| {
            let parent = self.get(*at).map_or(ROOT, |node| node.parent);
            self.outwards(parent).iter().filter(|section| around.contains(section)).count()
        };
        let named = self.names.get(name)?;
        // Of several that share as many, the first.
        named.iter().rev().copied().max_by_key(shared)
    }

    /// The innermost repeat around a node, the node itself not counted.
    pub(super) fn repeat_around(&self, at: usize) -> Option<usize> {
        let parent = self.get(at).map(|node| node.parent)?;
        self.outwards(parent).into_iter().find(|section| self.is_repeat(*section))
    }

    /// The innermost repeat that a section stands in or is; the form itself where it stands in none.
    pub(super) fn repeat_or_root(&self, section: usize) -> usize {
        self.outwards(section).into_iter().find(|around| self.is_repeat(*around)).unwrap_or(ROOT)
    }

    /// Whether a node is a repeat.
    pub(super) fn is_repeat(&self, at: usize) -> bool {
        self.get(at).is_some_and(|node| node.role == Role::Repeat)
    }
}

/// Whether an expression is the path of a node and nothing else: `${name}`, `/data/a`, `../a`.
pub(super) fn is_path(text: &str) -> bool {
    let text = text.trim();
    let step = |symbol: char| symbol.is_alphanumeric() || "/_-.".contains(symbol);
    is_reference(text) || (text.starts_with(['/', '.']) && text.len() > 1 && text.chars().all(step))
}

/// Whether an expression is one `${name}` and nothing else.
pub(super) fn is_reference(text: &str) -> bool {
    let name = text.trim().strip_prefix("${").and_then(|name| name.strip_suffix('}'));
    name.is_some_and(|name| !name.contains(['$', '}']))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::xform_out::growth::grow;

    #[test]
    fn a_name_means_the_nearest_node() {
        let document = json!({"form_id": "f", "version": "1", "survey": [
            {"type": "group", "name": "g", "children": [{"type": "text", "name": "x", "label": "X"}]},
            {"type": "group", "name": "h", "children": [{"type": "text", "name": "x", "label": "X"}]},
        ]});
        let tree = grow(&serde_json::from_value(document).unwrap(), "data");
        assert_eq!(tree.named("x", 3), Some(4));
        assert_eq!(tree.named("x", ROOT), Some(2));
        assert_eq!(tree.named("y", ROOT), None);
    }
}
