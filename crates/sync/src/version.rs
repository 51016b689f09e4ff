//! Versions of the protocol, each named, dated and explained. Below the first release version 0 may still change.

/// 2026-11-24. Packs with manifests up, feed rows down, one signed request and one signed answer an exchange.
pub const VERSION_0_PACKS_AND_FEED: u8 = 0;

/// The oldest version that this build speaks.
pub const MIN: u8 = VERSION_0_PACKS_AND_FEED;
/// The newest version that this build speaks, and the one it writes.
pub const MAX: u8 = VERSION_0_PACKS_AND_FEED;

/// The first bytes of everything that travels.
pub const MAGIC: [u8; 4] = *b"TRGA";
