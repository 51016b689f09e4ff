//! Points in time, as they stand in logs and on the wire. No code below the shells reads a clock: time is an argument.

use chrono::{DateTime, NaiveDate, SecondsFormat};
use serde::{Deserialize, Serialize};

/// Milliseconds since 1970-01-01T00:00:00Z, by whatever clock the caller has; it may be wrong by years.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Millis(pub i64);

impl Millis {
    /// RFC 3339 in UTC to the second; the number itself where it lies outside the calendar.
    pub fn to_rfc3339(self) -> String {
        DateTime::from_timestamp_millis(self.0)
            .map_or_else(|| self.0.to_string(), |time| time.to_rfc3339_opts(SecondsFormat::Secs, true))
    }

    /// The calendar day in UTC, which is the legal time of Senegal all year.
    pub fn day(self) -> Option<NaiveDate> {
        DateTime::from_timestamp_millis(self.0).map(|time| time.date_naive())
    }
}
