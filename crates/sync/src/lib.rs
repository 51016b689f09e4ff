//! The protocol between a replica and its hub, without I/O, clock or randomness: what a change may look like, how
//! changes travel in signed packs, how a hub's feed comes down, and the session that paces the exchanges.
//! `sync-protocol.md` at the top of the repository is the normative text.

// What arrives and what is stored is matched in full: a new kind must be thought of everywhere.
#![warn(clippy::wildcard_enum_match_arm)]

pub mod admit;
mod apart;
pub mod attachment;
pub mod bundle;
pub mod bytes;
pub mod code;
pub mod compress;
pub mod drawn;
pub mod elide;
pub mod enrol;
pub mod erase;
pub mod feed;
pub mod first;
pub mod hex;
pub mod holding;
pub mod identity;
pub mod introduction;
pub mod judgement;
pub mod limits;
pub mod manifest;
pub mod message;
pub mod named;
pub mod pace;
pub mod pack;
pub mod parcel;
pub mod parts;
pub mod receipt;
pub mod runs;
pub mod scan;
pub mod seal;
pub mod session;
pub mod signed;
pub mod succession;
pub mod thumbnail;
pub mod version;
