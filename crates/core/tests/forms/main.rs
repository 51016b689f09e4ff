//! Forms read, filled, read from files and laid out in tables: one program for all, so that it links once.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail as tests do")]

mod answers;
mod filling;
mod reading;
mod replay;
mod support;
mod validity;
mod xforms;
