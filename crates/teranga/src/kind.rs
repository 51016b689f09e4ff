//! A device's replica and a hub's are the same file with another profile. Each command works on its own kind: a hub run
//! on a volunteer's replica would let others write as that volunteer.

use std::path::Path;

use teranga_store::Replica;
use teranga_sync::introduction::ReplicaKind;

use crate::failure::{Failure, Outcome};

/// Refuses a replica of the other kind.
pub(crate) fn expect(replica: &Replica, data: &Path, wanted: ReplicaKind) -> Outcome {
    let found = replica.profile().kind;
    if found == wanted {
        return Ok(());
    }
    let code = match found {
        ReplicaKind::Device => "replica-of-device",
        ReplicaKind::Hub => "replica-of-hub",
    };
    Err(Failure::new(code, vec![("path", data.display().to_string())]))
}
