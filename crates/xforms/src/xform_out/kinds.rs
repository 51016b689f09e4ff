//! What each type of question is in an XForm: its control, the type of its value, and what the device fills in.
//! (ODK XForms, "Body elements", "Data types", "Preloaders".)

/// A type of question, as an XForm has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shape {
    /// The element of the body; none for what nobody sees.
    pub(super) control: Option<&'static str>,
    /// The kinds of files that an upload takes.
    pub(super) media: Option<&'static str>,
    /// The type of the value.
    pub(super) value: &'static str,
    /// What the device fills in: `jr:preload` and its parameter.
    pub(super) preload: Option<(&'static str, &'static str)>,
}

const fn shown(control: &'static str, value: &'static str) -> Shape {
    Shape { control: Some(control), media: None, value, preload: None }
}

const fn upload(media: &'static str) -> Shape {
    Shape { control: Some("upload"), media: Some(media), value: "binary", preload: None }
}

const fn unseen(value: &'static str) -> Shape {
    Shape { control: None, media: None, value, preload: None }
}

const fn preloaded(value: &'static str, preload: &'static str, parameter: &'static str) -> Shape {
    Shape { control: None, media: None, value, preload: Some((preload, parameter)) }
}

/// The shape of a type; none for a type that becomes no node at all.
pub(super) fn shape(kind: &str) -> Option<Shape> {
    Some(match kind {
        "integer" => shown("input", "int"),
        "decimal" => shown("input", "decimal"),
        "date" => shown("input", "date"),
        "time" => shown("input", "time"),
        "datetime" | "dateTime" => shown("input", "dateTime"),
        "geopoint" => shown("input", "geopoint"),
        "geotrace" => shown("input", "geotrace"),
        "geoshape" => shown("input", "geoshape"),
        "barcode" => shown("input", "barcode"),
        "select_one" | "select_one_from_file" => shown("select1", "string"),
        "select_multiple" | "select_multiple_from_file" => shown("select", "string"),
        "rank" => shown("odk:rank", "odk:rank"),
        "range" => shown("range", "int"),
        "acknowledge" => shown("trigger", "string"),
        "image" => upload("image/*"),
        "audio" => upload("audio/*"),
        "video" => upload("video/*"),
        "file" => upload("application/*"),
        "osm" => upload("osm/*"),
        "calculate" | "hidden" => unseen("string"),
        "start-geopoint" | "background-geopoint" => unseen("geopoint"),
        "background-audio" | "audit" => unseen("binary"),
        "start" => preloaded("dateTime", "timestamp", "start"),
        "end" => preloaded("dateTime", "timestamp", "end"),
        "today" => preloaded("date", "date", "today"),
        "deviceid" => preloaded("string", "property", "deviceid"),
        "username" => preloaded("string", "property", "username"),
        "phonenumber" => preloaded("string", "property", "phonenumber"),
        "email" => preloaded("string", "property", "email"),
        "simserial" => preloaded("string", "property", "simserial"),
        "subscriberid" => preloaded("string", "property", "subscriberid"),
        "csv-external" | "xml-external" => return None,
        // `text`, `note`, `select_one_external`, and whatever a later version of the field may know.
        _ => shown("input", "string"),
    })
}

/// Whether answers are chosen from a list in the form, a file or a repeat.
pub(super) fn is_select(kind: &str) -> bool {
    matches!(
        kind,
        "select_one" | "select_multiple" | "select_one_from_file" | "select_multiple_from_file" | "rank"
    )
}
