//! What names rows may bear, and the storage identities of those whose name cannot be one.

use std::collections::{HashMap, HashSet};

use crate::outline::{Item, Outline};
use crate::types::{RowType, Section};

/// An XML name without a colon: what paths, XForms and files of answers can hold.
pub(crate) fn is_name(name: &str) -> bool {
    let mut letters = name.chars();
    letters.next().is_some_and(|first| first.is_alphabetic() || first == '_')
        && letters.all(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.'))
}

/// The storage identity of each row that needs another one than the form document would give it: names that begin
/// with `_`, and names that stand in several groups of the same name.
pub(crate) fn ids(outline: &Outline<'_>) -> Vec<Option<String>> {
    let stores = |item: &&Item<'_>| item.kind != RowType::Begin(Section::Group);
    let mut borne: HashMap<&str, usize> = HashMap::new();
    for item in outline.items.iter().filter(stores) {
        *borne.entry(&item.name).or_default() += 1;
    }
    let mut taken = HashSet::new();
    let mut ids = Vec::with_capacity(outline.items.len());
    for item in &outline.items {
        if !stores(&item) {
            ids.push(None);
            continue;
        }
        let parent =
            item.parent.and_then(|parent| outline.items.get(parent)).map(|parent| parent.name.as_str());
        let given = match parent {
            Some(parent) if borne.get(item.name.as_str()) > Some(&1) => format!("{parent}.{}", item.name),
            _ => item.name.clone(),
        };
        if !given.starts_with('_') && taken.insert(given.clone()) {
            ids.push(None);
            continue;
        }
        let whole = item.path.trim_start_matches("/data/").replace('/', ".");
        let base = if whole.starts_with('_') { format!("q{whole}") } else { whole };
        let mut id = base.clone();
        let mut number = 1;
        while taken.contains(&id) {
            number += 1;
            id = format!("{base}.{number}");
        }
        taken.insert(id.clone());
        ids.push(Some(id));
    }
    ids
}
