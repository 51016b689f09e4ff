//! Records: what a case or an assessment is, apart from its answers. Everything here is read from the keys of the
//! record's open part, its *envelope*; state is derived from events, never stored.

mod custody;
mod envelope;
mod event;
mod review;

pub use custody::{Assignee, Custody};
pub use envelope::{Envelope, EnvelopeError, State, keys};
pub use event::{Event, EventKind};
pub use review::{Approved, PartHeads, Review};
