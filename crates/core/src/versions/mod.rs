//! Versions of a form: what changed from one to the next, whether a new one may follow the published ones, and how
//! answers that were given under an earlier one read in a later one.
//!
//! A published version never changes, and an id means the same question for ever. What a later version asks otherwise
//! it says by *mappings*: codes that are called differently now, an answer that is asked in several questions now, a
//! question that was given another id. They are applied when answers are read, never to what is stored, so that a
//! device that still fills the earlier version goes on counting, and what it writes late counts too.

mod aside;
mod compatible;
mod difference;
mod lineage;

pub use aside::KeptAside;
pub use compatible::check_successor;
pub use difference::{Change, Difference, differences};
pub use lineage::{Carried, Dispute, Lineage};
