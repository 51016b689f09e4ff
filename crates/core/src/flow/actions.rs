//! What happens when something happens: values that are set when a record is opened, an item is added, or an answer
//! is changed by hand.

use std::sync::Arc;

use crate::form::{Action, Event, RowId};
use crate::value::Value;

use super::Filling;
use super::instance::{NodeId, encloses};
use super::outcome::Outcome;

/// Answers that set each other, one after the other: more is a form in which they do so for ever.
const ROUNDS_MAX: usize = 16;

impl Filling {
    /// Runs the actions of an event of the whole record, each at every item that it belongs to.
    pub(super) fn act_on_opening(&mut self, event: Event) {
        let form = Arc::clone(&self.form);
        for action in form.program().actions.iter().filter(|action| action.is_on(event)) {
            for node in self.instance.of_row(&form, NodeId::ROOT, action.row) {
                self.act(action, node);
            }
        }
    }

    /// Runs the actions that a new item sets off: those of its repeat, and of what it holds.
    pub(super) fn act_on_new_item(&mut self, item: NodeId) {
        let form = Arc::clone(&self.form);
        let repeat = self.row_of(item);
        let concerned = |action: &&Action| {
            let own = form.row(action.row).is_some_and(|row| row.row == repeat || row.repeat == Some(repeat));
            action.is_on(Event::NewItem) && own && encloses(&form, repeat, action.row)
        };
        for action in form.program().actions.iter().filter(concerned) {
            for node in self.instance.of_row(&form, item, action.row) {
                self.act(action, node);
            }
        }
    }

    /// Settles what an answer given by hand changes, and then what its change sets off: triggers and actions see
    /// what was computed from the new answer, and what they set may set off more.
    pub(super) fn set_off(&mut self, node: NodeId) {
        let mut changed = vec![node];
        for _ in 0..ROUNDS_MAX {
            self.drain();
            let mut next = Vec::new();
            for node in changed {
                next.extend(self.pull_triggers(node));
                next.extend(self.act_on_change(node));
            }
            changed = next;
            if changed.is_empty() {
                break;
            }
        }
    }

    fn act_on_change(&mut self, node: NodeId) -> Vec<NodeId> {
        let form = Arc::clone(&self.form);
        let row = self.row_of(node);
        let concerned = |action: &&Action| action.row == row && action.is_on(Event::ValueChanged);
        let actions: Vec<&Action> = form.program().actions.iter().filter(concerned).collect();
        actions.into_iter().flat_map(|action| self.act(action, node)).collect()
    }

    /// Runs one action at a node; the nodes whose answer it changed.
    fn act(&mut self, action: &Action, node: NodeId) -> Vec<NodeId> {
        let hidden = self.sight.hides(&action.target)
            || action.value.as_ref().is_some_and(|value| self.sight.hides(value));
        if hidden {
            return Vec::new();
        }
        self.recomputed += 1;
        let targets = self.evaluate_nodes(&action.target, node).unwrap_or_default();
        let targets: Vec<NodeId> = targets.into_iter().filter_map(super::view::Place::node).collect();
        let mut changed = Vec::new();
        for target in targets {
            let value = match &action.value {
                None => Value::Cleared,
                Some(value) => match self.evaluate(value, target) {
                    Ok(outcome) => self.stored_value(target, outcome),
                    Err(_) => continue,
                },
            };
            if self.write_changes(target, value) {
                changed.push(target);
            }
        }
        changed
    }

    /// What an expression gave, as the question of a node stores it.
    fn stored_value(&self, node: NodeId, outcome: Outcome) -> Value {
        self.question_of(node).map_or(Value::Cleared, |question| outcome.value(question))
    }

    /// Makes a value the answer of a node; whether it reads differently now.
    pub(super) fn write_changes(&mut self, node: NodeId, value: Value) -> bool {
        let before = self.instance.node(node).map(|node| node.text.clone());
        self.write(node, value);
        before != self.instance.node(node).map(|node| node.text.clone())
    }

    /// Computes anew what the answer of a node triggers; the nodes whose value that changed.
    fn pull_triggers(&mut self, node: NodeId) -> Vec<NodeId> {
        let form = Arc::clone(&self.form);
        let mut changed = Vec::new();
        for row in form.program().triggers.get(&self.row_of(node)).into_iter().flatten() {
            changed.extend(self.pull_trigger(node, *row));
        }
        changed
    }

    fn pull_trigger(&mut self, node: NodeId, row: RowId) -> Vec<NodeId> {
        let form = Arc::clone(&self.form);
        let asked = form.program().asked.get(row.index());
        let Some(expression) = asked.and_then(|asked| asked.triggered.as_ref()) else { return Vec::new() };
        if self.sight.hides(expression) || self.sight.is_hidden(row) {
            return Vec::new();
        }
        let scope = self.instance.common_item(&form, node, row);
        let mut changed = Vec::new();
        for target in self.instance.of_row(&form, scope, row) {
            self.recomputed += 1;
            if let Ok(outcome) = self.evaluate(expression, target) {
                let value = self.stored_value(target, outcome);
                if self.write_changes(target, value) {
                    changed.push(target);
                }
            }
        }
        changed
    }
}
