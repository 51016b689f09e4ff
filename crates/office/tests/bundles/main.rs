//! What travels in files, between replicas in one process: cut, damaged, twice, late, in any order, beside exchanges over
//! a link, from copies, and over a colleague's device.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a helper that cannot go on must stop the test"
)]

mod erased;
mod files;
mod orders;
mod revoked;
mod stories;
mod world;
