//! Text in several languages, as it stands in forms and lists: a map from language to text, or one plain text that
//! is the same in every language.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A translated text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Text {
    /// One text: the default language's, shown in every language.
    Plain(String),
    /// A text per language.
    Languages(BTreeMap<String, String>),
}

impl Default for Text {
    fn default() -> Self {
        Self::Plain(String::new())
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::Plain(text.to_owned())
    }
}

impl Text {
    /// The text in this language; else in the default language; else in whichever language there is; else nothing.
    pub fn get(&self, language: &str, default_language: &str) -> &str {
        match self {
            Self::Plain(text) => text,
            Self::Languages(texts) => [language, default_language]
                .into_iter()
                .find_map(|wanted| texts.get(wanted).filter(|text| !text.is_empty()))
                .or_else(|| texts.values().find(|text| !text.is_empty()))
                .map_or("", String::as_str),
        }
    }

    /// Every text, with its language where it names one.
    pub fn all(&self) -> Vec<(Option<&str>, &str)> {
        match self {
            Self::Plain(text) => vec![(None, text)],
            Self::Languages(texts) => {
                texts.iter().map(|(language, text)| (Some(language.as_str()), text.as_str())).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_language_falls_back_to_the_default_and_then_to_any() {
        let text: Text = serde_json::from_str(r#"{"fr":"Nom","en":"","wo":"Tur"}"#).unwrap();
        assert_eq!(text.get("wo", "fr"), "Tur");
        assert_eq!(text.get("en", "fr"), "Nom");
        assert_eq!(text.get("en", "es"), "Nom");
        assert_eq!(Text::from("Nom").get("en", "fr"), "Nom");
        assert_eq!(Text::default().get("en", "fr"), "");
    }
}
