//! The `parameters` column: `start=0 end=10 step=2`, checked against what each type knows.

use super::document::NodeDocument;
use super::finding::{Finding, Flaw, Place};
use super::kind::{Kind, Metadata};
use super::question::Range;

/// Splits and checks the parameters of a row; a range also gets its ends.
pub(super) fn read(
    document: &NodeDocument,
    kind: Kind,
    path: &str,
    findings: &mut Vec<Finding>,
) -> (Vec<(String, String)>, Option<Range>) {
    let mut parameters = Vec::new();
    let separators = |letter: char| letter.is_whitespace() || letter == ';' || letter == ',';
    for piece in
        document.parameters.as_deref().unwrap_or("").split(separators).filter(|piece| !piece.is_empty())
    {
        let place = Place::member(path, "parameters");
        match piece.split_once('=') {
            Some((name, value)) if known(kind).contains(&name) => {
                parameters.push((name.to_owned(), value.to_owned()));
            }
            Some((name, _)) => {
                findings.push(Finding::new(place, Flaw::UnknownParameter { parameter: name.to_owned() }));
            }
            None => findings.push(Finding::new(place, Flaw::BadParameter { parameter: piece.to_owned() })),
        }
    }
    let range = (kind == Kind::Range).then(|| range(&parameters, path, findings));
    (parameters, range)
}

fn range(parameters: &[(String, String)], path: &str, findings: &mut Vec<Finding>) -> Range {
    let mut number = |name: &str, otherwise: f64| {
        let Some((_, text)) = parameters.iter().find(|(known, _)| known == name) else { return otherwise };
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() && (name != "step" || number != 0.0) => number,
            _ => {
                let flaw = Flaw::BadParameter { parameter: format!("{name}={text}") };
                findings.push(Finding::new(Place::member(path, "parameters"), flaw));
                otherwise
            }
        }
    };
    // The direction of a range is that from its start to its end, whatever the sign of its steps.
    Range { start: number("start", 1.0), end: number("end", 10.0), step: number("step", 1.0).abs() }
}

const GEO: &[&str] = &["capture-accuracy", "warning-accuracy", "allow-mock-accuracy", "incremental"];

/// The parameters that a type knows.
const fn known(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Range => &["start", "end", "step", "tick_interval", "tick_labelset", "placeholder"],
        Kind::Text => &["rows"],
        Kind::Image => &["max-pixels", "app"],
        Kind::Audio => &["quality"],
        Kind::GeoPoint | Kind::GeoTrace | Kind::GeoShape => GEO,
        Kind::SelectOne | Kind::SelectMultiple | Kind::Rank => &["randomize", "seed", "value", "label"],
        Kind::Metadata(Metadata::Audit) => &[
            "location-priority",
            "location-min-interval",
            "location-max-age",
            "track-changes",
            "track-changes-reasons",
            "identify-user",
        ],
        Kind::Integer
        | Kind::Decimal
        | Kind::Date
        | Kind::Time
        | Kind::DateTime
        | Kind::Note
        | Kind::Calculate
        | Kind::Video
        | Kind::File
        | Kind::Barcode
        | Kind::Acknowledge
        | Kind::Hidden
        | Kind::Metadata(_)
        | Kind::Group
        | Kind::Repeat
        | Kind::Unsupported => &[],
    }
}
