//! Reading answers: from a JSON file, from what a person types, from an XForm's instance; and showing them
//! again.

mod check;
mod error;
mod json;
mod render;
mod typed;
mod xform;

pub use check::check;
pub use error::AnswerError;
pub use json::{AnswerSheet, answers_from_json};
pub use render::render;
pub use typed::parse_typed;
pub use xform::{read_element, write_element};
