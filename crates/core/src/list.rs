//! Code lists: codes with labels, other spellings and properties, as data that is published like a form.

use std::collections::BTreeMap;
use std::fmt;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::text::Text;

/// One code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The code that is stored. It never changes its meaning.
    pub code: String,
    /// What is shown.
    pub label: Text,
    /// Other spellings that people and registers use.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// Further columns, for filters and exports.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub properties: BTreeMap<String, String>,
    /// The first day on which the code is valid, `YYYY-MM-DD`; always where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<String>,
    /// The last day; for ever where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_to: Option<String>,
}

/// The days on which a code is valid, the first and the last among them; an end that is absent is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Validity {
    /// The first day.
    pub from: Option<NaiveDate>,
    /// The last day.
    pub to: Option<NaiveDate>,
}

impl Validity {
    /// Whether a day lies within.
    pub fn holds(&self, day: NaiveDate) -> bool {
        self.from.is_none_or(|from| from <= day) && self.to.is_none_or(|to| day <= to)
    }
}

/// `2021-12-01…2024-06-30`; nothing stands beyond an open end.
impl fmt::Display for Validity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let day = |day: Option<NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
        write!(f, "{}…{}", day(self.from), day(self.to))
    }
}

impl Entry {
    /// The days on which the code is valid. What is no day is no bound: a list that is held already must go on being
    /// read.
    pub fn validity(&self) -> Validity {
        let day = |text: &Option<String>| text.as_ref().and_then(|text| text.parse().ok());
        Validity { from: day(&self.valid_from), to: day(&self.valid_to) }
    }

    /// Whether what stands as its days are days, the first not behind the last.
    fn is_dated_well(&self) -> bool {
        let Validity { from, to } = self.validity();
        let read = from.is_some() == self.valid_from.is_some() && to.is_some() == self.valid_to.is_some();
        read && from.zip(to).is_none_or(|(from, to)| from <= to)
    }
}

/// A code list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodeList {
    /// The identity over all versions.
    pub list_id: String,
    /// The version.
    pub version: String,
    /// What it lists.
    pub title: Text,
    /// Where it comes from.
    pub source: String,
    /// The codes, in the order in which they are offered.
    pub entries: Vec<Entry>,
}

impl CodeList {
    /// The entry of a code.
    pub fn entry(&self, code: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.code == code)
    }

    /// The first entry whose days of validity are none, or end before they begin.
    pub fn misdated(&self) -> Option<&Entry> {
        self.entries.iter().find(|entry| !entry.is_dated_well())
    }

    /// The entry that a person means: by code, label or other spelling, capitals and accents aside.
    pub fn meant(&self, typed: &str) -> Option<&Entry> {
        let wanted = fold(typed);
        self.entry(typed.trim()).or_else(|| {
            self.entries.iter().find(|entry| {
                let labels = entry.label.all().into_iter().map(|(_, text)| text);
                labels.chain(entry.aliases.iter().map(String::as_str)).any(|text| fold(text) == wanted)
            })
        })
    }
}

/// Lower case, without the accents of French, with runs of other signs as one space.
pub fn fold(text: &str) -> String {
    let letters: String = text
        .to_lowercase()
        .chars()
        .map(|letter| match letter {
            'à' | 'â' | 'ä' => 'a',
            'ç' => 'c',
            'é' | 'è' | 'ê' | 'ë' => 'e',
            'î' | 'ï' => 'i',
            'ô' | 'ö' => 'o',
            'ù' | 'û' | 'ü' => 'u',
            'ñ' | 'ŋ' => 'n',
            other if other.is_alphanumeric() => other,
            _ => ' ',
        })
        .collect();
    letters.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_found_by_whatever_people_write() {
        let list: CodeList = serde_json::from_str(
            r#"{"list_id":"l","version":"1","title":"t","source":"s","entries":[
                {"code":"SN-TH","label":{"fr":"Thiès"},"aliases":["Ties"]}]}"#,
        )
        .unwrap();
        for typed in ["SN-TH", "thies", "THIÈS", " ties "] {
            assert_eq!(list.meant(typed).map(|entry| entry.code.as_str()), Some("SN-TH"), "{typed}");
        }
        assert!(list.meant("Louga").is_none());
    }

    #[test]
    fn both_days_of_a_validity_are_within_it_and_an_open_end_has_none() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let validity = |from: &str, to: &str| Validity { from: from.parse().ok(), to: to.parse().ok() };
        let year = validity("2026-01-01", "2026-12-31");
        for (at, holds) in
            [("2025-12-31", false), ("2026-01-01", true), ("2026-12-31", true), ("2027-01-01", false)]
        {
            assert_eq!(year.holds(day(at)), holds, "{at}");
        }
        assert!(validity("", "2026-12-31").holds(day("1990-01-01")));
        assert!(validity("2026-01-01", "").holds(day("2090-01-01")));
        assert_eq!(year.to_string(), "2026-01-01…2026-12-31");
        assert_eq!(validity("2026-01-01", "").to_string(), "2026-01-01…");
    }
}
