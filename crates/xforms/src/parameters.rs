//! The `parameters` column: which parameters each type knows, and what each may be. The rules of a `range` stand in
//! `range.rs`.

use crate::finding::Flaw;
use crate::names::is_name;

/// Parameters in the order in which they are written.
pub(crate) type Parameters = Vec<(String, String)>;

/// Splits `key=value key=value`, whatever separates the pairs; the error is the piece that is no pair.
pub(crate) fn split(text: &str) -> Result<Parameters, Flaw> {
    let separators = |letter: char| letter.is_whitespace() || letter == ';' || letter == ',';
    let pieces = text.split(separators).filter(|piece| !piece.is_empty());
    pieces
        .map(|piece| match piece.split_once('=') {
            Some((key, value)) if !key.is_empty() && !value.is_empty() && !value.contains('=') => {
                Ok((key.to_lowercase(), value.to_owned()))
            }
            _ => Err(Flaw::BadParameter(piece.to_owned())),
        })
        .collect()
}

/// The value of a parameter.
pub(crate) fn value<'a>(parameters: &'a Parameters, key: &str) -> Option<&'a str> {
    parameters.iter().find(|(known, _)| known == key).map(|(_, value)| value.as_str())
}

/// The parameters that a type knows; none for types without any, whose parameters are kept and told by the form.
fn known(kind: &str) -> Option<&'static [&'static str]> {
    Some(match kind {
        "range" => &["start", "end", "step", "tick_interval", "tick_labelset", "placeholder"],
        "text" => &["rows"],
        "image" => &["max-pixels", "app"],
        "audio" | "background-audio" => &["quality"],
        "geopoint" => &["capture-accuracy", "warning-accuracy", "allow-mock-accuracy", "reference-geometry"],
        "geotrace" | "geoshape" => &["allow-mock-accuracy", "incremental", "reference-geometry"],
        "select_one" | "select_multiple" | "rank" => &["randomize", "seed"],
        "select_one_from_file" | "select_multiple_from_file" => &["randomize", "seed", "value", "label"],
        "audit" => &[
            "location-priority",
            "location-min-interval",
            "location-max-age",
            "track-changes",
            "track-changes-reasons",
            "identify-user",
        ],
        _ => return None,
    })
}

/// What is wrong with the parameters of a type, one finding for each.
pub(crate) fn check(kind: &str, parameters: &Parameters, appearance: Option<&str>) -> Vec<Flaw> {
    let Some(known) = known(kind) else { return Vec::new() };
    let mut flaws = Vec::new();
    for (key, value) in parameters {
        if !known.contains(&key.as_str()) {
            flaws.push(Flaw::BadParameter(key.clone()));
        } else if let Some(rule) = broken(kind, key, value, appearance) {
            flaws.push(Flaw::ParameterRule { name: key.clone(), rule });
        }
    }
    let number = |key: &str| value(parameters, key).and_then(|value| value.parse::<f64>().ok());
    if let (Some(age), Some(interval)) = (number("location-max-age"), number("location-min-interval"))
        && age < interval
    {
        let rule = "must not be less than location-min-interval";
        flaws.push(Flaw::ParameterRule { name: "location-max-age".to_owned(), rule });
    }
    flaws
}

/// The rule that one parameter breaks.
fn broken(kind: &str, key: &str, value: &str, appearance: Option<&str>) -> Option<&'static str> {
    let one_of = |known: &[&str]| known.contains(&value.to_lowercase().as_str());
    let (holds, rule) = match key {
        "allow-mock-accuracy" | "randomize" | "track-changes" | "identify-user" => {
            (one_of(&["true", "false", "true()", "false()", "yes", "no"]), "must be true or false")
        }
        "incremental" => (one_of(&["true", "true()", "yes"]), "must be true, or left out"),
        "capture-accuracy" | "warning-accuracy" | "location-min-interval" | "location-max-age" => {
            (value.parse::<f64>().is_ok_and(|number| number >= 0.0), "must be a number, 0 or more")
        }
        "max-pixels" | "rows" => (value.parse::<u32>().is_ok(), "must be a whole number"),
        "seed" => (value.parse::<f64>().is_ok() || is_reference(value), "must be a number or ${name}"),
        "value" | "label" => (is_name(value), "must be a name"),
        "quality" => {
            let inner = kind == "background-audio" && value.eq_ignore_ascii_case("external");
            (
                one_of(&["normal", "low", "voice-only", "external"]) && !inner,
                "must be normal, low or voice-only",
            )
        }
        "app" => {
            let free = appearance.is_some_and(|appearance| appearance != "annotate");
            (free || is_package(value), "must be the name of an Android package, as in com.example.camera")
        }
        "location-priority" => (
            one_of(&["no-power", "low-power", "balanced", "high-accuracy"]),
            "must be no-power, low-power, balanced or high-accuracy",
        ),
        "track-changes-reasons" => (one_of(&["on-form-edit"]), "must be on-form-edit"),
        _ => (true, ""),
    };
    (!holds).then_some(rule)
}

/// Whether a value is one `${name}`.
pub(crate) fn is_reference(value: &str) -> bool {
    value.strip_prefix("${").and_then(|name| name.strip_suffix('}')).is_some_and(|name| !name.contains("${"))
}

/// Two or more parts, each of letters, digits and `_`, beginning with a letter.
fn is_package(value: &str) -> bool {
    let part = |part: &str| {
        part.starts_with(|first: char| first.is_ascii_alphabetic())
            && part.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
    };
    value.contains('.') && value.split('.').all(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_split_at_whatever_separates_them() {
        let pairs = split("start=2 ;end=9,step=1").unwrap();
        assert_eq!(value(&pairs, "end"), Some("9"));
        assert_eq!(pairs.len(), 3);
        for bad in ["end==1", "end1", "=1", "start=2 & end=9"] {
            assert!(matches!(split(bad), Err(Flaw::BadParameter(_))), "{bad}");
        }
    }

    #[test]
    fn each_type_knows_its_own_parameters() {
        let flaws = |kind, text| check(kind, &split(text).unwrap(), None);
        assert_eq!(flaws("geotrace", "warning-accuracy=5"), [Flaw::BadParameter("warning-accuracy".into())]);
        assert_eq!(flaws("geopoint", "warning-accuracy=5"), []);
        assert_eq!(flaws("geopoint", "capture-accuracy=far").len(), 1);
        assert_eq!(flaws("audit", "location-min-interval=2 location-max-age=1").len(), 1);
        assert_eq!(flaws("image", "app=camera").len(), 1);
        assert_eq!(flaws("image", "app=com.example.camera"), []);
        assert_eq!(flaws("note", "anything=1"), []);
    }
}
