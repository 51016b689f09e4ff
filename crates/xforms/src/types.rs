//! The `type` column: older spellings, the list of a select, `or_other`, and what begins and ends sections.

/// What a row of the survey sheet does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RowType {
    /// Begins a group or a repeat.
    Begin(&'static str),
    /// Ends one.
    End(&'static str),
    /// A question, with its list or file, and whether "other" is added.
    Question { kind: String, list: Option<String>, other: Other },
}

/// Whether "other, specify" is added to a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Other {
    Added,
    No,
}

const ALIASES: [(&str, &str); 10] = [
    ("int", "integer"),
    ("string", "text"),
    ("photo", "image"),
    ("dateTime", "datetime"),
    ("trigger", "acknowledge"),
    ("gps", "geopoint"),
    ("location", "geopoint"),
    ("imei", "deviceid"),
    ("device id", "deviceid"),
    ("barcode", "barcode"),
];

const PLAIN: [&str; 33] = [
    "text",
    "integer",
    "decimal",
    "date",
    "time",
    "datetime",
    "note",
    "calculate",
    "geopoint",
    "geotrace",
    "geoshape",
    "image",
    "audio",
    "video",
    "file",
    "barcode",
    "acknowledge",
    "hidden",
    "range",
    "start",
    "end",
    "today",
    "deviceid",
    "username",
    "phonenumber",
    "email",
    "audit",
    "simserial",
    "subscriberid",
    "start-geopoint",
    "background-audio",
    "csv-external",
    "xml-external",
];

const SELECTS: [(&str, &str); 8] = [
    ("select_one_from_file", "select_one_from_file"),
    ("select_multiple_from_file", "select_multiple_from_file"),
    ("select_one", "select_one"),
    ("select one from", "select_one"),
    ("select one", "select_one"),
    ("select_multiple", "select_multiple"),
    ("select all that apply from", "select_multiple"),
    ("rank", "rank"),
];

/// Reads a type; `None` for one that there is not.
pub(crate) fn read(text: &str) -> Option<RowType> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let lower = text.trim().to_lowercase();
    let joined = words.join("_").to_lowercase();
    for (kind, section) in [("group", "group"), ("repeat", "repeat"), ("looped_group", "repeat")] {
        if joined == format!("begin_{kind}") {
            return Some(RowType::Begin(section));
        }
        if joined == format!("end_{kind}") {
            return Some(RowType::End(section));
        }
    }
    for (spelling, kind) in SELECTS {
        let Some(rest) = lower.strip_prefix(spelling).filter(|rest| rest.starts_with(' ')) else { continue };
        let rest = text.trim().get(text.trim().len() - rest.len()..).unwrap_or_default().trim();
        let (list, other) =
            match rest.strip_suffix("or_other").or_else(|| rest.strip_suffix("or specify other")) {
                Some(list) => (list.trim(), Other::Added),
                None => (rest, Other::No),
            };
        return Some(RowType::Question { kind: kind.to_owned(), list: Some(list.to_owned()), other });
    }
    let kind = ALIASES.iter().find(|(old, _)| *old == text.trim()).map_or(lower.as_str(), |(_, new)| new);
    PLAIN.contains(&kind).then(|| RowType::Question { kind: kind.to_owned(), list: None, other: Other::No })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_read_in_every_spelling() {
        let question = |kind: &str, list: Option<&str>, other| {
            Some(RowType::Question { kind: kind.into(), list: list.map(str::to_owned), other })
        };
        assert_eq!(read("select_one Yes_No or_other"), question("select_one", Some("Yes_No"), Other::Added));
        assert_eq!(
            read("select all that apply from fruits"),
            question("select_multiple", Some("fruits"), Other::No)
        );
        assert_eq!(read("int"), question("integer", None, Other::No));
        assert_eq!(read("begin group"), Some(RowType::Begin("group")));
        assert_eq!(read("end_repeat"), Some(RowType::End("repeat")));
        assert_eq!(read("guess"), None);
    }
}
