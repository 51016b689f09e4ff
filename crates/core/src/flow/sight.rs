//! What cannot be seen here: questions whose class is not held, and whatever is computed from them. It is settled
//! once, and nothing of it is evaluated: a value computed without all that it needs would be wrong and would
//! overwrite the right one.

use crate::form::{Expression, Form, Kind, Role, RowId};

use super::context::Held;
use super::instance::encloses;

/// What is hidden of a form.
#[derive(Debug, Clone, Default)]
pub(super) struct Sight {
    rows: Vec<bool>,
    ranks: Vec<bool>,
}

impl Sight {
    /// What is hidden where only these classes are held.
    pub(super) fn new(form: &Form, held: &Held) -> Self {
        let unseen = |kind: Kind| kind != Kind::Group;
        let rows = form.rows().map(|row| unseen(row.kind) && !held.holds(&row.class)).collect();
        let mut sight = Self { rows, ranks: Vec::new() };
        // In the order of evaluation, so that what hides something is known before it is read.
        for logic in &form.program().logics {
            let blocked = sight.hides(&logic.expression);
            match logic.role {
                Role::Calculate if blocked => sight.hide(logic.row),
                Role::Relevant if blocked => {
                    for row in form.rows().filter(|row| encloses(form, logic.row, row.row)) {
                        sight.hide(row.row);
                    }
                }
                Role::Calculate | Role::Relevant | Role::Readonly | Role::Required => {}
            }
            sight.ranks.push(blocked);
        }
        for (rank, logic) in form.program().logics.iter().enumerate() {
            let hidden = logic.role == Role::Calculate && sight.is_hidden(logic.row);
            if let Some(blocked) = sight.ranks.get_mut(rank).filter(|_| hidden) {
                *blocked = true;
            }
        }
        sight
    }

    fn hide(&mut self, row: RowId) {
        if let Some(hidden) = self.rows.get_mut(row.index()) {
            *hidden = true;
        }
    }

    /// Whether a row is hidden.
    pub(super) fn is_hidden(&self, row: RowId) -> bool {
        self.rows.get(row.index()).copied().unwrap_or(false)
    }

    /// Whether the logic of this rank may not be evaluated.
    pub(super) fn is_blocked(&self, rank: usize) -> bool {
        self.ranks.get(rank).copied().unwrap_or(true)
    }

    /// Whether an expression reads something hidden.
    pub(super) fn hides(&self, expression: &Expression) -> bool {
        expression.reads().iter().any(|read| self.is_hidden(read.row))
    }
}
