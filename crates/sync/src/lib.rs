//! The protocol between a replica and its hub, without I/O, clock or randomness: what a change may look like, how
//! changes travel in signed packs, how a hub's feed comes down, and the session that drives one exchange.
//! `sync-protocol.md` at the top of the repository is the normative text.

pub mod limits;
pub mod scan;
pub mod elide;
