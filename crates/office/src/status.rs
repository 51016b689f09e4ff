//! What a hub holds and who syncs with it: the first thing that an office looks at.

use serde_json::{Value as Json, json};
use teranga_core::audience::Reach;
use teranga_core::form::RecordKind;
use teranga_core::record::State;
use teranga_core::time::Millis;
use teranga_store::StoreError;
use teranga_store::children::{Came, Standing};
use teranga_store::outbox::RefusedPack;
use teranga_sync::identity::replica_id;

use crate::office::Office;

impl Office {
    /// Counts, children and parent. Voided records are counted apart: they are out of every other count.
    pub(crate) fn status(&self) -> Result<Json, StoreError> {
        let replica = self.replica();
        let counts = replica.log_counts()?;
        let (voided, standing): (Vec<_>, Vec<_>) =
            replica.records()?.into_iter().partition(|row| row.state == State::Voided);
        let cases = standing.iter().filter(|row| self.is_case(row.form.as_deref())).count();
        let children: Vec<Json> = replica
            .children()?
            .into_iter()
            .map(|child| {
                let audience = &child.introduction.audience;
                json!({
                    "replica": replica_id(&child.introduction.key),
                    "caseload": matches!(audience.reach, Reach::Caseload(_)),
                    "classes": audience.clearance.names(),
                    "taken_over": child.came == Came::TakenOver,
                    "revoked": child.standing == Standing::Revoked,
                    "person": child.introduction.person,
                    "office": child.introduction.office,
                    "region": child.introduction.audience.region(),
                    "last": child.last.map(Millis::to_rfc3339),
                    "lines": child.lines,
                })
            })
            .collect();
        let parent = replica.uplink()?.map(|uplink| {
            json!({ "name": uplink.name, "url": uplink.url, "last": uplink.last.map(Millis::to_rfc3339) })
        });
        let (files, file_bytes) = replica.files_held()?;
        let waiting = replica.files_waiting()?;
        Ok(json!({
            "office": replica.profile().office,
            "region": replica.profile().audience.region(),
            "records": standing.len(),
            "cases": cases,
            "voided": voided.len(),
            "changes": { "applied": counts.applied, "logged": counts.logged, "waiting": counts.waiting,
                         "quarantined": counts.quarantined, "withheld": counts.withheld, "unsent": counts.unsent,
                         "unbrought": replica.unbrought()?, "witnessed": replica.witnessed()? },
            "refused": self.refused()?,
            "files": { "held": files, "bytes": file_bytes, "elsewhere": waiting.elsewhere,
                       "unsent": if replica.uplink()?.is_some() { waiting.files } else { 0 } },
            "conflicts": replica.records_in_conflict()?.len(),
            "children": children,
            "parent": parent,
            "recovery_shares": replica.recovery_shares()?,
            "backed_up": replica.backed_up()?.map(Millis::to_rfc3339),
        }))
    }

    /// Packs that the parent did not take: whose, which and why.
    fn refused(&self) -> Result<Vec<Json>, StoreError> {
        let told = |pack: RefusedPack| {
            let author = self.replica().introduction(pack.origin)?;
            let person = author.map(|author| author.person);
            Ok(json!({ "person": person, "pack": pack.batch.0, "code": pack.code }))
        };
        self.replica().refused_packs()?.into_iter().map(told).collect()
    }

    fn is_case(&self, form: Option<&str>) -> bool {
        let form = form.and_then(|form| form.parse().ok()).and_then(|form| self.catalogue().form(&form));
        form.is_some_and(|form| form.record_kind() == RecordKind::Case)
    }
}
