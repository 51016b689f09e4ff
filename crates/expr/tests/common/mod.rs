//! A small tree of elements to evaluate over.

#![expect(clippy::indexing_slicing, reason = "nodes are numbers of the tree's own")]

use std::cell::RefCell;

use teranga_expr::{Context, EvalError, Expr, Instance, NoForm, Value, evaluate};

/// Elements by number, in document order; 0 is the root.
pub(crate) struct Tree {
    names: Vec<String>,
    texts: Vec<String>,
    parents: Vec<Option<usize>>,
    children: Vec<Vec<usize>>,
}

impl Tree {
    /// `<data><p><name/><age/></p>…</data>`, with so many `p`.
    pub(crate) fn people(count: usize) -> Self {
        let mut tree = Self {
            names: vec![String::new()],
            texts: vec![String::new()],
            parents: vec![None],
            children: vec![Vec::new()],
        };
        let data = tree.add(0, "data", "");
        for person in 0..count {
            let p = tree.add(data, "p", "");
            tree.add(p, "name", if person % 2 == 0 { "Awa" } else { "Binta" });
            tree.add(p, "age", &person.to_string());
        }
        tree
    }

    fn add(&mut self, parent: usize, name: &str, text: &str) -> usize {
        self.names.push(name.to_owned());
        self.texts.push(text.to_owned());
        self.parents.push(Some(parent));
        self.children.push(Vec::new());
        let node = self.names.len() - 1;
        self.children[parent].push(node);
        node
    }

    /// Evaluates at the root.
    pub(crate) fn evaluate(&self, expr: &Expr) -> Result<Value<usize>, EvalError> {
        let random = RefCell::new(|bytes: &mut [u8]| bytes.fill(7));
        let (now_ms, offset_minutes) = (1_700_000_000_000, 0);
        evaluate(
            expr,
            &Context { instance: self, form: &NoForm, node: 1, now_ms, offset_minutes, random: &random },
        )
    }
}

impl Instance for Tree {
    type Node = usize;

    fn root(&self) -> usize {
        0
    }
    fn parent(&self, node: usize) -> Option<usize> {
        self.parents[node]
    }
    fn children(&self, node: usize) -> Vec<usize> {
        self.children[node].clone()
    }
    fn name(&self, node: usize) -> &str {
        &self.names[node]
    }
    fn text(&self, node: usize) -> String {
        self.texts[node].clone()
    }
    fn secondary(&self, id: &str) -> Option<usize> {
        (id == "self").then_some(0)
    }
}
