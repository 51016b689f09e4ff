//! What stands in the way of handing in: every finding at once, in the order of the form.

use crate::answers::check;
use crate::form::Kind;
use crate::key::Key;
use crate::problem::Explain;
use crate::value::Value;

use super::Filling;
use super::choices::is_dynamic;
use super::instance::NodeId;
use super::shown::Shown;

/// What is wrong with the state of one question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lack {
    /// An answer is required and there is neither one nor a reason for having none.
    Required,
    /// The answer breaks the constraint.
    Constraint,
    /// Something was chosen that the answers given since leave no more choice of.
    Unavailable,
    /// What is stored is not of the question's type, as after a change of the form.
    WrongType,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{question}: {}", if message.is_empty() { lack.words() } else { message })]
pub struct Finding {
    /// The key of the question.
    pub key: Key,
    /// The identity of the question.
    pub question: String,
    /// What is wrong.
    pub lack: Lack,
    /// The form's own message in the language of the filling; may be empty.
    pub message: String,
}

impl Lack {
    const fn words(&self) -> &'static str {
        match self {
            Self::Required => "an answer is required",
            Self::Constraint => "the answer breaks the constraint",
            Self::Unavailable => "what was chosen is no longer a choice",
            Self::WrongType => "the stored answer is not of the question's type",
        }
    }
}

impl Explain for Finding {
    fn code(&self) -> &'static str {
        match self.lack {
            Lack::Required => "finding-required",
            Lack::Constraint => "finding-constraint",
            Lack::Unavailable => "finding-unavailable",
            Lack::WrongType => "finding-wrong-type",
        }
    }

    fn arguments(&self) -> Vec<(&'static str, String)> {
        vec![("question", self.question.clone()), ("message", self.message.clone())]
    }
}

impl Filling {
    /// Everything that stands in the way of handing in. Skipped and hidden questions do not.
    pub fn validate(&self) -> Vec<Finding> {
        self.instance.subtree(NodeId::ROOT).into_iter().filter_map(|node| self.finding(node)).collect()
    }

    /// What is wrong at a node, if anything.
    pub(super) fn finding(&self, id: NodeId) -> Option<Finding> {
        let node = self.instance.node(id)?;
        let question = self.form.row(node.row).filter(|question| !question.kind.is_section())?;
        let (lack, message) = match self.shown_at(id) {
            Shown::NotAsked if node.own.required && question.kind.is_asked() => {
                (Lack::Required, self.word(&question.required_message, id))
            }
            Shown::Answered(value) if !self.is_typed(id, &value) => (Lack::WrongType, String::new()),
            Shown::Answered(_) if !self.unavailable(id).is_empty() => (Lack::Unavailable, String::new()),
            Shown::Answered(_) if !self.holds(id) => {
                (Lack::Constraint, self.word(&question.constraint_message, id))
            }
            Shown::Answered(_)
            | Shown::NotAsked
            | Shown::Skipped
            | Shown::Hidden
            | Shown::DontKnow
            | Shown::Declined => return None,
        };
        Some(Finding { key: node.key.clone()?, question: question.id.clone(), lack, message })
    }

    /// Whether an answer is of its question's type, whatever its list offers now.
    fn is_typed(&self, node: NodeId, value: &Value) -> bool {
        let Some(question) = self.question_of(node).filter(|question| question.kind.is_asked()) else {
            return true;
        };
        if question.kind.has_choices() {
            return matches!(value, Value::Text(_)) || is_dynamic(question);
        }
        question.kind == Kind::Text || check(question, None, value.clone()).is_ok()
    }
}
