//! One cell as text, the way the field's converters read it: whole numbers without a point, dates as ISO 8601, plain
//! quotes, no white space around.

use calamine::{Data, DataRef, ExcelDateTime};

/// Whether texts are cleaned: the setting `clean_text_values`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cleaning {
    /// White space and typographic quotes are made plain.
    Clean,
    /// Texts stay as they were typed; what is no text for people is cleaned.
    AsTyped,
    /// Every cell stays as it stands: the workbook says that it was written so.
    Nothing,
}

impl Cleaning {
    /// Applies itself to a text.
    pub(crate) fn apply(self, text: &str) -> String {
        match self {
            Self::AsTyped | Self::Nothing => text.to_owned(),
            Self::Clean => clean(text),
        }
    }
}

/// White space trimmed and runs of spaces made one, typographic quotes and hard spaces made plain.
pub(crate) fn clean(text: &str) -> String {
    let mut cleaned = String::with_capacity(text.len());
    for symbol in text.trim().chars() {
        let plain = match symbol {
            '\u{2018}' | '\u{2019}' => '\'',
            '\u{201c}' | '\u{201d}' => '"',
            '\u{a0}' => ' ',
            other => other,
        };
        if plain != ' ' || !cleaned.ends_with(' ') {
            cleaned.push(plain);
        }
    }
    cleaned
}

/// A cell that the reader of `.xls` owns, as the reader of `.xlsx` lends it.
pub(crate) fn borrowed(cell: &Data) -> DataRef<'_> {
    match cell {
        Data::Empty => DataRef::Empty,
        Data::Error(error) => DataRef::Error(error.clone()),
        Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => DataRef::SharedString(text),
        Data::Int(number) => DataRef::Int(*number),
        Data::Float(number) => DataRef::Float(*number),
        Data::Bool(yes) => DataRef::Bool(*yes),
        Data::DateTime(moment) => DataRef::DateTime(*moment),
    }
}

/// A spreadsheet's cell as text; an error (`#REF!`) reads as nothing, like an empty cell.
pub(crate) fn text(cell: &DataRef<'_>) -> String {
    match cell {
        DataRef::Empty | DataRef::Error(_) => String::new(),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Int(number) => number.to_string(),
        // Rust writes the shortest digits that read back as the same number, and no point for whole ones.
        DataRef::Float(number) => number.to_string(),
        DataRef::Bool(yes) => if *yes { "TRUE" } else { "FALSE" }.to_owned(),
        DataRef::DateTime(moment) => moment_text(moment),
    }
}

/// A day, a time of day, or both, by what the number holds.
fn moment_text(moment: &ExcelDateTime) -> String {
    let (year, month, day, hour, minute, second, _) = moment.to_ymd_hms_milli();
    let date = format!("{year:04}-{month:02}-{day:02}");
    let time = format!("{hour:02}:{minute:02}:{second:02}");
    let days = moment.as_f64();
    if moment.is_duration() || (0.0..1.0).contains(&days) {
        time
    } else if days.fract() == 0.0 {
        date
    } else {
        format!("{date}T{time}")
    }
}

#[cfg(test)]
mod tests {
    use calamine::ExcelDateTimeType;

    use super::*;

    #[test]
    fn numbers_booleans_and_moments_read_as_the_field_writes_them() {
        assert_eq!(text(&DataRef::Float(1.0)), "1");
        assert_eq!(text(&DataRef::Float(0.5)), "0.5");
        assert_eq!(text(&DataRef::Bool(true)), "TRUE");
        let moment = |days| DataRef::DateTime(ExcelDateTime::new(days, ExcelDateTimeType::DateTime, false));
        assert_eq!(text(&moment(45_943.0)), "2025-10-13");
        assert_eq!(text(&moment(45_943.5)), "2025-10-13T12:00:00");
        assert_eq!(text(&moment(0.25)), "06:00:00");
    }

    #[test]
    fn typographic_quotes_and_stray_spaces_are_made_plain() {
        assert_eq!(clean("  ${a} = \u{2018}oui\u{2019}\u{a0} "), "${a} = 'oui'");
        assert_eq!(clean("two  spaces\nand a line"), "two spaces\nand a line");
        assert_eq!(Cleaning::AsTyped.apply(" x "), " x ");
    }
}
