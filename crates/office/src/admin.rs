//! What the people who run a hub ask of it, over its local door while it runs or directly on its replica while it
//! does not: codes and tokens, what it holds, which answers are in conflict, publication.

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use teranga_core::form::RecordKind;
use teranga_core::grant::Audience;
use teranga_core::id::{ChangeHash, Entropy, RecordId};
use teranga_core::problem::Problem;
use teranga_core::time::Millis;
use teranga_store::children::PullGrant;
use teranga_store::records::PartView;
use teranga_store::{Profile, StoreError};
use teranga_sync::feed::{ReplicaKind, ResourceRow};

use crate::exchange::Rejected;
use crate::office::Office;
use teranga_sync::code;

/// One thing asked of a hub.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum Command {
    /// A one-use enrolment code.
    Code {
        /// Whether it is for a device or for a regional hub.
        kind: EnrolKind,
        /// The person, or the hub's name.
        person: String,
        /// The office.
        office: String,
        /// The region; none for headquarters.
        region: Option<String>,
    },
    /// A pull token.
    Token {
        /// What it is for.
        name: String,
        /// The classes that it may read.
        classes: Vec<String>,
    },
    /// What the hub holds, and who syncs with it.
    Status,
    /// The answers that hold more than one value.
    Conflicts,
    /// One record with its parts.
    Record {
        /// The record.
        record: RecordId,
    },
    /// Publish a form, list, scheme, release or the classes.
    Publish {
        /// The kind of resource.
        kind: String,
        /// Its JSON.
        json: String,
    },
    /// The digest of every part and what became of every change, to compare replicas.
    Census,
    /// Relay with the parent now. The shell does it.
    Relay,
}

/// What a code enrols.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EnrolKind {
    /// A person's device.
    Device,
    /// A regional hub.
    Hub,
}

impl From<EnrolKind> for ReplicaKind {
    fn from(kind: EnrolKind) -> Self {
        match kind {
            EnrolKind::Device => Self::Device,
            EnrolKind::Hub => Self::Hub,
        }
    }
}

impl Office {
    /// Does one thing and says in JSON what came of it.
    pub fn admin(
        &mut self,
        command: Command,
        entropy: &mut dyn Entropy,
        now: Millis,
    ) -> Result<Json, Rejected> {
        match command {
            Command::Code { kind, person, office, region } => {
                let audience = Audience::of_region(region.as_deref());
                let profile = Profile { kind: kind.into(), person, office, audience };
                Ok(json!({ "code": self.new_code(&profile, entropy, now)? }))
            }
            Command::Token { name, classes } => {
                let token = code::new_token(entropy);
                self.replica_mut().add_pull_token(&token, &PullGrant { name, classes })?;
                Ok(json!({ "token": token }))
            }
            Command::Status => Ok(self.status()?),
            Command::Conflicts => Ok(self.conflicts()?),
            Command::Record { record } => Ok(self.show(record)?),
            Command::Publish { kind, json } => self.publish(&kind, json),
            Command::Census => Ok(self.census()?),
            Command::Relay => Err(Rejected::new(Problem::Malformed, "a relay needs a running hub")),
        }
    }

    fn status(&self) -> Result<Json, StoreError> {
        let replica = self.replica();
        let counts = replica.log_counts()?;
        let children: Vec<Json> = replica
            .children()?
            .into_iter()
            .map(|child| {
                json!({
                    "person": child.introduction.person,
                    "office": child.introduction.office,
                    "region": child.introduction.audience.region(),
                    "last": child.last.map(Millis::to_rfc3339),
                })
            })
            .collect();
        let parent = replica.uplink()?.map(|uplink| {
            json!({ "name": uplink.name, "url": uplink.url, "last": uplink.last.map(Millis::to_rfc3339) })
        });
        Ok(json!({
            "office": replica.profile().office,
            "region": replica.profile().audience.region(),
            "records": replica.records()?.len(),
            "cases": replica.records()?.iter().filter(|row| self.is_case(row.form.as_deref())).count(),
            "changes": { "applied": counts.applied, "logged": counts.logged, "waiting": counts.waiting,
                         "quarantined": counts.quarantined, "withheld": counts.withheld, "unsent": counts.unsent },
            "conflicts": replica.records_in_conflict()?.len(),
            "children": children,
            "parent": parent,
        }))
    }

    fn is_case(&self, form: Option<&str>) -> bool {
        let form = form.and_then(|form| form.parse().ok()).and_then(|form| self.catalogue().form(&form));
        form.is_some_and(|form| form.record_kind() == RecordKind::Case)
    }

    fn conflicts(&self) -> Result<Json, StoreError> {
        let records = self.replica().records_in_conflict()?;
        records.into_iter().map(|record| self.show(record)).collect::<Result<Vec<_>, _>>().map(Json::Array)
    }

    /// One record as people look at it: envelope, parts, and who wrote each value of an answer in conflict.
    pub fn show(&self, record: RecordId) -> Result<Json, StoreError> {
        let replica = self.replica();
        let Some(row) = replica.record(record)? else { return Ok(Json::Null) };
        let parts = replica.parts(record)?;
        let shown = parts.iter().map(|part| self.show_part(part)).collect::<Result<Vec<_>, _>>()?;
        Ok(json!({
            "record": record, "form": row.form, "case": row.case, "wave": row.wave, "region": row.region,
            "state": row.state.code(), "parts": shown,
        }))
    }

    fn show_part(&self, part: &PartView) -> Result<Json, StoreError> {
        let mut conflicts = Vec::new();
        for conflict in &part.conflicts {
            let mut values = Vec::new();
            for candidate in &conflict.values {
                let author = self.replica().author(candidate.actor)?;
                values.push(json!({
                    "value": candidate.value.to_json(),
                    "person": author.as_ref().map(|author| &author.person),
                    "office": author.as_ref().map(|author| &author.office),
                    "at": candidate.time.to_rfc3339(),
                }));
            }
            conflicts.push(json!({ "key": conflict.key, "values": values }));
        }
        let values: serde_json::Map<String, Json> =
            part.values.iter().map(|(key, value)| (key.as_str().to_owned(), value.to_json())).collect();
        Ok(json!({ "class": part.class, "values": values, "conflicts": conflicts }))
    }

    fn publish(&mut self, kind: &str, json: String) -> Result<Json, Rejected> {
        let wrong = |detail: String| Rejected::new(Problem::Malformed, detail);
        let mut catalogue = self.catalogue().clone();
        let resource =
            crate::publish::add(&mut catalogue, kind, &json).map_err(|error| wrong(error.to_string()))?;
        let row = ResourceRow { kind: kind.to_owned(), id: resource.id, version: resource.version, json };
        let published = self.replica_mut().publish(&row)?;
        self.reload_catalogue()?;
        Ok(json!({ "published": format!("{published:?}"), "id": row.id, "version": row.version }))
    }

    fn census(&self) -> Result<Json, StoreError> {
        let changes: Vec<Json> = self
            .replica()
            .census()?
            .into_iter()
            .map(|(hash, status): (ChangeHash, _)| json!([hash, format!("{status:?}")]))
            .collect();
        let parts: Vec<Json> = self
            .replica()
            .digests()?
            .into_iter()
            .map(|part| json!([part.record, part.class, part.digest]))
            .collect();
        Ok(json!({ "changes": changes, "parts": parts }))
    }
}
