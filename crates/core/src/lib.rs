//! The domain of Teranga, without I/O: identities and time, answers and keys, forms and their flow, scores, records
//! and their events, classes, grants and releases.

pub mod class;
pub mod grant;
pub mod id;
pub mod key;
pub mod problem;
pub mod record;
pub mod time;
pub mod value;
