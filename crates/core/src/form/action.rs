//! Actions, compiled: what is set, to what, and when. As in ODK Collect, a target within the action's own repeat is
//! that of the same item, and the value is looked at from the target.

use super::document::{ActionDocument, Event};
use super::expression::{Expression, Located, Scope};
use super::finding::Flaw;
use super::question::{Question, RowId};

/// One action.
#[derive(Debug, Clone)]
pub(crate) struct Action {
    /// The row that it belongs to; the form itself for its own.
    pub(crate) row: RowId,
    /// When it acts.
    pub(crate) events: Vec<Event>,
    /// The row that it sets.
    pub(crate) aim: RowId,
    /// Which nodes of that row.
    pub(crate) target: Expression,
    /// To what; nothing takes the answer back.
    pub(crate) value: Option<Expression>,
}

/// A flaw with the member of the action that it is in.
pub(super) type ActionFlaw = (&'static str, Located);

impl Action {
    /// Compiles an action of a row.
    pub(super) fn compile(
        scope: &Scope<'_>,
        row: &Question,
        document: &ActionDocument,
    ) -> Result<Self, Vec<ActionFlaw>> {
        let within = |member: &'static str| {
            move |flaws: Vec<Located>| flaws.into_iter().map(|flaw| (member, flaw)).collect::<Vec<_>>()
        };
        let target = Expression::compile(scope, row, &document.target).map_err(within("target"))?;
        let aim = target
            .leads_to(scope, row.row)
            .and_then(|aim| scope.row(aim))
            .filter(|row| !row.kind.is_section());
        let Some(aim) = aim else {
            let flaw = Flaw::UnknownReference { name: document.target.clone(), suggestion: None };
            return Err(vec![("target", (flaw, 0..document.target.len()))]);
        };
        let source = document.value.as_deref().filter(|source| !source.trim().is_empty());
        let value = source.map(|source| Expression::compile(scope, aim, source)).transpose();
        let value = value.map_err(within("value"))?;
        Ok(Self { row: row.row, aim: aim.row, events: document.events.clone(), target, value })
    }

    /// Whether it acts on an event.
    pub(crate) fn is_on(&self, event: Event) -> bool {
        self.events.contains(&event)
    }
}
