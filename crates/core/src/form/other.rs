//! "Other, specify": the choice and the text question that XLSForm's `or_other` adds to a select.

use std::collections::BTreeMap;

use crate::list::Validity;
use crate::text::Text;

use super::document::{Choice, NodeDocument};

/// The code of the added choice.
pub(super) const OTHER: &str = "other";

fn text(french: &str, english: &str) -> Text {
    Text::Languages(BTreeMap::from([
        ("fr".to_owned(), french.to_owned()),
        ("en".to_owned(), english.to_owned()),
    ]))
}

/// The added choice.
pub(super) fn choice() -> Choice {
    Choice {
        name: OTHER.to_owned(),
        label: Some(text("Autre", "Other")),
        properties: serde_json::Map::new(),
        validity: Validity::default(),
    }
}

/// The added question: the name of the select with `_other`, asked once the choice is made.
pub(super) fn question(select: &NodeDocument) -> NodeDocument {
    NodeDocument {
        kind: "text".to_owned(),
        name: format!("{}_other", select.name),
        id: select.id.as_ref().map(|id| format!("{id}_other")),
        label: Some(text("Précisez", "Please specify")),
        relevant: Some(format!("selected(../{}, '{OTHER}')", select.name)),
        sensitivity: select.sensitivity.clone(),
        ..NodeDocument::default()
    }
}
