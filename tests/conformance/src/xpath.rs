//! Expressions on which ODK Web Forms, Enketo and JavaRosa agree, and JavaRosa's own.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result};
use roxmltree::Document;
use serde_json::Value as Json;
use teranga_expr::{Context, Expr, Form, Instance, Value, beyond_collect, evaluate, number_text};

use crate::report::{FileReport, Verdict};

/// An XML document as an instance. Node 0 is the root; attributes come after all elements.
struct Xml<'a> {
    nodes: Vec<XmlNode<'a>>,
}

struct XmlNode<'a> {
    name: &'a str,
    text: String,
    parent: Option<usize>,
    children: Vec<usize>,
    attributes: Vec<usize>,
    is_attribute: bool,
}

impl<'a> Xml<'a> {
    fn new(document: &'a Document<'a>) -> Self {
        let mut xml = Self { nodes: Vec::new() };
        xml.add(document.root(), None);
        xml
    }

    fn add(&mut self, node: roxmltree::Node<'a, 'a>, parent: Option<usize>) -> usize {
        let index = self.nodes.len();
        let text =
            node.descendants().filter(roxmltree::Node::is_text).filter_map(|node| node.text()).collect();
        self.nodes.push(XmlNode {
            name: node.tag_name().name(),
            text,
            parent,
            children: Vec::new(),
            attributes: Vec::new(),
            is_attribute: false,
        });
        for attribute in node.attributes() {
            let at = self.nodes.len();
            self.nodes.push(XmlNode {
                name: attribute.name(),
                text: attribute.value().to_owned(),
                parent: Some(index),
                children: Vec::new(),
                attributes: Vec::new(),
                is_attribute: true,
            });
            self.nodes[index].attributes.push(at);
        }
        for child in node.children().filter(roxmltree::Node::is_element) {
            let at = self.add(child, Some(index));
            self.nodes[index].children.push(at);
        }
        index
    }
}

impl Instance for Xml<'_> {
    type Node = usize;

    fn root(&self) -> usize {
        0
    }
    fn parent(&self, node: usize) -> Option<usize> {
        self.nodes[node].parent
    }
    fn children(&self, node: usize) -> Vec<usize> {
        self.nodes[node].children.clone()
    }
    fn name(&self, node: usize) -> &str {
        self.nodes[node].name
    }
    fn text(&self, node: usize) -> String {
        self.nodes[node].text.clone()
    }
    fn secondary(&self, _id: &str) -> Option<usize> {
        None
    }
    fn attributes(&self, node: usize) -> Vec<usize> {
        self.nodes[node].attributes.clone()
    }
    fn is_attribute(&self, node: usize) -> bool {
        self.nodes[node].is_attribute
    }
}

struct NoForm;
impl Form<usize> for NoForm {}

enum Got {
    Value(Value<usize>, Vec<String>),
    Error,
}

/// What a case is evaluated with.
struct Setting<'a> {
    xml: &'a Xml<'a>,
    at: &'a str,
    now_ms: i64,
    offset_minutes: i32,
}

fn evaluated(source: &str, setting: &Setting<'_>) -> Got {
    let Setting { xml, at, now_ms, offset_minutes } = *setting;
    let random = RefCell::new(|bytes: &mut [u8]| bytes.fill(7));
    let mut context =
        Context { instance: xml, form: &NoForm, node: 0, now_ms, offset_minutes, random: &random };
    if at != "/" && !at.is_empty() {
        let Ok(path) = Expr::parse(at) else { return Got::Error };
        match evaluate(&path, &context) {
            Ok(Value::Nodes(nodes)) if !nodes.is_empty() => context.node = nodes[0],
            _ => return Got::Error,
        }
    }
    // The engines refuse a function that there is not only once it is evaluated.
    let Ok(expr) = Expr::parse_any(source) else { return Got::Error };
    match evaluate(&expr, &context) {
        Err(_) => Got::Error,
        Ok(value) => {
            let texts = match &value {
                Value::Nodes(nodes) => nodes.iter().map(|node| xml.text(*node)).collect(),
                _ => Vec::new(),
            };
            Got::Value(value, texts)
        }
    }
}

fn text_of(value: &Value<usize>, texts: &[String]) -> String {
    match value {
        Value::Nodes(_) => texts.first().cloned().unwrap_or_default(),
        Value::Number(number) => number_text(*number),
        Value::Text(text) => text.clone(),
        Value::Boolean(yes) => yes.to_string(),
        Value::Date(_) => String::new(),
    }
}

/// Evaluates with the conversion that the case asks for, as an engine does when it stores the result.
fn holds(case: &Json, setting: &Setting<'_>) -> bool {
    let source = case["expr"].as_str().unwrap();
    let expected = &case["expected"]["value"];
    let convert = |function: &str| evaluated(&format!("{function}({source})"), setting);
    match case["expected"]["type"].as_str().unwrap() {
        // What Collect does not support this engine may run; then it must remark it.
        "error" if expected == "XPathUnsupportedException" && is_beyond_collect(source) => true,
        "error" => matches!(evaluated(source, setting), Got::Error),
        "boolean" => match convert("boolean") {
            Got::Value(Value::Boolean(yes), _) => Some(yes) == expected.as_bool(),
            _ => false,
        },
        "number" => match convert("number") {
            Got::Value(Value::Number(number), _) => same_number(rounded(number, case), expected),
            _ => false,
        },
        "string" => match convert("string") {
            Got::Value(value, texts) => Some(text_of(&value, &texts).as_str()) == expected.as_str(),
            Got::Error => false,
        },
        "string-matches" => match convert("string") {
            Got::Value(value, texts) => {
                let pattern = expected.as_str().unwrap_or_default().trim_matches('/');
                regex::Regex::new(pattern).is_ok_and(|regex| regex.is_match(&text_of(&value, &texts)))
            }
            Got::Error => false,
        },
        _ => false,
    }
}

fn is_beyond_collect(source: &str) -> bool {
    let Ok(expr) = Expr::parse_any(source) else { return false };
    let mut found = false;
    expr.root().walk(&mut |node| found |= beyond_collect(node).is_some());
    found
}

/// Some cases were recorded rounded.
fn rounded(number: f64, case: &Json) -> f64 {
    case["expected"]["roundedFactor"].as_f64().map_or(number, |factor| (number * factor).round() / factor)
}

fn same_number(number: f64, expected: &Json) -> bool {
    match expected {
        Json::String(text) if text == "NaN" => number.is_nan(),
        Json::String(text) if text == "Infinity" => number == f64::INFINITY,
        Json::String(text) if text == "-Infinity" => number == f64::NEG_INFINITY,
        Json::Null => number.is_nan(),
        other => {
            let expected = other.as_f64().unwrap_or(f64::NAN);
            number == expected || (number - expected).abs() <= 1e-9 * expected.abs().max(1.0)
        }
    }
}

/// The offset of a time zone from UTC, in minutes; UTC where a case names none.
fn offset(zone: Option<&str>) -> i32 {
    match zone {
        Some("America/Phoenix") => -420,
        None | Some(_) => 0,
    }
}

/// Runs a corpus of expressions; the documents that they look at stand beside it.
pub(crate) fn run(folder: &Path, cases: &[Json]) -> Result<FileReport> {
    let path = folder.join("xpath-docs.json");
    let documents: BTreeMap<String, String> = match std::fs::read_to_string(&path) {
        Ok(text) => serde_json::from_str(&text).context("xpath-docs.json")?,
        Err(_) => BTreeMap::new(),
    };
    Ok(FileReport::of(cases, |case| {
        let source =
            case["doc"].as_str().and_then(|key| documents.get(key)).map_or("<data/>", String::as_str);
        let document = Document::parse(source).unwrap_or_else(|_| Document::parse("<data/>").unwrap());
        let now = case["now"].as_str().and_then(|now| chrono::DateTime::parse_from_rfc3339(now).ok());
        let setting = Setting {
            xml: &Xml::new(&document),
            at: case["context"].as_str().unwrap_or("/"),
            now_ms: now.map_or(0, |now| now.timestamp_millis()),
            offset_minutes: offset(case["tz"].as_str()),
        };
        if holds(case, &setting) {
            return Verdict::Passed;
        }
        Verdict::Failed(format!("{} at {} expects {}", case["expr"], case["context"], case["expected"]))
    }))
}
