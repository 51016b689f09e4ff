//! Which choices a question offers now: its list, less what the choice filter leaves out and what is not valid on the
//! day of the interview.

use std::borrow::Cow;

use chrono::NaiveDate;
use serde_json::Map;

use crate::form::{Choice, Itemset, Kind, Question, repeated_name};
use crate::key::Key;
use crate::list::Validity;
use crate::text::Text;
use crate::time::Millis;
use crate::value::Value;

use super::Filling;
use super::instance::NodeId;
use super::recompute::Change;
use super::view::Place;

impl Filling {
    /// The choices offered now under the key of a question, in their order; none for questions without choices.
    pub fn choices(&self, key: &Key) -> Vec<Choice> {
        self.nodes.get(key).map(|node| self.offered(*node).into_owned()).unwrap_or_default()
    }

    /// The choices offered at a node. What stands chosen there is offered whatever the day: it was given when it could
    /// be.
    pub(super) fn offered(&self, node: NodeId) -> Cow<'_, [Choice]> {
        let left = self.filtered(node);
        let Some(day) = self.day().filter(|day| left.iter().any(|choice| !choice.validity.holds(*day)))
        else {
            return left;
        };
        let chosen = self.instance.node(node).map_or("", |node| node.text.as_str());
        let is_offered = |choice: &&Choice| {
            choice.validity.holds(day) || chosen.split_whitespace().any(|code| code == choice.name)
        };
        Cow::Owned(left.iter().filter(is_offered).cloned().collect())
    }

    /// The day of the interview, by which codes are valid or not.
    pub(super) fn day(&self) -> Option<NaiveDate> {
        self.context.begun.and_then(Millis::day)
    }

    /// The choices that the filter leaves at a node.
    fn filtered(&self, node: NodeId) -> Cow<'_, [Choice]> {
        let row = self.row_of(node);
        let Some(question) = self.form.row(row).filter(|question| question.kind.has_choices()) else {
            return Cow::Borrowed(&[]);
        };
        if let Some(name) = question.list.as_deref().and_then(repeated_name) {
            return Cow::Owned(self.repeated(node, question, name));
        }
        if let Some(itemset) = self.form.program().asked.get(row.index()).and_then(|a| a.itemset.as_ref()) {
            return Cow::Owned(self.drawn(node, itemset));
        }
        let all = self.choices.get(row.index()).and_then(Option::as_deref).unwrap_or(&[]);
        let filter = self.form.program().asked.get(row.index()).and_then(|asked| asked.filter.as_ref());
        let Some(filter) = filter.filter(|filter| !self.sight.hides(filter)) else {
            return Cow::Borrowed(all);
        };
        // A filter that has no value leaves everything: the person in front decides.
        let Ok(left) = self.evaluate_nodes(filter, node) else { return Cow::Borrowed(all) };
        let view = self.view(node);
        let left = left.into_iter().filter_map(|place| all.get(view.choice(place)?));
        Cow::Owned(left.cloned().collect())
    }

    /// Choices drawn from whatever nodes; none while what they are drawn from is hidden or cannot be evaluated.
    fn drawn(&self, node: NodeId, itemset: &Itemset) -> Vec<Choice> {
        let hidden = itemset.reads.iter().any(|read| self.sight.is_hidden(read.row));
        if hidden || self.sight.hides(&itemset.nodes) {
            return Vec::new();
        }
        let places = self.evaluate_nodes(&itemset.nodes, node).unwrap_or_default();
        let choice = |place: Place| {
            let name = self.text_at(&itemset.value, node, place).ok()?;
            let label = itemset.label.as_ref().and_then(|label| self.text_at(label, node, place).ok());
            let label = label.map(Text::Plain);
            Some(Choice { name, label, properties: Map::new(), validity: Validity::default() })
        };
        places.into_iter().filter_map(choice).collect()
    }

    /// Choices made of the items of a repeat: each item whose question has an answer, which is code and label.
    fn repeated(&self, node: NodeId, question: &Question, name: &str) -> Vec<Choice> {
        let Some(named) = self.form.rows_named(name).first().copied() else { return Vec::new() };
        let Some(repeat) = self.form.row(named).and_then(|row| row.repeat) else { return Vec::new() };
        let filter =
            self.form.program().asked.get(question.row.index()).and_then(|asked| asked.filter.as_ref());
        let scope = self.instance.common_item(&self.form, node, repeat);
        let left = filter.filter(|filter| !self.sight.hides(filter)).and_then(|filter| {
            let places = self.evaluate_nodes(filter, node).ok()?;
            Some(places.into_iter().filter_map(Place::node).collect::<Vec<_>>())
        });
        let items = left.unwrap_or_else(|| self.instance.of_row(&self.form, scope, repeat));
        let answers = items.into_iter().flat_map(|item| self.instance.of_row(&self.form, item, named));
        let answered = answers.filter_map(|node| self.instance.node(node).filter(|node| node.relevant));
        answered
            .filter(|node| !node.text.is_empty())
            .map(|node| Choice {
                name: node.text.clone(),
                label: Some(Text::Plain(node.text.clone())),
                properties: Map::new(),
                validity: Validity::default(),
            })
            .collect()
    }

    /// The codes chosen at a node that are not offered any more.
    pub(super) fn unavailable(&self, node: NodeId) -> Vec<String> {
        let Some(question) = self.question_of(node).filter(|question| question.kind.has_choices()) else {
            return Vec::new();
        };
        // Without its list nothing can be said, and nothing may be cleared.
        let listed = self.choices.get(question.row.index()).is_some_and(Option::is_some);
        if !listed && !is_dynamic(question) {
            return Vec::new();
        }
        let Some(Value::Text(chosen)) = self.instance.node(node).and_then(|node| node.answer.as_ref()) else {
            return Vec::new();
        };
        let offered = self.offered(node);
        let codes: Vec<&str> = if is_dynamic(question) && question.kind == Kind::SelectOne {
            vec![chosen]
        } else {
            chosen.split_whitespace().collect()
        };
        let missing = codes.into_iter().filter(|code| !offered.iter().any(|choice| choice.name == **code));
        missing.map(str::to_owned).collect()
    }

    /// Takes back what is chosen and not offered any more, as handing in does: one cleared answer can make the next
    /// unavailable.
    pub fn clear_unavailable(&mut self) -> Change {
        for node in self.instance.subtree(NodeId::ROOT) {
            let relevant = self.instance.node(node).is_some_and(|node| node.relevant);
            if !relevant || self.sight.is_hidden(self.row_of(node)) {
                continue;
            }
            let gone = self.unavailable(node);
            if gone.is_empty() {
                continue;
            }
            let chosen = self.instance.node(node).map(|node| node.text.clone()).unwrap_or_default();
            let kept: Vec<&str> =
                chosen.split_whitespace().filter(|code| !gone.iter().any(|g| g == code)).collect();
            let several =
                self.question_of(node).is_some_and(|question| question.kind == Kind::SelectMultiple);
            let value =
                if several && !kept.is_empty() { Value::Text(kept.join(" ")) } else { Value::Cleared };
            self.write(node, value);
            self.drain();
        }
        self.settle()
    }
}

/// Whether the choices of a question are drawn from other answers or data, and so are known only at a node.
pub(super) fn is_dynamic(question: &Question) -> bool {
    question.itemset.is_some() || question.list.as_deref().and_then(repeated_name).is_some()
}
