//! What skip logic and its like say of one row now, sections and repeats included.

use crate::form::RowId;
use crate::key::Key;

use super::Filling;
use super::instance::NodeId;

/// The state of a row, with what the sections around it say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State {
    /// Whether it is part of the interview.
    pub relevant: bool,
    /// Whether it may not be changed by hand.
    pub readonly: bool,
    /// Whether an answer must be given.
    pub required: bool,
}

impl Filling {
    /// The state of a row; `within` is the prefix of the innermost item around it, or of the item itself. A repeat
    /// without items says whether one may be added. `None` for a row or an item that is not there.
    pub fn state(&self, row: RowId, within: Option<&Key>) -> Option<State> {
        let around = within.map_or(Some(NodeId::ROOT), |prefix| self.nodes.get(prefix).copied())?;
        let node = if self.row_of(around) == row {
            around
        } else {
            self.instance.targets(&self.form, around, row).first().copied()?
        };
        let state = self.instance.node(node)?;
        Some(State {
            relevant: state.relevant && !self.sight.is_hidden(row),
            readonly: self.is_readonly(node),
            required: state.own.required,
        })
    }
}
