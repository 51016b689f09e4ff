//! Reading answers: from a JSON file, from what a person types; and showing them again.

mod check;
mod error;
mod json;
mod render;
mod typed;

pub use check::check;
pub use error::AnswerError;
pub use json::{AnswerSheet, answers_from_json};
pub use render::render;
pub use typed::parse_typed;
