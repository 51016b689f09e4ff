//! Lists of choices as expressions see them: `instance('list')/root/item`, each item with its `name`, its `label` and
//! its other columns.

use std::sync::Arc;

use serde_json::Value as Json;

use crate::form::{Choice, ChoicesDocument, Form, LAST_SAVED, Lists, RowId};

use super::tree::Tree;

/// One list as a small document. Its nodes are numbered: 0 the document, 1 `root`, then each item with its fields; a
/// table of data numbers its own.
#[derive(Debug, Clone)]
pub(super) struct Table {
    names: Vec<String>,
    choices: Arc<[Choice]>,
    /// Numbers that one item takes: itself and its fields.
    stride: u32,
    /// What stands in place of choices in a table of data.
    tree: Option<Arc<Tree>>,
}

/// Every list that a form can name, and which of them each row draws from.
#[derive(Debug, Clone, Default)]
pub(super) struct Tables {
    tables: Vec<Table>,
    of_row: Vec<Option<usize>>,
}

const ROOT: u32 = 1;
const FIRST_ITEM: u32 = 2;
/// The fields of an item that are no properties: `name`, `label`, and `itextId`, by which XForms name its label.
const OWN_FIELDS: usize = 3;

impl Tables {
    /// The lists of a form. `choices` are those of each row.
    pub(super) fn new(form: &Form, handed: &Lists, choices: &[Option<Arc<[Choice]>>]) -> Self {
        let mut tables = Self { tables: Vec::new(), of_row: vec![None; choices.len()] };
        tables.add(LAST_SAVED, Arc::from([]));
        for (list, document) in &form.document().choices {
            if let ChoicesDocument::Table { rows, path } = document {
                let table = tables.add(list, Arc::from([]));
                if let Some(table) = tables.tables.get_mut(table) {
                    table.tree = Some(Arc::new(Tree::new(rows, path.as_deref())));
                }
            } else if let Some(choices) = form.resolve_list(list, handed) {
                tables.add(list, choices);
            }
        }
        for (row, choices) in form.rows().zip(choices) {
            let (Some(list), Some(choices)) = (&row.list, choices) else { continue };
            let found = tables.find(list).filter(|found| {
                tables.tables.get(*found).is_some_and(|table| Arc::ptr_eq(&table.choices, choices))
            });
            let table = found.unwrap_or_else(|| tables.add(list, Arc::clone(choices)));
            if let Some(slot) = tables.of_row.get_mut(row.row.index()) {
                *slot = Some(table);
            }
        }
        for (name, choices) in handed.iter() {
            if tables.find(name).is_none() {
                tables.add(name, Arc::clone(choices));
            }
        }
        tables
    }

    fn add(&mut self, name: &str, choices: Arc<[Choice]>) -> usize {
        let stem = name.rsplit_once('.').map(|(stem, _)| stem.to_owned());
        let fields = choices.iter().map(|choice| choice.properties.len()).max().unwrap_or(0) + OWN_FIELDS;
        let stride = u32::try_from(fields + 1).unwrap_or(u32::MAX);
        self.tables.push(Table {
            names: [name.to_owned()].into_iter().chain(stem).collect(),
            choices,
            stride,
            tree: None,
        });
        self.tables.len() - 1
    }

    /// The list of this name.
    pub(super) fn find(&self, name: &str) -> Option<usize> {
        self.tables.iter().position(|table| table.names.iter().any(|known| known == name))
    }

    /// The list that a row draws from.
    pub(super) fn of_row(&self, row: RowId) -> Option<usize> {
        self.of_row.get(row.index()).copied().flatten()
    }

    /// A list.
    pub(super) fn get(&self, table: usize) -> Option<&Table> {
        self.tables.get(table)
    }
}

impl Table {
    /// The choices.
    pub(super) fn choices(&self) -> &[Choice] {
        &self.choices
    }

    /// The item and the field that a number stands for; field 0 is the item itself.
    fn split(&self, node: u32) -> Option<(&Choice, usize)> {
        let past = node.checked_sub(FIRST_ITEM)?;
        let choice = self.choices.get((past / self.stride) as usize)?;
        Some((choice, (past % self.stride) as usize))
    }

    /// The place in the list of the item that a number stands for.
    pub(super) fn item(&self, node: u32) -> Option<usize> {
        node.checked_sub(FIRST_ITEM).map(|past| (past / self.stride) as usize)
    }

    /// The node that holds this one.
    pub(super) fn parent(&self, node: u32) -> Option<u32> {
        if let Some(tree) = &self.tree {
            return tree.parent(node);
        }
        match node {
            0 => None,
            ROOT => Some(0),
            _ if (node - FIRST_ITEM).is_multiple_of(self.stride) => Some(ROOT),
            _ => Some(node - (node - FIRST_ITEM) % self.stride),
        }
    }

    /// The nodes that this one holds.
    pub(super) fn children(&self, node: u32) -> Vec<u32> {
        if let Some(tree) = &self.tree {
            return tree.children(node).to_vec();
        }
        match node {
            0 => vec![ROOT],
            ROOT => {
                let last = u32::try_from(self.choices.len()).unwrap_or(0).saturating_mul(self.stride);
                (FIRST_ITEM..FIRST_ITEM.saturating_add(last)).step_by(self.stride as usize).collect()
            }
            _ => match self.split(node) {
                Some((choice, 0)) => {
                    let fields = u32::try_from(choice.properties.len() + OWN_FIELDS).unwrap_or(0);
                    (node + 1..=node + fields).collect()
                }
                Some(_) | None => Vec::new(),
            },
        }
    }

    /// The attributes of a node.
    pub(super) fn attributes(&self, node: u32) -> &[u32] {
        self.tree.as_ref().map_or(&[], |tree| tree.attributes(node))
    }

    /// Whether a node is an attribute.
    pub(super) fn is_attribute(&self, node: u32) -> bool {
        self.tree.as_ref().is_some_and(|tree| tree.is_attribute(node))
    }

    /// The first cell of a column in the rows whose cell of another column is `key`.
    pub(super) fn look_up(
        &self,
        wanted: &str,
        column: &str,
        key: &str,
        languages: (&str, &str),
    ) -> Option<String> {
        if let Some(tree) = &self.tree {
            let found = tree.rows().iter().find(|row| tree.cell(**row, column) == key)?;
            return Some(tree.cell(*found, wanted));
        }
        let cell = |choice: &Choice, column: &str| match column {
            "name" => choice.name.clone(),
            "label" => label(choice, languages).to_owned(),
            other => choice.properties.get(other).map(plain).unwrap_or_default(),
        };
        let found = self.choices.iter().find(|choice| cell(choice, column) == key)?;
        Some(cell(found, wanted))
    }

    /// The fields of an item that bear a name.
    pub(super) fn field(&self, node: u32, name: &str) -> Option<u32> {
        if self.tree.is_some() {
            return None;
        }
        let (choice, 0) = self.split(node)? else { return None };
        let place = match (name, choice.properties.keys().position(|key| key == name)) {
            ("name", _) => 0,
            ("label", _) => 1,
            (_, Some(property)) => property + OWN_FIELDS,
            ("itextId", None) => 2,
            (_, None) => return None,
        };
        Some(node + 1 + u32::try_from(place).ok()?)
    }

    /// The name of a node.
    pub(super) fn name(&self, node: u32) -> &str {
        if let Some(tree) = &self.tree {
            return tree.name(node);
        }
        match (node, self.split(node)) {
            (ROOT, _) => "root",
            (_, Some((_, 0))) => "item",
            (_, Some((_, 1))) => "name",
            (_, Some((_, 2))) => "label",
            (_, Some((_, 3))) => "itextId",
            (_, Some((choice, field))) => {
                choice.properties.keys().nth(field - 1 - OWN_FIELDS).map_or("", String::as_str)
            }
            (_, None) => "",
        }
    }

    /// The identity that an XForm gives the label of the item that a node belongs to.
    fn itext_id(&self, node: u32) -> String {
        let list = self.names.first().map_or("", String::as_str);
        self.item(node).map(|place| format!("{list}-{place}")).unwrap_or_default()
    }

    /// The text of a node.
    pub(super) fn text(&self, node: u32, languages: (&str, &str)) -> String {
        if let Some(tree) = &self.tree {
            return tree.text(node);
        }
        match self.split(node) {
            Some((choice, 1)) => choice.name.clone(),
            Some((choice, 2)) => label(choice, languages).to_owned(),
            Some((_, 3)) => self.itext_id(node),
            Some((choice, field)) if field > OWN_FIELDS => {
                choice.properties.values().nth(field - 1 - OWN_FIELDS).map(plain).unwrap_or_default()
            }
            Some(_) | None => String::new(),
        }
    }
}

/// The label of a choice in a language, or else in the form's; its code where it has none.
pub(super) fn label<'a>(choice: &'a Choice, (language, default_language): (&str, &str)) -> &'a str {
    let label = choice.label.as_ref().map_or("", |label| label.get(language, default_language));
    if label.is_empty() { &choice.name } else { label }
}

/// A property of a choice as text.
pub(super) fn plain(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        Json::Null => String::new(),
        Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_) => value.to_string(),
    }
}
