//! The live form: answers in, and everything that follows from them at once. Relevance, requirement, read-only and
//! calculations are recomputed only where an answer reaches; constraints and choice filters are evaluated when asked
//! for. Nothing here reads a clock, a random source or a file.

mod actions;
mod begin;
mod choices;
mod condition;
mod context;
mod defaults;
mod evaluate;
mod filling;
mod instance;
mod items;
mod outcome;
mod prompt;
mod recompute;
mod set;
mod sheet;
mod shown;
mod sight;
mod state;
mod stored;
mod tables;
mod tree;
mod validate;
mod view;
mod wording;

pub use context::{FlowContext, Held, Opening};
pub use filling::Filling;
pub use items::{Counted, ITEMS_MAX};
pub use prompt::{Prompt, Step, Stop};
pub use recompute::Change;
pub use shown::Shown;
pub use state::State;
pub use stored::Answers;
pub use validate::{Finding, Lack};
