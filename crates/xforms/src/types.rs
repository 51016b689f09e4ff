//! The `type` column: older spellings, the list of a select, `or_other`, and what begins and ends sections.

use teranga_core::form::nearest;

/// What a row of the survey sheet does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RowType {
    /// Begins a section.
    Begin(Section),
    /// Ends one.
    End(Section),
    /// A question, with its list or file, and whether "other" is added.
    Question(QuestionType),
}

/// What holds other rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Section {
    Group,
    Repeat,
}

impl Section {
    /// The type of the form document.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Group => "group",
            Self::Repeat => "repeat",
        }
    }
}

/// The type of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct QuestionType {
    /// The type of the form document.
    pub(crate) kind: String,
    /// The list of choices, the file, or the repeated question `${name}`.
    pub(crate) list: Option<String>,
    /// Whether "other, specify" is added to the choices.
    pub(crate) other: Other,
}

/// Whether "other, specify" is added to a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Other {
    Added,
    No,
}

impl QuestionType {
    fn plain(kind: &str) -> Self {
        Self { kind: kind.to_owned(), list: None, other: Other::No }
    }

    /// What stands for a type that there is not, so that the rest of the form can be checked.
    pub(crate) fn unknown() -> Self {
        Self::plain(UNKNOWN)
    }

    /// Whether the choices come from a file.
    pub(crate) fn is_from_file(&self) -> bool {
        self.kind.ends_with("_from_file")
    }

    /// Whether the answers are codes of a list on the choices sheet.
    pub(crate) fn has_own_list(&self) -> bool {
        let repeated = self.list.as_deref().is_some_and(|list| list.starts_with("${"));
        matches!(self.kind.as_str(), "select_one" | "select_multiple" | "rank") && !repeated
    }

    /// Whether the choices stand on the sheet of external choices.
    pub(crate) fn has_external_list(&self) -> bool {
        self.kind == "select_one_external"
    }

    /// Whether something is shown for it, so that it needs a label or a hint.
    pub(crate) fn is_shown(&self) -> bool {
        !HIDDEN.contains(&self.kind.as_str())
    }
}

/// Stands for a type that there is not; asks nothing, needs nothing.
const UNKNOWN: &str = "hidden";

const ALIASES: &[(&str, &str)] = &[
    ("string", "text"),
    ("int", "integer"),
    ("datetime", "datetime"),
    ("date time", "datetime"),
    ("photo", "image"),
    ("picture", "image"),
    ("trigger", "acknowledge"),
    ("gps", "geopoint"),
    ("location", "geopoint"),
    ("imei", "deviceid"),
    ("device id", "deviceid"),
    ("get device id", "deviceid"),
    ("start time", "start"),
    ("get start time", "start"),
    ("end time", "end"),
    ("get end time", "end"),
    ("get today", "today"),
    ("phone number", "phonenumber"),
    ("get phone number", "phonenumber"),
    ("sim id", "simserial"),
    ("get sim id", "simserial"),
    ("subscriber id", "subscriberid"),
    ("get subscriber id", "subscriberid"),
];

/// Types that nothing is shown for.
const HIDDEN: &[&str] = &[
    "calculate",
    "hidden",
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
    "background-geopoint",
    "csv-external",
    "xml-external",
];

const SHOWN: &[&str] = &[
    "text",
    "integer",
    "decimal",
    "date",
    "time",
    "datetime",
    "note",
    "geopoint",
    "geotrace",
    "geoshape",
    "image",
    "audio",
    "video",
    "file",
    "barcode",
    "acknowledge",
    "range",
    "osm",
];

/// Spellings of selects, longer ones before those that they begin with.
const SELECTS: &[(&str, &str)] = &[
    ("add select one prompt using", "select_one"),
    ("add select multiple prompt using", "select_multiple"),
    ("select all that apply from", "select_multiple"),
    ("select all that apply", "select_multiple"),
    ("select_multiple_from_file", "select_multiple_from_file"),
    ("select multiple from file", "select_multiple_from_file"),
    ("select_one_from_file", "select_one_from_file"),
    ("select one from file", "select_one_from_file"),
    ("select_one_external", "select_one_external"),
    ("select one external", "select_one_external"),
    ("select_multiple", "select_multiple"),
    ("select multiple", "select_multiple"),
    ("select one from", "select_one"),
    ("select_one", "select_one"),
    ("select one", "select_one"),
    ("select1", "select_one"),
    ("select", "select_multiple"),
    ("rank", "rank"),
    ("osm", "osm"),
];

/// Reads a type; `None` for one that there is not.
pub(crate) fn read(text: &str) -> Option<RowType> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let lower = text.to_lowercase();
    section(&lower).or_else(|| select(&text, &lower)).or_else(|| {
        let kind = ALIASES.iter().find(|(old, _)| *old == lower).map_or(lower.as_str(), |(_, new)| new);
        (HIDDEN.contains(&kind) || SHOWN.contains(&kind))
            .then(|| RowType::Question(QuestionType::plain(kind)))
    })
}

/// Known types near to one that is not, for a suggestion.
pub(crate) fn similar(text: &str) -> Vec<String> {
    let first = text.split_whitespace().next().unwrap_or_default();
    let selects = SELECTS.iter().map(|(_, kind)| *kind);
    let sections = ["begin_group", "end_group", "begin_repeat", "end_repeat"];
    let known = SHOWN.iter().chain(HIDDEN).copied().chain(sections).chain(selects);
    nearest(first, known).map(str::to_owned).into_iter().collect()
}

fn section(lower: &str) -> Option<RowType> {
    let (act, rest) = lower.split_once([' ', '_'])?;
    let section = match rest {
        "group" | "lgroup" => Section::Group,
        "repeat" | "looped group" => Section::Repeat,
        _ => return None,
    };
    match act {
        "begin" => Some(RowType::Begin(section)),
        "end" => Some(RowType::End(section)),
        _ => None,
    }
}

fn select(text: &str, lower: &str) -> Option<RowType> {
    // Both spellings have the same length unless lowering a letter changed it; then it is no type.
    if text.len() != lower.len() {
        return None;
    }
    SELECTS.iter().find_map(|(spelling, kind)| {
        let rest = lower.strip_prefix(spelling)?.strip_prefix(' ')?;
        let rest = text.get(text.len() - rest.len()..)?.trim();
        let (list, other) =
            match [" or_other", " or specify other"].iter().find_map(|end| rest.strip_suffix(end)) {
                Some(list) => (list.trim(), Other::Added),
                None => (rest, Other::No),
            };
        Some(RowType::Question(QuestionType { kind: (*kind).to_owned(), list: Some(list.to_owned()), other }))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(kind: &str, list: Option<&str>, other: Other) -> RowType {
        RowType::Question(QuestionType { kind: kind.into(), list: list.map(str::to_owned), other })
    }

    #[test]
    fn types_are_read_in_every_spelling() {
        assert_eq!(
            read("select_one Yes_No or_other"),
            Some(question("select_one", Some("Yes_No"), Other::Added))
        );
        assert_eq!(
            read("select all that apply from  fruits"),
            Some(question("select_multiple", Some("fruits"), Other::No))
        );
        let file = Some(question("select_one_from_file", Some("towns.csv"), Other::No));
        assert_eq!(read("select one from file towns.csv"), file);
        assert_eq!(read("int"), Some(question("integer", None, Other::No)));
        assert_eq!(read("dateTime"), Some(question("datetime", None, Other::No)));
        assert_eq!(read("begin group"), Some(RowType::Begin(Section::Group)));
        assert_eq!(read("End_Repeat"), Some(RowType::End(Section::Repeat)));
    }

    #[test]
    fn a_type_that_there_is_not_suggests_its_neighbour() {
        assert_eq!(read("guess"), None);
        assert_eq!(read("\u{130}nt x"), None);
        assert_eq!(similar("intger"), ["integer"]);
        assert_eq!(similar("slect_one yes_no"), ["select_one"]);
        assert!(similar("zzzzzzzz").is_empty());
    }
}
