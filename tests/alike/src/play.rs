//! Seeded random interviews, recorded with what our engine made of each answer: another engine plays them again, and
//! whatever it makes otherwise is a difference to be explained.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use serde_json::{Map, Value as Json, json};
use teranga_core::answers::{read_element, write_element};
use teranga_core::flow::{Answers, Filling, FlowContext, Lack, Shown};
use teranga_core::form::{Form, Kind, Lists, Question};
use teranga_core::id::ItemId;
use teranga_core::key::Key;
use teranga_core::time::Millis;

use crate::dice::Dice;

/// Items that an interview adds to one repeat at most.
const ITEMS_MAX: usize = 3;

/// One random interview.
#[derive(Debug, Clone)]
pub struct Play {
    /// Each act with the nodes that it changed, as [`Play::to_json`] gives them.
    steps: Vec<Json>,
    /// What was answered, by reference: for a measurement, which wants no states.
    answers: Vec<(String, String)>,
}

/// What a node of the instance shows.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Node {
    relevant: bool,
    value: String,
    violated: bool,
}

impl Play {
    /// Fills a form at random: so many acts, drawn by this seed, at this time.
    pub fn record(form: &Arc<Form>, lists: &Lists, seed: u64, acts: usize, now: Millis) -> Self {
        let language = form.default_language().to_owned();
        let context = FlowContext { now, language, ..FlowContext::default() };
        let filling = Filling::new(Arc::clone(form), lists, Answers::new(), context);
        let mut player = Player { filling, dice: Dice::new(seed), known: BTreeMap::new() };
        let mut play = Self { steps: Vec::new(), answers: Vec::new() };
        play.steps.push(json!({ "op": "look", "nodes": player.changed() }));
        for _ in 0..acts {
            let Some((op, reference, value)) = player.act() else { break };
            play.steps.push(json!({ "op": op, "ref": reference, "value": value, "nodes": player.changed() }));
            if op == "set" {
                play.answers.push((reference, value));
            }
        }
        // What no act changed here may have changed there: in the end everything is compared.
        player.known.clear();
        play.steps.push(json!({ "op": "look", "nodes": player.changed() }));
        play
    }

    /// The acts with what our engine made of each.
    pub fn to_json(&self, name: &str) -> Json {
        json!({ "name": name, "steps": self.steps })
    }

    /// Each act with the nodes that it changed.
    pub(crate) fn steps(&self) -> &[Json] {
        &self.steps
    }

    /// How many states of nodes were recorded.
    pub(crate) fn states(&self) -> usize {
        self.steps.iter().filter_map(|step| step.get("nodes")?.as_object()).map(Map::len).sum()
    }

    /// What was answered: a reference and the text of its element.
    pub fn answers(&self) -> &[(String, String)] {
        &self.answers
    }
}

struct Player {
    filling: Filling,
    dice: Dice,
    known: BTreeMap<String, Node>,
}

impl Player {
    /// Answers a question that can be answered, or now and then adds an item.
    fn act(&mut self) -> Option<(&'static str, String, String)> {
        if self.dice.below(8) == 0
            && let Some(reference) = self.add()
        {
            return Some(("add", reference, String::new()));
        }
        let open: Vec<(Key, Question)> = self
            .filling
            .states()
            .filter(|(_, question, shown)| {
                answerable(question) && !matches!(shown, Shown::Skipped | Shown::Hidden)
            })
            .map(|(key, question, _)| (key.clone(), question.clone()))
            .collect();
        for _ in 0..20 {
            let (key, question) = self.dice.of(&open)?.clone();
            let Some(text) = self.invent(&key, &question) else { continue };
            if self.filling.take(&key, read_element(&question, &text)).is_ok() {
                return Some(("set", self.reference(&key, &question), text));
            }
        }
        None
    }

    fn add(&mut self) -> Option<String> {
        let form = Arc::new(self.filling.form().clone());
        let outer = |row: &&Question| row.kind == Kind::Repeat && row.repeat.is_none();
        let repeats: Vec<Question> = form.rows().filter(outer).cloned().collect();
        let repeat = self.dice.of(&repeats)?.clone();
        if self.filling.items(&repeat.id, None).len() >= ITEMS_MAX {
            return None;
        }
        let item = ItemId::generate(Millis(0), &mut self.dice);
        self.filling.add_item(&repeat.id, None, item).ok()?;
        Some(repeat.path)
    }

    fn invent(&mut self, key: &Key, question: &Question) -> Option<String> {
        let number = self.dice.below(130);
        Some(match question.kind {
            Kind::Text => ["", "Awa", "77 123 45 67", "0", "yes", "un mot"].get(number % 6)?.to_string(),
            Kind::Integer => number.to_string(),
            Kind::Decimal => format!("{number}.5"),
            Kind::Range => {
                let range = question.range?;
                let steps = ((range.end - range.start).abs() / range.step).floor();
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "few steps")]
                let taken = self.dice.below(steps as usize + 1);
                #[expect(clippy::cast_precision_loss, reason = "few steps")]
                let value = range.start + (taken as f64) * range.step.copysign(range.end - range.start);
                value.to_string()
            }
            Kind::Date => format!("20{:02}-{:02}-{:02}", 10 + number % 20, 1 + number % 12, 1 + number % 28),
            Kind::Acknowledge => "OK".to_owned(),
            Kind::SelectOne => {
                let choices = self.filling.choices(key);
                self.dice.of(&choices)?.name.clone()
            }
            Kind::SelectMultiple => {
                let choices = self.filling.choices(key);
                let mut codes = Vec::new();
                for choice in &choices {
                    if self.dice.below(3) == 0 {
                        codes.push(choice.name.clone());
                    }
                }
                codes.join(" ")
            }
            _ => return None,
        })
    }

    /// Every node that shows something else than when last asked. Selections are taken as handing in would leave them,
    /// as engines do that clear at once what is offered no more.
    fn changed(&mut self) -> Map<String, Json> {
        self.filling.clear_unavailable();
        let now = self.nodes();
        let changed = now.iter().filter(|(reference, node)| self.known.get(*reference) != Some(*node));
        let told = changed.map(|(reference, node)| {
            let told = json!({ "relevant": node.relevant, "value": node.value, "violated": node.violated });
            (reference.clone(), told)
        });
        let told = told.collect();
        self.known = now;
        told
    }

    fn nodes(&self) -> BTreeMap<String, Node> {
        let findings = self.filling.validate();
        let violated: Vec<&Key> =
            findings.iter().filter(|f| f.lack == Lack::Constraint).map(|finding| &finding.key).collect();
        let form = self.filling.form();
        let nodes = self.filling.states().filter(|(_, question, _)| is_compared(form, question));
        nodes
            .map(|(key, question, shown)| {
                let value = match &shown {
                    Shown::Answered(value) => write_element(question, value),
                    _ => String::new(),
                };
                let relevant = shown != Shown::Skipped;
                let node = Node { relevant, value, violated: violated.contains(&key) };
                (self.reference(key, question), node)
            })
            .collect()
    }

    /// The reference of a question in an XForm: its path, with the place of each item around it.
    fn reference(&self, key: &Key, question: &Question) -> String {
        let mut places = Vec::new();
        let mut within: Option<Key> = None;
        let segments: Vec<&str> = key.as_str().split('/').collect();
        for pair in segments.chunks(2) {
            let [repeat, item] = pair else { break };
            let Ok(item) = item.parse::<ItemId>() else { break };
            let items = self.filling.items(repeat, within.as_ref());
            places.push((*repeat, items.iter().position(|other| *other == item).unwrap_or_default() + 1));
            within = Some(Key::item(within.as_ref(), repeat, item));
        }
        let form = self.filling.form();
        let mut rows: Vec<&Question> = Vec::new();
        let mut at = question;
        while at.row != at.parent {
            rows.push(at);
            let Some(parent) = form.row(at.parent) else { break };
            at = parent;
        }
        let mut reference = form.rows().next().map_or_else(String::new, |root| format!("/{}", root.name));
        for row in rows.into_iter().rev() {
            reference.push('/');
            reference.push_str(&row.name);
            if let Some((_, place)) = places.iter().find(|(repeat, _)| *repeat == row.id) {
                let _ = write!(reference, "[{place}]");
            }
        }
        reference
    }
}

fn answerable(question: &Question) -> bool {
    let kinds = [
        Kind::Text,
        Kind::Integer,
        Kind::Decimal,
        Kind::Range,
        Kind::Date,
        Kind::Acknowledge,
        Kind::SelectOne,
        Kind::SelectMultiple,
    ];
    kinds.contains(&question.kind)
}

/// What the clock, the device and chance give is not compared; the day is.
fn is_compared(form: &Form, question: &Question) -> bool {
    let document = form.row_document(question.row);
    let expressions = document.into_iter().flat_map(|row| [&row.calculation, &row.default]).flatten();
    let drawn = |source: &String| ["uuid(", "random(", "now("].iter().any(|call| source.contains(call));
    let mut expressions = expressions;
    !matches!(question.kind, Kind::Metadata(_) | Kind::Unsupported) && !expressions.any(drawn)
}
