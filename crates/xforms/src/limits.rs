//! How large a workbook may be. A form that people fill in is small: the verbal autopsy, the largest one in common
//! use, holds 20,000 cells in 0.5 MB of XML. Everything here leaves two orders of magnitude above that, and keeps the
//! memory of one import below about 400 MB whatever the file claims.
//!
//! The archive's directory is believed only as an upper bound: the decompressor stops with an error as soon as a part
//! inflates beyond the size that its directory entry declares, so bounding the declared sizes bounds the work.

/// The largest file, in bytes.
pub(crate) const FILE_BYTES_MAX: usize = 16 * 1024 * 1024;
/// The most parts (zip entries) of a workbook.
pub(crate) const PARTS_MAX: usize = 1_000;
/// The most that all parts together may inflate to, in bytes.
pub(crate) const RAW_BYTES_MAX: u64 = 96 * 1024 * 1024;
/// The most that a part may inflate to for each byte of the archive. Sheets of formatted but empty cells reach 100.
pub(crate) const RATIO_MAX: u64 = 250;
/// Parts that inflate to less than this, in bytes, may have any ratio.
pub(crate) const RATIO_FREE_BYTES: u64 = 1024 * 1024;
/// The most sheets that are read; further ones cannot belong to a form.
pub(crate) const SHEETS_MAX: usize = 64;
/// The most cells of all sheets that hold something.
pub(crate) const CELLS_MAX: usize = 1_000_000;
/// The most rows of a sheet, counted from its top.
pub(crate) const ROWS_MAX: usize = 100_000;
/// The most columns of a sheet, counted from its left.
pub(crate) const COLUMNS_MAX: usize = 1_000;
/// The most text of all cells, in bytes: one shared string may be named by every cell.
pub(crate) const TEXT_BYTES_MAX: usize = 64 * 1024 * 1024;
/// The most cells of the rectangles between the outermost cells of an `.xls` workbook's sheets: its reader fills them.
pub(crate) const RECTANGLE_CELLS_MAX: usize = 2_000_000;
/// The deepest nesting of groups and repeats; what the form document allows.
pub(crate) const DEPTH_MAX: usize = 24;
/// The most findings that are told: the author of a file with more mends these first.
pub(crate) const FINDINGS_MAX: usize = 500;
