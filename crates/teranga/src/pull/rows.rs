//! Scored records with the facts of their case. Two interviews of one case in one wave are both kept as rows, but the
//! case counts once: with the record that was begun last.

use std::collections::BTreeMap;

use teranga_core::id::RecordId;
use teranga_office::consolidate::{PulledBand, PulledRecord, PulledScores};

use super::holdings::{Holdings, form_id};

/// One scored record with the facts of its case that figures are broken down by.
#[derive(Debug, Clone)]
pub(super) struct ScoredRow {
    /// The record.
    pub(super) record: String,
    /// Its case.
    pub(super) case: String,
    /// The wave.
    pub(super) wave: String,
    /// The region.
    pub(super) region: String,
    /// The case's sex, where it is open.
    pub(super) sex: String,
    /// The case's age band at return.
    pub(super) age_band: Option<PulledBand>,
    /// Answers of the record that hold two values.
    pub(super) conflicts: usize,
    /// How many records of this form share its case and wave, itself among them.
    pub(super) alike: usize,
    /// Whether figures count it: of those alike, the one begun last.
    pub(super) counted: bool,
    /// The scores.
    pub(super) scores: PulledScores,
}

/// What makes records alike: form, case and wave.
type Likeness = (String, RecordId, String);

/// Every record that counts and is scored, in the order in which they were begun.
pub(super) fn rows(holdings: &Holdings) -> Vec<ScoredRow> {
    let mut alike: BTreeMap<Likeness, Vec<RecordId>> = BTreeMap::new();
    for record in holdings.counting().filter(|record| record.scores.is_some()) {
        if let Some(likeness) = likeness(record) {
            alike.entry(likeness).or_default().push(record.record);
        }
    }
    let of = |record: &PulledRecord| likeness(record).and_then(|likeness| alike.get(&likeness));
    let scored = holdings.counting().filter_map(|record| Some((record, record.scores.clone()?)));
    scored.map(|(record, scores)| row(holdings, record, scores, of(record))).collect()
}

/// A record without a case or a wave is like no other.
fn likeness(record: &PulledRecord) -> Option<Likeness> {
    Some((form_id(record)?, record.case?, record.wave.clone()?))
}

fn row(
    holdings: &Holdings,
    record: &PulledRecord,
    scores: PulledScores,
    alike: Option<&Vec<RecordId>>,
) -> ScoredRow {
    let case = holdings.case_of(record);
    let sex = case.and_then(|case| case.values.get("sex")).and_then(serde_json::Value::as_str);
    ScoredRow {
        record: record.record.to_string(),
        case: record.case.map(|case| case.to_string()).unwrap_or_default(),
        wave: record.wave.clone().unwrap_or_default(),
        region: record.region.clone().unwrap_or_default(),
        sex: sex.unwrap_or_default().to_owned(),
        age_band: case.and_then(|case| case.age_band.clone()),
        conflicts: record.conflicts,
        alike: alike.map_or(1, Vec::len),
        // Identities begin with the time at which the record was begun.
        counted: alike.is_none_or(|alike| alike.iter().max() == Some(&record.record)),
        scores,
    }
}
