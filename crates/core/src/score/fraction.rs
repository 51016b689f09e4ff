//! Exact fractions, checked: 1/3 is 1/3, and what would overflow is an error, not another number.

use std::fmt;
use std::str::FromStr;

use num_rational::Ratio;
use serde::{Deserialize, Serialize};

/// A rational number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fraction(Ratio<i128>);

/// A fraction that cannot be read, or a result that does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FractionError {
    /// Not `3`, `3/4` or `0.75`.
    #[error("not a fraction: write 3, 3/4 or 0.75")]
    Unreadable,
    /// Larger than any scheme needs.
    #[error("a fraction does not fit")]
    Overflow,
}

impl Fraction {
    /// 0.
    pub const ZERO: Self = Self(Ratio::new_raw(0, 1));
    /// 1.
    pub const ONE: Self = Self(Ratio::new_raw(1, 1));

    /// The sum.
    pub fn plus(self, other: Self) -> Result<Self, FractionError> {
        let (a, b, c, d) = (*self.0.numer(), *self.0.denom(), *other.0.numer(), *other.0.denom());
        let left = a.checked_mul(d).ok_or(FractionError::Overflow)?;
        let right = c.checked_mul(b).ok_or(FractionError::Overflow)?;
        let top = left.checked_add(right).ok_or(FractionError::Overflow)?;
        Self::checked(top, b.checked_mul(d).ok_or(FractionError::Overflow)?)
    }

    /// The difference.
    pub fn minus(self, other: Self) -> Result<Self, FractionError> {
        let bottom = *other.0.denom();
        let top = other.0.numer().checked_neg().ok_or(FractionError::Overflow)?;
        self.plus(Self::checked(top, bottom)?)
    }

    /// The product.
    pub fn times(self, other: Self) -> Result<Self, FractionError> {
        let top = self.0.numer().checked_mul(*other.0.numer()).ok_or(FractionError::Overflow)?;
        let bottom = self.0.denom().checked_mul(*other.0.denom()).ok_or(FractionError::Overflow)?;
        Self::checked(top, bottom)
    }

    /// The quotient; none where the divisor is 0.
    pub fn over(self, other: Self) -> Result<Option<Self>, FractionError> {
        if *other.0.numer() == 0 {
            return Ok(None);
        }
        let inverse = Self::checked(*other.0.denom(), *other.0.numer())?;
        self.times(inverse).map(Some)
    }

    /// Rounded to decimal places, halves to the even digit.
    pub fn rounded(self, places: u32) -> Result<Self, FractionError> {
        let scale = 10i128.checked_pow(places).ok_or(FractionError::Overflow)?;
        let top = self.0.numer().checked_mul(scale).ok_or(FractionError::Overflow)?;
        let bottom = *self.0.denom();
        let (whole, rest) = (top.div_euclid(bottom), top.rem_euclid(bottom));
        let twice = rest.checked_mul(2).ok_or(FractionError::Overflow)?;
        let up = twice > bottom || (twice == bottom && whole % 2 != 0);
        Self::checked(whole + i128::from(up), scale)
    }

    /// The decimal digits at these places, after rounding to them.
    pub fn decimal(self, places: u32) -> String {
        let Ok(rounded) = self.rounded(places) else { return String::new() };
        let scale = 10i128.checked_pow(places).unwrap_or(1);
        let digits = rounded.0.numer() * (scale / rounded.0.denom());
        let sign = if digits < 0 { "-" } else { "" };
        let (whole, rest) = (digits.abs() / scale, digits.abs() % scale);
        if places == 0 {
            format!("{sign}{whole}")
        } else {
            format!("{sign}{whole}.{rest:0width$}", width = places as usize)
        }
    }

    fn checked(top: i128, bottom: i128) -> Result<Self, FractionError> {
        if bottom == 0 || top == i128::MIN || bottom == i128::MIN {
            return Err(FractionError::Overflow);
        }
        Ok(Self(Ratio::new(top, bottom)))
    }
}

impl FromStr for Fraction {
    type Err = FractionError;

    fn from_str(text: &str) -> Result<Self, FractionError> {
        let whole = |text: &str| text.parse::<i64>().map(i128::from).map_err(|_| FractionError::Unreadable);
        if let Some((top, bottom)) = text.split_once('/') {
            let bottom = whole(bottom)?;
            return if bottom > 0 {
                Self::checked(whole(top)?, bottom)
            } else {
                Err(FractionError::Unreadable)
            };
        }
        let Some((integer, digits)) = text.split_once('.') else { return Self::checked(whole(text)?, 1) };
        let places = u32::try_from(digits.len()).ok().filter(|places| (1..=15).contains(places));
        let places = places.ok_or(FractionError::Unreadable)?;
        if !digits.bytes().all(|digit| digit.is_ascii_digit()) {
            return Err(FractionError::Unreadable);
        }
        Self::checked(whole(&format!("{integer}{digits}"))?, 10i128.pow(places))
    }
}

impl fmt::Display for Fraction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Fraction {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Fraction {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fraction(text: &str) -> Fraction {
        text.parse().unwrap()
    }

    #[test]
    fn halves_round_to_the_even_digit() {
        for (text, places, expected) in [
            ("1/8", 2, "0.12"),
            ("3/8", 2, "0.38"),
            ("1/3", 4, "0.3333"),
            ("2/3", 4, "0.6667"),
            ("-1/8", 2, "-0.12"),
            ("5/2", 0, "2"),
        ] {
            assert_eq!(fraction(text).decimal(places), expected, "{text}");
        }
    }

    #[test]
    fn thirds_are_thirds_and_junk_is_refused() {
        let third = fraction("1/3");
        assert_eq!(third.plus(third).unwrap().plus(third), Ok(Fraction::ONE));
        assert_eq!(fraction("0.75"), fraction("3/4"));
        assert_eq!(fraction("1/4").minus(fraction("0.75")), Ok(fraction("-1/2")));
        for junk in ["", "1/0", "1/-2", "a", "1.", "1.x", "1e3"] {
            assert!(junk.parse::<Fraction>().is_err(), "{junk}");
        }
        let huge = fraction("9223372036854775807/9223372036854775806");
        assert_eq!(huge.times(huge).and_then(|h| h.times(huge)), Err(FractionError::Overflow));
    }
}
