//! An interview in the terminal, whoever keeps its answers: question by question, skip logic live, back and forth,
//! in either language.

mod ask;
mod line;
mod walk;

pub(crate) use ask::{Keeper, ask};
pub(crate) use walk::answered_so_far;
