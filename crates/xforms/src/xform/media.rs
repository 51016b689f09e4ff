//! Pictures, sounds and films that go with a text: kept as XLSForm's columns name them.

use serde_json::{Map, Value as Json};

/// Adds a form of a text to the columns of a row or the properties of a choice.
pub(super) fn add(columns: &mut Map<String, Json>, form: &str, text: &Json) {
    let medium = matches!(form, "image" | "big-image" | "audio" | "video");
    let column = if medium { format!("media::{form}") } else { form.to_owned() };
    match text {
        Json::Object(languages) => {
            for (language, value) in languages {
                columns.insert(format!("{column}::{language}"), file(value));
            }
        }
        value => {
            columns.insert(column, file(value));
        }
    }
}

/// The name of a file without the place where forms look for it.
fn file(value: &Json) -> Json {
    let text = value.as_str().unwrap_or_default();
    let name =
        text.strip_prefix("jr://").and_then(|rest| rest.split_once('/')).map_or(text, |(_, name)| name);
    name.into()
}
