//! Cases from the register that an office kept before: an Excel sheet, or an export of the field's servers. A map says
//! which column answers which question. A row that was taken over is known again by its key, on whichever device, so
//! that a second run adds nothing twice.

mod cell;
mod map;
mod plan;

pub use map::{DateOrder, MapProblem, RegisterMap, Source, SourceSpec};
pub use plan::{Fresh, Known, Plan, RowError, RowProblem};
