//! Paths into an XForm, as the corpus writes them: XPath 1.0 with its own prefixes.

use anyhow::{Context as _, Result, anyhow};
use serde_json::Value as Json;
use sxd_document::dom::{Document, Element};
use sxd_document::{Package, QName};
use sxd_xpath::nodeset::Node;
use sxd_xpath::{Context, Factory, Value};

use super::fragment::{self, Token};

/// The prefixes of the corpus.
const PREFIXES: [(&str, &str); 8] = [
    ("x", "http://www.w3.org/2002/xforms"),
    ("h", "http://www.w3.org/1999/xhtml"),
    ("ev", "http://www.w3.org/2001/xml-events"),
    ("xsd", "http://www.w3.org/2001/XMLSchema"),
    ("jr", "http://openrosa.org/javarosa"),
    ("orx", "http://openrosa.org/xforms"),
    ("odk", "http://www.opendatakit.org/xforms"),
    ("entities", "http://www.opendatakit.org/xforms/entities"),
];

/// The prefix that the corpus uses for a namespace.
pub(crate) fn prefix(namespace: &str) -> Option<&'static str> {
    PREFIXES.iter().find(|(_, address)| *address == namespace).map(|(prefix, _)| *prefix)
}

/// An XForm that paths are evaluated on.
pub(crate) struct Xml {
    package: Package,
}

impl Xml {
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let parsed = roxmltree::Document::parse(text).map_err(|error| anyhow!("no XML: {error}"))?;
        let package = Package::new();
        let document = package.as_document();
        document.root().append_child(copy(document, parsed.root_element()));
        Ok(Self { package })
    }

    fn evaluate(&self, path: &str) -> Result<Value<'_>> {
        let mut context = Context::new();
        for (prefix, address) in PREFIXES {
            context.set_namespace(prefix, address);
        }
        let path =
            Factory::new().build(path.trim()).with_context(|| path.to_owned())?.context("an empty path")?;
        path.evaluate(&context, self.package.as_document().root()).context("a path that cannot be evaluated")
    }

    /// How many nodes a path finds; a path that is true counts as one.
    pub(crate) fn count(&self, path: &str) -> Result<usize> {
        Ok(match self.evaluate(path)? {
            Value::Nodeset(nodes) => nodes.size(),
            Value::Boolean(yes) => usize::from(yes),
            Value::Number(_) | Value::String(_) => 0,
        })
    }

    /// Whether a path finds exactly these texts, attributes or elements.
    pub(crate) fn finds(&self, path: &str, expected: &[Json]) -> Result<bool> {
        let Value::Nodeset(nodes) = self.evaluate(path)? else { return Ok(false) };
        let found: Vec<Vec<Token>> = nodes.iter().map(shown).collect();
        let expected: Vec<Vec<Token>> = expected.iter().filter_map(Json::as_str).map(wanted).collect();
        let same = |left: &[Vec<Token>], right: &[Vec<Token>]| left.iter().all(|token| right.contains(token));
        Ok(same(&found, &expected) && same(&expected, &found))
    }
}

/// An element for the evaluator, whose own parser leaves the default namespace out.
fn copy<'d>(document: Document<'d>, node: roxmltree::Node<'_, '_>) -> Element<'d> {
    let tag = node.tag_name();
    let element = document.create_element(QName::with_namespace_uri(tag.namespace(), tag.name()));
    for namespace in node.namespaces() {
        match namespace.name() {
            Some(prefix) => element.register_prefix(prefix, namespace.uri()),
            None => element.set_default_namespace_uri(Some(namespace.uri())),
        }
    }
    for attribute in node.attributes() {
        let name = QName::with_namespace_uri(attribute.namespace(), attribute.name());
        element.set_attribute_value(name, attribute.value());
    }
    for child in node.children() {
        if child.is_element() {
            element.append_child(copy(document, child));
        } else if let Some(text) = child.text().filter(|_| child.is_text()) {
            element.append_child(document.create_text(text));
        }
    }
    element
}

fn wanted(text: &str) -> Vec<Token> {
    if text.trim_start().starts_with('<') {
        fragment::tokens(text)
    } else {
        vec![Token::Text(fragment::plain(text))]
    }
}

fn shown(node: Node<'_>) -> Vec<Token> {
    match node {
        Node::Element(element) => fragment::of_element(element),
        other => vec![Token::Text(fragment::plain(&other.string_value()))],
    }
}
