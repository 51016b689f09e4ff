//! Fuzzing of what reads files that people bring - expressions, workbooks as text, XForms - and of the protocol: its
//! messages, packs and changes, and replicas that are told junk. A corpus, kept or made, is mutated by a seed, so that
//! every input can be made again; what once crashed is kept among the crashers, and tried first for ever.

mod corpus;
mod mutate;
mod people;
mod session;
mod tape;
mod target;
mod wire;

pub use corpus::{Corpus, keep_crasher};
pub use mutate::{Diet, Mutator};
pub use target::Target;

use std::panic::{AssertUnwindSafe, catch_unwind};

/// An input on which a target panicked.
#[derive(Debug, Clone)]
pub struct Crash {
    /// The input.
    pub input: Vec<u8>,
    /// What the panic said.
    pub message: String,
}

/// Tries one input; the crash, if it is one.
pub fn attempt(target: Target, input: &[u8]) -> Option<Crash> {
    let tried = catch_unwind(AssertUnwindSafe(|| target.read(input)));
    let payload = tried.err()?;
    let said = payload.downcast_ref::<String>().cloned();
    let message = said.or_else(|| payload.downcast_ref::<&str>().map(|text| (*text).to_owned()));
    Some(Crash { input: input.to_vec(), message: message.unwrap_or_else(|| "a panic".to_owned()) })
}
