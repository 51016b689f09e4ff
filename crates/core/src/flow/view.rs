//! The instance and the lists as the expression engine walks them.

use std::borrow::Cow;

use teranga_expr::{EvalError, EvalErrorKind};

use crate::form::{Form, OWN_CHOICES, PLACE, RowId};

use super::Filling;
use super::context::FlowContext;
use super::instance::{Instance, NodeId, Slot};
use super::tables::{Tables, label};

/// A node of the instance or of a list, in document order within its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    /// 0 for the instance; one more than its number for a list.
    space: u32,
    order: u32,
    number: u32,
}

const DOCUMENT: u32 = u32::MAX;
/// The space of the attributes of nodes of the instance: each by its node's number, in its order among them.
const ATTRIBUTES: u32 = u32::MAX;

impl Place {
    /// The list and the number of the node in it; `None` for a node of the instance.
    fn listed(self) -> Option<(usize, u32)> {
        self.space
            .checked_sub(1)
            .filter(|_| self.space != ATTRIBUTES)
            .map(|table| (table as usize, self.number))
    }

    fn of_list(table: usize, number: u32) -> Self {
        Self { space: u32::try_from(table).unwrap_or(u32::MAX - 2) + 1, order: number, number }
    }

    /// The node of the instance; `None` for the document above it and for nodes of lists.
    pub(super) fn node(self) -> Option<NodeId> {
        (self.space == 0 && self.number != DOCUMENT).then_some(NodeId::numbered(self.number))
    }
}

/// What one evaluation looks at.
pub(super) struct View<'a> {
    pub(super) filling: &'a Filling,
    pub(super) form: &'a Form,
    pub(super) instance: &'a Instance,
    pub(super) tables: &'a Tables,
    pub(super) context: &'a FlowContext,
    /// The row whose choices are meant by "its own".
    pub(super) row: RowId,
    /// The node at which the evaluation stands.
    pub(super) node: NodeId,
}

impl View<'_> {
    /// The attribute that a place stands for, as name and value. The last one of each node is its place in its
    /// repeat.
    fn attribute(&self, place: Place) -> Option<(&str, String)> {
        let id = NodeId::numbered(place.number);
        let node = self.instance.node(id).filter(|_| place.space == ATTRIBUTES)?;
        let row = self.form.row(node.row)?;
        match row.attributes.get(place.order as usize) {
            Some((name, value)) => Some((name, value.clone())),
            None => Some((PLACE, self.instance.place_of(id).to_string())),
        }
    }

    /// A node of the instance as a place.
    pub(super) fn place(&self, node: NodeId) -> Place {
        let order = self.instance.node(node).map_or(0, |node| node.order);
        Place { space: 0, order, number: node.number() }
    }

    /// The place in its list of the choice that a node of a list belongs to.
    pub(super) fn choice(&self, place: Place) -> Option<usize> {
        let (table, number) = place.listed()?;
        self.tables.get(table)?.item(number)
    }

    /// The languages to look for a label in.
    pub(super) fn languages(&self) -> (&str, &str) {
        (&self.context.language, self.form.default_language())
    }

    /// A repeat's items that skip logic leaves out are not there; other rows are there and read empty.
    fn is_there(&self, node: NodeId) -> bool {
        self.instance.node(node).is_some_and(|node| node.relevant || node.item.is_none())
    }

    /// The label of a choice by the identity that an XForm gives it: its list and its place there.
    fn text_of_choice(&self, id: &str) -> Option<String> {
        let (list, place) = id.rsplit_once('-')?;
        let table = self.tables.get(self.tables.find(list)?)?;
        let choice = table.choices().get(place.parse::<usize>().ok()?)?;
        Some(label(choice, self.languages()).to_owned())
    }

    /// The label or hint of a row by the identity that an XForm gives it: its path and which of both.
    fn text_of_row(&self, id: &str) -> Option<String> {
        let (path, which) = id.rsplit_once(':')?;
        let row = self.form.rows().find(|row| row.path == path)?;
        let text = match which {
            "label" => &row.label,
            "hint" => &row.hint,
            _ => return None,
        };
        let (language, default_language) = self.languages();
        Some(text.get(language, default_language).to_owned())
    }

    fn text_of(&self, node: NodeId, text: &mut String) {
        for node in self.instance.subtree(node) {
            if let Some(node) = self.instance.node(node).filter(|node| node.relevant) {
                text.push_str(&node.text);
            }
        }
    }
}

impl teranga_expr::Instance for View<'_> {
    type Node = Place;

    fn root(&self) -> Place {
        Place { space: 0, order: 0, number: DOCUMENT }
    }

    fn parent(&self, place: Place) -> Option<Place> {
        if let Some((table, number)) = place.listed() {
            return Some(Place::of_list(table, self.tables.get(table)?.parent(number)?));
        }
        if place.space == ATTRIBUTES {
            return Some(self.place(NodeId::numbered(place.number)));
        }
        match place.node()? {
            NodeId::ROOT => Some(self.root()),
            node => Some(self.place(self.instance.node(node)?.parent)),
        }
    }

    fn children(&self, place: Place) -> Vec<Place> {
        if let Some((table, number)) = place.listed() {
            let children = self.tables.get(table).map(|table| table.children(number)).unwrap_or_default();
            return children.into_iter().map(|number| Place::of_list(table, number)).collect();
        }
        if place.space == ATTRIBUTES {
            return Vec::new();
        }
        let Some(node) = place.node() else { return vec![self.place(NodeId::ROOT)] };
        let slots = self.instance.node(node).into_iter().flat_map(|node| &node.slots);
        let nodes = slots.flat_map(Slot::active).copied();
        nodes.filter(|node| self.is_there(*node)).map(|node| self.place(node)).collect()
    }

    fn children_named(&self, place: Place, name: &str) -> Vec<Place> {
        if let Some((table, number)) = place.listed() {
            let Some(list) = self.tables.get(table) else { return Vec::new() };
            if let Some(field) = list.field(number, name) {
                return vec![Place::of_list(table, field)];
            }
            let children = list.children(number).into_iter();
            let named = children.filter(|child| list.name(*child) == name);
            return named.map(|number| Place::of_list(table, number)).collect();
        }
        if place.space == ATTRIBUTES {
            return Vec::new();
        }
        let Some(node) = place.node() else {
            return if self.form.is_root(name) { vec![self.place(NodeId::ROOT)] } else { Vec::new() };
        };
        let Some(section) = self.instance.node(node) else { return Vec::new() };
        let slot = self.form.place_named(section.row, name).and_then(|place| section.slots.get(place));
        let nodes = slot.into_iter().flat_map(Slot::active).copied();
        nodes.filter(|node| self.is_there(*node)).map(|node| self.place(node)).collect()
    }

    fn name(&self, place: Place) -> &str {
        if let Some((table, number)) = place.listed() {
            return self.tables.get(table).map_or("", |table| table.name(number));
        }
        if let Some((name, _)) = self.attribute(place) {
            return name;
        }
        place
            .node()
            .and_then(|node| self.form.row(self.instance.node(node)?.row))
            .map_or("", |question| question.name.as_str())
    }

    fn text(&self, place: Place) -> String {
        if let Some((table, number)) = place.listed() {
            let table = self.tables.get(table);
            return table.map(|table| table.text(number, self.languages())).unwrap_or_default();
        }
        if let Some((_, value)) = self.attribute(place) {
            return value;
        }
        let Some(id) = place.node() else { return String::new() };
        match self.instance.node(id) {
            Some(node) if !node.relevant => String::new(),
            Some(node) if node.slots.is_empty() => node.text.clone(),
            Some(_) => {
                let mut text = String::new();
                self.text_of(id, &mut text);
                text
            }
            None => String::new(),
        }
    }

    fn secondary(&self, id: &str) -> Option<Place> {
        let table = if id == OWN_CHOICES { self.tables.of_row(self.row)? } else { self.tables.find(id)? };
        Some(Place::of_list(table, 0))
    }

    fn attributes(&self, place: Place) -> Vec<Place> {
        if let Some((table, number)) = place.listed() {
            let attributes = self.tables.get(table).map_or(&[][..], |table| table.attributes(number));
            return attributes.iter().map(|number| Place::of_list(table, *number)).collect();
        }
        let Some(node) = place.node().and_then(|node| self.instance.node(node)) else { return Vec::new() };
        let count = self.form.row(node.row).map_or(0, |row| row.attributes.len());
        let count = u32::try_from(count).unwrap_or(0);
        (0..=count).map(|order| Place { space: ATTRIBUTES, order, number: place.number }).collect()
    }

    fn is_attribute(&self, place: Place) -> bool {
        let listed = place.listed().and_then(|(table, number)| Some((self.tables.get(table)?, number)));
        listed.map_or(place.space == ATTRIBUTES, |(table, number)| table.is_attribute(number))
    }
}

impl teranga_expr::Form<Place> for View<'_> {
    fn choice_name(&self, code: &str, select: &str) -> Result<String, EvalError> {
        let name = select.trim().rsplit('/').next().unwrap_or("");
        let name = name.strip_prefix("${").and_then(|name| name.strip_suffix('}')).unwrap_or(name);
        let rows = self.form.rows_named(name).iter().filter_map(|row| self.form.row(*row));
        let Some(row) = rows.into_iter().find(|row| row.kind.has_choices()) else { return Ok(String::new()) };
        let table = self.tables.of_row(row.row).and_then(|table| self.tables.get(table));
        let choices = if let Some(table) = table {
            Cow::Borrowed(table.choices())
        } else {
            let scope = self.instance.common_item(self.form, self.node, row.row);
            let node = self.instance.of_row(self.form, scope, row.row).first().copied();
            node.map(|node| self.filling.offered(node)).unwrap_or_default()
        };
        let choice = choices.iter().find(|choice| choice.name == code);
        Ok(choice.map_or("", |choice| label(choice, self.languages())).to_owned())
    }

    fn itext(&self, id: &str) -> Result<String, EvalError> {
        let (language, default_language) = self.languages();
        if let Some(text) = self.form.document().texts.get(id) {
            return Ok(text.get(language, default_language).to_owned());
        }
        Ok(self.text_of_choice(id).or_else(|| self.text_of_row(id)).unwrap_or_default())
    }

    fn property(&self, name: &str) -> Result<String, EvalError> {
        let context = self.context;
        let property = match name {
            "deviceid" => &context.device_id,
            "username" => &context.username,
            "phonenumber" => &context.phone_number,
            "email" => &context.email,
            _ => &None,
        };
        Ok(property.clone().unwrap_or_default())
    }

    fn pull_data(&self, file: &str, wanted: &str, column: &str, key: &str) -> Result<String, EvalError> {
        let table = self.tables.find(file).and_then(|table| self.tables.get(table));
        let table = table.ok_or_else(|| EvalErrorKind::Instance(file.to_owned()))?;
        Ok(table.look_up(wanted, column, key, self.languages()).unwrap_or_default())
    }
}
