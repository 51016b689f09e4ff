//! The survey sheet as nested rows of the form document, each row checked by itself.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};
use teranga_core::form::nearest;

use crate::choices::Choices;
use crate::expression::{adapt, reads_last_saved, references};
use crate::finding::{Finding, Flaw};
use crate::heading::{is_media, language_code};
use crate::instances::{Instances, file_source};
use crate::names;
use crate::outline::{Item, Outline, says_something};
use crate::parameters;
use crate::range;
use crate::report::{Note, Report};
use crate::settings::object;
use crate::types::{Other, QuestionType, RowType, Section};
use crate::workbook_out::survey::{ID, IN_MEMBERS, MEMBERS, REST};

/// Members that hold expressions.
const EXPRESSIONS: [&str; 8] = [
    "relevant",
    "required",
    "constraint",
    "calculation",
    "default",
    "readonly",
    "choice_filter",
    "repeat_count",
];
/// Members that are copied.
const PLAIN: [&str; 2] = ["appearance", "trigger"];
/// Members in several languages.
const TEXTS: [&str; 5] = ["label", "hint", "guidance_hint", "required_message", "constraint_message"];
/// Columns that become other members, or have had their effect.
const USED: [&str; 9] =
    ["type", "name", "parameters", "teranga_sensitivity", "disabled", "no_answer", ID, REST, MEMBERS];

/// Whether a column becomes a member of the row, or has its effect, instead of being kept as it is.
pub(crate) fn carries(column: &str) -> bool {
    let becomes = EXPRESSIONS.contains(&column) || PLAIN.contains(&column) || TEXTS.contains(&column);
    becomes || (USED.contains(&column) && column != "no_answer")
}

/// What the rows are read with.
pub(crate) struct Survey<'s, 'a> {
    pub(crate) outline: &'s Outline<'a>,
    pub(crate) choices: &'s Choices<'a>,
    pub(crate) instances: &'s mut Instances<'a>,
    pub(crate) default_language: &'s str,
    /// Whether texts are given in more than one language.
    pub(crate) translated: bool,
    /// What the author may call the root of the instance.
    pub(crate) roots: &'s [String],
    pub(crate) findings: &'s mut Vec<Finding>,
    pub(crate) report: &'s mut Report,
}

impl<'a> Survey<'_, 'a> {
    /// The rows as the form document holds them.
    pub(crate) fn read(&mut self) -> Vec<Json> {
        let outline = self.outline;
        let ids = names::ids(outline);
        let mut children: BTreeMap<Option<usize>, Vec<Json>> = BTreeMap::new();
        // From the last row to the first, so that a section finds its own rows finished.
        let mut nodes: Vec<Map<String, Json>> =
            outline.items.iter().zip(&ids).map(|(item, id)| self.node(item, id.as_deref())).collect();
        for (at, item) in outline.items.iter().enumerate().rev() {
            let Some(mut node) = nodes.pop() else { break };
            if matches!(item.kind, RowType::Begin(_)) {
                let mut rows = children.remove(&Some(at)).unwrap_or_default();
                rows.reverse();
                node.insert("children".into(), Json::Array(rows));
            }
            children.entry(item.parent).or_default().push(Json::Object(node));
        }
        let mut rows = children.remove(&None).unwrap_or_default();
        rows.reverse();
        rows
    }

    fn find(&mut self, item: &Item<'_>, column: &str, flaw: Flaw) {
        self.findings.push(item.line.finding(column, flaw));
    }

    fn node(&mut self, item: &Item<'a>, id: Option<&str>) -> Map<String, Json> {
        let mut node = Map::new();
        self.kind(item, &mut node);
        node.insert("name".into(), item.name.as_str().into());
        if let Some(id) = item.line.get(ID) {
            node.insert("id".into(), id.into());
        } else if let Some(id) = id {
            node.insert("id".into(), id.into());
            let note = Note::StoredAs { name: item.name.clone(), id: id.to_owned() };
            self.report.at(item.line, "name", note);
        }
        for column in TEXTS {
            if let Some(text) = item.line.text(column, self.default_language) {
                node.insert(column.into(), text);
            }
        }
        for column in EXPRESSIONS {
            if let Some(source) = item.line.get(column) {
                let text = self.expression(item, column, source);
                node.insert(column.into(), text.into());
            }
        }
        for column in PLAIN {
            if let Some(text) = item.line.get(column) {
                node.insert(column.into(), text.into());
            }
        }
        if let Some(class) = item.line.get("teranga_sensitivity") {
            node.insert("sensitivity".into(), class.to_lowercase().into());
        }
        match item.line.get(MEMBERS).map(object) {
            Some(Ok(members)) => {
                let ours = |(member, _): &(String, Json)| IN_MEMBERS.contains(&member.as_str());
                node.extend(members.into_iter().filter(ours));
                if node.contains_key("itemset") {
                    node.remove("list");
                }
            }
            Some(Err(flaw)) => self.find(item, MEMBERS, flaw),
            None => {}
        }
        self.parameters(item, &mut node);
        self.others(item, &mut node);
        if item.is_typed_calculation() {
            self.typed_calculation(item, &mut node);
        }
        self.check(item);
        node
    }

    /// The type, and the list with it.
    fn kind(&mut self, item: &Item<'_>, node: &mut Map<String, Json>) {
        let kind = match &item.kind {
            RowType::Begin(section) | RowType::End(section) => section.name(),
            RowType::Question(question) => question.kind.as_str(),
        };
        node.insert("type".into(), kind.into());
        let Some(question) = item.question() else { return };
        if let Some(list) = &question.list {
            node.insert("list".into(), list.as_str().into());
            self.list(item, question, list);
        }
        if question.other == Other::Added {
            node.insert("or_other".into(), true.into());
            if self.translated {
                self.report.once(item.line, "type", Note::OtherNotTranslated);
            }
        }
    }

    fn list(&mut self, item: &Item<'_>, question: &QuestionType, list: &str) {
        if question.is_from_file() {
            if file_source(list).is_none() {
                self.find(item, "type", Flaw::BadFile(list.to_owned()));
            }
            if item.line.get("appearance").is_some_and(|appearance| appearance.contains("search(")) {
                self.find(item, "appearance", Flaw::NotHere("search() brings its own file"));
            }
        } else if question.has_own_list() && !self.choices.has(list) && !item.line.has(MEMBERS) {
            let similar = nearest(list, self.choices.names()).map(str::to_owned).into_iter().collect();
            self.find(item, "type", Flaw::UnknownList { name: list.to_owned(), similar });
        }
        if question.other == Other::Added && item.line.has("choice_filter") {
            self.find(item, "choice_filter", Flaw::NotHere("\"other\" is added to whole lists only"));
        }
    }

    /// An expression as the form holds it.
    fn expression(&mut self, item: &Item<'a>, column: &str, source: &str) -> String {
        if reads_last_saved(source) {
            self.instances.add_last_saved(item.line);
        }
        if let Some(truth) = truth(column, source) {
            return truth.to_owned();
        }
        // A default is an expression only when it calls a function or names an answer.
        if column == "default" && !source.contains("${") && !source.contains('(') {
            return source.to_owned();
        }
        let adapted = adapt(source, self.roots);
        for note in adapted.notes {
            self.report.at(item.line, column, note);
        }
        for file in adapted.files {
            self.instances.add_lookup(&file, item.line);
        }
        adapted.text
    }

    fn parameters(&mut self, item: &Item<'_>, node: &mut Map<String, Json>) {
        let text = item.line.get("parameters").unwrap_or_default();
        let Some(question) = item.question() else {
            if !text.is_empty() {
                self.report.at(item.line, "parameters", Note::Kept("parameters".to_owned()));
                node.insert("parameters".into(), text.into());
            }
            return;
        };
        let appearance = item.line.get("appearance");
        let pairs = match parameters::split(text) {
            Ok(pairs) => pairs,
            Err(flaw) => return self.find(item, "parameters", flaw),
        };
        let mut flaws = parameters::check(&question.kind, &pairs, appearance);
        if question.kind == "range" {
            let labels = parameters::value(&pairs, "tick_labelset").and_then(|list| self.choices.codes(list));
            flaws.extend(range::check(&pairs, appearance, labels.as_deref()));
        }
        for flaw in flaws {
            self.find(item, "parameters", flaw);
        }
        if !pairs.is_empty() {
            let written: Vec<String> = pairs.iter().map(|(key, value)| format!("{key}={value}")).collect();
            node.insert("parameters".into(), written.join(" ").into());
        }
    }

    /// Columns that this engine does not run: kept as they are, and said.
    fn others(&mut self, item: &Item<'_>, node: &mut Map<String, Json>) {
        let mut kept = Map::new();
        for (heading, text) in item.line.cells() {
            let name = heading.name.as_str();
            let plain = EXPRESSIONS.contains(&name) || PLAIN.contains(&name) || USED.contains(&name);
            let yields = heading.language.is_none()
                && item.line.cells().any(|(other, _)| {
                    other.name == name
                        && other.language.as_deref().map(language_code) == Some(self.default_language)
                });
            if plain || (TEXTS.contains(&name) && !yields) {
                if name == "no_answer" {
                    kept.insert(name.into(), text.into());
                }
                continue;
            }
            self.report.once(item.line, name, Note::Kept(heading.written.clone()));
            let member =
                if is_media(name) || heading.language.is_some() { &heading.written } else { &heading.name };
            kept.insert(member.clone(), text.into());
        }
        match item.line.get(REST).map(object) {
            Some(Ok(rest)) => kept.extend(rest),
            Some(Err(flaw)) => self.find(item, REST, flaw),
            None => {}
        }
        if !kept.is_empty() {
            node.insert("columns".into(), Json::Object(kept));
        }
    }

    /// A calculation with the type of a question and nothing to show is a calculation: its type is kept beside.
    fn typed_calculation(&mut self, item: &Item<'_>, node: &mut Map<String, Json>) {
        let kind = node.insert("type".into(), "calculate".into()).unwrap_or_default();
        let named = kind.as_str().unwrap_or_default().to_owned();
        self.report.at(item.line, "type", Note::Calculation(named));
        if let Some(columns) = node.entry("columns").or_insert_with(|| json!({})).as_object_mut() {
            columns.insert("type".into(), kind);
        }
    }

    fn check(&mut self, item: &Item<'_>) {
        let line = item.line;
        let Some(question) = item.question() else {
            if !says_something(line) && item.kind == RowType::Begin(Section::Repeat) {
                self.report.at(line, "label", Note::NoLabel);
            }
            self.count(item);
            return;
        };
        if item.is_seen() && !says_something(line) && !item.is_silent() {
            self.find(item, "label", Flaw::NoLabel);
        }
        let dynamic =
            line.get("default").is_some_and(|default| default.contains("${") || default.contains('('));
        match question.kind.as_str() {
            "calculate" if !line.has("calculation") && !dynamic => {
                self.find(item, "calculation", Flaw::Needed);
            }
            "background-geopoint" if !line.has("trigger") => self.find(item, "trigger", Flaw::Needed),
            "image" if line.get("parameters").is_none_or(|text| !text.contains("max-pixels")) => {
                self.report.at(line, "parameters", Note::PictureSize);
            }
            "audit" if item.name != "audit" => {
                self.find(item, "name", Flaw::NotHere("an audit is always called audit"));
            }
            _ => {}
        }
        self.trigger(item);
    }

    /// A count that is computed needs a name of its own beside the repeat's.
    fn count(&mut self, item: &Item<'_>) {
        let Some(count) = item.line.get("repeat_count") else { return };
        let generated = format!("{}_count", item.name);
        let beside = |other: &&Item<'_>| other.parent == item.parent && other.name == generated;
        if !parameters::is_reference(count.trim())
            && let Some(other) = self.outline.items.iter().find(beside)
        {
            let flaw = Flaw::DuplicateName { name: generated, row: item.line.number() };
            self.find(other, "name", flaw);
        }
    }

    /// A trigger names questions that a person answers.
    fn trigger(&mut self, item: &Item<'_>) {
        let Some(trigger) = item.line.get("trigger") else { return };
        let names: Vec<&str> = trigger.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
        if names.iter().any(|name| !parameters::is_reference(name)) {
            return self.find(item, "trigger", Flaw::BadReferenceList);
        }
        for name in names.into_iter().flat_map(references) {
            let seen =
                self.outline.named(name).is_none_or(|target| target.is_seen() || target.question().is_none());
            if !seen {
                self.find(item, "trigger", Flaw::NotHere("what nobody sees triggers nothing"));
            }
        }
    }
}

/// Yes and no as spreadsheets write them, as expressions write them.
fn truth(column: &str, text: &str) -> Option<&'static str> {
    // What is required or read-only may say yes and no in the form too.
    if !["relevant", "constraint", "calculation"].contains(&column) {
        return None;
    }
    match text.to_lowercase().as_str() {
        "yes" | "true" => Some("true()"),
        "no" | "false" => Some("false()"),
        _ => None,
    }
}
