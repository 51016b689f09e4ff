//! The instance: the tree of nodes that expressions walk. A row outside repeats has one node; a row within has one in
//! every item. Nodes live in one arena and are never moved, so a number names a node for the life of a filling.

use crate::form::{Form, Kind, RowId};
use crate::id::ItemId;
use crate::key::Key;
use crate::value::Value;

/// The number of a node in its instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct NodeId(u32);

impl NodeId {
    /// The root, `/data`.
    pub(crate) const ROOT: Self = Self(0);

    fn index(self) -> usize {
        self.0 as usize
    }

    /// Its number.
    pub(crate) const fn number(self) -> u32 {
        self.0
    }

    /// The node of this number.
    pub(crate) const fn numbered(number: u32) -> Self {
        Self(number)
    }
}

/// One question, note, section or item of the instance.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    /// Its row in the form.
    pub(crate) row: RowId,
    /// The section or item that holds it; the root is its own.
    pub(crate) parent: NodeId,
    /// The item, for a node of a repeat.
    pub(crate) item: Option<ItemId>,
    /// The storage key; of an item the prefix of everything within; `None` for groups outside items.
    pub(crate) key: Option<Key>,
    /// The nodes of each row of a section, in the order of the rows.
    pub(crate) slots: Vec<Slot>,
    /// The answer that is stored; selections as codes separated by spaces.
    pub(crate) answer: Option<Value>,
    /// The answer as expressions read it while the node is relevant.
    pub(crate) text: String,
    /// Its own skip logic and that of every section around.
    pub(crate) relevant: bool,
    /// What its own expressions say.
    pub(crate) own: Own,
    /// Its place in document order; kept up as items come and go.
    pub(crate) order: u32,
}

/// What a node's own expressions say, whatever the sections around it say.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Own {
    /// Its skip logic.
    pub(crate) relevant: bool,
    /// Whether an answer must be given.
    pub(crate) required: bool,
    /// Whether the answer may not be changed by hand.
    pub(crate) readonly: bool,
}

/// The nodes of one row in one section: one, or the items of a repeat in order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Slot {
    /// The row.
    pub(crate) nodes: Vec<NodeId>,
    /// How many of them are part of the instance; the rest, past a lowered count, are kept aside.
    pub(crate) active: usize,
    /// For a repeat, a node that stands for it while it has no items: its skip logic says whether one may be added.
    pub(crate) bud: Option<NodeId>,
}

impl Node {
    fn new(row: RowId, parent: NodeId, item: Option<ItemId>, key: Option<Key>) -> Self {
        Self {
            row,
            parent,
            item,
            key,
            slots: Vec::new(),
            answer: None,
            text: String::new(),
            relevant: true,
            own: Own { relevant: true, required: false, readonly: false },
            order: 0,
        }
    }
}

impl Slot {
    /// The nodes that are part of the instance.
    pub(crate) fn active(&self) -> &[NodeId] {
        self.nodes.get(..self.active).unwrap_or(&self.nodes)
    }
}

/// The tree.
#[derive(Debug, Clone)]
pub(crate) struct Instance {
    nodes: Vec<Node>,
    /// The place of each row among the rows of its section.
    places: Vec<usize>,
    /// The node of each row that is in no repeat.
    singles: Vec<Option<NodeId>>,
}

impl Instance {
    /// The instance of a form before any answer: every row outside repeats, no items.
    pub(crate) fn new(form: &Form) -> Self {
        let mut places = vec![0; form.rows().count()];
        for section in form.rows() {
            for (place, child) in section.children.iter().enumerate() {
                if let Some(slot) = places.get_mut(child.index()) {
                    *slot = place;
                }
            }
        }
        let singles = vec![None; places.len()];
        let mut instance = Self { nodes: Vec::new(), places, singles };
        instance.grow(form, RowId::ROOT, NodeId::ROOT, None);
        instance
    }

    fn key_of(&self, node: NodeId) -> Option<Key> {
        self.node(node).and_then(|node| node.key.clone())
    }

    /// A node. Numbers come from this instance alone, so the node is always there.
    pub(crate) fn node(&self, node: NodeId) -> Option<&Node> {
        self.nodes.get(node.index())
    }

    /// A node, to change it.
    pub(crate) fn node_mut(&mut self, node: NodeId) -> Option<&mut Node> {
        self.nodes.get_mut(node.index())
    }

    /// Adds an item to a repeat, last, and returns its node. The item is active if all before it are.
    pub(crate) fn add_item(&mut self, form: &Form, section: NodeId, repeat: RowId, item: ItemId) -> NodeId {
        let node = self.grow(form, repeat, section, Some(item));
        let place = self.place(repeat);
        if let Some(slot) = self.node_mut(section).and_then(|section| section.slots.get_mut(place)) {
            if slot.active == slot.nodes.len() {
                slot.active += 1;
            }
            slot.nodes.push(node);
        }
        node
    }

    /// Makes the nodes of a row and of everything within, but no items.
    fn grow(&mut self, form: &Form, row: RowId, parent: NodeId, item: Option<ItemId>) -> NodeId {
        let Some(question) = form.row(row) else { return NodeId::ROOT };
        let around = self.key_of(parent).filter(|_| row != RowId::ROOT);
        let key = match (question.kind, item) {
            (Kind::Repeat, Some(item)) => Some(Key::item(around.as_ref(), &question.id, item)),
            (Kind::Group | Kind::Repeat, _) => around,
            _ => Some(around.map_or_else(|| Key::question(&question.id), |item| item.child(&question.id))),
        };
        let node = self.push(Node::new(row, parent, item, key));
        if question.repeat.is_none()
            && question.kind != Kind::Repeat
            && let Some(single) = self.singles.get_mut(row.index())
        {
            *single = Some(node);
        }
        let mut slots = Vec::with_capacity(question.children.len());
        for child in &question.children {
            slots.push(if form.row(*child).is_some_and(|child| child.kind == Kind::Repeat) {
                let bud = self.push(Node::new(*child, node, None, self.key_of(node)));
                Slot { nodes: Vec::new(), active: 0, bud: Some(bud) }
            } else {
                Slot { nodes: vec![self.grow(form, *child, node, None)], active: 1, bud: None }
            });
        }
        if let Some(node) = self.node_mut(node) {
            node.slots = slots;
        }
        node
    }

    fn push(&mut self, node: Node) -> NodeId {
        let id = NodeId(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX));
        self.nodes.push(node);
        id
    }

    fn place(&self, row: RowId) -> usize {
        self.places.get(row.index()).copied().unwrap_or(usize::MAX)
    }

    /// The place of an item among those of its repeat, from 1, whether skip logic leaves some out or not; 1 for
    /// anything else.
    pub(crate) fn place_of(&self, id: NodeId) -> usize {
        let slot = self.node(id).and_then(|node| self.slot(node.parent, node.row));
        slot.and_then(|slot| slot.nodes.iter().position(|other| *other == id)).map_or(1, |place| place + 1)
    }

    /// The nodes of a row within a section; kept-aside items included.
    pub(crate) fn slot(&self, section: NodeId, row: RowId) -> Option<&Slot> {
        self.node(section)?.slots.get(self.place(row))
    }

    /// The nodes of a row within a section, to change them.
    pub(crate) fn slot_mut(&mut self, section: NodeId, row: RowId) -> Option<&mut Slot> {
        let place = self.place(row);
        self.node_mut(section)?.slots.get_mut(place)
    }

    /// Every active node of a row within `scope`, in document order; `scope` itself when it is of the row.
    pub(crate) fn of_row(&self, form: &Form, scope: NodeId, row: RowId) -> Vec<NodeId> {
        if let Some(Some(single)) = self.singles.get(row.index()).filter(|_| scope == NodeId::ROOT) {
            return vec![*single];
        }
        let Some(top) = self.node(scope).map(|node| node.row) else { return Vec::new() };
        let mut path = Vec::new();
        let mut step = row;
        while step != top {
            path.push(step);
            match form.row(step) {
                Some(question) if step != RowId::ROOT => step = question.parent,
                _ => return Vec::new(),
            }
        }
        let mut nodes = vec![scope];
        while let Some(row) = path.pop() {
            nodes = nodes
                .iter()
                .filter_map(|section| self.slot(*section, row))
                .flat_map(|slot| slot.active().iter().copied())
                .collect();
        }
        nodes
    }

    /// Every node that a logic of this row decides about, within `scope`: its active nodes and, for a repeat, what
    /// stands for it while it has no items.
    pub(crate) fn targets(&self, form: &Form, scope: NodeId, row: RowId) -> Vec<NodeId> {
        let mut targets = self.of_row(form, scope, row);
        if let Some(repeat) = form.row(row).filter(|row| row.kind == Kind::Repeat)
            && self.node(scope).is_none_or(|scope| scope.row != row)
        {
            let sections = self.of_row(form, scope, repeat.parent);
            targets.extend(sections.into_iter().filter_map(|section| self.slot(section, row)?.bud));
        }
        targets
    }

    /// The innermost item around a node that is also around `row` (or is `row`'s own); the root when none is. What
    /// `${name}` means at a node is looked for from there.
    pub(crate) fn common_item(&self, form: &Form, node: NodeId, row: RowId) -> NodeId {
        let mut at = node;
        while let Some(here) = self.node(at) {
            if here.item.is_some() && encloses(form, here.row, row) {
                return at;
            }
            if at == NodeId::ROOT {
                break;
            }
            at = here.parent;
        }
        NodeId::ROOT
    }

    /// Every node's place in document order, counted anew after items came or went.
    pub(crate) fn number(&mut self) {
        for (node, order) in self.subtree(NodeId::ROOT).into_iter().zip(1..) {
            if let Some(node) = self.node_mut(node) {
                node.order = order;
            }
        }
    }

    /// The node and everything within it that is part of the instance, sections before their rows.
    pub(crate) fn subtree(&self, top: NodeId) -> Vec<NodeId> {
        let mut found = Vec::new();
        let mut ahead = vec![top];
        while let Some(node) = ahead.pop() {
            found.push(node);
            if let Some(node) = self.node(node) {
                let inner = |slot: &'_ Slot| {
                    slot.bud.into_iter().chain(slot.active().iter().copied()).collect::<Vec<_>>()
                };
                ahead.extend(node.slots.iter().flat_map(inner).collect::<Vec<_>>().into_iter().rev());
            }
        }
        found
    }
}

/// Whether a section is around a row, or is the row.
pub(crate) fn encloses(form: &Form, section: RowId, row: RowId) -> bool {
    let mut at = row;
    loop {
        if at == section {
            return true;
        }
        match form.row(at) {
            Some(question) if at != RowId::ROOT => at = question.parent,
            _ => return false,
        }
    }
}
