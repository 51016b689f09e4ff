//! The limits of a part, in the highest room below both that need them: `document` holds parts to them, and
//! `teranga_sync::limits`, where every limit on what arrives is read, stands on the same floor and passes them on.

/// The most keys that one part may hold: fifty times the longest form of the field.
pub const PART_KEYS_MAX: usize = 50_000;
/// The largest part, in bytes of its snapshot: a thousand saves of one form. Each save reads and writes it whole.
pub const PART_BYTES_MAX: usize = 4 * 1024 * 1024;
/// The most changes of one part: a save a day for ten years. Each is tried on the part as it stands, so that what they cost
/// together grows with the square of their number.
pub const PART_CHANGES_MAX: usize = 4_000;
