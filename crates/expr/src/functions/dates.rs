//! Functions over days and moments. A day is what a calendar on the wall says; a moment has a time of day and knows
//! the device's offset from UTC. As numbers both are days since 1970-01-01.

use chrono::{Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, Timelike};

use super::{Call, Given};
use crate::error::{EvalError, EvalErrorKind};
use crate::instance::Instance;
use crate::value::{DateValue, Value, text_number};

const DAY_MS: f64 = 86_400_000.0;

pub(super) fn call<I: Instance>(call: &Call<'_, '_, '_, I>, name: &str) -> Option<Given<I>> {
    let offset = call.run.context.offset_minutes;
    Some(match name {
        "today" => Ok(Value::Date(DateValue {
            days: wall_now(call).floor(),
            offset_minutes: offset,
            has_time: false,
        })),
        "now" => Ok(Value::Date(DateValue { days: wall_now(call), offset_minutes: offset, has_time: true })),
        "date" => to_date(call).map(|date| match date {
            Some(date) => Value::Date(DateValue { days: date.days.floor(), has_time: false, ..date }),
            None => Value::Text(String::new()),
        }),
        "date-time" => to_date(call).map(|date| match date {
            Some(date) => Value::Date(DateValue { has_time: true, ..date }),
            None => Value::Text(String::new()),
        }),
        "decimal-date-time" => to_date(call).map(|date| {
            Value::Number(date.map_or(f64::NAN, |date| date.days - f64::from(date.offset_minutes) / 1_440.0))
        }),
        "decimal-time" => call.text(0).map(|text| Value::Number(decimal_time(&text))),
        "format-date" | "format-date-time" => format(call),
        _ => return None,
    })
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of this age fit in 53 bits")]
fn wall_now<I: Instance>(call: &Call<'_, '_, '_, I>) -> f64 {
    let context = call.run.context;
    (context.now_ms + i64::from(context.offset_minutes) * 60_000) as f64 / DAY_MS
}

/// The argument as a day or moment; nothing where it is empty; an error where it is neither.
fn to_date<I: Instance>(call: &Call<'_, '_, '_, I>) -> Result<Option<DateValue>, EvalError> {
    let offset_minutes = call.run.context.offset_minutes;
    let of_days = |days: f64| DateValue {
        days: days + f64::from(offset_minutes) / 1_440.0 * f64::from(u8::from(days.fract() != 0.0)),
        offset_minutes,
        has_time: days.fract() != 0.0,
    };
    match call.value(0)? {
        Value::Date(date) => Ok(Some(date)),
        Value::Number(days) => Ok(days.is_finite().then(|| of_days(days))),
        other => {
            let text = call.run.text(&other);
            if text.trim().is_empty() {
                return Ok(None);
            }
            let number = text_number(&text);
            let date =
                if number.is_nan() { parse_date(&text, offset_minutes) } else { Some(of_days(number)) };
            date.map(Some).ok_or_else(|| EvalErrorKind::Type("not a date").into())
        }
    }
}

/// Reads `YYYY-MM-DD`, with a time of day after `T` and a zone after that.
pub(crate) fn parse_date(text: &str, offset_minutes: i32) -> Option<DateValue> {
    let text = text.trim();
    let (day, time) = text.split_once('T').map_or((text, None), |(day, time)| (day, Some(time)));
    let days = day_number(day)?;
    let Some(time) = time else { return Some(DateValue { days, offset_minutes, has_time: false }) };
    let zone_at = time.rfind(['Z', '+', '-']);
    let (clock, zone) = zone_at.map_or((time, None), |at| {
        (time.get(..at).unwrap_or_default(), Some(time.get(at..).unwrap_or_default()))
    });
    let written = match zone {
        None => offset_minutes,
        Some("Z") => 0,
        Some(zone) => zone_minutes(zone)?,
    };
    let moved = f64::from(offset_minutes - written) / 1_440.0;
    Some(DateValue { days: days + clock_fraction(clock)? + moved, offset_minutes, has_time: true })
}

fn day_number(text: &str) -> Option<f64> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let short =
        |part: &str| !part.is_empty() && part.len() <= 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    if parts.next().is_some() || year.len() != 4 || !short(month) || !short(day) {
        return None;
    }
    let date = NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)?;
    Some(f64::from(date.num_days_from_ce() - epoch().num_days_from_ce()))
}

fn epoch() -> NaiveDate {
    NaiveDate::default()
}

fn zone_minutes(zone: &str) -> Option<i32> {
    let (sign, rest) = match zone.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':').unwrap_or((rest, "0"));
    Some(sign * (hours.parse::<i32>().ok()? * 60 + minutes.parse::<i32>().ok()?))
}

fn clock_fraction(clock: &str) -> Option<f64> {
    let time = NaiveTime::parse_from_str(clock, "%H:%M:%S%.f")
        .or_else(|_| NaiveTime::parse_from_str(clock, "%H:%M"));
    let time = time.ok()?;
    Some(f64::from(time.num_seconds_from_midnight()) / 86_400.0 + f64::from(time.nanosecond()) / 86_400e9)
}

fn decimal_time(text: &str) -> f64 {
    let clock = text.split(['Z', '+', '-']).next().unwrap_or_default();
    clock_fraction(clock).unwrap_or(f64::NAN)
}

/// A day or moment as ODK writes it.
pub(crate) fn date_text(date: DateValue) -> String {
    let Some(moment) = moment(date.days) else { return String::new() };
    if !date.has_time {
        return moment.format("%Y-%m-%d").to_string();
    }
    let sign = if date.offset_minutes < 0 { '-' } else { '+' };
    let minutes = date.offset_minutes.abs();
    format!("{}{sign}{:02}:{:02}", moment.format("%Y-%m-%dT%H:%M:%S%.3f"), minutes / 60, minutes % 60)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to lie in the calendar")]
fn moment(days: f64) -> Option<NaiveDateTime> {
    if !(-1_000_000.0..10_000_000.0).contains(&days) {
        return None;
    }
    let whole = days.floor();
    let date = if whole < 0.0 {
        epoch().checked_sub_days(Days::new(-whole as u64))?
    } else {
        epoch().checked_add_days(Days::new(whole as u64))?
    };
    let milliseconds = ((days - whole) * DAY_MS).round() as u32;
    let time = NaiveTime::from_num_seconds_from_midnight_opt(
        (milliseconds / 1_000).min(86_399),
        milliseconds % 1_000 * 1_000_000,
    )?;
    Some(date.and_time(time))
}

fn format<I: Instance>(call: &Call<'_, '_, '_, I>) -> Given<I> {
    let Some(date) = to_date(call)? else { return Ok(Value::Text(String::new())) };
    let Some(moment) = moment(date.days) else { return Ok(Value::Text(String::new())) };
    let mut text = String::new();
    let pattern = call.text(1)?;
    let mut symbols = pattern.chars();
    while let Some(symbol) = symbols.next() {
        if symbol != '%' {
            text.push(symbol);
            continue;
        }
        let code = symbols.next().ok_or(EvalErrorKind::Type("a date format ends in %"))?;
        text.push_str(&field(code, moment)?);
    }
    Ok(Value::Text(text))
}

fn field(code: char, moment: NaiveDateTime) -> Result<String, EvalError> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (date, time) = (moment.date(), moment.time());
    Ok(match code {
        'Y' => format!("{:04}", date.year()),
        'y' => format!("{:02}", date.year().rem_euclid(100)),
        'm' => format!("{:02}", date.month()),
        'n' => date.month().to_string(),
        'b' => MONTHS.get(date.month0() as usize).copied().unwrap_or_default().to_owned(),
        'd' => format!("{:02}", date.day()),
        'e' => date.day().to_string(),
        'H' => format!("{:02}", time.hour()),
        'h' => time.hour().to_string(),
        'M' => format!("{:02}", time.minute()),
        'S' => format!("{:02}", time.second()),
        '3' => format!("{:03}", time.nanosecond() / 1_000_000),
        'a' => date.weekday().to_string(),
        'W' => date.iso_week().week().to_string(),
        '%' => "%".to_owned(),
        _ => return Err(EvalErrorKind::Type("a date format has a code that there is not").into()),
    })
}
