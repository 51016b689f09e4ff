//! Events of a record: append-only, each under its own key, so that two replicas can add some at the same time and
//! none replaces another.

use serde::{Deserialize, Serialize};

use super::custody::Assignee;
use super::review::Approved;
use crate::id::{EventId, RecordId};
use crate::time::Millis;

/// What happened. Unknown kinds, written by a newer version, are kept in the part and left out of the history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum EventKind {
    /// The interview was finished and handed in.
    Submitted,
    /// The assessment was moved, because it had been entered on the wrong case.
    Moved {
        /// The case that it stood on before.
        from: Option<RecordId>,
        /// The case that it belongs to.
        to: RecordId,
    },
    /// The record is void: a test, an interview entered twice. It stays readable and leaves every count.
    Voided {
        /// Why, in the agent's words.
        reason: String,
    },
    /// A voiding was taken back.
    Restored {
        /// The voiding that no longer holds.
        voided: EventId,
    },
    /// The record was given into somebody's charge; a case with all its assessments.
    Assigned {
        /// Whose.
        to: Assignee,
    },
    /// An assignment ended.
    Relieved {
        /// The assignment that no longer holds.
        assigned: EventId,
    },
    /// An office has read the record and approves of it as it stood.
    Approved(Approved),
    /// An office gives the record back to whoever wrote it.
    Returned {
        /// What is wanted, in the office's words.
        reason: String,
        /// The reviews that the office knew of.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        after: Vec<EventId>,
    },
}

/// One event with its time by the clock of the replica that wrote it; that clock orders nothing but the display.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// When, by the writer's clock.
    pub at: Millis,
    /// What happened.
    #[serde(flatten)]
    pub kind: EventKind,
}
