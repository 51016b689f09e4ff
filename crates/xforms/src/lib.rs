//! XLSForm and XForm in: what was written for ODK or KoboToolbox becomes a form of ours. What is wrong is told with
//! sheet, row and column, or the line of the XML, everything at once; what is not carried is kept, and told too. And out: a form as an XForm, and as a workbook that imports as the same form.

mod archive;
mod cell;
mod check;
mod choices;
mod entities;
mod export_error;
mod export_report;
mod expression;
mod finding;
mod flaw;
mod heading;
mod import;
mod instances;
mod languages;
mod limits;
mod list;
mod loops;
mod names;
mod old_workbook;
mod outline;
mod parameters;
mod range;
mod register;
mod report;
mod settings;
mod sheet;
mod sheets;
mod survey;
mod tables;
mod types;
mod workbook;
mod workbook_out;
mod xform;
mod xform_out;

pub use export_error::ExportError;
pub use export_report::export_remarks;
pub use finding::{Finding, Flaw};
pub use import::{Imported, import_csv, import_markdown, import_xlsx};
pub use list::import_list;
pub use register::{Register, RegisterRow, read_register};
pub use report::{Note, Remark};
pub use workbook_out::{export_markdown, export_xlsx};
pub use xform::import_xform;
pub use xform_out::export_xform;
