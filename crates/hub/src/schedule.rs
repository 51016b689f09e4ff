//! The nightly relay's schedule: once a day at a time of day, and at once after a night that was missed. Times are in
//! UTC, which is Senegal's time all year.

use teranga_core::time::Millis;

const DAY_MS: i64 = 24 * 3_600 * 1_000;

/// A time of day, in minutes after midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeOfDay {
    minutes: i64,
}

impl std::str::FromStr for TimeOfDay {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let expected = "expected a time of day such as 22:00";
        let (hours, minutes) = text.split_once(':').ok_or(expected)?;
        let (hours, minutes): (i64, i64) =
            (hours.parse().map_err(|_| expected)?, minutes.parse().map_err(|_| expected)?);
        let valid = (0..24).contains(&hours) && (0..60).contains(&minutes);
        if valid { Ok(Self { minutes: hours * 60 + minutes }) } else { Err(expected) }
    }
}

/// How long to wait until the next relay, in milliseconds: nothing when a scheduled moment has passed since the last
/// one that succeeded.
pub fn wait_ms(at: TimeOfDay, last: Option<Millis>, now: Millis) -> u64 {
    let offset = at.minutes * 60_000;
    let latest = (now.0 - offset).div_euclid(DAY_MS) * DAY_MS + offset;
    match last {
        Some(last) if last.0 >= latest => u64::try_from(latest + DAY_MS - now.0).unwrap_or_default(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;

    #[test]
    fn the_relay_runs_once_a_night_and_at_once_after_a_missed_one() {
        let at: TimeOfDay = "22:00".parse().unwrap();
        let day = |days: i64, hours: i64| Millis(days * DAY_MS + hours * HOUR);
        assert_eq!(wait_ms(at, None, day(10, 12)), 0, "never yet");
        assert_eq!(wait_ms(at, Some(day(9, 22)), day(10, 12)), 10 * HOUR as u64, "tonight");
        assert_eq!(wait_ms(at, Some(day(10, 22)), day(10, 23)), 23 * HOUR as u64, "tomorrow");
        assert_eq!(wait_ms(at, Some(day(8, 23)), day(10, 12)), 0, "last night was missed");
        assert_eq!(wait_ms(at, Some(day(12, 0)), day(10, 12)), 10 * HOUR as u64, "a clock that was ahead");
    }

    #[test]
    fn a_time_of_day_is_checked() {
        for wrong in ["", "22", "24:00", "12:60", "noon", "-1:00"] {
            assert!(wrong.parse::<TimeOfDay>().is_err(), "{wrong}");
        }
    }
}
