//! Whether what a form shows is what was recorded, but for what no recording can repeat; and what was typed, in the
//! spelling of an element.

use chrono::{DateTime, FixedOffset};
use serde_json::Value as Json;
use teranga_core::form::{Form, Kind};
use teranga_core::time::Millis;

/// Seconds that may lie between two readings of the clock of one recording.
const RECORDING_SECONDS: i64 = 60;

/// What was typed, as the text of an element.
pub(super) fn raw(raw: &Json, kind: Kind) -> String {
    let one = |value: &Json| match value {
        Json::Bool(true) if kind == Kind::Acknowledge => "OK".to_owned(),
        Json::Bool(false) if kind == Kind::Acknowledge => String::new(),
        Json::Bool(yes) => u8::from(*yes).to_string(),
        Json::String(text) => text.clone(),
        Json::Null => String::new(),
        other => other.to_string(),
    };
    match raw {
        Json::Array(several) => several.iter().map(one).collect::<Vec<_>>().join(" "),
        single => one(single),
    }
}

/// A language of the form by the name that an XForm gives it.
pub(super) fn language(form: &Form, wanted: &str) -> String {
    let languages = form.languages();
    let code = wanted.rsplit_once('(').map_or(wanted, |(_, code)| code.trim_end_matches(')'));
    if languages.contains(&wanted) { wanted.to_owned() } else { code.to_owned() }
}

/// Identities of records, which every engine draws anew and this one keeps outside of its answers.
pub(super) fn is_identity(reference: &str) -> bool {
    reference.ends_with("instanceID") || reference.ends_with("deprecatedID")
}

/// Whether two texts say the same, but for what a recording could not repeat.
pub(super) fn agrees(found: &str, expected: &str, now: Millis) -> bool {
    found == expected
        || is_uuid(found) && is_uuid(expected)
        || same_moment(found, expected, now)
        || same_measure(found, expected)
}

/// Whether both are the same length or area to a millionth: engines round them, and take the earth for rounder or
/// less round.
fn same_measure(found: &str, expected: &str) -> bool {
    let (Ok(found), Ok(expected)) = (found.parse::<f64>(), expected.parse::<f64>()) else { return false };
    found.fract() != 0.0 && (found - expected).abs() <= expected.abs() * 1e-6
}

fn is_uuid(text: &str) -> bool {
    let Some(uuid) = text.strip_prefix("uuid:") else { return false };
    uuid.len() == 36 && uuid.chars().all(|letter| letter.is_ascii_hexdigit() || letter == '-')
}

/// Whether both are readings of the recording's clock, by the same wall clock.
fn same_moment(found: &str, expected: &str, now: Millis) -> bool {
    let parse = |text: &str| DateTime::<FixedOffset>::parse_from_rfc3339(text).ok();
    let (Some(found), Some(expected)) = (parse(found), parse(expected)) else { return false };
    let near = |moment: DateTime<FixedOffset>| {
        (moment.timestamp_millis() - now.0).abs() <= RECORDING_SECONDS * 1_000
    };
    found.offset() == expected.offset() && near(found) && near(expected)
}
