//! The settings of a form, by whatever spelling its author used.

use teranga_core::form::FormDocument;

use crate::heading::{SheetKind, heading};

use super::columns::cell;

/// A setting by its name in today's spelling; an empty one is none.
pub(super) fn get(document: &FormDocument, name: &str) -> Option<String> {
    // Where two spellings of a setting stand side by side, today's is the one that counts.
    let exact = document.settings.get(name);
    let found = exact.or_else(|| {
        document.settings.iter().find(|(written, _)| is_called(written, name)).map(|(_, value)| value)
    });
    found.and_then(cell).filter(|text| !text.is_empty())
}

fn is_called(written: &str, name: &str) -> bool {
    heading(SheetKind::Settings, written).is_some_and(|heading| heading.name == name)
}

/// Whether a setting says yes.
pub(super) fn is_yes(document: &FormDocument, name: &str) -> bool {
    get(document, name).is_some_and(|text| matches!(text.to_lowercase().as_str(), "yes" | "true" | "true()"))
}

/// Attributes of one element: settings called `element::name`.
pub(super) fn attributes(document: &FormDocument, element: &str) -> Vec<(String, String)> {
    let own = |(written, value): (&String, &serde_json::Value)| {
        let (place, name) = written.split_once("::")?;
        let is_of_element = place.trim().eq_ignore_ascii_case(element);
        is_of_element.then(|| cell(value)).flatten().map(|value| (name.trim().to_owned(), value))
    };
    document.settings.iter().filter_map(own).collect()
}

/// Further namespaces: `a="http://a" b="http://b"`.
pub(super) fn namespaces(document: &FormDocument) -> Vec<(String, String)> {
    let text = get(document, "namespaces").unwrap_or_default();
    let pair = |piece: &str| {
        let (prefix, address) = piece.split_once('=')?;
        let address = address.trim_matches(['"', '\'']);
        (!prefix.is_empty() && !address.is_empty()).then(|| (prefix.to_owned(), address.to_owned()))
    };
    text.split_whitespace().filter_map(pair).collect()
}
