//! Releases: the only way down. A release names a value derived from a stricter class and the freer class that it may
//! be written in. It is computed where its inputs are held and written with what it was computed by and from, so that
//! whoever holds only the result can see whether it is stale.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::alert::{Severity, Watch};
use crate::class::ClassId;
use crate::flow::{Filling, Shown};
use crate::id::ChangeHash;
use crate::key::Key;
use crate::record::keys;
use crate::score::{Fraction, FractionError, Scheme, score};
use crate::value::Value;

/// How a released value is derived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Rule {
    /// The scores of a scheme.
    Scores {
        /// The scheme.
        scheme: String,
    },
    /// The age band of a person on a day.
    AgeBand {
        /// The question with the date of birth: `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.
        birth: String,
        /// The question with the day.
        at: String,
        /// The first age of each band, rising from 0.
        bands: Vec<u32>,
    },
    /// Whether a condition holds.
    Flag {
        /// The condition, in the language of the form's own expressions.
        when: String,
    },
    /// The code that was chosen.
    Code {
        /// The question.
        question: String,
    },
    /// How grave the gravest alert is that the answers raise; which one it is stays where its class is held.
    Alerts {},
}

/// A release as data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Release {
    /// The identity over all versions.
    pub release_id: String,
    /// The version.
    pub version: String,
    /// The form whose answers it reads.
    pub form: String,
    /// The class in which the result may be written.
    pub to: ClassId,
    /// How it is derived.
    pub rule: Rule,
}

/// A score as it was released.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleasedScore {
    /// The score; none where too little was answered.
    pub value: Option<Fraction>,
    /// How much of what could be was answered; none where nothing applied.
    pub coverage: Option<Fraction>,
}

/// A released value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Derived {
    /// The scores by name.
    Scores(BTreeMap<String, ReleasedScore>),
    /// The age band, such as `25-34` or `60+`; none where the age is not known.
    AgeBand(Option<String>),
    /// Whether the condition holds.
    Flag(bool),
    /// The code; none where none was chosen.
    Code(Option<String>),
    /// The gravest alert; none where no alert is raised.
    Alert(Option<Severity>),
}

/// A released value with what it was derived by and from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Released {
    /// The scheme or release and its version.
    pub by: String,
    /// The mark of the inputs' heads.
    pub inputs: InputMark,
    /// The value.
    pub derived: Derived,
}

/// A short mark of the heads of the parts that a release read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InputMark([u8; 8]);

impl InputMark {
    /// The mark of these heads, by class.
    pub fn of(heads: &BTreeMap<ClassId, Vec<ChangeHash>>) -> Self {
        let mut hasher = Sha256::new();
        for (class, heads) in heads {
            hasher.update(class.as_str().as_bytes());
            hasher.update([0]);
            for head in heads {
                hasher.update(head.as_bytes());
            }
        }
        let [a, b, c, d, e, f, g, h, ..]: [u8; 32] = hasher.finalize().into();
        Self([a, b, c, d, e, f, g, h])
    }
}

impl Release {
    /// The envelope's key under which the result stands.
    pub fn key(&self) -> Key {
        Key::question(keys::RELEASE).child(&self.release_id)
    }

    /// How results name it: `age-band@1`.
    pub fn reference(&self) -> String {
        format!("{}@{}", self.release_id, self.version)
    }

    /// The questions that it names; what a condition reads is told by the condition. `scheme` is the one that the rule
    /// names, where it names one.
    pub fn reads<'a>(&'a self, scheme: Option<&'a Scheme>) -> Vec<&'a str> {
        match &self.rule {
            Rule::Scores { .. } => {
                let items = scheme.into_iter().flat_map(|scheme| &scheme.items);
                items.map(|item| item.question.as_str()).collect()
            }
            Rule::AgeBand { birth, at, .. } => vec![birth, at],
            Rule::Code { question } => vec![question],
            Rule::Flag { .. } | Rule::Alerts {} => Vec::new(),
        }
    }

    /// Derives a score or an age band; `None` for a rule that [`Release::judge`] derives. `scheme` is the one that the rule names, where it names one.
    pub fn derive(
        &self,
        scheme: Option<&Scheme>,
        answers: &BTreeMap<Key, Value>,
        skipped: &dyn Fn(&str) -> bool,
        inputs: InputMark,
    ) -> Result<Option<Released>, FractionError> {
        let own = self.reference();
        Ok(match (&self.rule, scheme) {
            (Rule::Scores { .. }, Some(scheme)) => {
                let scores = score(scheme, answers, skipped)?.into_iter().map(|score| {
                    (score.name, ReleasedScore { value: score.value, coverage: score.coverage })
                });
                Some(Released { by: scheme.reference(), inputs, derived: Derived::Scores(scores.collect()) })
            }
            (Rule::AgeBand { birth, at, bands }, _) => {
                let text = |question: &str| match answers.get(&Key::question(question)) {
                    Some(Value::Text(text)) => Some(text.as_str()),
                    _ => None,
                };
                let age = text(birth).zip(text(at)).and_then(|(birth, at)| age_on(birth, at));
                let derived = Derived::AgeBand(age.map(|age| band(age, bands)));
                Some(Released { by: own, inputs, derived })
            }
            (Rule::Scores { .. }, None) | (Rule::Flag { .. } | Rule::Code { .. } | Rule::Alerts {}, _) => {
                None
            }
        })
    }

    /// Derives what only a filling tells: a flag, a code, the gravest alert. `None` for the other rules, and where it
    /// cannot be told here, so that what stands is not overwritten by less. `watches` are the alerts of the form.
    pub fn judge(&self, filling: &Filling, watches: &[Watch<'_>], inputs: InputMark) -> Option<Released> {
        let derived = match &self.rule {
            Rule::Scores { .. } | Rule::AgeBand { .. } => return None,
            Rule::Flag { when } => {
                let condition = filling.form().condition(&self.release_id, when).ok()?;
                Derived::Flag(filling.fulfils(&condition)?)
            }
            Rule::Code { question } => match filling.shown(&Key::question(question))? {
                Shown::Hidden => return None,
                Shown::Answered(Value::Text(code)) => Derived::Code(Some(code)),
                Shown::Answered(_) | Shown::NotAsked | Shown::Skipped | Shown::DontKnow | Shown::Declined => {
                    Derived::Code(None)
                }
            },
            Rule::Alerts {} => {
                let stand: Option<Vec<bool>> = watches.iter().map(|watch| watch.stands(filling)).collect();
                let standing = watches.iter().zip(stand?).filter(|(_, stands)| *stands);
                Derived::Alert(standing.map(|(watch, _)| watch.alert().severity).max())
            }
        };
        Some(Released { by: self.reference(), inputs, derived })
    }
}

/// The age in whole years on a day, by a date of birth that may lack its day or month; what is lacking counts as the
/// middle.
pub fn age_on(birth: &str, at: &str) -> Option<u32> {
    let at = NaiveDate::parse_from_str(at.get(..10)?, "%Y-%m-%d").ok()?;
    let mut parts = birth.split('-');
    let year: i32 = parts.next()?.parse().ok()?;
    let month: u32 = parts.next().map_or(Ok(7), str::parse).ok()?;
    let day: u32 = parts.next().map_or(Ok(if birth.len() == 4 { 1 } else { 15 }), str::parse).ok()?;
    let birth = NaiveDate::from_ymd_opt(year, month, day)?;
    let before = (at.month(), at.day()) < (birth.month(), birth.day());
    u32::try_from(at.year() - birth.year() - i32::from(before)).ok()
}

fn band(age: u32, bands: &[u32]) -> String {
    let from = bands.iter().rev().find(|from| **from <= age).copied().unwrap_or_default();
    match bands.iter().find(|next| **next > from) {
        Some(next) => format!("{from}-{}", next - 1),
        None => format!("{from}+"),
    }
}

/// `by inputs name=value/coverage …`; `-` where there is none.
impl std::fmt::Display for Released {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let inputs = self.inputs.0.iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        });
        write!(f, "{} {inputs}", self.by)?;
        let digits = |fraction: &Option<Fraction>| fraction.map_or_else(|| "-".to_owned(), |f| f.decimal(4));
        match &self.derived {
            Derived::Scores(scores) => scores.iter().try_for_each(|(name, score)| {
                write!(f, " {name}={}/{}", digits(&score.value), digits(&score.coverage))
            }),
            Derived::AgeBand(band) => write!(f, " age_band={}", band.as_deref().unwrap_or("-")),
            Derived::Flag(yes) => write!(f, " flag={}", if *yes { "yes" } else { "no" }),
            Derived::Code(code) => write!(f, " code={}", code.as_deref().unwrap_or("-")),
            Derived::Alert(alert) => write!(f, " alert={}", alert.map_or("-", Severity::code)),
        }
    }
}

impl Released {
    /// Reads what was written; `None` for what a newer version wrote.
    pub fn read(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let (by, mark) = (words.next()?.to_owned(), words.next()?);
        let byte = |at: usize| u8::from_str_radix(mark.get(at..at + 2)?, 16).ok();
        let bytes: Option<Vec<u8>> = (0..16).step_by(2).map(byte).collect();
        let inputs = InputMark(bytes?.try_into().ok()?);
        let pairs: Vec<(&str, &str)> = words.map(|word| word.split_once('=')).collect::<Option<_>>()?;
        let number = |text: &str| if text == "-" { Some(None) } else { text.parse().ok().map(Some) };
        let code = |text: &str| (text != "-").then(|| text.to_owned());
        let derived = match pairs.as_slice() {
            [("age_band", band)] => Derived::AgeBand(code(band)),
            [("flag", "yes")] => Derived::Flag(true),
            [("flag", "no")] => Derived::Flag(false),
            [("code", chosen)] => Derived::Code(code(chosen)),
            [("alert", "-")] => Derived::Alert(None),
            [("alert", severity)] => Derived::Alert(Some(Severity::from_code(severity)?)),
            _ => {
                let score = |(name, score): (&str, &str)| {
                    let (value, coverage) = score.split_once('/')?;
                    let score = ReleasedScore { value: number(value)?, coverage: number(coverage)? };
                    Some((name.to_owned(), score))
                };
                Derived::Scores(pairs.into_iter().map(score).collect::<Option<_>>()?)
            }
        };
        Some(Self { by, inputs, derived })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        let score = |value: Option<&str>| ReleasedScore {
            value: value.map(|value| value.parse().unwrap()),
            coverage: Some(Fraction::ONE),
        };
        let scores =
            BTreeMap::from([("economic".into(), score(Some("0.6250"))), ("social".into(), score(None))]);
        for derived in [
            Derived::Scores(scores),
            Derived::AgeBand(Some("25-34".into())),
            Derived::AgeBand(None),
            Derived::Flag(true),
            Derived::Flag(false),
            Derived::Code(Some("critical".into())),
            Derived::Code(None),
            Derived::Alert(Some(Severity::High)),
            Derived::Alert(None),
        ] {
            let released = Released { by: "rss-equal@1".into(), inputs: InputMark([7; 8]), derived };
            assert_eq!(Released::read(&released.to_string()), Some(released));
        }
        assert_eq!(Released::read("later something"), None);
    }

    #[test]
    fn ages_keep_the_edge_between_17_and_18() {
        assert_eq!(age_on("2008-03-15", "2026-03-14"), Some(17));
        assert_eq!(age_on("2008-03-15", "2026-03-15"), Some(18));
        assert_eq!(age_on("2008", "2026-06-30"), Some(17));
        assert_eq!(age_on("2008", "2026-07-01"), Some(18));
        assert_eq!(age_on("2030-01-01", "2026-01-01"), None);
        let bands = [0, 15, 18, 25, 60];
        assert_eq!(
            (band(17, &bands), band(18, &bands), band(99, &bands)),
            ("15-17".into(), "18-24".into(), "60+".into())
        );
    }
}
