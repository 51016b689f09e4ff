//! A form on its way out: its document, its nodes, its lists and where its entities are kept, for all that writes.

use teranga_core::form::{FormDocument, Lists};

use crate::export_error::ExportError;

use super::entities::{self, Placed};
use super::growth::grow;
use super::lists::{self, List};
use super::reference::{Begin, Place, References};
use super::settings;
use super::tree::Tree;

/// What the root of the instance is called where the settings give it no name.
const ROOT_NAME: &str = "data";
/// The language of texts whose language nobody names.
const UNNAMED: &str = "default";

/// A form on its way out.
pub(super) struct Source<'a> {
    pub(super) document: &'a FormDocument,
    pub(super) tree: Tree,
    pub(super) lists: Vec<List>,
    pub(super) entities: Vec<Placed>,
}

impl<'a> Source<'a> {
    /// Numbers and places what is in a form; the code lists that it draws from are handed in.
    pub(super) fn new(document: &'a FormDocument, handed: &Lists) -> Result<Self, ExportError> {
        let root = settings::get(document, "name").unwrap_or_else(|| ROOT_NAME.to_owned());
        let tree = grow(document, &root);
        let lists = lists::gather(document, handed)?;
        let entities = entities::place(document, &tree)?;
        Ok(Self { document, tree, lists, entities })
    }

    /// Expressions of this form.
    pub(super) fn references(&self) -> References<'_> {
        References { tree: &self.tree }
    }

    /// An expression of a node.
    pub(super) fn expression(&self, at: usize, source: &str) -> String {
        self.references().expression(source, Place::of(&self.tree, at), Begin::Here)
    }

    /// The language of texts that name none, by its code.
    pub(super) fn default_language(&self) -> &str {
        let first = self.document.languages.first().map(String::as_str);
        self.document.default_language.as_deref().or(first).unwrap_or(UNNAMED)
    }

    /// What a language is called: `French (fr)`.
    pub(super) fn language_name<'s>(&'s self, code: &'s str) -> &'s str {
        self.document.language_names.get(code).map_or(code, String::as_str)
    }

    /// Whether a language must be marked as the one that a form opens in: its author said so, or it is not the first,
    /// in which a form opens anyway.
    pub(super) fn is_marked_default(&self, code: &str) -> bool {
        let first = self.document.languages.first().map(String::as_str);
        let said = code == UNNAMED || settings::get(self.document, "default_language").is_some();
        code == self.default_language() && (said || first.is_some_and(|first| first != code))
    }

    /// A list by its name.
    pub(super) fn list(&self, name: &str) -> Option<&List> {
        self.lists.iter().find(|list| list.name == name)
    }
}
