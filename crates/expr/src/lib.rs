//! ODK XPath: the language of skip logic, constraints and calculations. Parsed once, evaluated over an instance that
//! the caller gives, within bounds of depth and work; what an expression depends on is read from its tree. Where the
//! field's engines disagree this follows ODK Collect.

mod collect;
mod compare;
mod error;
mod eval;
pub mod functions;
mod instance;
mod nearest;
mod parser;
mod paths;
mod slips;
mod source;
mod steps;
mod token;
pub mod tree;
mod value;

pub use collect::beyond_collect;
pub use error::{EvalError, EvalErrorKind, ParseError, ParseErrorKind, Span};
pub use eval::{Context, evaluate};
pub use instance::{Form, Instance, NoForm};
pub use tree::Expr;
pub use value::{Value, number_text, text_number};
