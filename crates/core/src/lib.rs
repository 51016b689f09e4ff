//! The domain of Teranga, without I/O: identities and time, answers and keys, forms and their flow, scores, records
//! and their events, classes, grants and releases.

pub mod alert;
pub mod answers;
pub mod attachment;
pub mod audience;
pub mod catalogue;
pub mod class;
pub mod flow;
pub mod form;
pub mod grant;
pub mod id;
pub mod key;
pub mod limits;
pub mod list;
pub mod problem;
pub mod record;
pub mod region;
pub mod release;
pub mod score;
pub mod shipped;
pub mod table;
pub mod text;
pub mod time;
pub mod value;
pub mod versions;
pub mod wave;
