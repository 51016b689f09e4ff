//! What ships, held to its promises: forms that can be filled from end to end, identities that stay, alerts that are
//! raised, and languages that are added without code.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod alerts;
mod answers;
mod classes;
mod files;
mod identities;
mod languages;
mod lists;
mod phones;
mod refusals;
mod releases;
mod support;
