//! Walking a form: what to show, in order, with the boundaries of groups, repeats and items.

use crate::form::{Choice, Kind, Question, RowId};
use crate::id::ItemId;
use crate::key::Key;

use super::Filling;
use super::instance::{NodeId, Slot};
use super::items::Counted;
use super::shown::Shown;
use super::validate::Finding;

/// What a stop on the walk is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// A question, or a note (a question whose kind takes no answer).
    Question,
    /// A group begins.
    GroupStart,
    /// It ends.
    GroupEnd,
    /// A repeat begins; its items follow.
    RepeatStart {
        /// How many there are.
        items: usize,
        /// Who decides how many.
        counted: Counted,
    },
    /// An item begins.
    ItemStart {
        /// Its identity.
        item: ItemId,
        /// Its place among the items, from 1.
        position: usize,
    },
    /// It ends.
    ItemEnd,
    /// The repeat ends: the place to ask whether to add an item.
    RepeatEnd,
}

/// A stop on the walk, to be shown with [`Filling::prompt`]. It stays valid while its item exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stop {
    /// What it is.
    pub step: Step,
    pub(super) node: NodeId,
    pub(super) row: RowId,
}

/// Everything that is shown at one stop.
#[derive(Debug, Clone, PartialEq)]
pub struct Prompt<'a> {
    /// What it is.
    pub step: Step,
    /// The key that the answer goes under; at a repeat's and an item's boundaries the prefix of the item that they
    /// are in or begin, if any.
    pub key: Option<Key>,
    /// The row.
    pub question: &'a Question,
    /// The label in the language of the filling, with answers filled in.
    pub label: String,
    /// The hint likewise.
    pub hint: String,
    /// The choices offered now, their labels in the language of the filling.
    pub choices: Vec<Choice>,
    /// The answer or why there is none.
    pub state: Shown,
    /// Whether an answer must be given.
    pub required: bool,
    /// Whether the answer may not be changed by hand.
    pub readonly: bool,
    /// What is wrong with the answer that stands, in the language of the filling where the form says it.
    pub violation: Option<Finding>,
}

impl Filling {
    /// The walk as it is now: everything visible, in order. Cheap; take it anew after each answer.
    pub fn stops(&self) -> Vec<Stop> {
        let mut stops = Vec::new();
        self.walk(NodeId::ROOT, &mut stops);
        stops
    }

    /// Everything visible, in order.
    pub fn prompts(&self) -> impl Iterator<Item = Prompt<'_>> {
        self.stops().into_iter().filter_map(|stop| self.prompt(&stop))
    }

    /// The first stop after the question under this key, wherever the answers now lead; the first of all for `None`.
    pub fn next_after(&self, key: Option<&Key>) -> Option<Stop> {
        let stops = self.stops();
        let Some(node) = key.and_then(|key| self.nodes.get(key)) else { return stops.into_iter().next() };
        let order = self.instance.node(*node).map_or(0, |node| node.order);
        // A section's end has its section's place in the document; only what begins later counts.
        let mut passed = false;
        stops.into_iter().find(|stop| {
            let after = self.instance.node(stop.node).map_or(0, |node| node.order) > order;
            let found = passed || after;
            passed |= stop.node == *node;
            found
        })
    }

    /// The row at a stop and the key of its prompt, without labels and choices: cheap enough to ask of every stop.
    pub fn at(&self, stop: &Stop) -> Option<(&Question, Option<&Key>)> {
        Some((self.form.row(stop.row)?, self.instance.node(stop.node)?.key.as_ref()))
    }

    /// Whether a person answers at a stop: a question that takes an answer and may be changed by hand.
    pub fn takes_answer(&self, stop: &Stop) -> bool {
        let kind = self.form.row(stop.row).map(|row| row.kind);
        stop.step == Step::Question && kind.is_some_and(Kind::is_asked) && !self.is_readonly(stop.node)
    }

    /// Whether an answer must be given under a key.
    pub fn requires_answer(&self, key: &Key) -> bool {
        let node = self.nodes.get(key).and_then(|node| self.instance.node(*node));
        node.is_some_and(|node| node.own.required)
    }

    /// What to show at a stop; `None` when its item was removed since.
    pub fn prompt(&self, stop: &Stop) -> Option<Prompt<'_>> {
        let node = self.instance.node(stop.node)?;
        let question = self.form.row(stop.row)?;
        let choices = self.offered(stop.node);
        Some(Prompt {
            step: stop.step,
            key: node.key.clone(),
            question,
            label: self.label_of(question, stop.node),
            hint: self.word(&question.hint, stop.node),
            choices: self.worded(&choices, stop.node),
            state: self.shown_at(stop.node),
            required: node.own.required,
            readonly: self.is_readonly(stop.node),
            violation: self.finding(stop.node),
        })
    }

    fn walk(&self, section: NodeId, stops: &mut Vec<Stop>) {
        let Some(node) = self.instance.node(section) else { return };
        let Some(question) = self.form.row(node.row) else { return };
        for (row, slot) in question.children.iter().zip(&node.slots) {
            let Some(child) = self.form.row(*row).filter(|child| !self.sight.is_hidden(child.row)) else {
                continue;
            };
            if child.kind == Kind::Repeat {
                self.walk_items(child, slot, stops);
            }
            for inner in slot.active().iter().filter(|_| child.kind != Kind::Repeat) {
                if !self.instance.node(*inner).is_some_and(|inner| inner.relevant) {
                    continue;
                }
                if child.kind.is_shown() {
                    stops.push(Stop { step: Step::Question, node: *inner, row: *row });
                } else if child.kind == Kind::Group {
                    let before = stops.len();
                    stops.push(Stop { step: Step::GroupStart, node: *inner, row: *row });
                    self.walk(*inner, stops);
                    if stops.len() == before + 1 {
                        stops.truncate(before);
                    } else {
                        stops.push(Stop { step: Step::GroupEnd, node: *inner, row: *row });
                    }
                }
            }
        }
    }

    fn walk_items(&self, repeat: &Question, slot: &Slot, stops: &mut Vec<Stop>) {
        let is_relevant = |node: &NodeId| self.instance.node(*node).is_some_and(|node| node.relevant);
        let relevant: Vec<NodeId> = slot.active().iter().copied().filter(is_relevant).collect();
        let Some(bud) = slot.bud.filter(|bud| is_relevant(bud) || !relevant.is_empty()) else { return };
        let row = repeat.row;
        let step = Step::RepeatStart { items: relevant.len(), counted: self.counted(row) };
        stops.push(Stop { step, node: bud, row });
        for (node, position) in relevant.into_iter().zip(1..) {
            let Some(item) = self.instance.node(node).and_then(|node| node.item) else { continue };
            stops.push(Stop { step: Step::ItemStart { item, position }, node, row });
            self.walk(node, stops);
            stops.push(Stop { step: Step::ItemEnd, node, row });
        }
        stops.push(Stop { step: Step::RepeatEnd, node: bud, row });
    }
}
