//! Storage identities for rows whose name cannot be one: names that begin with `_`, and names that stand in several
//! groups of the same name.

use std::collections::{HashMap, HashSet};

use super::instance::{Nature, Shape};

/// The identity of each row that needs another one than the form document would give it, by its path.
pub(super) fn ids(root: &Shape) -> HashMap<String, String> {
    let mut rows = Vec::new();
    gather(root, true, &mut rows);
    let mut borne: HashMap<&str, usize> = HashMap::new();
    for (_, shape, _) in &rows {
        *borne.entry(&shape.name).or_default() += 1;
    }
    let mut taken = HashSet::new();
    let mut ids = HashMap::new();
    for (parent, shape, in_root) in &rows {
        let several = borne.get(shape.name.as_str()) > Some(&1);
        let given = if several && !in_root { format!("{parent}.{}", shape.name) } else { shape.name.clone() };
        if !given.starts_with('_') && taken.insert(given) {
            continue;
        }
        let whole = shape.path.split('/').skip(2).collect::<Vec<_>>().join(".");
        let base = if whole.starts_with('_') { format!("q{whole}") } else { whole };
        let mut id = base.clone();
        let mut number = 1;
        while !taken.insert(id.clone()) {
            number += 1;
            id = format!("{base}.{number}");
        }
        ids.insert(shape.path.clone(), id);
    }
    ids
}

/// The rows that store something, each with the name of its section and whether that is the root.
fn gather<'s>(section: &'s Shape, is_root: bool, rows: &mut Vec<(&'s str, &'s Shape, bool)>) {
    for shape in &section.children {
        if shape.nature != Nature::Group {
            rows.push((&section.name, shape, is_root));
        }
        gather(shape, false, rows);
    }
}
