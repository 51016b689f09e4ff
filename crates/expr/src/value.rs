//! Values and their conversions, as XPath 1.0 and ODK Collect do them.

/// What an expression gives.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<N> {
    /// Nodes, in document order.
    Nodes(Vec<N>),
    /// A number; NaN where there is none.
    Number(f64),
    /// A text.
    Text(String),
    /// Yes or no.
    Boolean(bool),
    /// A day, or a moment, in days since 1970-01-01 by the device's own calendar.
    Date(DateValue),
}

/// A day or a moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DateValue {
    /// Days since 1970-01-01, with the fraction of the day, by the wall clock.
    pub days: f64,
    /// The offset of that wall clock from UTC, in minutes.
    pub offset_minutes: i32,
    /// Whether the time of day belongs to it.
    pub has_time: bool,
}

impl DateValue {
    /// Days since 1970-01-01T00:00:00Z, with the fraction of the day.
    pub(crate) fn utc_days(self) -> f64 {
        self.days - f64::from(self.offset_minutes) / 1_440.0
    }
}

/// Numbers that differ by less are the same, as in Collect: `0.1 + 0.2 = 0.3`.
pub(crate) const NEAR: f64 = 1e-12;
/// Up to here Collect writes a number that is all but whole as a whole one.
const WHOLE_MAX: f64 = 2_147_483_647.0;

/// A number as text: the shortest digits that read back, without an exponent; one that is all but whole as a whole
/// one; `NaN`, `Infinity`, `-Infinity`.
pub fn number_text(number: f64) -> String {
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "Infinity".to_owned() } else { "-Infinity".to_owned() };
    }
    let whole = number.round();
    let number = if whole.abs() <= WHOLE_MAX && (number - whole).abs() < NEAR { whole } else { number };
    if number == 0.0 { "0".to_owned() } else { number.to_string() }
}

/// A text as a number: decimal digits with an optional minus and one point or, as some locales write it and Collect
/// reads it, one comma; white space around; NaN for anything else, exponents too.
pub fn text_number(text: &str) -> f64 {
    let text = text.trim_matches([' ', '\t', '\n', '\r']);
    let digits = text.strip_prefix('-').unwrap_or(text);
    let points = digits.bytes().filter(|byte| matches!(byte, b'.' | b',')).count();
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b','));
    if !plain || points > 1 || digits.len() == points {
        return f64::NAN;
    }
    let number = if digits.contains(',') { text.replace(',', ".").parse() } else { text.parse() };
    number.unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_a_number_only_in_plain_digits() {
        for (text, number) in [(" -1.50 ", -1.5), (".5", 0.5), ("5.", 5.0), ("14,6", 14.6), ("-0", -0.0)] {
            assert!(text_number(text).total_cmp(&number).is_eq(), "{text}");
        }
        for text in ["", "-", ".", "1e6", "+1", "- 1", "--1", "1.2.3", "1,2.3", "Infinity", "NaN", "0x1", "١"]
        {
            assert!(text_number(text).is_nan(), "{text}");
        }
    }

    #[test]
    fn a_number_is_written_without_an_exponent() {
        for (number, text) in
            [(1e21, "1000000000000000000000"), (1e-7, "0.0000001"), (-0.0, "0"), (2.5, "2.5")]
        {
            assert_eq!(number_text(number), text);
        }
        assert_eq!(number_text(0.1 * 3.0 * 10.0), "3");
        assert_eq!(number_text(0.1 + 0.2), "0.30000000000000004");
    }
}
