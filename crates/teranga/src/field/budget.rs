//! How many bytes of files a sync may carry: a number of bytes, or none.

use std::str::FromStr;

/// A bound on the bytes of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Budget(pub(crate) u64);

impl FromStr for Budget {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "none" {
            return Ok(Self(0));
        }
        let (digits, unit) = match text.trim_end_matches(['k', 'K', 'M']) {
            digits if digits.len() == text.len() => (digits, 1),
            digits if text.ends_with('M') => (digits, 1_000_000),
            digits => (digits, 1_000),
        };
        let number: Option<u64> = digits.parse().ok();
        number
            .and_then(|number| number.checked_mul(unit))
            .map(Self)
            .ok_or("expected bytes, such as 500k or 2M, or none")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_given_as_people_write_them() {
        for (text, bytes) in [("none", 0), ("0", 0), ("1500", 1_500), ("500k", 500_000), ("2M", 2_000_000)] {
            assert_eq!(text.parse(), Ok(Budget(bytes)), "{text}");
        }
        for wrong in ["", "M", "-1", "2G", "all", "99999999999999999999M"] {
            assert!(wrong.parse::<Budget>().is_err(), "{wrong}");
        }
    }
}
