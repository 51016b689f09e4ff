//! What a new record, or a new item, begins with: constants, metadata, and defaults that are computed.

use std::sync::Arc;

use crate::answers::check;
use crate::form::{Kind, Metadata, Question};
use crate::value::Value;

use super::Filling;
use super::choices::is_dynamic;
use super::instance::NodeId;
use super::outcome::{Outcome, moment};
use super::recompute::Change;

impl Filling {
    /// Fills in the constant defaults of nodes that nothing is stored for.
    pub(super) fn fill_constants(&mut self, nodes: &[NodeId]) {
        let form = Arc::clone(&self.form);
        for node in nodes {
            let Some(question) = form.row(self.row_of(*node)) else { continue };
            let asked = form.program().asked.get(question.row.index());
            if let Some(constant) = asked.and_then(|asked| asked.constant.as_deref())
                && self.is_empty(*node)
            {
                let value = self.default_value(question, Outcome::Text(constant.to_owned()));
                self.write(*node, value);
            }
        }
    }

    /// Fills in the computed defaults of nodes that nothing is stored for; each sees those before it.
    pub(super) fn fill_computed(&mut self, nodes: &[NodeId]) {
        let form = Arc::clone(&self.form);
        for node in nodes {
            let Some(question) = form.row(self.row_of(*node)) else { continue };
            let asked = form.program().asked.get(question.row.index());
            let Some(default) = asked.and_then(|asked| asked.default.as_ref()) else { continue };
            if !self.is_empty(*node) || self.sight.hides(default) {
                continue;
            }
            self.recomputed += 1;
            if let Ok(outcome) = self.evaluate(default, *node) {
                let value = self.default_value(question, outcome);
                self.write(*node, value);
            }
        }
    }

    fn is_empty(&self, node: NodeId) -> bool {
        let row = self.row_of(node);
        self.instance.node(node).is_some_and(|node| node.answer.is_none()) && !self.sight.is_hidden(row)
    }

    /// A default as its question stores it; one that is no valid answer is left out.
    pub(super) fn default_value(&self, question: &Question, outcome: Outcome) -> Value {
        let value = outcome.value(question);
        // Of choices that are drawn from other answers nothing can be said yet.
        if !question.kind.is_asked() || is_dynamic(question) {
            return value;
        }
        let choices = self.choices.get(question.row.index()).and_then(Option::as_deref);
        check(question, choices, value).unwrap_or(Value::Cleared)
    }

    /// Fills in what the device knows.
    pub(super) fn fill_metadata(&mut self, nodes: &[NodeId]) {
        for node in nodes {
            if let Some(Kind::Metadata(metadata)) = self.question_of(*node).map(|question| question.kind)
                && self.is_empty(*node)
                && let Some(value) = self.metadata(metadata)
            {
                self.write(*node, Value::Text(value));
            }
        }
    }

    fn metadata(&self, metadata: Metadata) -> Option<String> {
        let context = &self.context;
        match metadata {
            Metadata::Start => self.wall_clock(),
            Metadata::Today => self.wall_clock().and_then(|clock| clock.get(..10).map(str::to_owned)),
            Metadata::DeviceId => context.device_id.clone(),
            Metadata::Username => context.username.clone(),
            Metadata::PhoneNumber => context.phone_number.clone(),
            Metadata::Email => context.email.clone(),
            Metadata::End | Metadata::Audit => None,
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "a date of our era in milliseconds fits a double")]
    fn wall_clock(&self) -> Option<String> {
        let offset_ms = i64::from(self.context.offset_minutes) * 60_000;
        let wall_ms = self.context.now.0.saturating_add(offset_ms);
        moment(wall_ms as f64 / 86_400_000.0, self.context.offset_minutes)
    }

    /// Closes the filling for handing in at this time: `end` is set, and selections that the answers given since
    /// have made unavailable are cleared. Findings do not stop it; ask [`Filling::validate`] first.
    pub fn finalise(&mut self, now: crate::time::Millis) -> Change {
        self.context.now = now;
        let cleared = self.clear_unavailable();
        for node in self.instance.subtree(NodeId::ROOT) {
            if self.question_of(node).is_some_and(|question| question.kind == Kind::Metadata(Metadata::End))
                && !self.sight.is_hidden(self.row_of(node))
                && let Some(end) = self.wall_clock()
            {
                self.write(node, Value::Text(end));
            }
        }
        let mut change = self.settle();
        change.recomputed += cleared.recomputed;
        change.edits.splice(..0, cleared.edits);
        change
    }
}
