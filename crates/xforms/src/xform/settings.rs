//! What stands at the form's head: its identity, version and title, and the settings of XLSForm that say the rest.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use crate::report::Note;

use super::binds::{Bind, Binds};
use super::report::Reading;
use super::xml::{Element, attribute, attributes, child, content, elements, name};

/// The version of a form that names none.
const FIRST_VERSION: &str = "1";
/// The calculation by which forms of XLSForm give a record its identity.
const USUAL_IDENTITY: &str = "concat('uuid:',uuid())";

/// The identity of a form as this system can hold it.
pub(super) fn form_id(root: Element<'_>, reading: &mut Reading) -> String {
    let wanted = attribute(root, "id").or(root.tag_name().namespace()).unwrap_or_else(|| name(root));
    let forbidden = |letter: char| letter.is_whitespace() || letter == '@' || letter == '/';
    let form_id = wanted.trim_start_matches('_').replace(forbidden, "_");
    let form_id = if form_id.is_empty() { "form".to_owned() } else { form_id };
    if form_id != wanted {
        reading.note(root, "id", Note::FormRenamed(form_id.clone()));
    }
    form_id
}

/// The version of a form.
pub(super) fn version(root: Element<'_>, reading: &mut Reading) -> String {
    let version = attribute(root, "version").filter(|version| !version.is_empty());
    if version.is_none() {
        reading.note(root, "version", Note::NoVersion);
    }
    version.unwrap_or(FIRST_VERSION).to_owned()
}

/// The settings of XLSForm that the parts of a form stand for.
pub(super) fn settings(
    root: Element<'_>,
    model: Element<'_>,
    body: Option<Element<'_>>,
    reading: &mut Reading,
) -> Map<String, Json> {
    let mut settings = Map::new();
    if name(root) != "data" {
        settings.insert("name".into(), name(root).into());
    }
    for (attribute, value) in attributes(root) {
        if !matches!(attribute.as_str(), "id" | "version" | "orx:version") {
            settings.insert(format!("attribute::{attribute}"), value.into());
        }
    }
    if let Some(style) = body.and_then(|body| attribute(body, "class")) {
        settings.insert("style".into(), style.into());
    }
    if let Some(submission) = child(model, "submission") {
        for (attribute, value) in attributes(submission) {
            let setting = match attribute.rsplit(':').next().unwrap_or(&attribute) {
                "action" => "submission_url".to_owned(),
                "base64RsaPublicKey" => "public_key".to_owned(),
                "auto-send" => "auto_send".to_owned(),
                "auto-delete" => "auto_delete".to_owned(),
                _ => format!("submission::{attribute}"),
            };
            reading.note(submission, &attribute, Note::Kept(setting.clone()));
            settings.insert(setting, value.into());
        }
    }
    settings
}

/// Reads the metadata block: what this system keeps of every record by itself needs no row.
pub(super) fn meta(
    meta: Element<'_>,
    path: &str,
    binds: &Binds,
    settings: &mut Map<String, Json>,
    reading: &mut Reading,
) -> Vec<Json> {
    let mut rows = Vec::new();
    for element in elements(meta) {
        let path = format!("{path}/{}", name(element));
        let bind = binds.of(&path).cloned().unwrap_or_default();
        match name(element) {
            "instanceID" => identity(&bind, element, settings, reading),
            "instanceName" => {
                if let Some(expression) = bind.get("calculate") {
                    settings.insert("instance_name".into(), expression.into());
                }
            }
            "audit" => rows.push(audit(&bind)),
            "entity" => entity(element, &path, binds, settings, reading),
            "deprecatedID" => {}
            other => reading.keep(element, other),
        }
    }
    rows
}

/// The identity of a record is this system's own; another rule for it is kept.
fn identity(bind: &Bind, element: Element<'_>, settings: &mut Map<String, Json>, reading: &mut Reading) {
    let Some(expression) = bind.get("calculate") else { return };
    let plain: String = expression.chars().filter(|letter| !letter.is_whitespace()).collect();
    if plain != USUAL_IDENTITY {
        reading.note(element, "instanceID", Note::Kept("instance_id".to_owned()));
        settings.insert("instance_id".into(), expression.into());
    }
}

fn audit(bind: &Bind) -> Json {
    let mut row = json!({ "type": "audit", "name": "audit" });
    let parameters: Vec<String> = bind
        .all()
        .filter_map(|(name, value)| Some(format!("{}={value}", name.strip_prefix("odk:")?)))
        .collect();
    if let (false, Some(members)) = (parameters.is_empty(), row.as_object_mut()) {
        members.insert("parameters".into(), parameters.join(" ").into());
    }
    row
}

/// The declaration of an entity, as the entities sheet holds it.
fn entity(
    element: Element<'_>,
    path: &str,
    binds: &Binds,
    settings: &mut Map<String, Json>,
    reading: &mut Reading,
) {
    let calculated = |path: String| binds.of(&path).and_then(|bind| bind.get("calculate")).map(str::to_owned);
    let columns = BTreeMap::from([
        ("list_name", attribute(element, "dataset").map(str::to_owned)),
        ("label", calculated(format!("{path}/label"))),
        ("entity_id", attribute(element, "update").and_then(|_| calculated(format!("{path}/@id")))),
        ("create_if", calculated(format!("{path}/@create"))),
        ("update_if", calculated(format!("{path}/@update"))),
    ]);
    let row: Map<String, Json> =
        columns.into_iter().filter_map(|(column, value)| Some((column.to_owned(), value?.into()))).collect();
    reading.note(element, "entity", Note::Kept("entities".to_owned()));
    let entities = settings.entry("entities").or_insert_with(|| json!([]));
    if let Some(entities) = entities.as_array_mut() {
        entities.push(Json::Object(row));
    }
}

/// The title.
pub(super) fn title(head: Element<'_>, form_id: &str) -> String {
    let title = child(head, "title").map(content).unwrap_or_default();
    if title.is_empty() { form_id.to_owned() } else { title }
}
