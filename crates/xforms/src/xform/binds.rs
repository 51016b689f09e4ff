//! The binds: what the model says of each node. Several binds of one node count together, the last one for what they
//! say twice.

use std::collections::BTreeMap;

use crate::report::Note;

use super::path::resolve;
use super::report::Reading;
use super::xml::{Element, attributes, elements, name};

/// What the model says of one node: attributes by their names, with ODK's usual prefixes.
#[derive(Debug, Clone, Default)]
pub(super) struct Bind {
    said: BTreeMap<String, String>,
    /// The byte at which the bind begins.
    pub(super) at: usize,
}

impl Bind {
    /// An attribute that says something.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.said.get(name).map(String::as_str).filter(|value| !value.trim().is_empty())
    }

    /// The type without its prefix; `string` where none is given.
    pub(super) fn kind(&self) -> &str {
        let kind = self.get("type").unwrap_or("string");
        kind.rsplit(':').next().unwrap_or(kind)
    }

    /// Every attribute.
    pub(super) fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.said.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// The binds by the path of their node, and the paths by the identity that some binds bear.
#[derive(Debug, Clone, Default)]
pub(super) struct Binds {
    pub(super) by_path: BTreeMap<String, Bind>,
    pub(super) by_id: BTreeMap<String, String>,
}

impl Binds {
    /// Reads the binds of a model.
    pub(super) fn read(model: Element<'_>, root: &str, reading: &mut Reading) -> Self {
        let mut binds = Self::default();
        for element in elements(model).filter(|element| name(*element) == "bind") {
            let nodeset =
                element.attribute("nodeset").or_else(|| element.attribute("ref")).unwrap_or_default();
            let Some(path) = resolve(root, nodeset) else {
                reading.note(element, "bind", Note::NoNode(nodeset.to_owned()));
                continue;
            };
            if let Some(id) = element.attribute("id") {
                binds.by_id.insert(id.to_owned(), path.clone());
            }
            let bind = binds.by_path.entry(path).or_default();
            bind.at = element.range().start;
            for (name, value) in attributes(element) {
                if !matches!(name.as_str(), "nodeset" | "ref" | "id") {
                    bind.said.insert(name, value.to_owned());
                }
            }
        }
        binds
    }

    /// What is said of a node.
    pub(super) fn of(&self, path: &str) -> Option<&Bind> {
        self.by_path.get(path)
    }
}
