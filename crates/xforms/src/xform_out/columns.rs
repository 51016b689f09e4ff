//! The columns of a row that our documents keep as they are written: attributes that go straight into the XForm
//! (`bind::…`, `body::…`, `instance::…`), media, and texts that have no member of their own.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};
use teranga_core::form::NodeDocument;
use teranga_core::text::Text;

use crate::heading::{SheetKind, heading, is_media, language_code};

/// Where an attribute of a column goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Onto {
    Bind,
    Control,
    Instance,
}

/// Columns without a prefix that set an attribute.
const KNOWN: [(&str, Onto, &str); 5] = [
    ("autoplay", Onto::Control, "autoplay"),
    ("rows", Onto::Control, "rows"),
    ("intent", Onto::Control, "intent"),
    ("compact_tag", Onto::Instance, "odk:tag"),
    ("save_to", Onto::Bind, "entities:saveto"),
];
const NO_APP_ERROR: &str = "noapperrorstring";

/// What stood in a cell, as text.
pub(crate) fn cell(value: &Json) -> Option<String> {
    match value {
        Json::String(text) => Some(text.clone()),
        Json::Bool(yes) => Some(yes.to_string()),
        Json::Number(number) => Some(number.to_string()),
        Json::Null | Json::Array(_) | Json::Object(_) => None,
    }
}

/// A column by its name in lower case.
pub(super) fn column(row: &NodeDocument, name: &str) -> Option<String> {
    row.columns
        .iter()
        .find(|(column, _)| column.trim().eq_ignore_ascii_case(name))
        .and_then(|(_, value)| cell(value))
}

/// The attributes that columns put onto one place, in the order of the columns.
pub(super) fn attributes(row: &NodeDocument, onto: Onto) -> Vec<(String, String)> {
    let own = |(column, value): (&String, &Json)| Some((attribute(column, onto)?, cell(value)?));
    row.columns.iter().filter_map(own).collect()
}

/// The attribute that a column sets there.
fn attribute(column: &str, onto: Onto) -> Option<String> {
    let Some((place, name)) = column.split_once("::").or_else(|| column.split_once(':')) else {
        let known =
            |(name, place, _): &&(&str, Onto, &str)| column.eq_ignore_ascii_case(name) && *place == onto;
        return KNOWN.iter().find(known).map(|(_, _, attribute)| (*attribute).to_owned());
    };
    let written = match place.trim().to_lowercase().as_str() {
        "bind" => Onto::Bind,
        "body" | "control" => Onto::Control,
        "instance" => Onto::Instance,
        _ => return None,
    };
    (written == onto).then(|| name.trim().to_owned())
}

/// A picture, sound or film of a row or a choice: its kind, and the file in each language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Medium {
    pub(super) kind: String,
    pub(super) files: Text,
}

/// A text and its language.
type Worded = (Option<String>, String);

/// The media among the columns of a row or the properties of a choice.
pub(super) fn media(sheet: SheetKind, columns: &Map<String, Json>) -> Vec<Medium> {
    let mut media: Vec<(String, Vec<Worded>)> = Vec::new();
    for (column, value) in columns {
        let Some(heading) = heading(sheet, column).filter(|heading| is_media(&heading.name)) else {
            continue;
        };
        let Some(file) = cell(value) else { continue };
        let language = heading.language.as_deref().map(language_code).map(str::to_owned);
        match media.iter_mut().find(|(kind, _)| *kind == heading.name) {
            Some((_, files)) => files.push((language, file)),
            None => media.push((heading.name, vec![(language, file)])),
        }
    }
    media.into_iter().map(|(kind, files)| Medium { kind, files: by_language(files) }).collect()
}

/// One text without a language, or a text for each; one without a language among others is the default one's, which
/// an empty language stands for.
fn by_language(texts: Vec<Worded>) -> Text {
    if let [(None, text)] = texts.as_slice() {
        return Text::Plain(text.clone());
    }
    let named = texts.into_iter().map(|(language, text)| (language.unwrap_or_default(), text));
    Text::Languages(named.collect::<BTreeMap<_, _>>())
}

/// What is said where a value is no value of its type: the column `noAppErrorString`.
pub(super) fn no_app_error(row: &NodeDocument) -> Option<Text> {
    let texts: Vec<Worded> = row
        .columns
        .iter()
        .filter_map(|(column, value)| {
            let (name, language) =
                column.split_once("::").map_or((column.as_str(), None), |(name, language)| {
                    (name, Some(language_code(language).to_owned()))
                });
            let plain = name.trim().to_lowercase().replace('_', "");
            (plain == NO_APP_ERROR).then(|| cell(value).map(|text| (language, text))).flatten()
        })
        .collect();
    (!texts.is_empty()).then(|| by_language(texts))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn row(columns: Json) -> NodeDocument {
        NodeDocument { columns: columns.as_object().cloned().unwrap_or_default(), ..NodeDocument::default() }
    }

    #[test]
    fn columns_become_attributes_where_they_say() {
        let row = row(
            json!({"bind::odk:length": "5", "body::accept": ".pdf", "rows": "3", "Instance::x": 1, "note": "n"}),
        );
        let pair = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
        assert_eq!(attributes(&row, Onto::Bind), pair("odk:length", "5"));
        assert_eq!(attributes(&row, Onto::Control), [pair("accept", ".pdf"), pair("rows", "3")].concat());
        assert_eq!(attributes(&row, Onto::Instance), pair("x", "1"));
    }

    #[test]
    fn media_are_gathered_by_language() {
        let row = row(json!({"image": "a.png", "media::audio::French (fr)": "a.mp3", "audio": "b.mp3"}));
        let media = media(SheetKind::Survey, &row.columns);
        assert_eq!(media[0], Medium { kind: "image".into(), files: "a.png".into() });
        let files: Text = serde_json::from_value(json!({"fr": "a.mp3", "": "b.mp3"})).unwrap();
        assert_eq!(media[1], Medium { kind: "audio".into(), files });
    }

    #[test]
    fn the_error_of_a_type_may_be_translated() {
        assert_eq!(no_app_error(&row(json!({"noAppErrorString": "No"}))), Some("No".into()));
        let texts = no_app_error(&row(json!({"no_app_error_string::fr": "Non"})));
        assert_eq!(texts.map(|text| text.all().len()), Some(1));
        assert_eq!(no_app_error(&row(json!({}))), None);
    }
}
