//! The form as an XForm has it: numbered nodes with their paths, among them those that XLSForm only implies (the count
//! of a repeat, "other, specify", the headings of a table, the metadata).

use std::collections::{BTreeMap, HashMap};

use teranga_core::form::{FormDocument, NodeDocument};
use teranga_core::text::Text;

use super::columns;
use super::kinds::{self, Shape};
use super::settings;

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

    /// Whether something is said to a person here.
    pub(super) fn is_said(&self) -> bool {
        self.row.label.is_some() || self.row.hint.is_some()
    }

    /// The element of the body that shows this question; none for what nobody sees.
    pub(super) fn control(&self) -> Option<&'static str> {
        let computed = self.row.calculation.is_some() || self.row.trigger.is_some();
        if self.row.kind == "calculate" || (computed && !self.is_said()) {
            return None;
        }
        self.shape()?.control
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
    /// Numbers the rows of a form, adding what they imply.
    pub(super) fn build(document: &FormDocument, root: &str) -> Self {
        let row = NodeDocument { kind: "group".to_owned(), name: root.to_owned(), ..NodeDocument::default() };
        let path = format!("/{root}");
        let form = Node { role: Role::Root, row, parent: ROOT, children: Vec::new(), path };
        let mut builder = Builder { nodes: vec![form], metadata: Vec::new(), number: 2 };
        builder.rows(ROOT, &document.survey, None);
        builder.meta(document);
        let mut names: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, node) in builder.nodes.iter().enumerate().skip(1) {
            names.entry(node.row.name.clone()).or_default().push(at);
        }
        Self { nodes: builder.nodes, names }
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

    /// The rows by name, for those that must be found once.
    pub(super) fn first_named(&self, name: &str) -> Option<usize> {
        self.names.get(name)?.first().copied()
    }
}

/// What the selects within a table must have in common.
struct Table {
    list: Option<String>,
}

struct Builder {
    nodes: Vec<Node>,
    metadata: Vec<NodeDocument>,
    /// The row of a workbook that would hold the form, for names that are made from it.
    number: usize,
}

impl Builder {
    fn rows(&mut self, parent: usize, rows: &[NodeDocument], mut table: Option<Table>) {
        for row in rows {
            match row.kind.as_str() {
                "group" | "repeat" => self.section(parent, row),
                "audit" => self.metadata.push(row.clone()),
                kind => {
                    if let Some(table) = table.as_mut().filter(|_| kinds::is_select(kind)) {
                        self.table_row(parent, row, table);
                    } else {
                        self.question(parent, row.clone());
                    }
                }
            }
            self.number += 1;
        }
    }

    fn push(&mut self, parent: usize, role: Role, row: NodeDocument) -> usize {
        let at = self.nodes.len();
        let above = self.nodes.get_mut(parent);
        let path = format!("{}/{}", above.as_ref().map_or("", |above| above.path.as_str()), row.name);
        if let Some(above) = above {
            above.children.push(at);
        }
        self.nodes.push(Node { role, row, parent, children: Vec::new(), path });
        at
    }

    fn section(&mut self, parent: usize, row: &NodeDocument) {
        let mut section = NodeDocument { children: None, ..row.clone() };
        let role = if row.kind == "repeat" { Role::Repeat } else { Role::Group };
        if let Some(count) = &mut section.repeat_count
            && !is_reference(count)
        {
            let name = format!("{}_count", row.name);
            let computed = std::mem::replace(count, format!("${{{name}}}"));
            self.question(parent, count_row(name, computed));
        }
        let table = section.appearance.as_deref().and_then(without_table_list);
        let mut heading = None;
        if let Some(appearance) = &table {
            section.appearance = Some(appearance.clone());
            heading = self.table_heading(&mut section);
        }
        let at = self.push(parent, role, section);
        if let Some(heading) = heading {
            self.question(at, heading);
        }
        self.number += 1;
        self.rows(at, row.children.as_deref().unwrap_or_default(), table.map(|_| Table { list: None }));
    }

    /// The label of a table becomes a note above it.
    fn table_heading(&self, section: &mut NodeDocument) -> Option<NodeDocument> {
        let (label, hint) = (section.label.take(), section.hint.take());
        (label.is_some() || hint.is_some()).then(|| NodeDocument {
            kind: "note".to_owned(),
            name: format!("generated_table_list_label_{}", self.number),
            label,
            hint,
            ..NodeDocument::default()
        })
    }

    /// A select within a table: only its choices are shown, below headings that stand above the first one.
    fn table_row(&mut self, parent: usize, row: &NodeDocument, table: &mut Table) {
        if table.list.is_none() {
            table.list = Some(row.list.clone().unwrap_or_default());
            let headings = NodeDocument {
                kind: row.kind.clone(),
                list: row.list.clone(),
                name: format!("reserved_name_for_field_list_labels_{}", self.number),
                appearance: Some("label".to_owned()),
                label: Some(Text::from(" ")),
                ..NodeDocument::default()
            };
            self.push(parent, Role::Question, headings);
        }
        self.question(parent, NodeDocument { appearance: Some("list-nolabel".to_owned()), ..row.clone() });
    }

    fn question(&mut self, parent: usize, mut row: NodeDocument) {
        if row.appearance.as_deref() == Some("label") && row.label.is_none() {
            row.label = Some(Text::from(" "));
        }
        let other = (row.or_other == Some(true)).then(|| other_row(&row.name));
        if kinds::shape(&row.kind).is_some() {
            self.push(parent, Role::Question, row);
        }
        if let Some(other) = other {
            self.push(parent, Role::Question, other);
        }
    }

    /// The metadata of the form: the journal, the identity and the name of what is filled.
    fn meta(&mut self, document: &FormDocument) {
        let mut rows = std::mem::take(&mut self.metadata);
        for row in &mut rows {
            "audit".clone_into(&mut row.name);
        }
        if !settings::is_yes(document, "omit_instanceid") {
            let preload = settings::get(document, "instance_id").unwrap_or_else(|| "uid".to_owned());
            let columns = BTreeMap::from([("bind::jr:preload".to_owned(), preload)]);
            rows.push(NodeDocument {
                readonly: Some("true()".to_owned()),
                columns: columns.into_iter().map(|(column, value)| (column, value.into())).collect(),
                ..calculation("instanceID", None)
            });
        }
        rows.extend(settings::get(document, "instance_name").map(|name| calculation("instanceName", Some(name))));
        let meta = NodeDocument { kind: "group".to_owned(), name: "meta".to_owned(), ..NodeDocument::default() };
        let at = self.push(ROOT, Role::Meta, meta);
        for row in rows {
            self.push(at, Role::Question, row);
        }
    }
}

fn calculation(name: &str, calculation: Option<String>) -> NodeDocument {
    NodeDocument { kind: "calculate".to_owned(), name: name.to_owned(), calculation, ..NodeDocument::default() }
}

/// A repeat may only be counted by a node: the one that computes its count.
fn count_row(name: String, computed: String) -> NodeDocument {
    NodeDocument { readonly: Some("true()".to_owned()), ..calculation(&name, Some(computed)) }
}

/// The text question that `or_other` adds, worded as XLSForm's own converter words it.
fn other_row(select: &str) -> NodeDocument {
    NodeDocument {
        kind: "text".to_owned(),
        name: format!("{select}_other"),
        label: Some(Text::from("Specify other.")),
        relevant: Some(format!("selected(../{select}, 'other')")),
        ..NodeDocument::default()
    }
}

/// Whether an expression is one `${name}` and nothing else.
pub(super) fn is_reference(text: &str) -> bool {
    let name = text.trim().strip_prefix("${").and_then(|name| name.strip_suffix('}'));
    name.is_some_and(|name| !name.contains(['$', '}']))
}

/// The appearance of a group that is a table, for those who show it question by question.
fn without_table_list(appearance: &str) -> Option<String> {
    let words: Vec<&str> = appearance.split_whitespace().collect();
    let others = words.iter().filter(|word| **word != "table-list").copied();
    words.contains(&"table-list").then(|| std::iter::once("field-list").chain(others).collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn tree(survey: &serde_json::Value) -> Tree {
        let document = json!({"form_id": "f", "version": "1", "survey": survey});
        Tree::build(&serde_json::from_value(document).unwrap(), "data")
    }

    #[test]
    fn what_rows_imply_becomes_nodes() {
        let tree = tree(&json!([
            {"type": "repeat", "name": "r", "repeat_count": "2 + 1", "children": [
                {"type": "select_one", "list": "l", "name": "q", "label": "Q", "or_other": true},
            ]},
            {"type": "audit", "name": "audit"},
            {"type": "csv-external", "name": "towns"},
        ]));
        let paths: Vec<&str> = tree.iter().map(|(_, node)| node.path.as_str()).collect();
        let expected = [
            "/data", "/data/r_count", "/data/r", "/data/r/q", "/data/r/q_other", "/data/meta", "/data/meta/audit",
            "/data/meta/instanceID",
        ];
        assert_eq!(paths, expected);
        assert_eq!(tree.get(2).unwrap().row.repeat_count.as_deref(), Some("${r_count}"));
    }

    #[test]
    fn a_table_is_a_field_list_with_headings() {
        let select = |name: &str| json!({"type": "select_one", "list": "l", "name": name, "label": name});
        let tree = tree(&json!([
            {"type": "group", "name": "g", "label": "G", "appearance": "table-list w1", "children": [select("a"), select("b")]},
        ]));
        let shown: Vec<(&str, &str)> =
            tree.iter().skip(1).take(5).map(|(_, node)| (node.row.name.as_str(), node.appearance())).collect();
        let expected = [
            ("g", "field-list w1"),
            ("generated_table_list_label_2", ""),
            ("reserved_name_for_field_list_labels_3", "label"),
            ("a", "list-nolabel"),
            ("b", "list-nolabel"),
        ];
        assert_eq!(shown, expected);
    }

    #[test]
    fn a_name_means_the_nearest_node() {
        let tree = tree(&json!([
            {"type": "group", "name": "g", "children": [{"type": "text", "name": "x", "label": "X"}]},
            {"type": "group", "name": "h", "children": [{"type": "text", "name": "x", "label": "X"}]},
        ]));
        assert_eq!(tree.named("x", 3), Some(4));
        assert_eq!(tree.named("x", ROOT), Some(2));
        assert_eq!(tree.named("y", ROOT), None);
    }
}
