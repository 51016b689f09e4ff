//! The class of what is computed: from what two answers give together, each of them could be told; so a calculation
//! that nobody marked is of the freest class into which all that it reads may flow. It is written into the document when
//! a form is published, because a class says in which part a value is stored, and that never changes.

use std::collections::BTreeMap;

use crate::class::{ClassId, Classes};

use super::Form;
use super::document::{FormDocument, NodeDocument};
use super::graph::Role;
use super::question::RowId;

/// The document with the class of every calculation that it does not mark itself.
pub fn with_joined_classes(form: &Form, classes: &Classes) -> FormDocument {
    let joined = joined(form, classes);
    let mut document = form.document().clone();
    let mut row = 0;
    write(&mut document.survey, &mut row, &joined);
    document
}

/// The class of each calculation that is not marked, where its inputs have a join.
fn joined(form: &Form, classes: &Classes) -> BTreeMap<RowId, ClassId> {
    let mut joined: BTreeMap<RowId, ClassId> = BTreeMap::new();
    // In the order of evaluation, so that what is read has its class already.
    for logic in form.program().logics.iter().filter(|logic| logic.role == Role::Calculate) {
        let marked = form.row_document(logic.row).is_some_and(|row| row.sensitivity.is_some());
        let Some(question) = form.row(logic.row).filter(|row| !marked && !row.kind.is_asked()) else {
            continue;
        };
        let read = logic.expression.rows().into_iter().filter(|read| *read != logic.row);
        let inputs: Vec<ClassId> = read
            .filter_map(|read| form.row(read))
            .filter(|read| !read.kind.is_section())
            .map(|read| joined.get(&read.row).unwrap_or(&read.class).clone())
            .collect();
        if let Some(class) =
            classes.join(&inputs).filter(|class| !inputs.is_empty() && **class != question.class)
        {
            joined.insert(logic.row, class.clone());
        }
    }
    joined
}

/// Rows are numbered in the order of the form, the form itself first; "other, specify" is a row of its own.
fn write(rows: &mut [NodeDocument], row: &mut usize, joined: &BTreeMap<RowId, ClassId>) {
    for node in rows {
        *row += 1;
        if let Some(class) = joined.get(&RowId::at(*row)) {
            node.sensitivity = Some(class.clone());
        }
        write(node.children.as_deref_mut().unwrap_or_default(), row, joined);
        if node.or_other == Some(true) {
            *row += 1;
        }
    }
}
