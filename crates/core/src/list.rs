//! Code lists: codes with labels, other spellings and properties, as data that is published like a form.

use std::collections::BTreeMap;

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
}
