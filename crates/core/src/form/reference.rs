//! How one version of a form is named wherever it is referred to: `rss@2026-11`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A form and its version. The version is compared as text; only equality means anything.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FormRef {
    /// The form's identity, the same over all its versions; never holds `@`.
    pub form_id: String,
    /// The version, as its author wrote it.
    pub version: String,
}

/// A text that names no version of a form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a form reference: expected form@version")]
pub struct FormRefError;

impl fmt::Display for FormRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.form_id, self.version)
    }
}

impl FromStr for FormRef {
    type Err = FormRefError;

    fn from_str(text: &str) -> Result<Self, FormRefError> {
        match text.split_once('@') {
            Some((form_id, version)) if !form_id.is_empty() && !version.is_empty() => {
                Ok(Self { form_id: form_id.to_owned(), version: version.to_owned() })
            }
            _ => Err(FormRefError),
        }
    }
}

impl Serialize for FormRef {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for FormRef {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_reads_back_and_half_a_reference_is_refused() {
        let rss: FormRef = "rss@2026-11".parse().unwrap();
        assert_eq!((rss.form_id.as_str(), rss.version.as_str()), ("rss", "2026-11"));
        assert_eq!(rss.to_string().parse(), Ok(rss));
        for text in ["rss", "rss@", "@2026", ""] {
            assert_eq!(text.parse::<FormRef>(), Err(FormRefError), "{text}");
        }
    }
}
