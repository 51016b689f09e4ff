//! What an expression is evaluated over: a tree of nodes, and the form around it. Both are the caller's.

use crate::error::{EvalError, EvalErrorKind};

/// A tree of nodes. Nodes compare in document order.
pub trait Instance {
    /// A node; cheap to copy, ordered as in the document.
    type Node: Copy + Eq + Ord;

    /// The root above the outermost element: `/`.
    fn root(&self) -> Self::Node;
    /// The node that holds this one; none for a root.
    fn parent(&self, node: Self::Node) -> Option<Self::Node>;
    /// The nodes that this one holds, in order.
    fn children(&self, node: Self::Node) -> Vec<Self::Node>;
    /// The children of one name, in order.
    fn children_named(&self, node: Self::Node, name: &str) -> Vec<Self::Node> {
        self.children(node).into_iter().filter(|child| self.name(*child) == name).collect()
    }
    /// The name; empty for a root.
    fn name(&self, node: Self::Node) -> &str;
    /// The text of the node and of all within. A node that is not relevant reads empty.
    fn text(&self, node: Self::Node) -> String;
    /// The root of a secondary instance.
    fn secondary(&self, id: &str) -> Option<Self::Node>;
    /// The attributes of a node.
    fn attributes(&self, _node: Self::Node) -> Vec<Self::Node> {
        Vec::new()
    }
    /// Whether the node is an attribute: it is reached by its axis only.
    fn is_attribute(&self, _node: Self::Node) -> bool {
        false
    }
}

/// What some functions ask of the form around.
pub trait Form<N> {
    /// The label of a choice of the select at this node, in the language shown: `jr:choice-name`.
    fn choice_name(&self, _code: &str, _select: &str) -> Result<String, EvalError> {
        Err(EvalErrorKind::NeedsForm("jr:choice-name").into())
    }
    /// A text of the form by its identity: `jr:itext`.
    fn itext(&self, _id: &str) -> Result<String, EvalError> {
        Err(EvalErrorKind::NeedsForm("jr:itext").into())
    }
    /// What the device says of itself: `property`.
    fn property(&self, _name: &str) -> Result<String, EvalError> {
        Err(EvalErrorKind::NeedsForm("property").into())
    }
    /// A cell of a data file: `pulldata(file, wanted, column, key)`.
    fn pull_data(&self, _file: &str, _wanted: &str, _column: &str, _key: &str) -> Result<String, EvalError> {
        Err(EvalErrorKind::NeedsForm("pulldata").into())
    }
}

/// No form around: what needs one is an error.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoForm;

impl<N> Form<N> for NoForm {}
