//! A replica in SQLite: the log of changes and what is derived from it, the feed, the outbox, drafts, the register
//! of replicas, published resources. Every public operation is one transaction; its failures are values.

// What arrives and what is stored is matched in full: a new kind must be thought of everywhere.
#![warn(clippy::wildcard_enum_match_arm)]

mod answer;
mod apply;
pub mod aside;
pub mod attachments;
pub mod backup;
pub mod behind;
pub mod bundle;
mod carried;
pub mod census;
mod checkpoints;
pub mod children;
mod chunks;
mod codes;
mod columns;
pub mod conversation;
pub mod courier;
mod covered;
mod create;
mod custody;
pub mod drafts;
pub mod erase;
pub mod error;
mod feed;
mod fork;
mod gone;
mod held;
pub mod held_answers;
mod home;
pub mod ingest;
mod introduced;
mod join;
mod judge;
mod judged;
pub mod lane;
mod lane_answer;
mod line;
mod lock;
mod log;
mod membership;
mod mentions;
mod migrate;
mod missed;
pub mod moving;
mod open;
pub mod outbox;
mod packs;
mod part;
mod receipts;
pub mod records;
pub mod register;
pub mod replica;
pub mod resources;
mod retract;
mod review;
pub mod save;
mod saving;
pub mod seal;
pub mod succession;
mod take;
mod testimony;
mod thumbnails;
pub mod ticks;
pub mod uplink;
mod verdicts;
pub mod verify;
mod virtual_file;

pub use apply::Applied;
pub use error::{Result, StoreError};
pub use log::Status;
pub use open::FILE;
pub use replica::{Profile, Replica};
pub use virtual_file::{VirtualFile, lay_out};
