//! The summary of a pull: by region and wave how many, the mean, and the share at or above the threshold, as figures
//! and as a bar. Missing scores are counted as missing and enter no mean.

use std::collections::BTreeMap;

use comfy_table::{CellAlignment, Table};
use teranga_core::score::{COMPOSITE, Fraction};

use super::rows::ScoredRow;
use crate::field::table;
use crate::messages::Messages;
use crate::say::say;

/// Cells of a bar at 100 %.
const BAR: usize = 20;

/// The figures of one region and wave.
#[derive(Debug, Default, Clone, PartialEq)]
struct Figures {
    /// Composite scores.
    scores: Vec<Fraction>,
    /// How many of them reach the threshold.
    sufficient: usize,
    /// Records without a score.
    missing: usize,
}

impl Figures {
    /// The mean, at two places; none where there is no score.
    fn mean(&self) -> Option<String> {
        let sum = self.scores.iter().try_fold(Fraction::ZERO, |sum, score| sum.plus(*score)).ok()?;
        let count = format!("{}", self.scores.len()).parse().ok()?;
        Some(sum.over(count).ok()??.decimal(2))
    }
}

/// The figures of each region and wave.
fn figures<'a>(rows: impl IntoIterator<Item = &'a ScoredRow>) -> BTreeMap<(String, String), Figures> {
    let mut all: BTreeMap<(String, String), Figures> = BTreeMap::new();
    for row in rows.into_iter().filter(|row| row.counted) {
        let figures = all.entry((row.region.clone(), row.wave.clone())).or_default();
        let composite = row.scores.scores.iter().find(|score| score.name == COMPOSITE);
        match composite.and_then(|score| score.value.as_deref()).and_then(|value| value.parse().ok()) {
            Some(score) => figures.scores.push(score),
            None => figures.missing += 1,
        }
        figures.sufficient += usize::from(composite.and_then(|score| score.sufficient) == Some(true));
    }
    all
}

/// Prints the summary: a table for each scheme, for figures of two schemes have no common mean.
pub(super) fn print(rows: &[ScoredRow], messages: &Messages) {
    let mut schemes: BTreeMap<(&str, &str), Vec<&ScoredRow>> = BTreeMap::new();
    for row in rows {
        schemes.entry((&row.scores.scheme, &row.scores.status)).or_default().push(row);
    }
    say!("\n{}", messages.text(if schemes.is_empty() { "summary-none" } else { "summary-title" }));
    for ((scheme, status), rows) in schemes {
        say!("{}", table_of(&figures(rows), messages));
        let scheme = format!("{scheme} ({})", messages.text(&format!("scheme-{status}")));
        say!("{}", messages.with("summary-scheme", &[("scheme", &scheme)]));
    }
    let told = [
        ("summary-left-out", rows.iter().filter(|row| !row.counted).count()),
        ("summary-conflicts", rows.iter().filter(|row| row.counted && row.conflicts > 0).count()),
        ("summary-stale", rows.iter().filter(|row| row.counted && row.scores.stale).count()),
    ];
    for (key, count) in told.into_iter().filter(|(_, count)| *count > 0) {
        say!("{}", messages.with(key, &[("count", &count.to_string())]));
    }
}

fn table_of(figures: &BTreeMap<(String, String), Figures>, messages: &Messages) -> Table {
    let headings = [
        "column-region",
        "column-wave",
        "column-n",
        "column-missing",
        "column-mean",
        "column-share",
        "column-bar",
    ];
    let mut table = table(messages, &headings);
    for ((region, wave), figures) in figures {
        let n = figures.scores.len();
        let share = |of: usize| (figures.sufficient * of * 2 + n) / (n * 2).max(1);
        table.add_row([
            region.clone(),
            wave.clone(),
            n.to_string(),
            figures.missing.to_string(),
            figures.mean().unwrap_or_else(|| "-".to_owned()),
            if n == 0 { "-".to_owned() } else { format!("{} %", share(100)) },
            "█".repeat(share(BAR)) + &"·".repeat(BAR.saturating_sub(share(BAR))),
        ]);
    }
    for column in table.column_iter_mut().filter(|column| (2..6).contains(&column.index)) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

#[cfg(test)]
mod tests {
    use teranga_office::consolidate::{PulledScore, PulledScores};

    use super::*;

    fn row(value: Option<&str>, counted: bool) -> ScoredRow {
        let score = PulledScore {
            name: COMPOSITE.into(),
            value: value.map(str::to_owned),
            coverage: None,
            sufficient: value.map(|value| value >= "0.5"),
        };
        let (scheme, status) = ("s@1".into(), "provisional".into());
        ScoredRow {
            record: String::new(),
            case: String::new(),
            wave: "m3".into(),
            region: "SN-KL".into(),
            sex: String::new(),
            age_band: None,
            conflicts: 0,
            alike: 1,
            counted,
            scores: PulledScores { scheme, status, stale: false, scores: vec![score] },
        }
    }

    #[test]
    fn a_missing_score_is_missing_and_not_zero() {
        let all = figures(&[row(Some("0.2500"), true), row(Some("0.7500"), true), row(None, true)]);
        let figures = &all[&("SN-KL".to_owned(), "m3".to_owned())];
        assert_eq!((figures.scores.len(), figures.missing, figures.sufficient), (2, 1, 1));
        assert_eq!(figures.mean().as_deref(), Some("0.50"));
        assert_eq!(Figures::default().mean(), None);
    }

    #[test]
    fn of_two_interviews_of_one_case_and_wave_one_enters_the_figures() {
        let all = figures(&[row(Some("0.2500"), false), row(Some("0.7500"), true)]);
        assert_eq!(all[&("SN-KL".to_owned(), "m3".to_owned())].mean().as_deref(), Some("0.75"));
    }
}
