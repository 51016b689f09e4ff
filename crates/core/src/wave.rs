//! Waves: the round of a survey, derived from the day of the interview and a date of the case. A day outside every
//! window still belongs to the nearest round; the agent is told, not stopped.

use chrono::{Days, Months, NaiveDate};

use crate::form::{WaveWindow, Waves};

/// The round that a day belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Round {
    /// The code of the wave.
    pub wave: String,
    /// How the day lies.
    pub fit: Fit,
}

/// How a day lies to a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    /// Within.
    Within,
    /// So many days outside.
    Outside {
        /// Days between the window's nearer end and the day.
        days: u64,
    },
}

/// The round of a day, counted from the anchor; none where there are no windows or the calendar ends.
pub fn round(waves: &Waves, anchor: NaiveDate, day: NaiveDate) -> Option<Round> {
    waves
        .windows
        .iter()
        .filter_map(|window| Some((distance(window, anchor, day)?, window)))
        .min_by_key(|(distance, _)| *distance)
        .map(|(days, window)| Round {
            wave: window.wave.clone(),
            fit: if days == 0 { Fit::Within } else { Fit::Outside { days } },
        })
}

fn distance(window: &WaveWindow, anchor: NaiveDate, day: NaiveDate) -> Option<u64> {
    let middle = if window.months >= 0 {
        anchor.checked_add_months(Months::new(window.months.unsigned_abs()))?
    } else {
        anchor.checked_sub_months(Months::new(window.months.unsigned_abs()))?
    };
    let (first, last) = (shift(middle, window.from_days)?, shift(middle, window.to_days)?);
    let outside = if day < first { first - day } else { day - last };
    Some(u64::try_from(outside.num_days()).unwrap_or(0))
}

fn shift(date: NaiveDate, days: i32) -> Option<NaiveDate> {
    let count = Days::new(u64::from(days.unsigned_abs()));
    if days < 0 { date.checked_sub_days(count) } else { date.checked_add_days(count) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_belongs_to_its_window_or_to_the_nearest() {
        let window =
            |wave: &str, months| WaveWindow { wave: wave.into(), months, from_days: -30, to_days: 45 };
        let waves =
            Waves { anchor: "return_date".into(), windows: vec![window("baseline", 0), window("m6", 6)] };
        let day = |text: &str| NaiveDate::parse_from_str(text, "%Y-%m-%d").unwrap();
        let anchor = day("2026-01-31");
        let at = |text| round(&waves, anchor, day(text)).unwrap();
        assert_eq!(at("2026-02-10"), Round { wave: "baseline".into(), fit: Fit::Within });
        assert_eq!(at("2026-07-31"), Round { wave: "m6".into(), fit: Fit::Within });
        assert_eq!(at("2026-03-20"), Round { wave: "baseline".into(), fit: Fit::Outside { days: 3 } });
        assert_eq!(at("2027-07-31").wave, "m6");
    }
}
