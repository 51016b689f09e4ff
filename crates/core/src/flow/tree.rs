//! A table of data as expressions see it: a small document whose rows may hold further elements and attributes.

use serde_json::{Map, Value as Json};

use super::tables::plain;

/// The names of the elements around rows and of each row, where the table gives none.
const PATH: &str = "root/item";
/// The member of an element that holds its text when it has attributes too.
const TEXT: &str = "#";

/// A document. Node 0 is above its outermost element.
#[derive(Debug, Clone)]
pub(super) struct Tree {
    nodes: Vec<Element>,
}

#[derive(Debug, Clone, Default)]
struct Element {
    name: String,
    text: String,
    parent: u32,
    children: Vec<u32>,
    attributes: Vec<u32>,
    is_attribute: bool,
}

impl Tree {
    /// The document of a table.
    pub(super) fn new(rows: &[Map<String, Json>], path: Option<&str>) -> Self {
        let mut tree = Self { nodes: vec![Element::default()] };
        let (around, row) = path.unwrap_or(PATH).split_once('/').unwrap_or(("root", "item"));
        let root = tree.push(0, around, String::new());
        for cells in rows {
            let node = tree.push(root, row, String::new());
            tree.fill(node, cells);
        }
        tree
    }

    fn push(&mut self, parent: u32, name: &str, text: String) -> u32 {
        let number = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        let (name, is_attribute) = name.strip_prefix('@').map_or((name, false), |name| (name, true));
        let element = Element { name: name.to_owned(), text, parent, is_attribute, ..Element::default() };
        self.nodes.push(element);
        if let Some(parent) = self.nodes.get_mut(parent as usize) {
            if is_attribute { parent.attributes.push(number) } else { parent.children.push(number) }
        }
        number
    }

    /// Adds what a row holds. Forms are as deep as their JSON, which its reader bounds.
    fn fill(&mut self, node: u32, cells: &Map<String, Json>) {
        for (name, value) in cells {
            match value {
                Json::Object(inner) => {
                    let child = self.push(node, name, String::new());
                    self.fill(child, inner);
                }
                Json::Array(several) => {
                    for value in several {
                        let child = self.push(node, name, plain_scalar(value));
                        if let Json::Object(inner) = value {
                            self.fill(child, inner);
                        }
                    }
                }
                scalar if name == TEXT => {
                    if let Some(node) = self.nodes.get_mut(node as usize) {
                        node.text = plain(scalar);
                    }
                }
                scalar => {
                    self.push(node, name, plain(scalar));
                }
            }
        }
    }

    fn node(&self, node: u32) -> Option<&Element> {
        self.nodes.get(node as usize)
    }

    /// The nodes of the rows.
    pub(super) fn rows(&self) -> &[u32] {
        self.children(1)
    }

    /// The text of the cell of a row: an element, or an attribute by its name with `@`.
    pub(super) fn cell(&self, row: u32, column: &str) -> String {
        let row = self.node(row);
        let (name, nodes) = match column.strip_prefix('@') {
            Some(name) => (name, row.map(|row| &row.attributes)),
            None => (column, row.map(|row| &row.children)),
        };
        let found = nodes.into_iter().flatten().find(|node| self.name(**node) == name);
        found.map(|node| self.text(*node)).unwrap_or_default()
    }

    /// The node that holds this one.
    pub(super) fn parent(&self, node: u32) -> Option<u32> {
        self.node(node).filter(|_| node != 0).map(|node| node.parent)
    }

    /// The elements that this one holds.
    pub(super) fn children(&self, node: u32) -> &[u32] {
        self.node(node).map_or(&[], |node| &node.children)
    }

    /// The attributes of an element.
    pub(super) fn attributes(&self, node: u32) -> &[u32] {
        self.node(node).map_or(&[], |node| &node.attributes)
    }

    /// Whether a node is an attribute.
    pub(super) fn is_attribute(&self, node: u32) -> bool {
        self.node(node).is_some_and(|node| node.is_attribute)
    }

    /// The name of a node.
    pub(super) fn name(&self, node: u32) -> &str {
        self.node(node).map_or("", |node| &node.name)
    }

    /// The text of a node and of all within.
    pub(super) fn text(&self, node: u32) -> String {
        let mut text = String::new();
        let mut ahead = vec![node];
        while let Some(node) = ahead.pop().and_then(|node| self.node(node)) {
            text.push_str(&node.text);
            ahead.extend(node.children.iter().rev());
        }
        text
    }
}

fn plain_scalar(value: &Json) -> String {
    if value.is_object() { String::new() } else { plain(value) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rows_hold_elements_lists_of_elements_and_attributes() {
        let row = json!({"@code": "TX", "name": {"@lang": "en", "#": "Texas"}, "child": [{"age": "3"}, "x"]});
        let tree = Tree::new(&[row.as_object().unwrap().clone()], Some("states/state"));
        let row = tree.rows()[0];
        assert_eq!((tree.name(row), tree.cell(row, "@code")), ("state", "TX".to_owned()));
        assert_eq!((tree.cell(row, "name"), tree.text(row)), ("Texas".to_owned(), "Texas3x".to_owned()));
        let children: Vec<&str> = tree.children(row).iter().map(|child| tree.name(*child)).collect();
        assert_eq!(children, ["name", "child", "child"]);
        assert!(tree.is_attribute(tree.attributes(row)[0]) && tree.parent(row) == Some(1));
    }
}
