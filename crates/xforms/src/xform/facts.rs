//! What must be known of all rows before the first of them is read.

use std::collections::{HashMap, HashSet};

use super::instance::{Nature, Shape};

/// What must be known of one row before it is read.
pub(super) struct Fact {
    /// The byte at which its element begins.
    pub(super) at: usize,
    /// The path of the innermost repeat around it.
    pub(super) repeat: String,
}

/// What must be known of the rows before they are read.
#[derive(Default)]
pub(super) struct Facts {
    /// The rows by their paths.
    pub(super) paths: HashMap<String, Fact>,
    /// How many rows bear each name, the root included.
    pub(super) names: HashMap<String, usize>,
    /// The rows that hold a text.
    pub(super) leaves: HashSet<String>,
    /// The rows that begin with a value.
    pub(super) defaults: HashSet<String>,
}

impl Facts {
    /// The facts of an instance.
    pub(super) fn of(root: &Shape) -> Self {
        let mut facts = Self::default();
        facts.names.insert(root.name.clone(), 1);
        facts.section(root, "");
        facts
    }

    fn section(&mut self, section: &Shape, repeat: &str) {
        for shape in &section.children {
            *self.names.entry(shape.name.clone()).or_default() += 1;
            self.paths.insert(shape.path.clone(), Fact { at: shape.at, repeat: repeat.to_owned() });
            if shape.nature == Nature::Leaf {
                self.leaves.insert(shape.path.clone());
                if !shape.default.is_empty() {
                    self.defaults.insert(shape.path.clone());
                }
            }
            let repeats = matches!(shape.nature, Nature::Repeat | Nature::Fixed);
            self.section(shape, if repeats { &shape.path } else { repeat });
        }
    }
}
