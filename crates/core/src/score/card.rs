//! All scores of one record under one scheme, and what changed between two rounds. Scores under different schemes are
//! not compared: their numbers look alike and mean other things. Answers stay, so both rounds can be computed anew
//! under one scheme.

use std::collections::BTreeMap;

use super::{Fraction, FractionError, Scheme, SchemeStatus, Score, score};
use crate::key::Key;
use crate::problem::Explain;
use crate::value::Value;

/// The scores of one record, with the scheme that gave them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scorecard {
    /// The scheme and its version: `rss-equal@1`.
    pub scheme: String,
    /// Who stands behind the scheme.
    pub status: SchemeStatus,
    /// The dimensions in the order of the scheme, and the composite last.
    pub scores: Vec<Score>,
}

/// How one score moved between two rounds of one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shift {
    /// The dimension, or `composite`.
    pub name: String,
    /// The earlier score.
    pub earlier: Option<Fraction>,
    /// The later score.
    pub later: Option<Fraction>,
    /// The later less the earlier, from -1 to 1; none where either is missing: a missing score is not 0.
    pub by: Option<Fraction>,
}

/// Why two rounds are not compared.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CompareError {
    /// They were scored under different schemes, or different versions of one.
    #[error("scored under {earlier} and under {later}: compute both under one of them, then compare")]
    OtherScheme {
        /// The scheme of the earlier round.
        earlier: String,
        /// The scheme of the later round.
        later: String,
    },
    /// A difference that does not fit.
    #[error(transparent)]
    Fraction(#[from] FractionError),
}

impl Explain for CompareError {
    fn code(&self) -> &'static str {
        match self {
            Self::OtherScheme { .. } => "scores-other-scheme",
            Self::Fraction(_) => "score-overflow",
        }
    }

    fn arguments(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::OtherScheme { earlier, later } => {
                vec![("earlier", earlier.clone()), ("later", later.clone())]
            }
            Self::Fraction(_) => Vec::new(),
        }
    }
}

impl Scorecard {
    /// Scores answers under a scheme, for the first time or anew: what was scored under another scheme before is
    /// computed from the same answers. `skipped` says which questions the form's logic left out.
    pub fn compute(
        scheme: &Scheme,
        answers: &BTreeMap<Key, Value>,
        skipped: &dyn Fn(&str) -> bool,
    ) -> Result<Self, FractionError> {
        let scores = score(scheme, answers, skipped)?;
        Ok(Self { scheme: scheme.reference(), status: scheme.status, scores })
    }

    /// What changed since an earlier round of the same person, score by score.
    pub fn since(&self, earlier: &Self) -> Result<Vec<Shift>, CompareError> {
        if self.scheme != earlier.scheme {
            let (earlier, later) = (earlier.scheme.clone(), self.scheme.clone());
            return Err(CompareError::OtherScheme { earlier, later });
        }
        let shifts = self.scores.iter().map(|later| {
            let earlier = earlier.scores.iter().find(|score| score.name == later.name);
            let earlier = earlier.and_then(|score| score.value);
            let by = earlier.zip(later.value).map(|(earlier, later)| later.minus(earlier)).transpose()?;
            Ok(Shift { name: later.name.clone(), earlier, later: later.value, by })
        });
        shifts.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score::COMPOSITE;

    fn scheme(version: &str, weight: &str) -> Scheme {
        let item = |question: &str, dimension: &str, weight: &str| {
            serde_json::json!({"question": question, "dimension": dimension, "weight": weight,
                "composite_weight": weight, "map": {"yes": "1", "half": "1/2", "no": "0"}})
        };
        let dimension = |name: &str| serde_json::json!({"name": name, "label": name});
        serde_json::from_value(serde_json::json!({
            "scheme_id": "s", "version": version, "form": "f", "status": "local", "source": "test",
            "dimensions": [dimension("work"), dimension("home")],
            "items": [item("a", "work", "1"), item("b", "work", weight), item("c", "home", "1")],
            "threshold": "1/2", "min_coverage": "1/2", "places": 4
        }))
        .unwrap()
    }

    fn answers(given: &[(&str, &str)]) -> BTreeMap<Key, Value> {
        given.iter().map(|(question, code)| (Key::question(question), Value::text(*code))).collect()
    }

    fn card(scheme: &Scheme, given: &[(&str, &str)]) -> Scorecard {
        Scorecard::compute(scheme, &answers(given), &|_| false).unwrap()
    }

    #[test]
    fn shares_add_up_to_the_score_and_name_what_gave_it() {
        let card = card(&scheme("1", "3"), &[("a", "half"), ("b", "yes"), ("c", "no")]);
        let work = &card.scores[0];
        assert_eq!(work.value.map(|value| value.decimal(4)).as_deref(), Some("0.8750"));
        let told: Vec<_> = work
            .contributions
            .iter()
            .map(|given| (given.question.as_str(), given.weight.decimal(3), given.share.decimal(3)))
            .collect();
        assert_eq!(told, [("a", "0.250".into(), "0.125".into()), ("b", "0.750".into(), "0.750".into())]);
    }

    #[test]
    fn rounds_of_one_scheme_are_compared_and_what_is_missing_stays_missing() {
        let scheme = scheme("1", "1");
        let (before, after) = (
            card(&scheme, &[("a", "no"), ("b", "half")]),
            card(&scheme, &[("a", "yes"), ("b", "half"), ("c", "yes")]),
        );
        let shifts = after.since(&before).unwrap();
        let by = |name: &str| {
            let shift = shifts.iter().find(|shift| shift.name == name).unwrap();
            shift.by.map(|by| by.decimal(2))
        };
        assert_eq!(
            (by("work").as_deref(), by("home"), by(COMPOSITE).as_deref()),
            (Some("0.50"), None, Some("0.58"))
        );
    }

    #[test]
    fn rounds_of_different_schemes_are_refused_until_both_are_computed_under_one() {
        let (old, new) = (scheme("1", "1"), scheme("2", "3"));
        let (first, second) =
            ([("a", "no"), ("b", "yes"), ("c", "no")], [("a", "yes"), ("b", "no"), ("c", "no")]);
        let refused = card(&new, &second).since(&card(&old, &first)).unwrap_err();
        assert_eq!(refused, CompareError::OtherScheme { earlier: "s@1".into(), later: "s@2".into() });
        assert_eq!(refused.code(), "scores-other-scheme");
        let work = |shifts: Vec<Shift>| shifts[0].by.unwrap().decimal(2);
        assert_eq!(work(card(&old, &second).since(&card(&old, &first)).unwrap()), "0.00");
        assert_eq!(work(card(&new, &second).since(&card(&new, &first)).unwrap()), "-0.50");
    }
}
