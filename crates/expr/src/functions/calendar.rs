//! Days and moments as texts and as numbers: reading ISO 8601, and writing it as ODK does.

use chrono::{Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, Timelike};

use crate::value::DateValue;

pub(super) const DAY_MS: f64 = 86_400_000.0;

/// Zones lie at most so far from UTC, in minutes.
const ZONE_MINUTES_MAX: i32 = 18 * 60;

/// Reads `YYYY-MM-DD`, with a time of day after `T` and a zone after that. A moment is moved to the wall clock at
/// `offset_minutes`.
pub(crate) fn parse_date(text: &str, offset_minutes: i32) -> Option<DateValue> {
    let text = text.trim();
    let (day, time) = text.split_once('T').map_or((text, None), |(day, time)| (day, Some(time)));
    let days = day_number(day)?;
    let Some(time) = time else { return Some(DateValue { days, offset_minutes, has_time: false }) };
    let fraction = time_of_day(time, offset_minutes)?;
    Some(DateValue { days: days + fraction, offset_minutes, has_time: true })
}

/// The part of the day that a time is by the wall clock at `offset_minutes`; below 0 or from 1 where it lies in the
/// day before or after.
pub(super) fn time_of_day(time: &str, offset_minutes: i32) -> Option<f64> {
    let zone_at = time.rfind(['Z', '+', '-']);
    let (clock, zone) = zone_at.map_or((time, None), |at| {
        (time.get(..at).unwrap_or_default(), Some(time.get(at..).unwrap_or_default()))
    });
    let written = match zone {
        None => offset_minutes,
        Some("Z") => 0,
        Some(zone) => zone_minutes(zone)?,
    };
    Some(clock_fraction(clock)? + f64::from(offset_minutes - written) / 1_440.0)
}

fn day_number(text: &str) -> Option<f64> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let short = |part: &str| part.len() <= 2 && digits(part);
    if parts.next().is_some() || year.len() != 4 || !digits(year) || !short(month) || !short(day) {
        return None;
    }
    let date = NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)?;
    Some(f64::from(date.num_days_from_ce() - epoch().num_days_from_ce()))
}

fn epoch() -> NaiveDate {
    NaiveDate::default()
}

/// `+02:00`, `+0200` or `+02`.
fn zone_minutes(zone: &str) -> Option<i32> {
    let (sign, rest) = match zone.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = match rest.split_once(':') {
        Some(parts) => parts,
        None if rest.len() == 4 => rest.split_at_checked(2)?,
        None => (rest, "0"),
    };
    let part = |text: &str| text.parse::<u8>().ok().map(i32::from);
    let total = part(hours)? * 60 + part(minutes)?;
    (total <= ZONE_MINUTES_MAX).then_some(sign * total)
}

fn clock_fraction(clock: &str) -> Option<f64> {
    let time = NaiveTime::parse_from_str(clock, "%H:%M:%S%.f")
        .or_else(|_| NaiveTime::parse_from_str(clock, "%H:%M"));
    let time = time.ok()?;
    Some(f64::from(time.num_seconds_from_midnight()) / 86_400.0 + f64::from(time.nanosecond()) / 86_400e9)
}

/// A day or moment as ODK writes it; empty where it lies outside the calendar.
pub(crate) fn date_text(date: DateValue) -> String {
    let Some(moment) = moment(date.days) else { return String::new() };
    if !date.has_time {
        return moment.format("%Y-%m-%d").to_string();
    }
    let sign = if date.offset_minutes < 0 { '-' } else { '+' };
    let minutes = date.offset_minutes.abs();
    format!("{}{sign}{:02}:{:02}", moment.format("%Y-%m-%dT%H:%M:%S%.3f"), minutes / 60, minutes % 60)
}

/// The day and time of day so many days after 1970-01-01, to the millisecond.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to lie in the calendar")]
pub(super) fn moment(days: f64) -> Option<NaiveDateTime> {
    if !(-1_000_000.0..10_000_000.0).contains(&days) {
        return None;
    }
    let whole = days.floor();
    let date = if whole < 0.0 {
        epoch().checked_sub_days(Days::new(-whole as u64))?
    } else {
        epoch().checked_add_days(Days::new(whole as u64))?
    };
    let milliseconds = ((days - whole) * DAY_MS).round().min(DAY_MS - 1.0) as u32;
    let time = NaiveTime::from_num_seconds_from_midnight_opt(
        milliseconds / 1_000,
        milliseconds % 1_000 * 1_000_000,
    )?;
    Some(date.and_time(time))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_read_at_the_wall_clock() {
        let read = |text| parse_date(text, -420).map(|date| date.days);
        assert_eq!(read("1970-01-02T00:00:00Z"), Some(1.0 - 7.0 / 24.0));
        assert_eq!(read("1970-01-01T12:00:00.000-07:00"), Some(0.5));
        assert_eq!(read("1970-01-01T12:00-0700"), Some(0.5));
        assert_eq!(read("1970-1-2"), Some(1.0));
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in ["", "2020", "2020-13-01", "2021-02-29", "2020-01-01T25:00", "2020-01-01T", "20-01-01"] {
            assert_eq!(parse_date(text, 0), None, "{text}");
        }
        for zone in ["+99999999999", "+-1", "+24:00", "+aa:bb", "-", "+\u{e9}a"] {
            assert_eq!(parse_date(&format!("2020-01-01T10:00:00{zone}"), 0), None, "{zone}");
        }
    }
}
