//! How large something is, as people say it: kilobytes and megabytes of a thousand, one digit behind the point where it
//! tells anything.

use crate::language::Language;
use crate::messages::Messages;

/// A number of bytes in words.
pub(crate) fn told(bytes: u64, messages: &Messages) -> String {
    let (unit, key) = match bytes {
        0..1_000 => (1, "size-bytes"),
        1_000..1_000_000 => (1_000, "size-kilobytes"),
        _ => (1_000_000, "size-megabytes"),
    };
    let (whole, tenths) = (bytes / unit, bytes % unit * 10 / unit);
    let number = if unit == 1 || whole >= 10 {
        whole.to_string()
    } else {
        let point = if messages.language() == Language::Fr { ',' } else { '.' };
        format!("{whole}{point}{tenths}")
    };
    messages.with(key, &[("number", &number)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_said_in_the_unit_that_fits() {
        let (fr, en) = (Messages::new(Language::Fr), Messages::new(Language::En));
        for (bytes, french, english) in [
            (999, "999 octets", "999 bytes"),
            (1_250, "1,2 ko", "1.2 kB"),
            (31_400_000, "31 Mo", "31 MB"),
            (2_000_000, "2,0 Mo", "2.0 MB"),
        ] {
            assert_eq!((told(bytes, &fr).as_str(), told(bytes, &en).as_str()), (french, english));
        }
    }
}
