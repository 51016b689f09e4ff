//! The domain in Automerge: one document per part, its edits and its view, and the guard behind which everything
//! foreign is applied. Automerge is the document and the merge here, never the sync protocol.

// What arrives and what is stored is matched in full: a new kind must be thought of everywhere.
#![warn(clippy::wildcard_enum_match_arm)]

mod admissible;
pub mod digest;
pub mod edit;
pub mod guard;
pub mod part;
mod quiet;
pub mod room;
mod scalar;
pub mod view;
