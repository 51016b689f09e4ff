//! Functions over days and moments. A day is what a calendar on the wall says; a moment has a time of day and knows
//! the device's offset from UTC. As numbers in comparisons and sums both are whole days since 1970-01-01, as in
//! Collect; `decimal-date-time` gives the fraction.

use chrono::{Datelike, NaiveDateTime, Timelike};

use super::calendar::{DAY_MS, moment, parse_date, time_of_day};
use super::{Call, Given};
use crate::error::{EvalError, EvalErrorKind};
use crate::instance::Instance;
use crate::value::{DateValue, Value, text_number};

#[derive(Debug, Clone, Copy)]
pub(super) enum Days {
    Date,
    DateTime,
    DecimalDateTime,
    DecimalTime,
    Format,
    Now,
    Today,
}

/// Numbers beyond this many days are no dates.
const DAYS_MAX: f64 = 2_147_483_647.0;

pub(super) fn call<I: Instance>(call: &Call<'_, '_, '_, I>, function: Days) -> Given<I> {
    let offset_minutes = call.run.context.offset_minutes;
    let nothing = || Value::Text(String::new());
    Ok(match function {
        Days::Today => day(wall_now(call).floor(), offset_minutes),
        Days::Now => Value::Date(DateValue { days: wall_now(call), offset_minutes, has_time: true }),
        Days::Date => match given(call)? {
            Some(Dated::Number(days)) => day(days.trunc(), offset_minutes),
            Some(Dated::Date(date)) => day(date.days.floor(), offset_minutes),
            None => nothing(),
        },
        Days::DateTime => given(call)?.map_or_else(nothing, |date| Value::Date(date.at(offset_minutes))),
        Days::DecimalDateTime => match given(call)? {
            Some(Dated::Number(days)) => Value::Number(days),
            Some(Dated::Date(date)) => Value::Number(date.utc_days()),
            None => Value::Number(f64::NAN),
        },
        Days::DecimalTime => Value::Number(decimal_time(call)?),
        Days::Format => match given(call)? {
            Some(date) => Value::Text(format(date.at(offset_minutes), &call.text(1)?)?),
            None => nothing(),
        },
    })
}

fn day<N>(days: f64, offset_minutes: i32) -> Value<N> {
    Value::Date(DateValue { days, offset_minutes, has_time: false })
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of this age fit in 53 bits")]
fn wall_now<I: Instance>(call: &Call<'_, '_, '_, I>) -> f64 {
    let context = call.run.context;
    (context.now_ms as f64 + f64::from(context.offset_minutes) * 60_000.0) / DAY_MS
}

/// What can be taken for a date.
enum Dated {
    Date(DateValue),
    /// Days since 1970-01-01T00:00:00Z.
    Number(f64),
}

impl Dated {
    /// As a day or moment by the wall clock at `offset_minutes`.
    fn at(self, offset_minutes: i32) -> DateValue {
        match self {
            Self::Date(date) => date,
            Self::Number(days) => {
                let days = days + f64::from(offset_minutes) / 1_440.0;
                DateValue { days, offset_minutes, has_time: true }
            }
        }
    }
}

/// The first argument as a date; nothing where it is empty or NaN; an error where it is neither.
fn given<I: Instance>(call: &Call<'_, '_, '_, I>) -> Result<Option<Dated>, EvalError> {
    let number = |days: f64| match days {
        days if days.is_nan() => Ok(None),
        days if days.abs() > DAYS_MAX => Err(EvalErrorKind::Type("a number too large for a date").into()),
        days => Ok(Some(Dated::Number(days))),
    };
    match call.value(0)? {
        Value::Date(date) => Ok(Some(Dated::Date(date))),
        Value::Number(days) => number(days),
        other => {
            let text = call.run.owned_text(other);
            if text.trim().is_empty() {
                return Ok(None);
            }
            if let Some(date) = parse_date(&text, call.run.context.offset_minutes) {
                return Ok(Some(Dated::Date(date)));
            }
            let days = text_number(&text);
            if days.is_nan() { Err(EvalErrorKind::Type("not a date").into()) } else { number(days) }
        }
    }
}

/// The part of the day by the wall clock, from 0 to below 1; of a time alone, too.
fn decimal_time<I: Instance>(call: &Call<'_, '_, '_, I>) -> Result<f64, EvalError> {
    let offset_minutes = call.run.context.offset_minutes;
    let value = call.value(0)?;
    if let Value::Text(_) | Value::Nodes(_) = value
        && let Some(time) = time_of_day(call.run.text(&value).trim(), offset_minutes)
    {
        return Ok(time.rem_euclid(1.0));
    }
    Ok(match given(call)? {
        Some(Dated::Number(days)) => days.rem_euclid(1.0),
        Some(Dated::Date(date)) => date.days.rem_euclid(1.0),
        None => f64::NAN,
    })
}

fn format(date: DateValue, pattern: &str) -> Result<String, EvalError> {
    let Some(moment) = moment(date.days) else { return Ok(String::new()) };
    let mut text = String::new();
    let mut symbols = pattern.chars();
    while let Some(symbol) = symbols.next() {
        if symbol != '%' {
            text.push(symbol);
            continue;
        }
        let code = symbols.next().ok_or(EvalErrorKind::Type("a date format ends in %"))?;
        text.push_str(&field(code, moment)?);
    }
    Ok(text)
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
