//! The primary instance: every node once, and every repeat also as the template of its items. (ODK XForms, "Instance",
//! "Repeats": `jr:template`.)

use serde_json::{Map, Value as Json};
use teranga_expr::Expr;
use teranga_expr::tree::{Node as Tree, Operator};

use super::columns::{self, Onto, cell};
use super::element::Element;
use super::settings;
use super::source::Source;
use super::tree::{Node, ROOT, Role};

/// Types whose constants hold hyphens that subtract nothing.
const HYPHENATED: [&str; 6] = ["date", "datetime", "dateTime", "geopoint", "geotrace", "geoshape"];

/// Whether the repeats within a node are written once or with their templates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Repeats {
    /// As a template and as a first item.
    WithTemplate,
    /// As a first item: their template stands in that of the repeat around them.
    ItemOnly,
    /// As a template: within a template.
    TemplateOnly,
}

impl Source<'_> {
    /// The instance with its root.
    pub(super) fn primary_instance(&self) -> Element {
        let document = self.document;
        let mut root = self.filled(ROOT, Repeats::WithTemplate, &Map::new());
        for (name, value) in settings::attributes(document, "attribute") {
            root.set(name, value);
        }
        // The name as its author wrote it, where it could not be that of a form here.
        let written = document.settings.get("form_id").and_then(serde_json::Value::as_str);
        root.set("id", written.unwrap_or(&document.form_id));
        if let Some(namespace) = settings::get(document, "instance_xmlns") {
            root.set("xmlns", namespace);
        }
        root.set("version", document.version.as_str());
        for (setting, attribute) in [("prefix", "odk:prefix"), ("delimiter", "odk:delimiter")] {
            if let Some(value) = settings::get(document, setting) {
                root.set(attribute, value);
            }
        }
        Element::new("instance").holding(root)
    }

    /// A section with its children; what their values are where they differ from what the rows begin with.
    fn filled(&self, at: usize, repeats: Repeats, values: &Map<String, Json>) -> Element {
        let none = Map::new();
        let Some(node) = self.tree.get(at) else { return Element::new("data") };
        let mut section = Element::new(node.row.name.as_str());
        self.set_attributes(&mut section, at, node);
        for (child, node) in self.tree.children(at) {
            match node.role {
                Role::Question => section.push(self.question(child, node, values.get(&node.row.name))),
                Role::Repeat => {
                    if repeats != Repeats::ItemOnly {
                        let mut template = self.filled(child, Repeats::TemplateOnly, &none);
                        template.set("jr:template", "");
                        section.push(template);
                    }
                    if repeats != Repeats::TemplateOnly {
                        for item in items(node, values) {
                            section.push(self.filled(child, Repeats::ItemOnly, item.unwrap_or(&none)));
                        }
                    }
                }
                Role::Root | Role::Group => {
                    // Within a group of a template, a repeat stands again as if there were none around it.
                    let template = repeats == Repeats::TemplateOnly;
                    let inner = if template { Repeats::WithTemplate } else { repeats };
                    let values = values.get(&node.row.name).and_then(Json::as_object).unwrap_or(&none);
                    section.push(self.filled(child, inner, values));
                }
                Role::Meta => {
                    let mut meta = self.filled(child, repeats, &none);
                    meta.extend(self.entity_in(ROOT));
                    if !meta.is_bare() {
                        section.push(meta);
                    }
                }
            }
        }
        if at != ROOT
            && let Some(entity) = self.entity_in(at)
        {
            let mut meta = Element::new("meta");
            meta.extend([entity]);
            section.push(meta);
        }
        section
    }

    fn set_attributes(&self, element: &mut Element, at: usize, node: &Node) {
        for (name, value) in columns::attributes(&node.row, Onto::Instance) {
            element.set(name, self.expression(at, &value));
        }
    }

    fn question(&self, at: usize, node: &Node, value: Option<&Json>) -> Element {
        let mut element = Element::new(node.row.name.as_str());
        self.set_attributes(&mut element, at, node);
        if let Some(default) = value.and_then(cell).or_else(|| constant(node)) {
            element.push_text(default);
        }
        element
    }
}

/// The items that a repeat begins with: those that its section says, those of its own, or an empty one.
fn items<'v>(node: &'v Node, values: &'v Map<String, Json>) -> Vec<Option<&'v Map<String, Json>>> {
    match values.get(&node.row.name) {
        Some(Json::Array(items)) => items.iter().map(Json::as_object).collect(),
        _ if node.row.instances.is_empty() => vec![None],
        _ => node.row.instances.iter().map(Some).collect(),
    }
}

/// The constant that a question begins with.
fn constant(node: &Node) -> Option<String> {
    let default = node.row.default.as_deref()?;
    if is_dynamic(node) {
        return None;
    }
    let is_picture = node.row.kind == "image" && !default.contains("://");
    Some(if is_picture { format!("jr://images/{default}") } else { default.to_owned() })
}

/// Whether a question begins with what an expression gives: one that calculates, calls, filters or reads an answer.
pub(super) fn is_dynamic(node: &Node) -> bool {
    let Some(default) = node.row.default.as_deref() else { return false };
    if default.contains("${") {
        return true;
    }
    let hyphenated = HYPHENATED.contains(&node.row.kind.as_str()) || is_one_word(default);
    let Ok(expression) = Expr::parse(default) else { return false };
    let mut dynamic = false;
    expression.root().walk(&mut |part| {
        dynamic |= match part {
            Tree::Call(..) | Tree::Reference(..) => true,
            Tree::Binary(Operator::Subtract, ..) => !hyphenated,
            Tree::Binary(operator, ..) => matches!(
                operator,
                Operator::Add | Operator::Multiply | Operator::Divide | Operator::Modulo | Operator::Union
            ),
            Tree::Path(path) => path.steps.iter().any(|step| !step.predicates.is_empty()),
            Tree::Number(_) | Tree::Text(_) | Tree::Negate(_) => false,
        };
    });
    dynamic
}

/// Whether a text is one word: neither `2026-11-25` nor the code `1-1` subtracts anything.
fn is_one_word(text: &str) -> bool {
    text.chars().all(|symbol| symbol.is_alphanumeric() || "-_.".contains(symbol))
}

#[cfg(test)]
mod tests {
    use teranga_core::form::NodeDocument;

    use super::*;

    fn dynamic(kind: &str, default: &str) -> bool {
        let row =
            NodeDocument { kind: kind.into(), default: Some(default.into()), ..NodeDocument::default() };
        let path = String::new();
        is_dynamic(&Node { role: Role::Question, row, parent: ROOT, children: Vec::new(), path })
    }

    #[test]
    fn what_calculates_calls_or_reads_is_computed() {
        for default in ["today()", "${a}", "1 + 2", "2 * 3", "5 - 1", "4 div 2", "../a[1]", "a | b"] {
            assert!(dynamic("text", default), "{default}");
        }
        for default in ["1-1", "2026-11-25", "-5", "no answer", "a.b", "1 = 1", "(open", "'a'"] {
            assert!(!dynamic("text", default), "{default}");
        }
        assert!(!dynamic("geopoint", "7.9 - 11.5"));
    }
}
