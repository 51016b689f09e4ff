//! From the rows of a form to the nodes of an XForm, among them those that XLSForm only implies: the count of a repeat,
//! "other, specify", the headings of a table, the metadata.

use teranga_core::form::{FormDocument, NodeDocument};
use teranga_core::text::Text;

use super::kinds;
use super::settings;
use super::tree::{Node, ROOT, Role, Tree, is_path};

/// Numbers the rows of a form, adding what they imply.
pub(super) fn grow(document: &FormDocument, root: &str) -> Tree {
    let row = NodeDocument { kind: "group".to_owned(), name: root.to_owned(), ..NodeDocument::default() };
    let path = format!("/{root}");
    let form = Node { role: Role::Root, row, parent: ROOT, children: Vec::new(), path };
    let mut builder = Builder { nodes: vec![form], metadata: Vec::new(), number: 2 };
    builder.rows(ROOT, &document.survey, None);
    builder.meta(document);
    Tree::of(builder.nodes)
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
            && !is_path(count)
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
            rows.push(identity(settings::get(document, "instance_id")));
        }
        rows.extend(
            settings::get(document, "instance_name").map(|name| calculation("instanceName", Some(name))),
        );
        let meta =
            NodeDocument { kind: "group".to_owned(), name: "meta".to_owned(), ..NodeDocument::default() };
        let at = self.push(ROOT, Role::Meta, meta);
        for row in rows {
            self.push(at, Role::Question, row);
        }
    }
}

fn calculation(name: &str, calculation: Option<String>) -> NodeDocument {
    NodeDocument {
        kind: "calculate".to_owned(),
        name: name.to_owned(),
        calculation,
        ..NodeDocument::default()
    }
}

/// The identity of what is filled: what the device gives it, by the name of that, or what an expression computes.
fn identity(wanted: Option<String>) -> NodeDocument {
    let is_name =
        |wanted: &String| wanted.chars().all(|symbol| symbol.is_alphanumeric() || "_-".contains(symbol));
    let readonly = Some("true()".to_owned());
    if let Some(expression) = wanted.clone().filter(|wanted| !is_name(wanted)) {
        return NodeDocument { readonly, ..calculation("instanceID", Some(expression)) };
    }
    let preload = ("bind::jr:preload".to_owned(), wanted.unwrap_or_else(|| "uid".to_owned()).into());
    NodeDocument { readonly, columns: [preload].into_iter().collect(), ..calculation("instanceID", None) }
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

/// The appearance of a group that is a table, for those who show it question by question.
fn without_table_list(appearance: &str) -> Option<String> {
    let words: Vec<&str> = appearance.split_whitespace().collect();
    let others = words.iter().filter(|word| **word != "table-list").copied();
    words
        .contains(&"table-list")
        .then(|| std::iter::once("field-list").chain(others).collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn tree(survey: &serde_json::Value) -> Tree {
        let document = json!({"form_id": "f", "version": "1", "survey": survey});
        grow(&serde_json::from_value(document).unwrap(), "data")
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
            "/data",
            "/data/r_count",
            "/data/r",
            "/data/r/q",
            "/data/r/q_other",
            "/data/meta",
            "/data/meta/audit",
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
        let shown: Vec<(&str, &str)> = tree
            .iter()
            .skip(1)
            .take(5)
            .map(|(_, node)| (node.row.name.as_str(), node.appearance()))
            .collect();
        let expected = [
            ("g", "field-list w1"),
            ("generated_table_list_label_2", ""),
            ("reserved_name_for_field_list_labels_3", "label"),
            ("a", "list-nolabel"),
            ("b", "list-nolabel"),
        ];
        assert_eq!(shown, expected);
    }
}
