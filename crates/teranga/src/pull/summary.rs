//! The summary of a pull: by region and wave how many, the mean, and the share at or above the threshold, as figures
//! and as a bar. Missing scores are counted as missing and enter no mean.

use std::collections::BTreeMap;

use teranga_core::score::{COMPOSITE, Fraction};

use super::holdings::ScoredRow;
use crate::field::table;
use crate::messages::Messages;

/// Cells of a bar at 100 %.
const BAR: usize = 20;

/// The figures of one region and wave.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct Figures {
    /// Composite scores.
    pub(crate) scores: Vec<Fraction>,
    /// How many of them reach the threshold.
    pub(crate) sufficient: usize,
    /// Records without a score.
    pub(crate) missing: usize,
}

impl Figures {
    /// The mean, at two places; none where there is no score.
    pub(crate) fn mean(&self) -> Option<String> {
        let sum = self.scores.iter().try_fold(Fraction::ZERO, |sum, score| sum.plus(*score)).ok()?;
        let count = format!("{}", self.scores.len()).parse().ok()?;
        Some(sum.over(count).ok()??.decimal(2))
    }
}

/// The figures of each region and wave.
pub(crate) fn figures(rows: &[ScoredRow]) -> BTreeMap<(String, String), Figures> {
    let mut all: BTreeMap<(String, String), Figures> = BTreeMap::new();
    for row in rows {
        let figures = all.entry((row.region.clone(), row.wave.clone())).or_default();
        let scores = row.scores.iter().flat_map(|scores| &scores.scores);
        let composite = scores.into_iter().find(|score| score.name == COMPOSITE);
        match composite.and_then(|score| score.value.as_deref()).and_then(|value| value.parse().ok()) {
            Some(score) => figures.scores.push(score),
            None => figures.missing += 1,
        }
        figures.sufficient += usize::from(composite.and_then(|score| score.sufficient) == Some(true));
    }
    all
}

/// Prints the summary.
pub(crate) fn print(rows: &[ScoredRow], messages: &Messages) {
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
    for ((region, wave), figures) in figures(rows) {
        let n = figures.scores.len();
        let share = |of: usize| (figures.sufficient * of * 2 + n) / (n * 2).max(1);
        table.add_row([
            region,
            wave,
            n.to_string(),
            figures.missing.to_string(),
            figures.mean().unwrap_or_else(|| "-".to_owned()),
            if n == 0 { "-".to_owned() } else { format!("{} %", share(100)) },
            "█".repeat(share(BAR)) + &"·".repeat(BAR.saturating_sub(share(BAR))),
        ]);
    }
    println!("{table}");
    let schemes: std::collections::BTreeSet<String> = rows
        .iter()
        .filter_map(|row| row.scores.as_ref())
        .map(|scores| format!("{} ({})", scores.scheme, messages.text(&format!("scheme-{}", scores.status))))
        .collect();
    for scheme in schemes {
        println!("{}", messages.with("summary-scheme", &[("scheme", &scheme)]));
    }
}

#[cfg(test)]
mod tests {
    use teranga_office::consolidate::{PulledScore, PulledScores};

    use super::*;

    fn row(value: Option<&str>) -> ScoredRow {
        let score = PulledScore {
            name: COMPOSITE.into(),
            value: value.map(str::to_owned),
            coverage: None,
            sufficient: value.map(|value| value >= "0.5"),
        };
        let scores = PulledScores { scheme: "s@1".into(), status: "provisional".into(), scores: vec![score] };
        ScoredRow { region: "SN-KL".into(), wave: "m3".into(), scores: Some(scores), ..ScoredRow::default() }
    }

    #[test]
    fn a_missing_score_is_missing_and_not_zero() {
        let all = figures(&[row(Some("0.2500")), row(Some("0.7500")), row(None)]);
        let figures = &all[&("SN-KL".to_owned(), "m3".to_owned())];
        assert_eq!((figures.scores.len(), figures.missing, figures.sufficient), (2, 1, 1));
        assert_eq!(figures.mean().as_deref(), Some("0.50"));
        assert_eq!(Figures::default().mean(), None);
    }
}
