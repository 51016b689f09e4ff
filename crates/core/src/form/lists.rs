//! The lists of choices that a form names but does not hold: code lists of the catalogue, and files. Whoever opens a
//! form resolves them once and hands them in.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::list::{CodeList, Entry};

use super::document::Choice;

/// Lists of choices by the name that forms give them (`sn-departments`, `clinics.csv`).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Lists(BTreeMap<String, Arc<[Choice]>>);

impl Lists {
    /// No lists at all: enough for a form that holds its own.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a list, or puts a newer one in its place.
    pub fn insert(&mut self, name: impl Into<String>, choices: Vec<Choice>) {
        self.share(name, choices.into());
    }

    /// The same, of a list that others hold too.
    pub(crate) fn share(&mut self, name: impl Into<String>, choices: Arc<[Choice]>) {
        self.0.insert(name.into(), choices);
    }

    /// A list.
    pub fn get(&self, name: &str) -> Option<&Arc<[Choice]>> {
        self.0.get(name)
    }

    /// Every list by its name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Arc<[Choice]>)> {
        self.0.iter().map(|(name, choices)| (name.as_str(), choices))
    }
}

/// A code list of the catalogue as choices. Its days of validity are columns too: filters read them, and other programs
/// get them.
pub(crate) fn codes_as_choices(list: &CodeList) -> Arc<[Choice]> {
    let choice = |entry: &Entry| {
        let days = [("valid_from", &entry.valid_from), ("valid_to", &entry.valid_to)];
        let days = days.into_iter().filter_map(|(name, day)| Some((name.to_owned(), day.clone()?)));
        let columns = days.chain(entry.properties.clone());
        Choice {
            name: entry.code.clone(),
            label: Some(entry.label.clone()),
            properties: columns.map(|(name, value)| (name, value.into())).collect(),
            validity: entry.validity(),
        }
    };
    list.entries.iter().map(choice).collect()
}
