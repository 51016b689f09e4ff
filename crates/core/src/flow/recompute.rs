//! Recomputing what an answer reaches, and nothing else. Whatever reads something that changed is queued by its place
//! in the order of evaluation; since that order puts everything after what it reads, each is evaluated once.

use std::sync::Arc;

use crate::form::{Reach, Role, RowId};
use crate::key::Key;
use crate::value::Value;

use super::Filling;
use super::instance::NodeId;
use super::stored;

/// Rounds in which counts of items may call for each other; more is a form that never settles.
const ROUNDS_MAX: usize = 64;

/// What one edit did.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Change {
    /// The keys to save with their new values, computed ones included.
    pub edits: Vec<(Key, Value)>,
    /// How many expressions were evaluated.
    pub recomputed: usize,
}

impl Filling {
    /// Queues everything that decides about a node.
    pub(super) fn queue_deciders(&mut self, node: NodeId) {
        let row = self.row_of(node);
        let deciders = self.form.program().deciders.get(row.index()).into_iter().flatten();
        self.queue.extend(deciders.map(|rank| (*rank, node)));
    }

    /// Queues what computes a node's value: it was left alone while the node was skipped.
    fn queue_calculation(&mut self, node: NodeId) {
        let row = self.row_of(node);
        let program = self.form.program();
        let calculates =
            |rank: &&usize| program.logics.get(**rank).is_some_and(|l| l.role == Role::Calculate);
        let deciders = program.deciders.get(row.index()).into_iter().flatten();
        self.queue.extend(deciders.filter(calculates).map(|rank| (*rank, node)));
    }

    /// Queues everything that reads a node.
    pub(super) fn queue_readers(&mut self, node: NodeId) {
        let form = Arc::clone(&self.form);
        let row = self.row_of(node);
        for reader in form.program().readers.get(row.index()).into_iter().flatten() {
            let Some(logic) = form.program().logics.get(reader.rank) else { continue };
            let scope = match reader.reach {
                Reach::Own => self.instance.common_item(&form, node, logic.row),
                Reach::All => NodeId::ROOT,
                Reach::Place => continue,
            };
            let targets = self.instance.targets(&form, scope, logic.row);
            self.queue.extend(targets.into_iter().map(|target| (reader.rank, target)));
        }
    }

    /// Queues everything that reads a row in other items than its own: items came or went. What asks for the place
    /// of an item reads the repeat itself.
    pub(super) fn queue_readers_of_items(&mut self, repeat: RowId) {
        let form = Arc::clone(&self.form);
        let mut ahead = vec![repeat];
        while let Some(row) = ahead.pop() {
            for reader in form.program().readers.get(row.index()).into_iter().flatten() {
                let Some(logic) = form.program().logics.get(reader.rank) else { continue };
                if row == repeat || reader.reach == Reach::All {
                    let targets = self.instance.targets(&form, NodeId::ROOT, logic.row);
                    self.queue.extend(targets.into_iter().map(|target| (reader.rank, target)));
                }
            }
            ahead.extend(form.row(row).into_iter().flat_map(|row| &row.children));
        }
    }

    /// Evaluates what is queued, and what that reaches, until nothing changes; then says what was done.
    pub(super) fn settle(&mut self) -> Change {
        self.drain();
        let edits = std::mem::take(&mut self.edits).into_iter().collect();
        Change { edits, recomputed: std::mem::take(&mut self.recomputed) }
    }

    /// Evaluates what is queued, and what that reaches, until nothing changes.
    pub(super) fn drain(&mut self) {
        for _ in 0..ROUNDS_MAX {
            while let Some((rank, node)) = self.queue.pop_first() {
                if !self.sight.is_blocked(rank) {
                    self.decide(rank, node);
                }
            }
            if !self.settle_counts() {
                break;
            }
        }
    }

    fn decide(&mut self, rank: usize, node: NodeId) {
        let form = Arc::clone(&self.form);
        let Some(logic) = form.program().logics.get(rank) else { return };
        let relevant = self.instance.node(node).is_some_and(|node| node.relevant);
        if logic.role == Role::Calculate && !relevant {
            // Computed anew once it is relevant; until then its value is kept aside like any answer.
            return;
        }
        self.recomputed += 1;
        let outcome = match self.evaluate(&logic.expression, node) {
            Ok(outcome) => {
                self.faults.remove(&(rank, node));
                Some(outcome)
            }
            Err(error) => {
                self.faults.insert((rank, node), error.to_string());
                None
            }
        };
        match (logic.role, outcome) {
            (Role::Calculate, outcome) => {
                let question = form.row(logic.row);
                let value = outcome.zip(question).map_or(Value::Cleared, |(outcome, row)| outcome.value(row));
                self.write(node, value);
            }
            // What cannot be computed must not stop an interview: the question is asked, and nothing is demanded.
            (Role::Relevant, outcome) => {
                let relevant = outcome.is_none_or(|outcome| outcome.truth());
                if let Some(node) = self.instance.node_mut(node) {
                    node.own.relevant = relevant;
                }
                self.refresh_relevance(node);
            }
            (Role::Required, outcome) => {
                if let Some(node) = self.instance.node_mut(node) {
                    node.own.required = outcome.is_some_and(|outcome| outcome.truth());
                }
            }
            (Role::Readonly, outcome) => {
                if let Some(node) = self.instance.node_mut(node) {
                    node.own.readonly = outcome.is_some_and(|outcome| outcome.truth());
                }
            }
        }
    }

    /// Passes the relevance of a node on to everything within.
    pub(super) fn refresh_relevance(&mut self, top: NodeId) {
        let mut ahead = vec![top];
        while let Some(id) = ahead.pop() {
            let Some(node) = self.instance.node(id) else { continue };
            let above =
                id == NodeId::ROOT || self.instance.node(node.parent).is_some_and(|above| above.relevant);
            let relevant = above && node.own.relevant;
            if relevant == node.relevant {
                continue;
            }
            ahead.extend(node.slots.iter().flat_map(|slot| slot.nodes.iter().copied().chain(slot.bud)));
            if let Some(node) = self.instance.node_mut(id) {
                node.relevant = relevant;
            }
            if relevant {
                self.queue_calculation(id);
            }
            self.queue_readers(id);
        }
    }

    /// Makes `value` the answer of a node, notes what is to be saved, and queues what reads it.
    pub(super) fn write(&mut self, node: NodeId, value: Value) {
        let form = Arc::clone(&self.form);
        let Some(question) = form.row(self.row_of(node)) else { return };
        let Some(key) = self.instance.node(node).and_then(|node| node.key.clone()) else { return };
        for (key, value) in stored::write(&self.answers, &key, question, &value) {
            self.answers.insert(key.clone(), value.clone());
            self.edits.insert(key, value);
        }
        let text = stored::text(question, Some(&value));
        let Some(node_now) = self.instance.node_mut(node) else { return };
        let reads_differently = node_now.text != text;
        node_now.text = text;
        node_now.answer = Some(value);
        if reads_differently {
            self.queue_readers(node);
        }
    }
}
