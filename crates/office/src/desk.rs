//! Files at the hub's own desk: what its people bring on a stick, and what they take along.

use serde_json::{Value as Json, json};
use teranga_core::id::Entropy;
use teranga_core::problem::{Explain as _, Problem};
use teranga_core::time::Millis;
use teranga_store::children::Standing;
use teranga_sync::hex::Hex;
use teranga_sync::limits;
use teranga_sync::message::More;
use teranga_sync::parcel::{Parcel, ParcelError, ParcelKind};

use crate::admin::no_parent;
use crate::bundle::ReturnRows;
use crate::exchange::Rejected;
use crate::office::Office;
use crate::refusal::Refusal;

impl Office {
    /// A bundle for the parent.
    pub(crate) fn export_bundle(&mut self, entropy: &mut dyn Entropy, now: Millis) -> Result<Json, Refusal> {
        let parent = self.replica().uplink()?.ok_or_else(no_parent)?;
        let bundled = self.replica_mut().bundle(entropy, now)?.ok_or_else(no_parent)?;
        Ok(json!({
            "file": Hex(bundled.file), "packs": bundled.packs, "left_out": bundled.left_out,
            "only_asks": bundled.only_asks, "hub": parent.name,
        }))
    }

    /// One message of a file, whatever it brings.
    pub(crate) fn import_letter(
        &mut self,
        letter: &[u8],
        last: bool,
        entropy: &mut dyn Entropy,
        now: Millis,
    ) -> Result<Json, Refusal> {
        let parcel = Parcel::read(letter)?;
        if parcel.head.to != self.replica().id() {
            if self.replica().succession(parcel.head.to)?.is_some() {
                let from = self.replica().introduction(parcel.head.from)?;
                let person = from.map_or_else(|| parcel.head.from.to_string(), |from| from.person);
                return Err(Refusal::new("bundle-for-predecessor", &[("person", &person)]));
            }
            let to = self.replica().introduction(parcel.head.to)?;
            let name = to.map_or_else(|| parcel.head.to.to_string(), |to| to.office);
            return Err(Refusal::new("bundle-other-recipient", &[("recipient", &name)]));
        }
        match parcel.head.kind {
            ParcelKind::Bundle => {
                let rows = if last { ReturnRows::File } else { ReturnRows::Letter };
                self.import_bundle(letter, rows, entropy, now)
            }
            ParcelKind::Return => self.import_return(letter),
        }
    }

    fn import_bundle(
        &mut self,
        letter: &[u8],
        rows: ReturnRows,
        entropy: &mut dyn Entropy,
        now: Millis,
    ) -> Result<Json, Refusal> {
        let taken = self.take_bundle(letter, rows, entropy, now).map_err(told)?;
        self.apply_usual(limits::ROUNDS_OF_A_FILE)?;
        let refused: Vec<Json> = taken
            .refused
            .iter()
            .map(|pack| json!({ "number": pack.number, "code": pack.problem.code() }))
            .collect();
        Ok(json!({
            "kind": "bundle", "person": taken.child.person, "office": taken.child.office,
            "logged": taken.logged, "known": taken.known, "after_gap": taken.after_gap, "refused": refused,
            "continues": taken.continues, "revoked": taken.standing == Standing::Revoked, "back": Hex(taken.back),
        }))
    }

    fn import_return(&mut self, letter: &[u8]) -> Result<Json, Refusal> {
        if self.replica().uplink()?.is_none() {
            return Err(no_parent());
        }
        let taken = self.take_return(letter).map_err(told)?;
        Ok(json!({
            "kind": "return", "moved": taken.moved, "refused": taken.refused, "applied": taken.applied.changes,
            "more": taken.more == More::Rows, "began_a_line": taken.began_a_line,
            "foreign_words": taken.foreign_words > 0,
        }))
    }
}

/// A message that is not one was damaged in the file.
fn told(rejected: Rejected) -> Refusal {
    match rejected.problem {
        Problem::Malformed => Refusal::from(ParcelError::Damaged),
        Problem::Replayed => Refusal::new("bundle-of-a-copy", &[]),
        Problem::Unauthorised
        | Problem::Forbidden
        | Problem::Revoked
        | Problem::BrokenChain
        | Problem::Succeeded
        | Problem::Erased
        | Problem::TooLarge
        | Problem::TooManyWaiting
        | Problem::UpgradeNeeded
        | Problem::Busy
        | Problem::DiskFull
        | Problem::Internal => Refusal::from(rejected),
    }
}
