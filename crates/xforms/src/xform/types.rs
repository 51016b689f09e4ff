//! The type of a row: from its control, the type of its bind, and what the device fills in by itself.

use serde_json::{Map, Value as Json};

use super::binds::Bind;
use super::xml::{Element, attribute, name};

/// What a node without sections is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Sort {
    /// A type of XLSForm that a person answers, or is told.
    Asked(&'static str),
    /// A value that the device fills in.
    Metadata(&'static str),
    /// A value that is computed.
    Calculate,
    /// A value that is neither shown nor computed.
    Hidden,
}

impl Sort {
    /// The name of the type.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Asked(name) | Self::Metadata(name) => name,
            Self::Calculate => "calculate",
            Self::Hidden => "hidden",
        }
    }

    /// Whether a list goes with it.
    pub(super) fn has_choices(&self) -> bool {
        matches!(self.name(), "select_one" | "select_multiple" | "rank")
    }

    /// The type when the list is a file; none for a rank.
    pub(super) fn from_file(&self) -> Option<&'static str> {
        match self.name() {
            "select_one" => Some("select_one_from_file"),
            "select_multiple" => Some("select_multiple_from_file"),
            _ => None,
        }
    }

    /// Whether the type says the media type of an upload.
    pub(super) fn is_of_medium(&self, medium: &str) -> bool {
        medium == "*/*"
            || medium == format!("{}/*", self.name())
            || self.name() == "file" && medium == "application/*"
    }
}

/// The sort of a node. `is_set` is whether it has a value that a note would not show.
pub(super) fn sort(control: Option<Element<'_>>, bind: &Bind, is_set: bool) -> Sort {
    let Some(control) = control else {
        return match metadata(bind) {
            Some(kind) => Sort::Metadata(kind),
            None if bind.get("calculate").is_some() => Sort::Calculate,
            None => Sort::Hidden,
        };
    };
    Sort::Asked(match name(control) {
        "select1" => "select_one",
        "select" => "select_multiple",
        "rank" => "rank",
        "trigger" => "acknowledge",
        "range" => "range",
        "upload" => match attribute(control, "mediatype").unwrap_or_default().split('/').next() {
            Some("image") => "image",
            Some("audio") => "audio",
            Some("video") => "video",
            _ => "file",
        },
        "secret" => "text",
        _ => input(bind, is_set),
    })
}

fn input(bind: &Bind, is_set: bool) -> &'static str {
    match bind.kind() {
        "int" | "integer" => "integer",
        "decimal" => "decimal",
        "date" => "date",
        "time" => "time",
        "dateTime" => "dateTime",
        "geopoint" => "geopoint",
        "geotrace" => "geotrace",
        "geoshape" => "geoshape",
        "barcode" => "barcode",
        "string" if !is_set && is_note(bind) => "note",
        _ => "text",
    }
}

/// Whether a text that nobody may change says nothing but its label.
fn is_note(bind: &Bind) -> bool {
    let fixed = matches!(bind.get("readonly").map(str::trim), Some("true()" | "1" | "true"));
    fixed && ["calculate", "required", "constraint", "jr:preload"].iter().all(|said| bind.get(said).is_none())
}

/// What the device fills in where nobody is asked.
fn metadata(bind: &Bind) -> Option<&'static str> {
    let parameters = bind.get("jr:preloadParams").unwrap_or_default();
    match (bind.get("jr:preload")?, parameters) {
        ("timestamp", "start") => Some("start"),
        ("timestamp", "end") => Some("end"),
        ("date", "today") => Some("today"),
        ("property", "deviceid") => Some("deviceid"),
        ("property", "username") => Some("username"),
        ("property", "phonenumber") => Some("phonenumber"),
        ("property", "email") => Some("email"),
        _ => None,
    }
}

/// The value at the start that the device gives to a node that is no metadata of its own.
pub(super) fn preset(sort: &Sort, bind: &Bind) -> Option<String> {
    if matches!(sort, Sort::Metadata(_)) {
        return None;
    }
    let parameters = bind.get("jr:preloadParams").unwrap_or_default();
    match (bind.get("jr:preload")?, parameters) {
        ("uid", _) => Some("concat('uuid:', uuid())".to_owned()),
        ("timestamp", "start") => Some("now()".to_owned()),
        ("date", "today") => Some("today()".to_owned()),
        ("property", name) => Some(format!("property('{name}')")),
        _ => None,
    }
}

/// Columns for what the type does not say: the type of the bind, and what the device would fill in elsewhere.
pub(super) fn columns(sort: &Sort, bind: &Bind, columns: &mut Map<String, Json>) {
    let kind = bind.kind();
    let said = match sort {
        Sort::Metadata(_) => true,
        Sort::Calculate | Sort::Hidden => kind == "string",
        Sort::Asked("text" | "note") => kind == "string",
        Sort::Asked("range") => matches!(kind, "int" | "decimal" | "string"),
        Sort::Asked(_) => true,
    };
    if !said {
        columns.insert("bind::type".into(), kind.into());
    }
    let filled = matches!(sort, Sort::Metadata(_)) || preset(sort, bind).is_some();
    for attribute in ["jr:preload", "jr:preloadParams"] {
        if let Some(value) = bind.get(attribute).filter(|_| !filled) {
            columns.insert(format!("bind::{attribute}"), value.into());
        }
    }
}

/// How a control is shown.
pub(super) fn appearance(control: Element<'_>) -> Option<String> {
    let written = attribute(control, "appearance").unwrap_or_default();
    let hidden = (name(control) == "secret" && !written.contains("masked")).then_some("masked");
    let words: Vec<&str> = [written].into_iter().chain(hidden).filter(|word| !word.is_empty()).collect();
    (!words.is_empty()).then(|| words.join(" "))
}

/// Parameters by the attributes of controls and binds that say them.
const PARAMETERS: &[(&[&str], &str, &str)] = &[
    (&["range"], "start", "start"),
    (&["range"], "end", "end"),
    (&["range"], "step", "step"),
    (&["range"], "odk:tick-interval", "tick_interval"),
    (&["range"], "odk:tick-labelset", "tick_labelset"),
    (&["range"], "odk:placeholder", "placeholder"),
    (&["text"], "rows", "rows"),
    (&["image"], "odk:max-pixels", "max-pixels"),
    (&["audio"], "odk:quality", "quality"),
    (&["geopoint", "geotrace", "geoshape"], "accuracyThreshold", "capture-accuracy"),
    (&["geopoint", "geotrace", "geoshape"], "unacceptableAccuracyThreshold", "warning-accuracy"),
    (&["geopoint", "geotrace", "geoshape"], "odk:allow-mock-accuracy", "allow-mock-accuracy"),
    (&["geopoint", "geotrace", "geoshape"], "odk:incremental", "incremental"),
];

/// The parameters of a row.
pub(super) fn parameters(sort: &Sort, control: Element<'_>, bind: &Bind) -> Vec<String> {
    let said = |attribute: &str| {
        let of_control = super::xml::attributes(control).find(|(name, _)| name == attribute);
        of_control.map(|(_, value)| value.to_owned()).or_else(|| bind.get(attribute).map(str::to_owned))
    };
    let known = PARAMETERS.iter().filter(|(types, ..)| types.contains(&sort.name()));
    known
        .filter_map(|(_, attribute, parameter)| {
            let value =
                said(attribute).filter(|value| !value.is_empty() && !value.contains(char::is_whitespace))?;
            // The direction of a range is that from its start to its end, whatever the sign of its steps.
            let value = if *parameter == "step" { value.trim_start_matches('-') } else { &value };
            Some(format!("{parameter}={value}"))
        })
        .collect()
}

/// Whether an attribute became a parameter of a row.
pub(super) fn is_parameter(row: &Map<String, Json>, attribute: &str) -> bool {
    let kind = row.get("type").and_then(Json::as_str).unwrap_or_default();
    PARAMETERS.iter().any(|(types, known, _)| *known == attribute && types.contains(&kind))
}

/// Whether a list is a file.
pub(super) fn is_file(list: &str) -> bool {
    [".csv", ".xml", ".geojson"].iter().any(|ending| list.ends_with(ending))
}
