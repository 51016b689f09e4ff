//! What a hub holds and who syncs with it: the first thing that an office looks at.

use serde_json::{Value as Json, json};
use teranga_core::audience::Reach;
use teranga_core::form::RecordKind;
use teranga_core::grant::CASELOAD_WARN;
use teranga_core::record::State;
use teranga_core::time::Millis;
use teranga_store::StoreError;
use teranga_store::children::{Came, Child, Standing};
use teranga_store::outbox::RefusedPack;
use teranga_store::records::RecordCount;
use teranga_sync::identity::replica_id;
use teranga_sync::introduction::ReplicaKind;

use crate::office::Office;

impl Office {
    /// Counts, children and parent. Voided records are counted apart: they are out of every other count.
    pub(crate) fn status(&self) -> Result<Json, StoreError> {
        let replica = self.replica();
        let counts = replica.log_counts()?;
        let (voided, standing): (Vec<_>, Vec<_>) =
            replica.record_counts()?.into_iter().partition(|count| count.state == State::Voided);
        let cases = standing.iter().filter(|count| self.is_case(&count.form));
        let children = replica.children()?;
        let audiences: Vec<_> = children.iter().map(|child| child.introduction.audience.clone()).collect();
        let children: Vec<Json> = children
            .into_iter()
            .zip(replica.caseloads(&audiences)?)
            .map(|(child, holds)| {
                let audience = &child.introduction.audience;
                json!({
                    "holds": holds,
                    "crowded": is_crowded(&child, holds),
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
            "records": records(&standing),
            "cases": records(cases),
            "voided": records(&voided),
            "changes": { "applied": counts.applied, "logged": counts.logged, "waiting": counts.waiting,
                         "quarantined": counts.quarantined, "withheld": counts.withheld, "unsent": counts.unsent,
                         "unbrought": replica.unbrought()?, "witnessed": replica.witnessed()? },
            "damaged_logs": replica.damaged_logs(),
            "refused": self.refused()?,
            "files": { "held": files, "bytes": file_bytes, "elsewhere": waiting.elsewhere,
                       "unsent": if replica.uplink()?.is_some() { waiting.files } else { 0 } },
            "conflicts": replica.records_in_conflict()?.len(),
            "children": children,
            "parent": parent,
            "recovery_shares": replica.recovery_shares()?,
            "shares_since_backup": replica.shares_since_backup()?,
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

    fn is_case(&self, form: &str) -> bool {
        let form = form.parse().ok().and_then(|form| self.catalogue().form(&form));
        form.is_some_and(|form| form.record_kind() == RecordKind::Case)
    }
}

fn records<'a>(counts: impl IntoIterator<Item = &'a RecordCount>) -> u64 {
    counts.into_iter().map(|count| count.records).sum()
}

/// Whether a device that syncs here holds more than it is made for.
fn is_crowded(child: &Child, holds: u64) -> bool {
    match (child.introduction.kind, child.standing) {
        (ReplicaKind::Device, Standing::Enrolled) => holds >= CASELOAD_WARN,
        (ReplicaKind::Device, Standing::Revoked) | (ReplicaKind::Hub, _) => false,
    }
}

#[cfg(test)]
mod tests {
    use teranga_core::audience::Audience;
    use teranga_core::id::PublicKey;
    use teranga_sync::introduction::Introduction;

    use super::*;

    #[test]
    fn an_office_is_told_of_devices_that_hold_too_much() {
        let child = |kind, standing| Child {
            introduction: Introduction {
                key: PublicKey([7; 32]),
                kind,
                person: "Awa Exemple".into(),
                office: "BAOS".into(),
                audience: Audience::of_region(Some("SN-KL")),
            },
            last: None,
            standing,
            lines: 1,
            came: Came::Enrolled,
        };
        let device = child(ReplicaKind::Device, Standing::Enrolled);
        assert!(is_crowded(&device, CASELOAD_WARN) && !is_crowded(&device, CASELOAD_WARN - 1));
        assert!(!is_crowded(&child(ReplicaKind::Device, Standing::Revoked), CASELOAD_WARN));
        assert!(!is_crowded(&child(ReplicaKind::Hub, Standing::Enrolled), 100 * CASELOAD_WARN));
    }
}
