//! The instance and the lists as the expression engine walks them.

use teranga_expr::{EvalError, EvalErrorKind};

use crate::form::{Choice, Form, OWN_CHOICES, RowId};

use super::context::FlowContext;
use super::instance::{Instance, NodeId, Slot};
use super::tables::{Tables, label, plain};

/// A node of the instance or of a list, in document order within its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    /// 0 for the instance; one more than its number for a list.
    space: u32,
    order: u32,
    number: u32,
}

const DOCUMENT: u32 = u32::MAX;

impl Place {
    /// The list and the number of the node in it; `None` for a node of the instance.
    fn listed(self) -> Option<(usize, u32)> {
        self.space.checked_sub(1).map(|table| (table as usize, self.number))
    }

    fn of_list(table: usize, number: u32) -> Self {
        Self { space: u32::try_from(table).unwrap_or(u32::MAX - 1) + 1, order: number, number }
    }

    /// The node of the instance; `None` for the document above it and for nodes of lists.
    pub(super) fn node(self) -> Option<NodeId> {
        (self.space == 0 && self.number != DOCUMENT).then_some(NodeId::numbered(self.number))
    }
}

/// What one evaluation looks at.
pub(super) struct View<'a> {
    pub(super) form: &'a Form,
    pub(super) instance: &'a Instance,
    pub(super) tables: &'a Tables,
    pub(super) context: &'a FlowContext,
    /// The row whose choices are meant by "its own".
    pub(super) row: RowId,
}

impl View<'_> {
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
}

impl teranga_expr::Form<Place> for View<'_> {
    fn choice_name(&self, code: &str, select: &str) -> Result<String, EvalError> {
        let name = select.trim().rsplit('/').next().unwrap_or("");
        let name = name.strip_prefix("${").and_then(|name| name.strip_suffix('}')).unwrap_or(name);
        let rows = self.form.rows_named(name).iter().filter_map(|row| self.form.row(*row));
        let table = rows.filter(|row| row.kind.has_choices()).find_map(|row| self.tables.of_row(row.row));
        let choices = table.and_then(|table| self.tables.get(table)).map_or(&[][..], |table| table.choices());
        let choice = choices.iter().find(|choice| choice.name == code);
        Ok(choice.map_or("", |choice| label(choice, self.languages())).to_owned())
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
        let cell = |choice: &Choice, column: &str| match column {
            "name" => choice.name.clone(),
            "label" => label(choice, self.languages()).to_owned(),
            other => choice.properties.get(other).map(plain).unwrap_or_default(),
        };
        let found = table.choices().iter().find(|choice| cell(choice, column) == key);
        Ok(found.map(|choice| cell(choice, wanted)).unwrap_or_default())
    }
}
