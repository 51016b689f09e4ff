//! The hub's shell: it gives the office a network, a clock and randomness. Routes, TLS, the nightly timer, and the
//! native transport that relays and field devices share.

mod at_work;
pub mod bad_link;
pub mod carry;
mod credit;
mod gate;
pub mod link;
mod one_thread;
pub mod problem;
pub mod relay;
mod rest;
mod routes;
pub mod schedule;
pub mod serve;
mod state;
pub mod stop;
pub mod synchronise;
pub mod tls;
pub mod trust;
pub mod world;

pub use credit::Pace;
pub use gate::{Bounds, SlotBounds};
pub use serve::{HubOptions, ServeError, serve, serve_within};
