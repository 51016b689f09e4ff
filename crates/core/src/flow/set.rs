//! Setting one answer: checked against its type, its choices and its constraint before anything changes. A refused
//! answer leaves the old one.

use std::sync::Arc;

use crate::answers::{AnswerError, check};
use crate::form::{Form, Kind, Located, Question, nearest};
use crate::key::Key;
use crate::value::Value;

use super::Filling;
use super::choices::is_dynamic;
use super::instance::NodeId;
use super::recompute::Change;
use super::stored;

impl Filling {
    /// Sets the answer under a key. The key of an option of a select-multiple takes a yes or no; the key of the
    /// question itself all its codes, separated by spaces. [`Value::Cleared`] takes an answer back.
    pub fn set(&mut self, key: &Key, value: Value) -> Result<Change, AnswerError> {
        let form = Arc::clone(&self.form);
        let (node, question, value) = self.aim(&form, key, value)?;
        self.may_change(node, question)?;
        let value = self.check_answer(node, question, value)?;
        self.check_constraint(node, question, &value)?;
        if self.write_changes(node, value) {
            self.set_off(node);
        }
        Ok(self.settle())
    }

    /// Sets an answer that was given elsewhere, as [`Filling::set`] does; one that breaks its constraint, or that is
    /// not offered now, stands and becomes a finding.
    pub fn take(&mut self, key: &Key, value: Value) -> Result<Change, AnswerError> {
        let form = Arc::clone(&self.form);
        let (node, question, value) = self.aim(&form, key, value)?;
        self.may_change(node, question)?;
        let value = if is_dynamic(question) {
            self.in_order(node, question, value)
        } else {
            let choices = self.choices.get(question.row.index()).and_then(Option::as_deref);
            check(question, choices, value)?
        };
        if self.write_changes(node, value) {
            self.set_off(node);
        }
        Ok(self.settle())
    }

    /// The node and the question of a key, and the value as the question's own.
    fn aim<'f>(
        &self,
        form: &'f Form,
        key: &Key,
        value: Value,
    ) -> Result<(NodeId, &'f Question, Value), AnswerError> {
        let located = form.locate(key).ok_or_else(|| self.unknown(key))?;
        let question = located.question();
        let (own, value) = match located {
            Located::Answer(_) => (key.clone(), value),
            Located::Option(_, option) => {
                let own = Key::from_text(
                    key.as_str().strip_suffix(option).map_or("", |own| own.trim_end_matches('/')),
                );
                let value = self.with_option(&own, question, option, &value)?;
                (own, value)
            }
            Located::Order(..) | Located::Removed(..) => {
                return Err(AnswerError::NotAsked { question: question.id.clone() });
            }
        };
        let missing = || AnswerError::NoItem { question: question.id.clone() };
        let node = self.nodes.get(&own).copied().ok_or_else(missing)?;
        Ok((node, question, value))
    }

    /// Whether a person may change the answer of a node.
    fn may_change(&self, node: NodeId, question: &Question) -> Result<(), AnswerError> {
        if self.sight.is_hidden(question.row) {
            return Err(AnswerError::Hidden { question: question.id.clone() });
        }
        if self.is_readonly(node) {
            return Err(AnswerError::ReadOnly { question: question.id.clone() });
        }
        Ok(())
    }

    fn unknown(&self, key: &Key) -> AnswerError {
        let name = key.segments().last().unwrap_or("").to_owned();
        let suggestion = nearest(&name, self.form.questions().map(|row| row.id.as_str())).map(str::to_owned);
        AnswerError::UnknownQuestion { name, suggestion }
    }

    /// The codes of a select-multiple once one option is set to yes or no.
    fn with_option(
        &self,
        own: &Key,
        question: &Question,
        option: &str,
        value: &Value,
    ) -> Result<Value, AnswerError> {
        let chosen = match value {
            Value::Bool(chosen) => *chosen,
            Value::Cleared => false,
            Value::Int(_) | Value::Decimal(_) | Value::Text(_) | Value::NoAnswer(_) => {
                return Err(AnswerError::wrong_type(question));
            }
        };
        let now =
            self.nodes.get(own).and_then(|node| self.instance.node(*node)).map_or("", |node| &node.text);
        let others = now.split_whitespace().filter(|code| *code != option);
        let codes: Vec<&str> = others.chain(chosen.then_some(option)).collect();
        Ok(if codes.is_empty() { Value::Cleared } else { Value::Text(codes.join(" ")) })
    }

    /// Whether a node or a section around it may not be changed by hand.
    pub(super) fn is_readonly(&self, node: NodeId) -> bool {
        let mut at = node;
        while let Some(here) = self.instance.node(at) {
            if here.own.readonly {
                return true;
            }
            if at == NodeId::ROOT {
                break;
            }
            at = here.parent;
        }
        false
    }

    /// The value as it is stored, of the question's type and among the choices offered now.
    fn check_answer(&self, node: NodeId, question: &Question, value: Value) -> Result<Value, AnswerError> {
        if is_dynamic(question) {
            return self.check_repeated(node, question, value);
        }
        let choices = self.choices.get(question.row.index()).and_then(Option::as_deref);
        let value = check(question, choices, value)?;
        let Value::Text(codes) = &value else { return Ok(value) };
        if question.kind.has_choices() {
            let offered = self.offered(node);
            // What was chosen before may stay: it is a finding, not a mistake of this edit.
            let before = self.instance.node(node).map_or("", |node| node.text.as_str());
            let known = |code: &str| {
                offered.iter().any(|choice| choice.name == code)
                    || before.split_whitespace().any(|old| old == code)
            };
            if let Some(code) = codes.split_whitespace().find(|code| !known(code)) {
                let allowed = offered.iter().map(|choice| choice.name.clone()).collect();
                let unavailable = AnswerError::UnavailableCode { question: question.id.clone(), allowed };
                return Err(self.out_of_validity(question, code).unwrap_or(unavailable));
            }
        }
        Ok(value)
    }

    /// What is said of a code that is not valid on the day of the interview; `None` of any other.
    fn out_of_validity(&self, question: &Question, code: &str) -> Option<AnswerError> {
        let (day, choices) = (self.day()?, self.choices.get(question.row.index())?.as_deref()?);
        let choice = choices.iter().find(|choice| choice.name == code && !choice.validity.holds(day))?;
        let (question, code) = (question.id.clone(), code.to_owned());
        Some(AnswerError::OutOfValidity { question, code, validity: choice.validity, day })
    }

    /// Several codes in the order in which they are offered, those that are not offered behind.
    fn in_order(&self, node: NodeId, question: &Question, value: Value) -> Value {
        let Value::Text(codes) = &value else { return value };
        if question.kind != Kind::SelectMultiple {
            return value;
        }
        let offered = self.offered(node);
        let chosen: Vec<&str> = codes.split_whitespace().collect();
        let listed = offered.iter().map(|choice| choice.name.as_str()).filter(|code| chosen.contains(code));
        let others =
            chosen.iter().copied().filter(|code| !offered.iter().any(|choice| choice.name == **code));
        Value::Text(listed.chain(others).collect::<Vec<_>>().join(" "))
    }

    fn check_repeated(&self, node: NodeId, question: &Question, value: Value) -> Result<Value, AnswerError> {
        if question.kind != Kind::SelectOne || !matches!(value, Value::Text(_)) {
            return check(question, Some(&self.offered(node)), value);
        }
        if self.offered(node).iter().any(|choice| Value::text(choice.name.as_str()) == value) {
            return Ok(value);
        }
        let allowed = self.offered(node).iter().map(|choice| choice.name.clone()).collect();
        Err(AnswerError::UnavailableCode { question: question.id.clone(), allowed })
    }

    /// Evaluates the constraint as though the answer stood already. A constraint that has no value refuses nothing.
    fn check_constraint(
        &mut self,
        node: NodeId,
        question: &Question,
        value: &Value,
    ) -> Result<(), AnswerError> {
        let text = stored::text(question, Some(value));
        if text.is_empty() {
            return Ok(());
        }
        let old = self.instance.node_mut(node).map(|node| std::mem::replace(&mut node.text, text));
        let holds = self.holds(node);
        if let (Some(node), Some(old)) = (self.instance.node_mut(node), old) {
            node.text = old;
        }
        if holds {
            return Ok(());
        }
        let message = self.word(&question.constraint_message, node);
        Err(AnswerError::Constraint { question: question.id.clone(), message })
    }

    /// Whether the answer that a node has fulfils its constraint.
    pub(super) fn holds(&self, node: NodeId) -> bool {
        let asked = self.form.program().asked.get(self.row_of(node).index());
        match asked.and_then(|asked| asked.constraint.as_ref()) {
            Some(constraint) if !self.sight.hides(constraint) => {
                self.evaluate(constraint, node).map_or(true, |outcome| outcome.truth())
            }
            Some(_) | None => true,
        }
    }
}
