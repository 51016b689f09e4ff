//! What earlier pulls brought, kept beside the files: records by their identity, resources, and where to go on.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;

use serde::{Deserialize, Serialize};
use teranga_core::catalogue::{Catalogue, ResourceKind};
use teranga_core::id::RecordId;
use teranga_office::consolidate::{Page, PulledRecord, PulledResource, PulledScores, Since};

use crate::failure::{self, Failure, Outcome};

const FILE: &str = ".teranga-pull.json";

/// What was pulled so far.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Holdings {
    /// Where to go on.
    pub(super) next: Since,
    /// Resources in the order of their publication.
    pub(super) resources: Vec<PulledResource>,
    /// Records.
    pub(super) records: BTreeMap<RecordId, PulledRecord>,
}

/// One scored record with the facts of its case that figures are broken down by.
#[derive(Debug, Clone, Default)]
pub(crate) struct ScoredRow {
    /// The record.
    pub(crate) record: String,
    /// Its case.
    pub(crate) case: String,
    /// The wave.
    pub(crate) wave: String,
    /// The region.
    pub(crate) region: String,
    /// The case's sex, where it is open.
    pub(crate) sex: String,
    /// The case's age band at return.
    pub(crate) age_band: String,
    /// The scores.
    pub(crate) scores: Option<PulledScores>,
}

impl Holdings {
    /// What stands in a folder; nothing yet in a new one.
    pub(super) fn open(out: &Path) -> Outcome<Self> {
        std::fs::create_dir_all(out).map_err(|error| failure::file(out, &error))?;
        let path = out.join(FILE);
        match std::fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map_err(|_| Failure::new("pull-state", vec![("path", path.display().to_string())])),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(failure::file(&path, &error)),
        }
    }

    /// Keeps it, whole or not at all.
    pub(super) fn keep(&self, out: &Path) -> Outcome {
        let bytes = serde_json::to_vec(self).unwrap_or_default();
        write_whole(&out.join(FILE), &bytes)
    }

    pub(super) fn take(&mut self, page: Page) {
        self.next = page.next;
        self.resources.extend(page.resources);
        self.records.extend(page.records.into_iter().map(|record| (record.record, record)));
    }

    /// The catalogue of the resources that were pulled.
    pub(super) fn catalogue(&self) -> Outcome<Catalogue> {
        let mut catalogue = Catalogue::default();
        for resource in &self.resources {
            if let Some(kind) = ResourceKind::from_code(&resource.kind) {
                catalogue.add(kind, &resource.json)?;
            }
        }
        Ok(catalogue)
    }

    /// The records that count: voided ones do not.
    pub(super) fn counting(&self) -> impl Iterator<Item = &PulledRecord> {
        self.records.values().filter(|record| record.state != "voided")
    }

    /// Every record that a scheme scores, of a case that counts.
    pub(super) fn rows(&self) -> Vec<ScoredRow> {
        let text = |record: &PulledRecord, key: &str| {
            record.values.get(key).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
        };
        self.counting()
            .filter(|record| record.scores.is_some())
            .filter_map(|record| {
                let case = record.case.and_then(|case| self.records.get(&case));
                if case.is_some_and(|case| case.state == "voided") {
                    return None;
                }
                Some(ScoredRow {
                    record: record.record.to_string(),
                    case: record.case.map(|case| case.to_string()).unwrap_or_default(),
                    wave: record.wave.clone().unwrap_or_default(),
                    region: record.region.clone().unwrap_or_default(),
                    sex: case.map(|case| text(case, "sex")).unwrap_or_default(),
                    age_band: case.and_then(|case| case.age_band.clone()).unwrap_or_default(),
                    scores: record.scores.clone(),
                })
            })
            .collect()
    }
}

/// Writes a file whole: beside it first, then in its place.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> Outcome {
    let beside = path.with_extension("new");
    let written = std::fs::File::create(&beside).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    written.and_then(|()| std::fs::rename(&beside, path)).map_err(|error| failure::file(path, &error))
}
