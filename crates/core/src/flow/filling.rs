//! One form being filled.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::form::{Choice, Event, Form, Lists, Located, Question, RowId};
use crate::key::Key;
use crate::value::Value;

use super::context::{FlowContext, Opening};
use super::instance::{Instance, NodeId};
use super::items::Birth;
use super::recompute::Change;
use super::shown::Shown;
use super::sight::Sight;
use super::stored::{self, Answers};
use super::tables::Tables;

/// A form with its answers, kept consistent after every edit.
#[derive(Debug, Clone)]
pub struct Filling {
    pub(super) form: Arc<Form>,
    pub(super) context: FlowContext,
    pub(super) instance: Instance,
    pub(super) answers: Answers,
    /// The node of each key; items by their prefix.
    pub(super) nodes: HashMap<Key, NodeId>,
    /// The choices of each row before any filter.
    pub(super) choices: Vec<Option<Arc<[Choice]>>>,
    pub(super) tables: Tables,
    pub(super) sight: Sight,
    /// How many expressions were ever evaluated: it keeps their randomness apart.
    pub(super) evaluations: Cell<u64>,
    /// How many evaluations are under way, one within the other.
    pub(super) depth: Cell<u32>,
    /// What is still to be evaluated, by rank and node.
    pub(super) queue: BTreeSet<(usize, NodeId)>,
    /// What the current edit has changed.
    pub(super) edits: BTreeMap<Key, Value>,
    pub(super) recomputed: usize,
    /// Expressions that have no value, with the reason.
    pub(super) faults: BTreeMap<(usize, NodeId), String>,
}

impl Filling {
    /// Opens a form over what is stored. A new record gets its defaults and metadata; in any case everything computed
    /// is computed. What that changed is in [`Filling::changes_since`] the stored answers.
    pub fn new(form: Arc<Form>, lists: &Lists, answers: Answers, context: FlowContext) -> Self {
        let choices: Vec<_> = form.rows().map(|row| form.choices_of(row, lists)).collect();
        let mut filling = Self {
            instance: Instance::new(&form),
            tables: Tables::new(&form, lists, &choices),
            sight: Sight::new(&form, &context.held),
            evaluations: Cell::new(0),
            depth: Cell::new(0),
            form,
            context,
            answers,
            nodes: HashMap::new(),
            choices,
            queue: BTreeSet::new(),
            edits: BTreeMap::new(),
            recomputed: 0,
            faults: BTreeMap::new(),
        };
        filling.learn(NodeId::ROOT);
        filling.read_items();
        let first = filling.context.opening == Opening::First;
        if first {
            filling.begin(NodeId::ROOT, None, Birth::WithRecord);
        }
        let all = filling.instance.subtree(NodeId::ROOT);
        if first {
            filling.fill_constants(&all);
            filling.fill_metadata(&all);
        }
        for node in &all {
            filling.queue_deciders(*node);
        }
        filling.settle();
        if first {
            filling.fill_computed(&all);
            filling.act_on_opening(Event::FirstLoad);
            filling.settle();
        }
        if filling.context.opening != Opening::Look {
            filling.act_on_opening(Event::Load);
            filling.settle();
        }
        filling
    }

    /// The form.
    pub fn form(&self) -> &Form {
        &self.form
    }

    /// The language of labels and messages.
    pub fn language(&self) -> &str {
        &self.context.language
    }

    /// Shows labels and messages in another language from now on.
    pub fn set_language(&mut self, language: impl Into<String>) -> Change {
        self.context.language = language.into();
        // Calculations may hold labels (`jr:choice-name`).
        for node in self.instance.subtree(NodeId::ROOT) {
            self.queue_deciders(node);
        }
        self.settle()
    }

    /// Everything that is stored: answers of skipped questions and computed values included, and whatever keys the
    /// form does not know.
    pub fn stored(&self) -> &Answers {
        &self.answers
    }

    /// The answers that count: those of relevant questions that are seen here, by their keys as stored.
    pub fn answers(&self) -> Answers {
        let counts = |key: &Key| self.node_of(key).is_some_and(|node| self.counts(node));
        self.answers
            .iter()
            .filter(|(key, _)| counts(key))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect()
    }

    /// What must be saved so that the store holds what is here, given what it held.
    pub fn changes_since(&self, saved: &Answers) -> Vec<(Key, Value)> {
        let changed = self.answers.iter().filter(|(key, value)| saved.get(*key) != Some(*value));
        changed.map(|(key, value)| (key.clone(), value.clone())).collect()
    }

    /// The state of the question under a key; `None` for a key that names no question of this filling.
    pub fn shown(&self, key: &Key) -> Option<Shown> {
        self.nodes.get(key).map(|node| self.shown_at(*node))
    }

    /// Whether an answer stands under a key, that of a skipped question included: what may be taken back.
    pub(super) fn is_answered(&self, key: &Key) -> bool {
        let node = self.nodes.get(key).and_then(|node| self.instance.node(*node));
        node.is_some_and(|node| !matches!(node.answer, None | Some(Value::Cleared)))
    }

    /// Every question of the filling in order, those in items included, with its key and state.
    pub fn states(&self) -> impl Iterator<Item = (&Key, &Question, Shown)> {
        self.instance.subtree(NodeId::ROOT).into_iter().filter_map(|id| {
            let node = self.instance.node(id)?;
            let question = self.form.row(node.row).filter(|question| !question.kind.is_section())?;
            Some((node.key.as_ref()?, question, self.shown_at(id)))
        })
    }

    /// Expressions that could not be evaluated, by the path of their row, with the reason. A form that passed its
    /// check can still have them: a regular expression made from answers, a list that is missing.
    pub fn faults(&self) -> Vec<(&str, &str)> {
        let path = |rank: usize| {
            let logic = self.form.program().logics.get(rank)?;
            Some(self.form.row(logic.row)?.path.as_str())
        };
        self.faults.iter().filter_map(|((rank, _), reason)| Some((path(*rank)?, reason.as_str()))).collect()
    }

    pub(super) fn row_of(&self, node: NodeId) -> RowId {
        self.instance.node(node).map_or(RowId::ROOT, |node| node.row)
    }

    pub(super) fn question_of(&self, node: NodeId) -> Option<&Question> {
        self.form.row(self.instance.node(node)?.row)
    }

    /// The node that a stored key belongs to: of a question, of one of its options, of an item.
    fn node_of(&self, key: &Key) -> Option<NodeId> {
        if let Some(node) = self.nodes.get(key) {
            return Some(*node);
        }
        let located = self.form.locate(key)?;
        let (above, _) = key.as_str().rsplit_once('/')?;
        match located {
            Located::Option(..) | Located::Order(..) | Located::Removed(..) => {
                self.nodes.get(&Key::from_text(above)).copied()
            }
            Located::Answer(_) => None,
        }
    }

    fn counts(&self, node: NodeId) -> bool {
        self.instance.node(node).is_some_and(|node| node.relevant && !self.sight.is_hidden(node.row))
    }

    pub(super) fn shown_at(&self, id: NodeId) -> Shown {
        match self.instance.node(id) {
            Some(node) if self.sight.is_hidden(node.row) => Shown::Hidden,
            Some(node) if !node.relevant => Shown::Skipped,
            Some(node) => Shown::of(node.answer.as_ref()),
            None => Shown::NotAsked,
        }
    }

    /// Notes the keys of new nodes, and reads what is stored under them.
    pub(super) fn learn(&mut self, top: NodeId) {
        for id in self.instance.subtree(top) {
            let Some(node) = self.instance.node(id) else { continue };
            let Some(question) = self.form.row(node.row) else { continue };
            let Some(key) = node.key.clone() else { continue };
            if question.kind.is_section() {
                if node.item.is_some() {
                    self.nodes.insert(key, id);
                }
                continue;
            }
            let codes = self.choices.get(node.row.index()).and_then(Option::as_ref);
            let codes: Vec<&str> =
                codes.into_iter().flat_map(|choices| choices.iter()).map(|c| c.name.as_str()).collect();
            let answer = stored::read(&self.answers, &key, question, &codes);
            let text = stored::text(question, answer.as_ref());
            if let Some(node) = self.instance.node_mut(id) {
                node.answer = answer;
                node.text = text;
            }
            self.nodes.insert(key, id);
        }
    }

    /// Stores a key of the repeat machinery.
    pub(super) fn note(&mut self, key: Key, value: Value) {
        self.answers.insert(key.clone(), value.clone());
        self.edits.insert(key, value);
    }
}
