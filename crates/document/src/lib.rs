//! The domain in Automerge: one document per part, its edits and its view, and the guard behind which everything
//! foreign is applied. Automerge is the document and the merge here, never the sync protocol.

mod admissible;
pub mod digest;
pub mod edit;
pub mod guard;
pub mod part;
mod quiet;
mod scalar;
pub mod view;
