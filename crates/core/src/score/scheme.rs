//! Scoring schemes as data: which answers count how much, and from how much answered on.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::fraction::Fraction;
use crate::text::Text;

/// Who stands behind a scheme.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SchemeStatus {
    /// The organisation that owns the instrument published it.
    Official,
    /// A stand-in until an official one is at hand.
    Provisional,
    /// Of this deployment's own.
    Local,
}

impl SchemeStatus {
    /// The stable code that stands beside every score.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Official => "official",
            Self::Provisional => "provisional",
            Self::Local => "local",
        }
    }
}

/// One dimension.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dimension {
    /// Its name.
    pub name: String,
    /// What people call it.
    pub label: Text,
}

/// One question that counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// The question's id.
    pub question: String,
    /// The dimension it counts in.
    pub dimension: String,
    /// Its weight there.
    pub weight: Fraction,
    /// Its weight in the composite.
    pub composite_weight: Fraction,
    /// From a code to its value between 0 and 1; of a select-multiple the codes are `any` and `none`.
    pub map: BTreeMap<String, Fraction>,
    /// Codes that say that the question does not apply.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_applicable: Vec<String>,
    /// Options of a select-multiple that say "none of these".
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub none_options: Vec<String>,
    /// Why it is scored so, where that is not plain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Item {
    /// Whether it counts whether any option of a select-multiple was chosen.
    pub(super) fn counts_options(&self) -> bool {
        self.map.contains_key("any")
    }
}

/// A scoring scheme.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scheme {
    /// The identity over all versions.
    pub scheme_id: String,
    /// The version.
    pub version: String,
    /// The form whose answers it scores.
    pub form: String,
    /// Who stands behind it.
    pub status: SchemeStatus,
    /// Where it comes from, and what it does not claim.
    pub source: String,
    /// The dimensions, in the order in which they are shown.
    pub dimensions: Vec<Dimension>,
    /// The questions that count.
    pub items: Vec<Item>,
    /// From which composite on reintegration counts as sufficient.
    pub threshold: Fraction,
    /// Below this share of answered weight there is no score.
    pub min_coverage: Fraction,
    /// Decimal places of a stored score.
    pub places: u32,
}

impl Scheme {
    /// How results name it: `rss-equal@1`.
    pub fn reference(&self) -> String {
        format!("{}@{}", self.scheme_id, self.version)
    }
}
