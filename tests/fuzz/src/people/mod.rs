//! What reads the files that people bring: expressions, workbooks as text, XForms.

use std::cell::RefCell;
use std::sync::Arc;

use teranga_core::flow::{Answers, Filling, FlowContext};
use teranga_core::form::{Form, Lists};
use teranga_expr::{Context, Expr, Instance, NoForm, evaluate};
use teranga_xforms::{Imported, import_csv, import_markdown, import_xform};

pub(crate) mod words;

/// A workbook as text, either way.
pub(crate) fn workbook(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    opened(import_markdown(&text, "fuzz.md").ok());
    opened(import_csv(input, "fuzz.csv").ok());
}

/// An XForm.
pub(crate) fn xform(input: &[u8]) {
    opened(import_xform(input, "fuzz.xml").ok());
}

/// A form that was imported is one that can be filled.
fn opened(imported: Option<Imported>) {
    let Some(imported) = imported else { return };
    let form =
        Form::parse(&imported.form).unwrap_or_else(|errors| panic!("an import gave no form: {errors}"));
    let again = Form::parse(&form.to_json());
    assert!(again.is_ok_and(|again| again.to_json() == form.to_json()), "a form does not read back");
    let filling = Filling::new(Arc::new(form), &Lists::new(), Answers::new(), FlowContext::default());
    let _ = (filling.validate(), filling.prompts().count());
}

/// An expression: parsed, written again, evaluated.
pub(crate) fn expression(input: &[u8]) {
    let source = &String::from_utf8_lossy(input);
    let Ok(expr) = Expr::parse(source) else { return };
    let written = expr.to_string();
    let again = Expr::parse(&written).unwrap_or_else(|error| panic!("{written} does not parse: {error}"));
    assert_eq!(again.to_string(), written, "an expression is written in two ways");
    let random = RefCell::new(|bytes: &mut [u8]| bytes.fill(7));
    let tree = Tree;
    let context =
        Context { instance: &tree, form: &NoForm, node: 1, now_ms: 0, offset_minutes: 0, random: &random };
    let _ = evaluate(&expr, &context);
}

/// A small document: `/data` with the leaves `a` to `h`, numbered 2 to 9.
struct Tree;

const LEAVES: [(&str, &str); 8] = [
    ("a", "1"),
    ("b", "deux"),
    ("c", ""),
    ("d", "2026-03-01"),
    ("e", "x y z"),
    ("f", "14.7 -17.4 0 5"),
    ("g", "true"),
    ("h", "-2.5"),
];

impl Instance for Tree {
    type Node = usize;

    fn root(&self) -> usize {
        0
    }

    fn parent(&self, node: usize) -> Option<usize> {
        (node > 0).then_some(usize::from(node > 1))
    }

    fn children(&self, node: usize) -> Vec<usize> {
        match node {
            0 => vec![1],
            1 => (2..2 + LEAVES.len()).collect(),
            _ => Vec::new(),
        }
    }

    fn name(&self, node: usize) -> &str {
        match node {
            0 => "",
            1 => "data",
            leaf => LEAVES.get(leaf - 2).map_or("", |(name, _)| name),
        }
    }

    fn text(&self, node: usize) -> String {
        match node {
            0 | 1 => LEAVES.iter().map(|(_, text)| *text).collect(),
            leaf => LEAVES.get(leaf - 2).map_or_else(String::new, |(_, text)| (*text).to_owned()),
        }
    }

    fn secondary(&self, id: &str) -> Option<usize> {
        (id == "x").then_some(0)
    }
}
