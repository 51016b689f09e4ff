//! XLSForm in: a workbook that was written for ODK or KoboToolbox becomes a form of ours. What is wrong is told with
//! sheet, row and column, everything at once; what is not carried is told too, and kept.

mod finding;
mod import;
mod sheet;
mod survey;
mod types;
mod workbook;

pub use finding::{Finding, Flaw};
pub use import::{Imported, import_xlsx};
