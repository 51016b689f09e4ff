//! Items of repeats: read from their keys, added and removed by hand, or as many as the form computes.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use serde_json::{Map, Value as Json};
use sha2::{Digest, Sha256};

use crate::answers::AnswerError;
use crate::form::{Form, Kind, Question, RowId};
use crate::id::ItemId;
use crate::key::{Key, ORDER, REMOVED};
use crate::value::Value;

use super::Filling;
use super::instance::{NodeId, Slot};
use super::recompute::Change;

/// Items of one repeat: more than any interview has, and few enough to recompute at once.
pub const ITEMS_MAX: usize = 1_000;

/// Who decides how many items a repeat has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// Whoever fills adds and removes them.
    ByHand,
    /// The form's `repeat_count`.
    ByForm,
}

/// When an item comes to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Birth {
    /// It is there when a new record is opened.
    WithRecord,
    /// It is added to what is there.
    Added,
}

/// An item found among the keys of a part.
struct Found {
    repeat: RowId,
    item: ItemId,
    order: i64,
}

impl Filling {
    /// Who decides how many items a repeat has.
    pub(super) fn counted(&self, repeat: RowId) -> Counted {
        match self.form.program().asked.get(repeat.index()).and_then(|asked| asked.count.as_ref()) {
            Some(_) => Counted::ByForm,
            None => Counted::ByHand,
        }
    }

    /// The items of a repeat that are part of the filling, in order; `within` is the prefix of the item around it.
    pub fn items(&self, repeat: &str, within: Option<&Key>) -> Vec<ItemId> {
        let slot = self.repeat(repeat, within).and_then(|(row, section)| self.instance.slot(section, row));
        let nodes = slot.into_iter().flat_map(Slot::active);
        nodes.filter_map(|node| self.instance.node(*node)?.item).collect()
    }

    /// Adds an item at the end of a repeat. `within` is the prefix of the item around it, for a repeat in a repeat;
    /// `item` a fresh identity, or that of a removed item, which comes back with its answers.
    pub fn add_item(
        &mut self,
        repeat: &str,
        within: Option<&Key>,
        item: ItemId,
    ) -> Result<Change, AnswerError> {
        let (row, section) = self.repeat_by_hand(repeat, within)?;
        let items = self.instance.slot(section, row).map_or(0, |slot| slot.nodes.len());
        if items >= ITEMS_MAX {
            return Err(AnswerError::TooMany { question: repeat.to_owned(), limit: ITEMS_MAX });
        }
        if self.items(repeat, within).contains(&item) {
            return Err(AnswerError::NoItem { question: repeat.to_owned() });
        }
        self.grow_item(section, row, item, None, Birth::Added);
        Ok(self.settle())
    }

    /// Removes an item: it is marked, and everything within stays stored, so that an edit made elsewhere at the same
    /// time is not lost.
    pub fn remove_item(
        &mut self,
        repeat: &str,
        within: Option<&Key>,
        item: ItemId,
    ) -> Result<Change, AnswerError> {
        let (row, section) = self.repeat_by_hand(repeat, within)?;
        let found = self.instance.slot(section, row).and_then(|slot| {
            let is_it =
                |node: &&NodeId| self.instance.node(**node).is_some_and(|node| node.item == Some(item));
            slot.nodes.iter().find(is_it).copied()
        });
        let missing = || AnswerError::NoItem { question: repeat.to_owned() };
        let node = found.ok_or_else(missing)?;
        let key = self.instance.node(node).and_then(|node| node.key.clone()).ok_or_else(missing)?;
        self.note(key.child(REMOVED), Value::text(self.context.now.to_rfc3339()));
        if let Some(slot) = self.instance.slot_mut(section, row) {
            slot.nodes.retain(|other| *other != node);
            slot.active = slot.nodes.len();
        }
        for gone in self.instance.subtree(node) {
            if let Some(key) = self.instance.node(gone).and_then(|node| node.key.clone()) {
                self.nodes.remove(&key);
            }
        }
        self.instance.number();
        self.queue_readers_of_items(row);
        Ok(self.settle())
    }

    fn repeat(&self, repeat: &str, within: Option<&Key>) -> Option<(RowId, NodeId)> {
        let question = self.form.row_by_id(repeat).filter(|row| row.kind == Kind::Repeat)?;
        let around = match within {
            Some(prefix) => *self.nodes.get(prefix)?,
            None => NodeId::ROOT,
        };
        let row = self.instance.node(around)?.row;
        let expected = question.repeat.unwrap_or(RowId::ROOT);
        if row != expected {
            return None;
        }
        let section = self.instance.of_row(&self.form, around, question.parent).first().copied()?;
        Some((question.row, section))
    }

    fn repeat_by_hand(&self, repeat: &str, within: Option<&Key>) -> Result<(RowId, NodeId), AnswerError> {
        let (row, section) =
            self.repeat(repeat, within).ok_or_else(|| AnswerError::NoItem { question: repeat.to_owned() })?;
        if self.sight.is_hidden(row) {
            return Err(AnswerError::Hidden { question: repeat.to_owned() });
        }
        match self.counted(row) {
            Counted::ByHand => Ok((row, section)),
            Counted::ByForm => Err(AnswerError::NoItem { question: repeat.to_owned() }),
        }
    }

    /// Adds the item of a place that the form counts, with an identity that is the same on every device.
    pub(super) fn grow_counted(
        &mut self,
        section: NodeId,
        repeat: &Question,
        place: usize,
        values: Option<&Map<String, Json>>,
        birth: Birth,
    ) {
        let around = self.instance.node(section).and_then(|section| section.key.clone());
        self.grow_item(section, repeat.row, counted_item(around.as_ref(), &repeat.id, place), values, birth);
    }

    /// Adds an item with the values that it begins with, and queues what it decides and what reads it.
    fn grow_item(
        &mut self,
        section: NodeId,
        repeat: RowId,
        item: ItemId,
        values: Option<&Map<String, Json>>,
        birth: Birth,
    ) {
        let form = Arc::clone(&self.form);
        let order = self.next_order(section, repeat);
        let node = self.instance.add_item(&form, section, repeat, item);
        self.learn(node);
        if let Some(key) = self.instance.node(node).and_then(|node| node.key.clone()) {
            self.note(key.child(ORDER), Value::Int(order));
            if self.is_removed(&key) {
                self.note(key.child(REMOVED), Value::Cleared);
            }
        }
        self.instance.number();
        let above = self.instance.node(section).is_some_and(|section| section.relevant);
        let within = self.instance.subtree(node);
        for inner in &within {
            if let Some(inner) = self.instance.node_mut(*inner) {
                inner.relevant = above;
            }
            self.queue_deciders(*inner);
        }
        self.begin(node, values, birth);
        self.fill_constants(&within);
        self.queue_readers_of_items(repeat);
        if birth == Birth::Added {
            self.fill_computed(&within);
            self.act_on_new_item(node);
        }
    }

    fn next_order(&self, section: NodeId, repeat: RowId) -> i64 {
        let nodes = self.instance.slot(section, repeat).into_iter().flat_map(|slot| &slot.nodes);
        let keys = nodes.filter_map(|node| self.instance.node(*node)?.key.as_ref());
        let orders = keys.filter_map(|key| match self.answers.get(&key.child(ORDER)) {
            Some(Value::Int(order)) => Some(*order),
            _ => None,
        });
        orders.max().map_or(1, |last| last.saturating_add(1))
    }

    /// Makes the number of items what the form computes; whether any came or went.
    pub(super) fn settle_counts(&mut self) -> bool {
        let form = Arc::clone(&self.form);
        let mut changed = false;
        for repeat in form.rows().filter(|row| row.kind == Kind::Repeat) {
            let asked = form.program().asked.get(repeat.row.index());
            let Some(count) = asked.and_then(|asked| asked.count.as_ref()) else { continue };
            if self.sight.hides(count) || self.sight.is_hidden(repeat.row) {
                continue;
            }
            for section in self.instance.of_row(&form, NodeId::ROOT, repeat.parent) {
                self.recomputed += 1;
                // Evaluated at the section, whose paths to the outside are the repeat's own.
                let Ok(wanted) = self.evaluate(count, section) else { continue };
                if let Some(wanted) = items_wanted(wanted.number()) {
                    changed |= self.make_items(section, repeat, wanted);
                }
            }
        }
        changed
    }

    fn make_items(&mut self, section: NodeId, repeat: &Question, wanted: usize) -> bool {
        let (there, active) =
            self.instance.slot(section, repeat.row).map_or((0, 0), |slot| (slot.nodes.len(), slot.active));
        if active == wanted {
            return false;
        }
        let waking = if let Some(slot) = self.instance.slot_mut(section, repeat.row) {
            slot.active = wanted.min(there);
            slot.nodes.get(active.min(wanted)..wanted.min(there)).unwrap_or(&[]).to_vec()
        } else {
            Vec::new()
        };
        for node in waking {
            for inner in self.instance.subtree(node) {
                self.queue_deciders(inner);
            }
            self.refresh_relevance(node);
        }
        for place in there..wanted {
            self.grow_counted(section, repeat, place, None, Birth::Added);
        }
        self.instance.number();
        self.queue_readers_of_items(repeat.row);
        true
    }

    fn is_removed(&self, item: &Key) -> bool {
        matches!(self.answers.get(&item.child(REMOVED)), Some(Value::Text(_)))
    }

    /// Makes the nodes of every item that the stored keys name, in their order.
    pub(super) fn read_items(&mut self) {
        let form = Arc::clone(&self.form);
        let mut found: BTreeMap<(usize, Option<Key>), Vec<Found>> = BTreeMap::new();
        let mut seen = HashSet::new();
        for key in self.answers.keys() {
            for (depth, around, repeat, item, prefix) in prefixes(&form, key) {
                if !seen.insert(prefix.clone()) || self.is_removed(&prefix) {
                    continue;
                }
                let order = match self.answers.get(&prefix.child(ORDER)) {
                    Some(Value::Int(order)) => *order,
                    _ => i64::MAX,
                };
                found.entry((depth, around)).or_default().push(Found { repeat, item, order });
            }
        }
        for ((_, around), mut items) in found {
            items.sort_by_key(|found| (found.repeat, found.order, found.item));
            for Found { repeat, item, .. } in items {
                let id = form.row(repeat).map_or("", |row| row.id.as_str());
                let Some((row, section)) = self.repeat(id, around.as_ref()) else { continue };
                let node = self.instance.add_item(&form, section, row, item);
                self.learn(node);
            }
        }
        self.instance.number();
    }
}

/// The prefixes of all items that a key lies in, from the outermost: how deep, the prefix around, the repeat, the
/// item, and its prefix.
fn prefixes(form: &Form, key: &Key) -> Vec<(usize, Option<Key>, RowId, ItemId, Key)> {
    let mut segments = key.as_str().split('/');
    let mut around: Option<Key> = None;
    let mut found = Vec::new();
    while let (Some(name), Some(item)) = (segments.next(), segments.next()) {
        let Some(repeat) = form.row_by_id(name).filter(|row| row.kind == Kind::Repeat) else { break };
        let Ok(item) = item.parse::<ItemId>() else { break };
        let prefix = Key::item(around.as_ref(), name, item);
        found.push((found.len(), around.replace(prefix.clone()), repeat.row, item, prefix));
    }
    found
}

/// How many items a computed number asks for; none while there is no number yet.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within 0 and the limit")]
fn items_wanted(number: f64) -> Option<usize> {
    (!number.is_nan()).then(|| number.clamp(0.0, 1_000.0).floor() as usize)
}

/// The identity of a computed item: the same on every device, so that two devices that count to the same number have
/// the same items and not twice as many.
fn counted_item(around: Option<&Key>, repeat: &str, place: usize) -> ItemId {
    let around = around.map_or("", Key::as_str);
    let hash = Sha256::digest(format!("{around}/{repeat}#{place}"));
    let mut bytes = [0; 16];
    for (byte, hashed) in bytes.iter_mut().zip(hash) {
        *byte = hashed;
    }
    ItemId(bytes)
}
