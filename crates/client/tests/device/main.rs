//! What devices do with each other and their hub, in one process.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on must stop the test")]

mod charge;
mod interviews;
mod register;
mod review;
mod validity;
mod versions;
mod world;
