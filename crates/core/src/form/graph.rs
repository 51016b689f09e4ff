//! Which computed thing needs which: calculations and the expressions of relevance, read-only and required, in an
//! order in which each comes after all that it reads. Constraints and choice filters are no part of it: they are
//! evaluated when asked for, and a constraint may read its own answer. As in ODK Collect, a form in which
//! something needs itself is refused.

use std::collections::{BTreeSet, HashSet};

use super::question::{Question, RowId};

/// What an expression decides about its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Role {
    /// The row's value.
    Calculate,
    /// Whether the row, and all within, is part of the interview.
    Relevant,
    /// Whether the row, and all within, may be changed by hand.
    Readonly,
    /// Whether the row must be answered.
    Required,
}

impl Role {
    /// Whether what it decides shows in what is read of the row: its value, and whether there is one.
    const fn is_read(self) -> bool {
        matches!(self, Self::Calculate | Self::Relevant)
    }
}

/// One expression, as the graph sees it.
pub(super) struct Vertex<'a> {
    pub(super) row: RowId,
    pub(super) role: Role,
    pub(super) reads: &'a [RowId],
}

/// An order of all vertices, or the cycles that forbid one, each as the rows in which each needs the next.
pub(super) fn order(rows: &[Question], vertices: &[Vertex<'_>]) -> Result<Vec<usize>, Vec<Vec<RowId>>> {
    let needs = needs(rows, vertices);
    let mut needed_by: Vec<Vec<usize>> = vec![Vec::new(); vertices.len()];
    let mut open: Vec<usize> = vec![0; vertices.len()];
    for (vertex, needed) in needs.iter().enumerate() {
        if let Some(open) = open.get_mut(vertex) {
            *open = needed.len();
        }
        for other in needed {
            if let Some(list) = needed_by.get_mut(*other) {
                list.push(vertex);
            }
        }
    }
    // Of what is ready the first in the form goes first, so that the order is the same on every device.
    let mut ready: BTreeSet<usize> =
        open.iter().enumerate().filter(|(_, open)| **open == 0).map(|(vertex, _)| vertex).collect();
    let mut order = Vec::with_capacity(vertices.len());
    while let Some(vertex) = ready.pop_first() {
        order.push(vertex);
        for next in needed_by.get(vertex).into_iter().flatten() {
            if let Some(open) = open.get_mut(*next) {
                *open -= 1;
                if *open == 0 {
                    ready.insert(*next);
                }
            }
        }
    }
    if order.len() == vertices.len() { Ok(order) } else { Err(cycles(vertices, &needs, &order)) }
}

/// For each vertex, those whose result it reads.
fn needs(rows: &[Question], vertices: &[Vertex<'_>]) -> Vec<BTreeSet<usize>> {
    let mut by_row: Vec<Vec<usize>> = vec![Vec::new(); rows.len()];
    for (index, vertex) in vertices.iter().enumerate() {
        if let Some(list) = by_row.get_mut(vertex.row.index()) {
            list.push(index);
        }
    }
    let decides = |row: RowId, inherited: bool| {
        let listed = by_row.get(row.index()).into_iter().flatten().copied();
        listed.filter(move |index| {
            let role = vertices.get(*index).map(|vertex| vertex.role);
            if inherited { role == Some(Role::Relevant) } else { role.is_some_and(Role::is_read) }
        })
    };
    let mut needs = Vec::with_capacity(vertices.len());
    for vertex in vertices {
        let mut needed = BTreeSet::new();
        for read in vertex.reads {
            needed.extend(decides(*read, false));
            let mut at = *read;
            while let Some(question) = rows.get(at.index()).filter(|_| at != RowId::ROOT) {
                at = question.parent;
                needed.extend(decides(at, true));
            }
        }
        needs.push(needed);
    }
    needs
}

/// One cycle for each knot among the vertices that have no place in the order.
fn cycles(vertices: &[Vertex<'_>], needs: &[BTreeSet<usize>], order: &[usize]) -> Vec<Vec<RowId>> {
    let placed: HashSet<usize> = order.iter().copied().collect();
    let mut done = placed.clone();
    let mut cycles = Vec::new();
    for start in 0..vertices.len() {
        let mut walk: Vec<usize> = Vec::new();
        let mut at = start;
        while !done.contains(&at) && !walk.contains(&at) {
            walk.push(at);
            // What has no place needs at least one other that has none either.
            match needs.get(at).and_then(|needed| needed.iter().find(|next| !placed.contains(next))) {
                Some(next) => at = *next,
                None => break,
            }
        }
        if let Some(begin) = walk.iter().position(|vertex| *vertex == at).filter(|_| !done.contains(&at)) {
            let round = walk.iter().skip(begin).chain([&at]);
            let mut path: Vec<RowId> = round.filter_map(|v| vertices.get(*v)).map(|v| v.row).collect();
            // The relevance of a section and of a row within both stand for the same row only once.
            let last = path.pop();
            path.dedup();
            path.extend(last);
            cycles.push(path);
        }
        done.extend(walk);
    }
    cycles
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form::build;
    use crate::form::document::FormDocument;

    fn rows(json: serde_json::Value) -> Vec<Question> {
        let document: FormDocument = serde_json::from_value(json).unwrap();
        build::build(&document).rows
    }

    fn three() -> Vec<Question> {
        rows(serde_json::json!({"form_id": "f", "version": "1", "survey": [
            {"type": "text", "name": "a"},
            {"type": "group", "name": "g", "children": [{"type": "text", "name": "b"}, {"type": "text", "name": "c"}]}
        ]}))
    }

    fn vertex(row: usize, role: Role, reads: &[RowId]) -> Vertex<'_> {
        Vertex { row: RowId::at(row), role, reads }
    }

    #[test]
    fn what_is_read_comes_first_even_through_the_relevance_of_a_section() {
        let (a, b) = ([RowId::at(1)], [RowId::at(3)]);
        let vertices = [
            vertex(1, Role::Required, &b),
            vertex(2, Role::Relevant, &[]),
            vertex(3, Role::Calculate, &[]),
            vertex(4, Role::Calculate, &a),
        ];
        assert_eq!(order(&three(), &vertices), Ok(vec![1, 2, 0, 3]));
    }

    #[test]
    fn cycles_are_named_and_a_section_that_reads_its_own_row_is_one() {
        let (a, b, c) = ([RowId::at(1)], [RowId::at(3)], [RowId::at(4)]);
        let pair = [vertex(1, Role::Calculate, &b), vertex(3, Role::Calculate, &a)];
        let [first, second] = [RowId::at(1), RowId::at(3)];
        assert_eq!(order(&three(), &pair), Err(vec![vec![first, second, first]]));
        let section = [vertex(2, Role::Relevant, &c)];
        assert_eq!(order(&three(), &section), Err(vec![vec![RowId::at(2), RowId::at(2)]]));
        let itself = [vertex(1, Role::Calculate, &a)];
        assert_eq!(order(&three(), &itself), Err(vec![vec![first, first]]));
    }
}
