//! Labels, hints and messages: written in place or by identity, with the outputs in them as `${name}` or
//! `${expression}`.

use std::collections::HashMap;

use serde_json::{Map, Value as Json};

use crate::names::is_name;
use crate::report::Note;

use super::itext::{Itext, SHOWN, named};
use super::path::{last, resolve};
use super::report::Reading;
use super::xml::{Element, attribute, name};

/// What texts are read with.
pub(super) struct Texts<'t, 'a> {
    pub(super) itext: &'t Itext<'a>,
    /// How many rows bear each name.
    pub(super) names: &'t HashMap<String, usize>,
    /// The path of the root element.
    pub(super) root: &'t str,
}

/// A text with its other forms.
#[derive(Debug, Clone, Default)]
pub(super) struct Spoken {
    /// The text that is shown.
    pub(super) shown: Option<Json>,
    /// The other forms by name: `guidance`, `image`.
    pub(super) others: Vec<(String, Json)>,
}

impl Texts<'_, '_> {
    /// What a label or a hint says at a row.
    pub(super) fn spoken(&self, element: Element<'_>, path: &str, reading: &mut Reading) -> Spoken {
        match attribute(element, "ref") {
            Some(reference) => self.referred(reference, path, reading),
            None => {
                let text = self.inline(element, path, reading);
                Spoken { shown: (!text.is_empty()).then(|| text.into()), others: Vec::new() }
            }
        }
    }

    /// What a message of a bind says: a text by its identity, or itself.
    pub(super) fn message(&self, source: &str, path: &str, reading: &mut Reading) -> Option<Json> {
        if source.trim_start().starts_with("jr:itext(") {
            return self.referred(source, path, reading).shown;
        }
        Some(source.into())
    }

    fn referred(&self, reference: &str, path: &str, reading: &mut Reading) -> Spoken {
        let Some(id) = named(reference) else {
            let shown = Some(format!("${{{}}}", reference.trim()).into());
            return Spoken { shown, others: Vec::new() };
        };
        let mut spoken = Spoken::default();
        for form in self.itext.forms(id).into_iter().flat_map(|forms| forms.keys()) {
            let Some(text) = self.text(id, form, path, reading) else { continue };
            if *form == SHOWN {
                spoken.shown = Some(text);
            } else {
                spoken.others.push(((*form).to_owned(), text));
            }
        }
        spoken
    }

    /// A text by its identity in one form: plain where the form speaks one unnamed language only.
    pub(super) fn text(&self, id: &str, form: &str, path: &str, reading: &mut Reading) -> Option<Json> {
        let values = self.itext.forms(id)?.get(form)?;
        let mut languages = Map::new();
        for (language, value) in values {
            let text = self.inline(*value, path, reading);
            languages.insert(self.itext.language(*language).to_owned(), text.into());
        }
        let unnamed = self.itext.languages.len() == 1 && self.itext.default == "default";
        if unnamed {
            languages.into_iter().next().map(|(_, text)| text)
        } else {
            Some(Json::Object(languages))
        }
    }

    /// The text within an element, its outputs included.
    fn inline(&self, element: Element<'_>, path: &str, reading: &mut Reading) -> String {
        let mut text = String::new();
        for node in element.descendants().skip(1) {
            if let Some(piece) = node.text().filter(|_| node.is_text()) {
                text.push_str(piece);
            } else if node.is_element() && name(node) == "output" {
                let source = attribute(node, "value").or_else(|| attribute(node, "ref")).unwrap_or_default();
                text.push_str(&self.output(source.trim(), path, node, reading));
            }
        }
        text.trim().to_owned()
    }

    /// An output as texts of the form hold it: `${name}` where the name means the same node.
    fn output(&self, source: &str, path: &str, element: Element<'_>, reading: &mut Reading) -> String {
        if let Some(target) = resolve(path, source).filter(|target| target.starts_with(self.root)) {
            let name = last(&target);
            if is_name(name) && self.names.get(name) == Some(&1) {
                return format!("${{{name}}}");
            }
        }
        if source.contains('}') || source.is_empty() {
            reading.note(element, "output", Note::Kept(source.to_owned()));
            return String::new();
        }
        format!("${{{source}}}")
    }
}
