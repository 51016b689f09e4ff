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

/// A number as text: the shortest digits that read back, whole numbers without a point, nothing for NaN's sake
/// changed: `NaN`, `Infinity`, `-Infinity`.
pub fn number_text(number: f64) -> String {
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "Infinity".to_owned() } else { "-Infinity".to_owned() };
    }
    if number == 0.0 { "0".to_owned() } else { number.to_string() }
}

/// A text as a number: decimal digits with an optional sign, white space around; NaN for anything else.
pub fn text_number(text: &str) -> f64 {
    let text = text.trim();
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain = !digits.is_empty()
        && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        && digits.bytes().filter(|byte| *byte == b'.').count() <= 1
        && digits != ".";
    let scientific = || {
        digits.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'-' | b'+'))
    };
    if plain || (scientific() && digits.starts_with(|c: char| c.is_ascii_digit())) {
        text.parse().unwrap_or(f64::NAN)
    } else {
        f64::NAN
    }
}
