//! What is fuzzed: everything that reads what people bring.

use std::cell::RefCell;
use std::sync::Arc;

use teranga_core::flow::{Answers, Filling, FlowContext};
use teranga_core::form::{Form, Lists};
use teranga_expr::{Context, Expr, Instance, NoForm, evaluate};
use teranga_xforms::{Imported, import_csv, import_markdown, import_xform};

/// Something that reads input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// Expressions of ODK XPath: parsed, written again, evaluated.
    Expr,
    /// Workbooks as text, Markdown and CSV: imported, and what comes out opened.
    Xlsform,
    /// ODK XForms: imported, and what comes out opened.
    Xform,
}

impl Target {
    /// Every target.
    pub const ALL: [Self; 3] = [Self::Expr, Self::Xlsform, Self::Xform];

    /// Its name, which is that of its folders.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Expr => "expr",
            Self::Xlsform => "xlsform",
            Self::Xform => "xform",
        }
    }

    /// What tends to mean something to it.
    pub const fn words(self) -> &'static [&'static str] {
        match self {
            Self::Expr => EXPR,
            Self::Xlsform => XLSFORM,
            Self::Xform => XFORM,
        }
    }

    /// Reads an input. Whatever it is, it is read or refused; never a panic, never without end.
    pub fn read(self, input: &[u8]) {
        match self {
            Self::Expr => expression(&String::from_utf8_lossy(input)),
            Self::Xlsform => {
                let text = String::from_utf8_lossy(input);
                opened(import_markdown(&text, "fuzz.md").ok());
                opened(import_csv(input, "fuzz.csv").ok());
            }
            Self::Xform => opened(import_xform(input, "fuzz.xml").ok()),
        }
    }
}

/// Signs and words of expressions.
const EXPR: &[&str] = &[
    "(",
    ")",
    "[",
    "]",
    "/",
    "//",
    "..",
    ".",
    "@",
    "*",
    "::",
    "and ",
    " or ",
    " div ",
    " mod ",
    "|",
    "'",
    "\"",
    "${a}",
    "${",
    "position(",
    "count(",
    "once(",
    "regex(",
    "substr(",
    "concat(",
    "join(' ',",
    "-",
    "following-sibling::",
    "current()/",
    "instance('x')/",
    "1e308",
    "last()",
    "sum(//",
    "\u{301}",
    "\0",
    "randomize(",
    "digest(",
    "format-date(",
    "if(",
    "string-length(",
    "translate(",
];

/// Signs and words of forms on sheets.
const XLSFORM: &[&str] = &[
    "| ",
    " |\n",
    "| survey |\n",
    "| choices |\n",
    "| settings |\n",
    "begin repeat",
    "end repeat",
    "begin group",
    "end group",
    "${",
    "}",
    "${prenoms}",
    "calculate",
    "select_one ",
    "select_multiple ",
    "label::",
    "::",
    "relevant",
    "trigger",
    "repeat_count",
    "or_other",
    "../",
    "instance(",
    "\u{a0}",
    "\"",
    ",",
    "\n",
    "parameters",
    "range",
    "entities",
    "save_to",
    "last-saved#",
    "{}",
    "teranga_",
];

/// Signs and words of XForms.
const XFORM: &[&str] = &[
    "<",
    ">",
    "/>",
    "</",
    "&gt;",
    "&#0;",
    "&",
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "jr:template=\"\"",
    "<bind nodeset=\"",
    "ref=\"",
    "calculate=\"",
    "relevant=\"/data/age\"",
    "<repeat nodeset=\"/data\">",
    "<group>",
    "</group>",
    "<output value=\"",
    "<setvalue event=\"xforms-value-changed\" ref=\"/data/x\"/>",
    "jr:count=\"",
    "<instance id=\"x\" src=\"jr://file-csv/a.csv\"/>",
    "jr:itext('a')",
    "../",
    "/data/",
    "<itemset nodeset=\"",
    "xmlns:a=\"b\"",
    "<!DOCTYPE a [<!ENTITY b \"c\">]>",
];

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

fn expression(source: &str) {
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
