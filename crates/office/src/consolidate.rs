//! Consolidation: what headquarters' analysts pull. Records that changed since the last pull, with the values of the
//! classes that the token may read and no others, and their scores. What is not released to a token is hidden, and
//! hidden is neither empty nor zero.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use teranga_core::class::ClassId;
use teranga_core::flow::{Answers, Filling, FlowContext, Held, Opening, Shown};
use teranga_core::form::FormRef;
use teranga_core::id::RecordId;
use teranga_core::key::Key;
use teranga_core::problem::Problem;
use teranga_core::release::{Derived, Released, Rule};
use teranga_core::score::{Fraction, score};
use teranga_core::value::Value;
use teranga_store::StoreError;
use teranga_store::children::PullGrant;
use teranga_store::records::{PartView, RecordRow};

use crate::exchange::Rejected;
use crate::office::Office;

/// Records in one page.
const PAGE_RECORDS: usize = 2_000;

/// Where the last pull ended.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct Since {
    /// The highest number of a record that was pulled.
    #[serde(default)]
    pub touched: u64,
    /// How many resources were pulled.
    #[serde(default)]
    pub resources: usize,
}

/// One page of a pull.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Page {
    /// Resources that were published since.
    pub resources: Vec<PulledResource>,
    /// Records that changed since, the last change last.
    pub records: Vec<PulledRecord>,
    /// Where to go on.
    pub next: Since,
    /// Whether there is more.
    pub more: bool,
}

/// A published resource.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PulledResource {
    /// The kind.
    pub kind: String,
    /// Its text.
    pub json: String,
}

/// One record as the token may see it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PulledRecord {
    /// The record: random, and the only key that the rows of one record share.
    pub record: RecordId,
    /// The form and version it was opened with.
    pub form: String,
    /// The case of an assessment.
    pub case: Option<RecordId>,
    /// The wave.
    pub wave: Option<String>,
    /// The region.
    pub region: Option<String>,
    /// `open`, `submitted` or `voided`.
    pub state: String,
    /// The classes whose values are here.
    pub held: Vec<String>,
    /// The values, by key.
    pub values: Map<String, Json>,
    /// How many answers hold two values that nobody has settled.
    pub conflicts: usize,
    /// The scores, where a scheme scores the form.
    pub scores: Option<PulledScores>,
    /// The age band, where it is released.
    pub age_band: Option<String>,
}

/// The scores of one record.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PulledScores {
    /// The scheme and its version.
    pub scheme: String,
    /// Its status.
    pub status: String,
    /// Each score.
    pub scores: Vec<PulledScore>,
}

/// One score.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PulledScore {
    /// The dimension, or `composite`.
    pub name: String,
    /// The decimal digits; none where too little was answered.
    pub value: Option<String>,
    /// The share of weight that was answered.
    pub coverage: Option<String>,
    /// Whether it reaches the scheme's threshold; none where there is no score.
    pub sufficient: Option<bool>,
}

impl Office {
    /// One page of a pull, as JSON.
    pub fn pull(&self, token: &str, since: Since) -> Result<Vec<u8>, Rejected> {
        let unknown = || Rejected::new(Problem::Unauthorised, "the pull token is not known");
        let grant = self.replica().pull_grant(token)?.ok_or_else(unknown)?;
        let page = self.page(&grant, since)?;
        serde_json::to_vec(&page).map_err(|error| Rejected::new(Problem::Internal, error.to_string()))
    }

    fn page(&self, grant: &PullGrant, since: Since) -> Result<Page, StoreError> {
        let resources = self.replica().resources()?;
        let rows = self.replica().records_touched_after(since.touched, PAGE_RECORDS)?;
        let next = Since {
            touched: rows.last().map_or(since.touched, |row| row.touched),
            resources: resources.len(),
        };
        let more = rows.len() == PAGE_RECORDS;
        let records = rows
            .into_iter()
            .filter_map(|row| self.pulled(row, grant).transpose())
            .collect::<Result<_, _>>()?;
        let new = resources.into_iter().skip(since.resources);
        let resources = new.map(|row| PulledResource { kind: row.kind, json: row.json }).collect();
        Ok(Page { resources, records, next, more })
    }

    fn pulled(&self, row: RecordRow, grant: &PullGrant) -> Result<Option<PulledRecord>, StoreError> {
        let Some(form) = row.form.clone() else { return Ok(None) };
        let parts = self.replica().parts(row.record)?;
        let granted = |part: &&PartView| grant.classes.iter().any(|class| class == part.class.as_str());
        let mut values = Map::new();
        let mut conflicts = 0;
        for part in parts.iter().filter(granted) {
            conflicts += part.conflicts.len();
            let answers = part.values.iter().filter(|(key, _)| !key.is_envelope());
            values.extend(answers.map(|(key, value)| (key.to_string(), value.to_json())));
        }
        Ok(Some(PulledRecord {
            record: row.record,
            scores: self.scores(&form, &parts),
            age_band: self.age_band(&form, &parts),
            form,
            case: row.case,
            wave: row.wave,
            region: row.region,
            state: row.state.code().to_owned(),
            held: grant.classes.clone(),
            values,
            conflicts,
        }))
    }

    /// The scores: computed here from what is held here; where a part is missing, what was released.
    fn scores(&self, form: &str, parts: &[PartView]) -> Option<PulledScores> {
        let reference: FormRef = form.parse().ok()?;
        let scheme = self.catalogue().scheme_for(&reference.form_id)?;
        let form = self.catalogue().form(&reference)?;
        let held: BTreeSet<ClassId> = parts.iter().map(|part| part.class.clone()).collect();
        let needed = scheme
            .items
            .iter()
            .filter_map(|item| form.question(&item.question))
            .map(|question| &question.class);
        let digits = |fraction: Option<Fraction>| fraction.map(|f| f.decimal(scheme.places));
        let pulled = |name: &str, value: Option<Fraction>, coverage| PulledScore {
            name: name.to_owned(),
            value: digits(value),
            coverage: digits(coverage),
            sufficient: value.map(|value| value >= scheme.threshold),
        };
        let scores = if needed.into_iter().all(|class| held.contains(class)) {
            let answers: Answers = parts.iter().flat_map(|part| part.values.clone()).collect();
            let lists = self.catalogue().lists_for(form);
            let context = FlowContext { opening: Opening::Again, held: Held::All, ..FlowContext::default() };
            let filling = Filling::new(Arc::clone(form), &lists, answers, context);
            let skipped =
                |question: &str| matches!(filling.shown(&Key::question(question)), Some(Shown::Skipped));
            let scores = score(scheme, filling.stored(), &skipped).ok()?;
            scores.iter().map(|score| pulled(&score.name, score.value, score.coverage)).collect()
        } else {
            let Derived::Scores(scores) =
                self.released(&reference.form_id, parts, |rule| matches!(rule, Rule::Scores { .. }))?.derived
            else {
                return None;
            };
            scores.iter().map(|(name, score)| pulled(name, score.value, score.coverage)).collect()
        };
        Some(PulledScores { scheme: scheme.reference(), status: scheme.status.code().to_owned(), scores })
    }

    fn age_band(&self, form: &str, parts: &[PartView]) -> Option<String> {
        let reference: FormRef = form.parse().ok()?;
        match self.released(&reference.form_id, parts, |rule| matches!(rule, Rule::AgeBand { .. }))?.derived {
            Derived::AgeBand(band) => band,
            Derived::Scores(_) => None,
        }
    }

    /// What was released of a form by a rule that this accepts.
    fn released(&self, form_id: &str, parts: &[PartView], accepts: fn(&Rule) -> bool) -> Option<Released> {
        let releases = self.catalogue().releases_for(form_id);
        let release = releases.into_iter().find(|release| accepts(&release.rule))?;
        match parts.iter().find_map(|part| part.values.get(&release.key()))? {
            Value::Text(text) => Released::read(text),
            Value::Cleared | Value::Bool(_) | Value::Int(_) | Value::Decimal(_) | Value::NoAnswer(_) => None,
        }
    }
}
