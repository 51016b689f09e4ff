//! What the people who run a hub ask of it, over its local door while it runs or directly on its replica while it
//! does not: codes and tokens, what it holds, which answers are in conflict, publication.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use teranga_core::audience::Agent;
use teranga_core::catalogue::{CatalogueError, ResourceKind};
use teranga_core::class::ClassId;
use teranga_core::id::{ChangeHash, Entropy, RecordId};
use teranga_core::shipped;
use teranga_core::time::Millis;
use teranga_store::children::{PullGrant, Standing};
use teranga_store::resources::Published;
use teranga_store::{Profile, StoreError};
use teranga_sync::code;
use teranga_sync::feed::ResourceRow;
use teranga_sync::hex::Hex;
use teranga_sync::introduction::ReplicaKind;
use teranga_sync::limits::RESOURCE_BYTES_MAX;

use crate::names;
use crate::office::Office;
use crate::people::Scope;
use crate::refusal::Refusal;

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
        /// Which records of the region it will hold, and which classes.
        #[serde(default)]
        scope: Scope,
    },
    /// A one-use enrolment code for the hub that takes the place of one that is gone.
    ReplacingCode {
        /// The hub that is gone: its identity, or its name.
        hub: String,
    },
    /// Changes what an enrolled replica may hold.
    Grant {
        /// Its person, or its identity.
        replica: String,
        /// Which records of its region it holds from now on, and which classes.
        #[serde(default)]
        scope: Scope,
    },
    /// Refuses an enrolled replica from now on.
    Revoke {
        /// Its person, or its identity.
        replica: String,
    },
    /// Takes a replica in again that was refused.
    Readmit {
        /// Its person, or its identity.
        replica: String,
    },
    /// Destroy a record, and of a case its assessments, wherever they are held.
    Erase {
        /// The record.
        record: RecordId,
    },
    /// The erasures, and who has confirmed each.
    Erasures,
    /// A backup, written into this folder of the hub's machine.
    Backup {
        /// The folder.
        folder: PathBuf,
    },
    /// A recovery share of the wrapping key, to be printed.
    RecoveryShare,
    /// What is held aside, and why.
    Held,
    /// Have what is held aside of a record tried again.
    Retry {
        /// The record.
        record: RecordId,
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
    /// A bundle of everything that the parent has not acknowledged.
    BundleExport,
    /// Take one message of a bundle or of a return.
    BundleImport {
        /// A file of one message.
        letter: Hex,
        /// Whether it is the last of its file: then all of the feed that fits goes back.
        last: bool,
    },
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
    ) -> Result<Json, Refusal> {
        match command {
            Command::Code { kind, person, office, region, scope } => {
                names::check("person", &person)?;
                names::check("office", &office)?;
                let agent = Agent { office, person };
                let audience = self.audience(kind, region, scope, &agent)?;
                let Agent { office, person } = agent;
                let profile = Profile { kind: kind.into(), person, office, audience };
                Ok(json!({ "code": self.new_code(&profile, entropy, now)? }))
            }
            Command::ReplacingCode { hub } => self.replacing_code(&hub, entropy, now),
            Command::Grant { replica, scope } => self.grant(&replica, scope),
            Command::Revoke { replica } => self.set_standing(&replica, Standing::Revoked),
            Command::Readmit { replica } => self.set_standing(&replica, Standing::Enrolled),
            Command::Erase { record } => self.erase(record, now),
            Command::Erasures => Ok(self.erasures()?),
            Command::Backup { folder } => Ok(json!({ "file": self.replica_mut().back_up(&folder, now)? })),
            Command::RecoveryShare => {
                let share = self.replica_mut().new_recovery_share(entropy)?;
                Ok(json!({ "share": share }))
            }
            Command::Held => Ok(self.held_aside()?),
            Command::Retry { record } => self.retry(record),
            Command::Token { name, classes } => {
                names::check("name", &name)?;
                self.check_classes(&classes)?;
                let token = code::new_token(entropy);
                self.replica_mut().add_pull_token(&token, &PullGrant { name, classes })?;
                Ok(json!({ "token": token }))
            }
            Command::Status => Ok(self.status()?),
            Command::Conflicts => Ok(self.conflicts()?),
            Command::Record { record } => self.asked_for(record),
            Command::Publish { kind, json } => self.publish(&kind, json),
            Command::Census => Ok(self.census()?),
            Command::Relay if self.replica().uplink()?.is_none() => Err(no_parent()),
            Command::Relay => Err(Refusal::new("relay-needs-hub", &[])),
            Command::BundleExport => self.export_bundle(entropy, now),
            Command::BundleImport { letter, last } => self.import_letter(&letter.0, last, entropy, now),
        }
    }

    /// A token for a class that does not exist would read nothing and say nothing of it.
    pub(crate) fn check_classes(&self, classes: &[String]) -> Result<(), Refusal> {
        let shipped = shipped::catalogue()?;
        let Some(known) = self.catalogue().classes().or_else(|| shipped.classes()) else { return Ok(()) };
        let unknown = classes.iter().find(|class| !known.contains(&ClassId::new(class.as_str())));
        let Some(class) = unknown else { return Ok(()) };
        let all: Vec<&str> = known.classes.iter().map(|known| known.class.as_str()).collect();
        Err(Refusal::new("class-unknown", &[("class", class), ("allowed", &all.join(", "))]))
    }

    fn publish(&mut self, kind: &str, json: String) -> Result<Json, Refusal> {
        if let Some(parent) = self.replica().uplink()? {
            // Two places that publish under one name and version would divide the country.
            return Err(Refusal::new("publish-at-home", &[("hub", &parent.name), ("url", &parent.url)]));
        }
        let Some(checked) = ResourceKind::from_code(kind) else {
            let all = ResourceKind::ALL.map(ResourceKind::code).join(", ");
            return Err(Refusal::new("resource-kind-unknown", &[("kind", kind), ("allowed", &all)]));
        };
        if json.len() > RESOURCE_BYTES_MAX {
            return Err(Refusal::new("resource-too-large", &[("limit", &RESOURCE_BYTES_MAX.to_string())]));
        }
        let refused = |error| match error {
            CatalogueError::Form(errors) => Refusal::form(errors),
            CatalogueError::Shape { .. }
            | CatalogueError::Missing { .. }
            | CatalogueError::Validity { .. } => Refusal::from(error),
        };
        let json = self.catalogue().settled(checked, json).map_err(refused)?;
        let named = self.catalogue().clone().publish(checked, &json).map_err(refused)?;
        let row = ResourceRow { kind: kind.to_owned(), id: named.id, version: named.version, json };
        let published = match self.replica_mut().publish(&row)? {
            Published::New => "new",
            Published::Known => "known",
            Published::Differs => {
                let resource = format!("{}@{}", row.id, row.version);
                return Err(Refusal::new("publish-differs", &[("resource", &resource)]));
            }
        };
        self.reload_catalogue()?;
        Ok(json!({ "published": published, "id": row.id, "version": row.version }))
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

/// There is nobody to relay with.
pub fn no_parent() -> Refusal {
    Refusal::new("hub-no-parent", &[])
}

#[cfg(test)]
mod tests {
    use teranga_core::audience::Audience;

    use super::*;

    struct Zero;
    impl Entropy for Zero {
        fn fill(&mut self, bytes: &mut [u8]) {
            bytes.fill(7);
        }
    }

    fn office(region: Option<&str>) -> (tempfile::TempDir, Office) {
        let folder = tempfile::tempdir().unwrap();
        let audience = Audience::of_region(region);
        let profile = Profile { kind: ReplicaKind::Hub, person: "H".into(), office: "H".into(), audience };
        let mut replica =
            teranga_store::Replica::create(&folder.path().join("h"), &profile, &mut Zero).unwrap();
        crate::publish::publish_shipped(&mut replica).unwrap();
        (folder, Office::open(replica).unwrap())
    }

    fn asked(office: &mut Office, command: Command) -> Result<Json, String> {
        office.admin(command, &mut Zero, Millis(5)).map_err(|refusal| refusal.code)
    }

    fn code(person: &str, region: Option<&str>) -> Command {
        let region = region.map(str::to_owned);
        let scope = Scope::default();
        Command::Code { kind: EnrolKind::Device, person: person.into(), office: "H".into(), region, scope }
    }

    #[test]
    fn a_region_gives_codes_for_itself_and_headquarters_for_any_region_that_there_is() {
        let (_folder, mut regional) = office(Some("SN-KL"));
        assert!(asked(&mut regional, code("Awa", None)).is_ok());
        assert_eq!(asked(&mut regional, code("Awa", Some("SN-TC"))), Err("code-other-region".into()));
        let (_folder, mut home) = office(None);
        assert_eq!(asked(&mut home, code("Awa", Some("Atlantis"))), Err("region-unknown".into()));
        assert_eq!(asked(&mut home, code(" ", None)), Err("name-empty".into()));
        assert_eq!(asked(&mut home, code(&"é".repeat(129), None)), Err("name-too-long".into()));
        assert!(asked(&mut home, code("Awa", Some("SN-TC"))).is_ok());
    }

    #[test]
    fn what_cannot_be_published_says_why() {
        let (_folder, mut home) = office(None);
        let publish = |kind: &str, json: String| Command::Publish { kind: kind.into(), json };
        assert_eq!(asked(&mut home, publish("poem", "{}".into())), Err("resource-kind-unknown".into()));
        let (_, rss) =
            shipped::SHIPPED.iter().find(|(_, json)| json.contains("\"form_id\": \"rss\"")).unwrap();
        assert!(asked(&mut home, publish("form", (*rss).to_owned())).is_ok());
        assert_eq!(asked(&mut home, publish("form", format!("{rss} "))), Err("publish-differs".into()));
        let broken = rss.replace("\"form_id\": \"rss\"", "\"form_id\": \"r s\"");
        let refusal = home.admin(publish("form", broken), &mut Zero, Millis(5)).unwrap_err();
        assert_eq!(refusal.code, "form-refused");
        assert!(!refusal.findings.is_empty());
        let token = |class: &str| Command::Token { name: "t".into(), classes: vec![class.into()] };
        assert_eq!(asked(&mut home, token("secret")), Err("class-unknown".into()));
        assert!(asked(&mut home, token("survey")).is_ok());
        assert_eq!(asked(&mut home, Command::Relay), Err("hub-no-parent".into()));
    }
}
