//! What earlier pulls brought, kept beside the files: records by their identity, resources, from whom, and where to go
//! on. A folder belongs to one hub and one set of classes: another hub's numbers would skip records, and a token that
//! may read less would empty columns that one that may read more had filled. What it holds of records that told less is
//! pulled anew: only what changes since would tell the rest.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::{Deserialize, Serialize};
use teranga_core::catalogue::{Catalogue, ResourceKind};
use teranga_core::form::FormRef;
use teranga_core::id::RecordId;
use teranga_office::consolidate::{Page, PulledRecord, PulledResource, Since, Source};

use super::replacement::Replacement;
use crate::failure::{self, Failure, Outcome};

/// The file's name.
pub(super) const FILE: &str = ".teranga-pull.json";

const VOIDED: &str = "voided";

/// What was pulled so far.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Holdings {
    /// From whom; none before the first page.
    source: Option<Source>,
    /// Where to go on.
    pub(super) next: Since,
    /// Resources in the order of their publication.
    resources: Vec<PulledResource>,
    /// Records.
    pub(super) records: BTreeMap<RecordId, PulledRecord>,
    /// The files that the last pull wrote.
    files: BTreeSet<String>,
}

impl Holdings {
    /// What stands in a folder; nothing yet in a new one.
    pub(super) fn open(out: &Path) -> Outcome<Self> {
        let path = out.join(FILE);
        let damaged = || Failure::new("pull-state", vec![("path", path.display().to_string())]);
        match std::fs::read(&path) {
            Ok(bytes) => {
                let held: Self = serde_json::from_slice(&bytes).map_err(|_| damaged())?;
                if held.source.is_some() { Ok(held) } else { Err(damaged()) }
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(failure::file(&path, &error)),
        }
    }

    /// Takes a page, if it comes from where the others came from and for the same classes. Whether it did: a page whose
    /// records tell other things than those that are held empties the holdings instead, to be filled from the
    /// beginning.
    pub(super) fn take(&mut self, page: Page, out: &Path) -> Outcome<bool> {
        self.check(&page.source, out)?;
        if self.source.as_ref().is_some_and(|held| held.tells != page.source.tells) {
            // The files stay known, so that those that are not written again go.
            *self = Self { files: std::mem::take(&mut self.files), ..Self::default() };
            return Ok(false);
        }
        if page.anew {
            self.records.clear();
            self.resources.clear();
        }
        self.source = Some(page.source);
        self.next = page.next;
        self.resources.extend(page.resources);
        self.records.extend(page.records.into_iter().map(|record| (record.record, record)));
        self.records.retain(|record, _| !page.gone.contains(record));
        Ok(true)
    }

    fn check(&self, source: &Source, out: &Path) -> Outcome {
        let Some(held) = &self.source else { return Ok(()) };
        let path = ("path", out.display().to_string());
        if held.hub != source.hub {
            let told = vec![path, ("held", held.name.clone()), ("hub", source.name.clone())];
            return Err(Failure::new("pull-other-hub", told));
        }
        if held.classes != source.classes {
            let told = vec![path, ("held", held.classes.join(", ")), ("classes", source.classes.join(", "))];
            return Err(Failure::new("pull-other-classes", told));
        }
        Ok(())
    }

    /// Puts itself last among the files: where it is not replaced, the next pull fetches the same again.
    pub(super) fn keep(&mut self, files: &mut Replacement) -> Outcome {
        let gone = std::mem::replace(&mut self.files, files.names());
        files.remove(gone.difference(&self.files).cloned());
        files.add(FILE, &serde_json::to_vec(self).unwrap_or_default())
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

    /// The records that count: those that are not voided and do not belong to a case that is.
    pub(super) fn counting(&self) -> impl Iterator<Item = &PulledRecord> {
        self.records.values().filter(|record| {
            let case = self.case_of(record);
            record.state != VOIDED && case.is_none_or(|case| case.state != VOIDED)
        })
    }

    /// The case of an assessment, where it was pulled.
    pub(super) fn case_of(&self, record: &PulledRecord) -> Option<&PulledRecord> {
        record.case.and_then(|case| self.records.get(&case))
    }
}

/// The form of a record, whatever its version.
pub(super) fn form_id(record: &PulledRecord) -> Option<String> {
    Some(record.form.parse::<FormRef>().ok()?.form_id)
}

#[cfg(test)]
mod tests {
    use teranga_core::id::ReplicaId;

    use super::*;

    fn page(hub: u8, classes: &[&str], anew: bool) -> Page {
        let classes = classes.iter().map(|class| (*class).to_owned()).collect();
        let source = Source { hub: ReplicaId([hub; 16]), name: "H".into(), classes, tells: 1 };
        let resource = PulledResource { kind: "list".into(), json: "{}".into() };
        let next = Since { touched: 7, resources: 1 };
        Page {
            source,
            anew,
            resources: vec![resource],
            records: Vec::new(),
            gone: Vec::new(),
            next,
            more: false,
        }
    }

    #[test]
    fn a_folder_belongs_to_one_hub_and_one_set_of_classes() {
        let (out, mut held) = (Path::new("out"), Holdings::default());
        held.take(page(1, &["open", "survey"], false), out).unwrap();
        for other in [page(2, &["open", "survey"], false), page(1, &["open"], false)] {
            assert!(held.take(other, out).is_err());
            assert_eq!(held.resources.len(), 1);
        }
    }

    #[test]
    fn a_folder_whose_records_told_less_is_pulled_from_the_beginning() {
        let (out, mut held) = (Path::new("out"), Holdings::default());
        held.take(page(1, &["open"], false), out).unwrap();
        let mut written = serde_json::to_value(&held).unwrap();
        written["source"].as_object_mut().unwrap().remove("tells");
        let mut held: Holdings = serde_json::from_value(written).unwrap();
        assert!(!held.take(page(1, &["open"], false), out).unwrap());
        assert_eq!((held.next, held.resources.len()), (Since::default(), 0));
        assert!(held.take(page(1, &["open"], false), out).unwrap());
        assert!(held.take(page(1, &["open"], false), out).unwrap(), "and then it goes on as ever");
    }

    #[test]
    fn what_a_hub_has_lost_since_does_not_stay_in_the_folder() {
        let (out, mut held) = (Path::new("out"), Holdings::default());
        held.take(page(1, &["open"], false), out).unwrap();
        held.take(page(1, &["open"], true), out).unwrap();
        assert_eq!(held.resources.len(), 1);
    }
}
