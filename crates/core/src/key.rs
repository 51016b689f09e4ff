//! Keys of a part. A part is one flat map, so repeat items and options are spelled into the key:
//! `question`, `question/option`, `repeat/ULID/question`, `repeat/ULID/question/option`, nested repeats likewise.
//! Keys that begin with `_` belong to the envelope and to the repeat machinery, never to a question.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::id::ItemId;

/// One key of a part, ordered as text. Cheap to compare, and the same text on every replica.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Key(String);

/// The order of an item within its repeat (`repeat/ULID/_order`).
pub const ORDER: &str = "_order";
/// The mark of a removed item (`repeat/ULID/_removed`): marked, never deleted, so a concurrent edit stays visible.
pub const REMOVED: &str = "_removed";

impl Key {
    /// A key as it stands in a part; not checked, because what another replica wrote must be kept whatever it is.
    pub fn from_text(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The key of a question outside any repeat.
    pub fn question(question: &str) -> Self {
        Self(question.to_owned())
    }

    /// The prefix of everything inside one item: `repeat/ULID`.
    #[must_use]
    pub fn item(parent: Option<&Self>, repeat: &str, item: ItemId) -> Self {
        parent.map_or_else(
            || Self(format!("{repeat}/{item}")),
            |parent| Self(format!("{parent}/{repeat}/{item}")),
        )
    }

    /// A question (or `_order`, `_removed`) inside an item prefix, or an option under a question's key.
    #[must_use]
    pub fn child(&self, name: &str) -> Self {
        Self(format!("{}/{name}", self.0))
    }

    /// The text of the key.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this belongs to the envelope rather than to a question.
    pub fn is_envelope(&self) -> bool {
        self.0.starts_with('_')
    }

    /// The key cut at its slashes.
    pub fn segments(&self) -> impl Iterator<Item = &str> {
        self.0.split('/')
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
