//! The body: which control asks for which node, which sections are shown, and which actions stand where.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::Flaw;
use crate::report::Note;

use super::path::resolve;
use super::report::Reading;
use super::xml::{Element, attribute, elements, is_odk, name};

/// What the body says of a section of the instance.
#[derive(Debug, Clone, Default)]
pub(super) struct Section<'a> {
    /// The group of its node.
    pub(super) group: Option<Element<'a>>,
    /// The repeat of its node.
    pub(super) repeat: Option<Element<'a>>,
}

/// An action, and the path of the row that it belongs to.
#[derive(Debug, Clone)]
pub(super) struct Placed<'a> {
    pub(super) path: String,
    pub(super) element: Element<'a>,
    /// Whether the row is a control, whose answers may be changed by hand.
    pub(super) in_control: bool,
}

/// A group that stands for no node.
#[derive(Debug, Clone)]
pub(super) struct Presentation<'a> {
    pub(super) element: Element<'a>,
    /// The path of the first control within.
    pub(super) first: String,
}

/// The body, by the paths of the instance.
#[derive(Debug, Clone, Default)]
pub(super) struct Body<'a> {
    /// The controls, with their place in the body.
    pub(super) controls: BTreeMap<String, (usize, Element<'a>)>,
    /// Groups and repeats.
    pub(super) sections: BTreeMap<String, Section<'a>>,
    /// Actions in their order.
    pub(super) actions: Vec<Placed<'a>>,
    /// Groups that only lay out.
    pub(super) presentations: Vec<Presentation<'a>>,
}

impl<'a> Body<'a> {
    /// Reads the body. `ids` are the nodes of binds by their identity, which controls may name in place of a path.
    pub(super) fn read(
        body: Option<Element<'a>>,
        root: &str,
        ids: &BTreeMap<String, String>,
        reading: &mut Reading,
    ) -> Self {
        let mut read = Self::default();
        if let Some(body) = body {
            Walker { body: &mut read, ids, reading, order: Vec::new() }.walk(body, root);
        }
        read
    }

    /// The paths that are repeated.
    pub(super) fn repeats(&self) -> BTreeSet<String> {
        self.paths(|section| section.repeat.is_some())
    }

    /// The paths that are grouped.
    pub(super) fn groups(&self) -> BTreeSet<String> {
        self.paths(|section| section.repeat.is_none())
    }

    fn paths(&self, wanted: impl Fn(&Section<'a>) -> bool) -> BTreeSet<String> {
        let sections = self.sections.iter().filter(|(_, section)| wanted(section));
        sections.map(|(path, _)| path.clone()).collect()
    }
}

struct Walker<'w, 'a> {
    body: &'w mut Body<'a>,
    ids: &'w BTreeMap<String, String>,
    reading: &'w mut Reading,
    /// The paths of the controls as they were met.
    order: Vec<String>,
}

impl<'a> Walker<'_, 'a> {
    /// Reads what stands within an element whose relative references begin at `context`. As deep as the document,
    /// whose depth is bounded.
    fn walk(&mut self, within: Element<'a>, context: &str) {
        for element in elements(within) {
            match name(element) {
                "group" => self.group(element, context),
                "repeat" => {
                    let Some(path) = self.path(element, context) else { continue };
                    self.body.sections.entry(path.clone()).or_default().repeat = Some(element);
                    self.walk(element, &path);
                }
                "input" | "select" | "select1" | "upload" | "trigger" | "range" | "rank" | "secret" => {
                    self.control(element, context);
                }
                "setvalue" | "setgeopoint" | "recordaudio" => self.action(element, context, false),
                "label" | "hint" | "help" => {}
                other => self.reading.keep(element, other),
            }
        }
    }

    fn group(&mut self, element: Element<'a>, context: &str) {
        if attribute(element, "ref").is_none() && attribute(element, "bind").is_none() {
            let before = self.order.len();
            self.walk(element, context);
            if let Some(first) = self.order.get(before).cloned() {
                self.body.presentations.push(Presentation { element, first });
            }
            return;
        }
        let Some(path) = self.path(element, context) else { return };
        self.body.sections.entry(path.clone()).or_default().group = Some(element);
        self.walk(element, &path);
    }

    fn control(&mut self, element: Element<'a>, context: &str) {
        let Some(path) = self.path(element, context) else { return };
        for inner in elements(element) {
            if matches!(name(inner), "setvalue" | "setgeopoint" | "recordaudio") {
                self.action(inner, &path, true);
            }
        }
        let order = self.body.controls.len();
        if self.body.controls.contains_key(&path) {
            self.reading.keep(element, name(element));
        } else {
            self.order.push(path.clone());
            self.body.controls.insert(path, (order, element));
        }
    }

    fn action(&mut self, element: Element<'a>, path: &str, in_control: bool) {
        if name(element) == "setvalue" || is_odk(element) {
            self.body.actions.push(Placed { path: path.to_owned(), element, in_control });
        } else {
            self.reading.note(element, name(element), Note::Kept(name(element).to_owned()));
        }
    }

    /// The path of the node that an element of the body stands for.
    fn path(&mut self, element: Element<'a>, context: &str) -> Option<String> {
        let by_bind = attribute(element, "bind").and_then(|id| self.ids.get(id)).cloned();
        let reference = attribute(element, "ref").or_else(|| attribute(element, "nodeset"));
        let path = by_bind.or_else(|| resolve(context, reference?));
        if path.is_none() {
            let reference = reference.unwrap_or("-").to_owned();
            self.reading.find(element, name(element), Flaw::NoNode(reference));
        }
        path
    }
}
