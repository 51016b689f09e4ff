//! Consolidation: what headquarters' analysts pull. Records that changed since the last pull, with the values of the
//! classes that the token may read and no others, and their scores. What is not released to a token is hidden, and
//! hidden is neither empty nor zero.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use teranga_core::form::FormRef;
use teranga_core::grant;
use teranga_core::id::{RecordId, ReplicaId};
use teranga_core::problem::Problem;
use teranga_core::versions::Lineage;
use teranga_store::StoreError;
use teranga_store::children::PullGrant;
use teranga_store::records::{PartView, RecordRow};

use crate::derived::Sight;
use crate::exchange::Rejected;
use crate::office::Office;

/// Records in one page. A page is made under the hub's lock, and each of its records may have to be scored: few enough
/// that devices, which sync between two pages, never wait long.
const PAGE_RECORDS: usize = 500;

/// What a record tells a pull, counted up when it becomes more: where records were pulled that told less, they are
/// pulled again.
const TELLS: u32 = 1;

/// Where the last pull ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Since {
    /// The highest number of a record that was pulled.
    #[serde(default)]
    pub touched: u64,
    /// How many resources were pulled.
    #[serde(default)]
    pub resources: usize,
}

/// Who answered a pull, and for whom: a pull can only go on where both are the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The replica that answered; its numbers mean nothing to another.
    pub hub: ReplicaId,
    /// Its office, for people.
    pub name: String,
    /// The classes that the token may read, in alphabetical order.
    pub classes: Vec<String>,
    /// What its records tell; 0 of a hub that told no released values but scores and age bands.
    #[serde(default)]
    pub tells: u32,
}

/// One page of a pull.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Page {
    /// Who answered, and for whom.
    pub source: Source,
    /// Whether this page begins from nothing although it was asked to go on: the hub was restored from a backup and
    /// holds less than was pulled. What was pulled before does not count any more.
    pub anew: bool,
    /// Resources that were published since.
    pub resources: Vec<PulledResource>,
    /// Records that changed since, the last change last.
    pub records: Vec<PulledRecord>,
    /// Records that are held no more, and of which nothing may be kept: erased, or not taken after all.
    #[serde(default)]
    pub gone: Vec<RecordId>,
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
    /// `unreviewed`, `approved`, `changed` (since its approval) or `returned`.
    #[serde(default)]
    pub review: String,
    /// The classes whose values are here.
    pub held: Vec<String>,
    /// The values, by key.
    pub values: Map<String, Json>,
    /// How many answers hold two values that nobody has settled.
    pub conflicts: usize,
    /// The scores, where a scheme scores the form.
    pub scores: Option<PulledScores>,
    /// The age band, where it is released.
    pub age_band: Option<PulledBand>,
    /// The released values that the token may be told, scores apart.
    #[serde(default)]
    pub releases: Vec<PulledRelease>,
    /// The alerts that the token may be told by name, the gravest first.
    #[serde(default)]
    pub alerts: Vec<PulledAlert>,
}

/// A released value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PulledRelease {
    /// The release.
    pub release: String,
    /// `1` or `0`, a code, an age band, or how grave the gravest alert is ([`NO_ALERT`] where there is none); none
    /// where the answers give no value.
    pub value: Option<String>,
    /// Whether it was released from other answers, or by another version of the release, than what stands here now.
    pub stale: bool,
}

/// What is released where no alert is raised.
pub const NO_ALERT: &str = "none";

/// An alert that the answers raise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PulledAlert {
    /// The alert.
    pub alert: String,
    /// How grave it is.
    pub severity: String,
}

/// The scores of one record.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PulledScores {
    /// The scheme and its version.
    pub scheme: String,
    /// Its status.
    pub status: String,
    /// Whether they were released from other answers, or by another scheme, than what stands here now.
    pub stale: bool,
    /// Each score.
    pub scores: Vec<PulledScore>,
}

/// An age band.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PulledBand {
    /// The band, such as `25-34`.
    pub band: String,
    /// Whether it was released from other answers than those that stand here now.
    pub stale: bool,
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
        if !grant::may_pull(&grant.classes) {
            return Err(Rejected::new(Problem::Forbidden, "the pull token may not read envelopes"));
        }
        let page = self.page(&grant, since)?;
        serde_json::to_vec(&page).map_err(|error| Rejected::new(Problem::Internal, error.to_string()))
    }

    fn page(&self, grant: &PullGrant, since: Since) -> Result<Page, StoreError> {
        let resources = self.replica().resources()?;
        let anew = self.went_back(since, resources.len())?;
        let since = if anew { Since::default() } else { since };
        let rows = self.replica().records_touched_after(since.touched, PAGE_RECORDS)?;
        let next = Since {
            touched: rows.last().map_or(since.touched, |row| row.touched),
            resources: resources.len(),
        };
        let more = rows.len() == PAGE_RECORDS;
        let (rows, gone): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.form.is_some());
        let gone = gone.into_iter().map(|row| row.record).collect();
        let records = rows
            .into_iter()
            .filter_map(|row| self.pulled(row, grant).transpose())
            .collect::<Result<_, _>>()?;
        let new = resources.into_iter().skip(since.resources);
        let resources = new.map(|row| PulledResource { kind: row.kind, json: row.json }).collect();
        Ok(Page { source: self.source(grant), anew, resources, records, gone, next, more })
    }

    fn source(&self, grant: &PullGrant) -> Source {
        let mut classes = grant.classes.clone();
        classes.sort();
        classes.dedup();
        Source {
            hub: self.replica().id(),
            name: self.replica().profile().office.clone(),
            classes,
            tells: TELLS,
        }
    }

    /// Whether more was pulled from here than is held here: numbers only grow, so the hub lost some.
    fn went_back(&self, since: Since, resources: usize) -> Result<bool, StoreError> {
        let Some(before) = since.touched.checked_sub(1) else { return Ok(since.resources > resources) };
        let reached = self.replica().records_touched_after(before, 1)?;
        Ok(reached.is_empty() || since.resources > resources)
    }

    fn pulled(&self, row: RecordRow, grant: &PullGrant) -> Result<Option<PulledRecord>, StoreError> {
        let Some(form) = row.form.clone() else { return Ok(None) };
        // Whatever version a record was opened with, it is compared with others under the latest.
        let known = form.parse::<FormRef>().ok();
        let known = known.and_then(|form| self.catalogue().latest_form(&form.form_id));
        let lineage = known.map_or_else(|| Lineage::new(Vec::new()), |form| self.catalogue().lineage(form));
        let parts = self.replica().parts_under(row.record, &lineage)?;
        let granted = |part: &&PartView| grant::may_read(&grant.classes, &part.class);
        let mut values = Map::new();
        let mut conflicts = 0;
        for part in parts.iter().filter(granted) {
            conflicts += part.conflicts.len();
            let answers = part.values.iter().filter(|(key, _)| !key.is_envelope());
            values.extend(answers.map(|(key, value)| (key.to_string(), value.to_json())));
        }
        let sight = known.map(|form| Sight::new(self.catalogue(), form, &parts, &grant.classes));
        Ok(Some(PulledRecord {
            record: row.record,
            scores: sight.as_ref().and_then(Sight::scores),
            age_band: sight.as_ref().and_then(Sight::age_band),
            releases: sight.as_ref().map(Sight::releases).unwrap_or_default(),
            alerts: sight.as_ref().map(Sight::alerts).unwrap_or_default(),
            form,
            case: row.case,
            wave: row.wave,
            region: row.region,
            state: row.state.code().to_owned(),
            review: row.review.code().to_owned(),
            held: grant.classes.clone(),
            values,
            conflicts,
        }))
    }
}
