//! What a hub does, without a network: exchanges with its children, enrolment, publication, the relay to its parent
//! and consolidated reading. Bytes, time and randomness come in as arguments; the shell in `hub` carries them.

// What arrives and what is stored is matched in full: a new kind must be thought of everywhere.
#![warn(clippy::wildcard_enum_match_arm)]

pub mod admin;
mod attachments;
pub mod bundle;
pub mod consolidate;
mod derived;
mod desk;
pub mod enrol;
mod erase;
pub mod exchange;
mod heard;
mod held;
pub mod names;
pub mod office;
pub mod people;
pub mod publish;
pub mod refusal;
mod replace;
mod revoked;
mod sender;
pub mod show;
mod status;
mod whom;

pub use bundle::ReturnRows;
pub use exchange::{Beside, Exchanged, Rejected};
pub use heard::Heard;
pub use office::Office;
pub use refusal::Refusal;
