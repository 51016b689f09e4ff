//! Lists of choices: the form's own are checked once; which list a question draws from is settled here.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use super::Form;
use super::document::{Choice, ChoicesDocument, FormDocument};
use super::finding::{Finding, Flaw, Place};
use super::lists::Lists;
use super::nearest::nearest;
use super::other;
use super::question::Question;

/// What a list name of a form stands for.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Source {
    /// Written out in the form.
    Inline(Arc<[Choice]>),
    /// A code list of the catalogue.
    Named(String),
    /// Data whose rows are no choices by themselves.
    Table,
}

/// The lists of a document, checked.
pub(super) fn lists(document: &FormDocument, findings: &mut Vec<Finding>) -> BTreeMap<String, Source> {
    let duplicates = document.settings.get("allow_choice_duplicates").and_then(|value| value.as_str());
    let mut lists = BTreeMap::new();
    for (list, choices) in &document.choices {
        let source = match choices {
            ChoicesDocument::FromList { from_list } => Source::Named(from_list.clone()),
            ChoicesDocument::Table { .. } => Source::Table,
            ChoicesDocument::Inline(choices) => {
                check_codes(list, choices, duplicates == Some("yes"), findings);
                Source::Inline(choices.clone().into())
            }
        };
        lists.insert(list.clone(), source);
    }
    lists
}

fn check_codes(list: &str, choices: &[Choice], duplicates: bool, findings: &mut Vec<Finding>) {
    let mut seen = HashSet::new();
    for Choice { name: code, .. } in choices {
        let place = Place::row(format!("choices/{list}/{code}"));
        if code.contains('/') || code.contains(char::is_whitespace) {
            findings.push(Finding::new(place, Flaw::BadChoice { code: code.clone() }));
        } else if !seen.insert(code) && !duplicates && !code.is_empty() {
            findings.push(Finding::new(place, Flaw::DuplicateChoice { code: code.clone() }));
        }
    }
}

/// Whether a list is a file that comes with the form.
fn is_file(list: &str) -> bool {
    [".csv", ".xml", ".geojson"].iter().any(|ending| list.ends_with(ending))
}

/// The name between `${` and `}` when the choices are the items of a repeat.
pub(crate) fn repeated_name(list: &str) -> Option<&str> {
    list.trim().strip_prefix("${")?.strip_suffix('}').map(str::trim)
}

/// Checks that every select draws from a list that exists.
pub(super) fn check_lists(rows: &[Question], lists: &BTreeMap<String, Source>, findings: &mut Vec<Finding>) {
    for row in rows.iter().filter(|row| row.kind.has_choices() && row.itemset.is_none()) {
        let list = row.list.as_deref().unwrap_or("");
        let known = lists.get(list).is_some_and(|source| *source != Source::Table) || is_file(list);
        if let Some(name) = repeated_name(list) {
            if !rows.iter().any(|other| other.name == name && other.repeat.is_some()) {
                let flaw = Flaw::UnknownReference { name: name.to_owned(), suggestion: None };
                findings.push(Finding::new(Place::member(row.path.as_str(), "list"), flaw));
            }
        } else if !known {
            let suggestion = nearest(list, lists.keys().map(String::as_str)).map(str::to_owned);
            let flaw = Flaw::UnknownList { list: list.to_owned(), suggestion };
            findings.push(Finding::new(Place::member(row.path.as_str(), "list"), flaw));
        }
    }
}

impl Form {
    /// The choices of one of the form's own lists, as written; `None` for a code list or a file, and for no list.
    pub fn choices(&self, list: &str) -> Option<&[Choice]> {
        match self.lists.get(list) {
            Some(Source::Inline(choices)) => Some(choices),
            Some(Source::Named(_) | Source::Table) | None => None,
        }
    }

    /// The names of the code lists and files that must be handed in with [`Lists`] to fill this form.
    pub fn lists_needed(&self) -> Vec<&str> {
        let named = self.lists.values().filter_map(|source| match source {
            Source::Named(name) => Some(name.as_str()),
            Source::Inline(_) | Source::Table => None,
        });
        let lists = self.rows.iter().filter_map(|row| row.list.as_deref());
        let mut needed: Vec<&str> = named.chain(lists.filter(|list| is_file(list))).collect();
        needed.sort_unstable();
        needed.dedup();
        needed
    }

    /// A list by the name that the form gives it, wherever it comes from; `None` when it was not handed in.
    pub fn resolve_list(&self, list: &str, handed: &Lists) -> Option<Arc<[Choice]>> {
        match self.lists.get(list) {
            Some(Source::Inline(choices)) => Some(Arc::clone(choices)),
            Some(Source::Named(name)) => handed.get(name).cloned(),
            Some(Source::Table) => None,
            None => handed.get(list).cloned(),
        }
    }

    /// Every choice of a question before any filter, "other" included; `None` when its list is not at hand or is
    /// made of the items of a repeat.
    pub fn choices_of(&self, question: &Question, handed: &Lists) -> Option<Arc<[Choice]>> {
        let choices = self.resolve_list(question.list.as_deref()?, handed)?;
        if !question.or_other || choices.iter().any(|choice| choice.name == other::OTHER) {
            return Some(choices);
        }
        Some(choices.iter().cloned().chain([other::choice()]).collect())
    }
}
