//! Whether a version may follow those that are published: an id means the same question for ever, and a retired code
//! or id never comes back with another meaning.

use std::sync::Arc;

use crate::form::{Finding, Flaw, Form, Kind, Place, Question};
use crate::value::Value;

use super::lineage::stored_alike;
use crate::form::MappingsDocument;

/// Everything that forbids a version to follow the `published` ones of its form, the earliest first.
pub fn check_successor(published: &[&Arc<Form>], form: &Form) -> Vec<Finding> {
    let mut checker = Checker { published, form, findings: Vec::new() };
    for question in form.rows().filter(|row| row.kind != Kind::Group) {
        checker.same_question(question);
    }
    let none = MappingsDocument::default();
    let own = form.document().mappings.as_ref().unwrap_or(&none);
    let earlier = published.iter().filter_map(|form| form.document().mappings.as_ref());
    for mappings in earlier.chain([own]) {
        checker.stays_retired(mappings);
    }
    checker.recodes(own);
    checker.retires(own);
    checker.findings
}

struct Checker<'a> {
    published: &'a [&'a Arc<Form>],
    form: &'a Form,
    findings: Vec<Finding>,
}

impl Checker<'_> {
    fn find(&mut self, path: &str, member: &str, flaw: Flaw) {
        self.findings.push(Finding::new(Place::member(path, member), flaw));
    }

    /// The question as the version before this one asked it.
    fn before(&self, id: &str) -> Option<&Question> {
        self.published.iter().rev().find_map(|form| form.row_by_id(id))
    }

    fn same_question(&mut self, question: &Question) {
        let Some(before) = self.before(&question.id) else { return };
        let (was, is) = (before.kind, question.kind);
        let class = before.class.clone();
        let around = |form: &Form, row: &Question| {
            row.repeat.and_then(|repeat| form.row(repeat)).map(|repeat| repeat.id.clone())
        };
        let repeat_before = self
            .published
            .iter()
            .rev()
            .find(|form| form.row_by_id(&question.id).is_some())
            .and_then(|form| around(form, before));
        if !stored_alike(was, is) {
            let flaw = Flaw::OtherQuestion { id: question.id.clone(), what: "type" };
            self.find(&question.path, "type", flaw);
        } else if class != question.class {
            let flaw = Flaw::OtherQuestion { id: question.id.clone(), what: "sensitivity" };
            self.find(&question.path, "sensitivity", flaw);
        } else if repeat_before != around(self.form, question) {
            let flaw = Flaw::OtherQuestion { id: question.id.clone(), what: "repeat" };
            self.find(&question.path, "id", flaw);
        }
    }

    /// What is retired must not be offered or asked any more.
    fn stays_retired(&mut self, mappings: &MappingsDocument) {
        for retired in mappings.retired() {
            if let Some(question) = self.form.row_by_id(retired) {
                let path = question.path.clone();
                self.find(&path, "id", Flaw::Retired { name: retired.to_owned() });
            }
        }
        for (question, codes) in &mappings.recode {
            let Some(row) = self.form.question(question) else { continue };
            let offered = row.list.as_deref().and_then(|list| self.form.choices(list)).unwrap_or_default();
            let back: Vec<String> = offered
                .iter()
                .map(|choice| choice.name.clone())
                .filter(|code| codes.contains_key(code))
                .collect();
            let path = row.path.clone();
            for name in back {
                self.find(&path, "list", Flaw::Retired { name });
            }
        }
    }

    fn recodes(&mut self, own: &MappingsDocument) {
        for (id, codes) in &own.recode {
            let Some(question) = self.form.question(id).filter(|question| question.kind.has_choices()) else {
                self.find("", "mappings", Flaw::Mapping { name: id.clone() });
                continue;
            };
            let offered = question.list.as_deref().and_then(|list| self.form.choices(list));
            let unknown = codes.values().find(|code| {
                offered.is_some_and(|offered| !offered.iter().any(|choice| choice.name == **code))
            });
            if let Some(code) = unknown {
                self.find("", "mappings", Flaw::Mapping { name: format!("{id}: {code}") });
            }
        }
    }

    /// A retired question was asked before, with the class of what replaces it, within the same items.
    fn retires(&mut self, own: &MappingsDocument) {
        for retired in own.retired() {
            let Some(before) = self.before(retired).cloned() else {
                self.find("", "mappings", Flaw::Mapping { name: retired.to_owned() });
                continue;
            };
            for target in own.targets(retired) {
                let fits = self.form.question(target).is_some_and(|question| {
                    question.class == before.class
                        && question.repeat.is_some() == before.repeat.is_some()
                        && (!own.moved.contains_key(retired) || stored_alike(before.kind, question.kind))
                });
                if !fits {
                    self.find("", "mappings", Flaw::Mapping { name: format!("{retired} → {target}") });
                }
            }
            self.splits(retired, &before, own);
        }
    }

    /// The values that a split gives are answers of the questions that they are given to.
    fn splits(&mut self, retired: &str, before: &Question, own: &MappingsDocument) {
        let Some(codes) = own.split.get(retired) else { return };
        if !matches!(before.kind, Kind::SelectOne | Kind::Text | Kind::Hidden | Kind::Calculate) {
            self.find("", "mappings", Flaw::Mapping { name: retired.to_owned() });
        }
        for (code, answers) in codes {
            for (target, json) in answers {
                let Some(question) = self.form.question(target) else { continue };
                let choices = question.list.as_deref().and_then(|list| self.form.choices(list));
                let value = Value::from_json(json);
                let fits = value.is_some_and(|value| {
                    question.kind != Kind::SelectMultiple
                        && crate::answers::check(question, choices, value).is_ok()
                });
                if !fits {
                    self.find("", "mappings", Flaw::Mapping { name: format!("{retired} {code} → {target}") });
                }
            }
        }
    }
}
