//! The limits of a part, in the highest room below both that need them: `document` holds parts to them, and
//! `teranga_sync::limits`, where every limit on what arrives is read, stands on the same floor and passes them on.

/// The most keys that one part may hold: fifty times the longest form of the field.
pub const PART_KEYS_MAX: usize = 50_000;
/// The largest part, in bytes of its snapshot: five thousand saves of one form.
pub const PART_BYTES_MAX: usize = 16 * 1024 * 1024;
