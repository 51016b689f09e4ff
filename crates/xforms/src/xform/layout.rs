//! What the body and the binds say beside the rows: kept where it has a place, and told.

use serde_json::{Map, Value as Json, json};

use crate::report::Note;

use super::binds::Binds;
use super::body::Body;
use super::facts::Facts;
use super::report::Reading;
use super::xml::{attribute, child, content};

/// Tells the binds whose node is not there; their rules reach nothing.
pub(super) fn note_binds(binds: &Binds, facts: &Facts, root: &str, reading: &mut Reading) {
    let meta = format!("{root}/meta");
    for (path, bind) in &binds.by_path {
        let known = facts.paths.contains_key(path) || path == root || path.starts_with(&meta);
        if !known {
            let line = reading.line(bind.at);
            reading.note_line(line, "bind", Note::NoNode(path.clone()));
        }
    }
}

/// Keeps the layout that the instance does not say: groups that stand for no node, and an order of its own.
pub(super) fn keep(rows: &mut [Json], body: &Body<'_>, facts: &Facts, root: &str, reading: &mut Reading) {
    let mut asked: Vec<(&usize, &String)> = body.controls.iter().map(|(path, (at, _))| (at, path)).collect();
    asked.sort_unstable();
    let place = |path: &String| facts.paths.get(path).map_or(0, |fact| fact.at);
    if !asked.is_sorted_by_key(|(_, path)| place(path)) {
        reading.note_line(0, "body", Note::Kept("body::order".to_owned()));
        for (at, path) in asked {
            if let Some(columns) = row_at(rows, root, path).and_then(columns_of) {
                columns.insert("body::order".into(), (at + 1).into());
            }
        }
    }
    for group in &body.presentations {
        reading.note(group.element, "group", Note::Kept("body::group".to_owned()));
        if let Some(columns) = row_at(rows, root, &group.first).and_then(columns_of) {
            let label = child(group.element, "label").map(content).unwrap_or_default();
            let appearance = attribute(group.element, "appearance").unwrap_or_default();
            columns.insert("body::group".into(), json!({ "label": label, "appearance": appearance }));
        }
    }
}

fn row_at<'r>(rows: &'r mut [Json], root: &str, path: &str) -> Option<&'r mut Map<String, Json>> {
    let (name, rest) = match path.strip_prefix(root)?.strip_prefix('/')?.split_once('/') {
        Some((name, _)) => (name, true),
        None => (path.rsplit('/').next()?, false),
    };
    let found = rows.iter_mut().find(|row| row.get("name").is_some_and(|named| named == name))?;
    if !rest {
        return found.as_object_mut();
    }
    let children = found.get_mut("children")?.as_array_mut()?;
    row_at(children, &format!("{root}/{name}"), path)
}

fn columns_of(row: &mut Map<String, Json>) -> Option<&mut Map<String, Json>> {
    row.entry("columns").or_insert_with(|| json!({})).as_object_mut()
}
